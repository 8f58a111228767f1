import { serve } from "./_shared/handler";

serve((_request, auth) => Response.json({ user: auth?.userId }), { timeoutMs: 1000 });
