import { serve } from "./_shared/handler.ts";

serve(() => new Response("pong"), { public: true });
