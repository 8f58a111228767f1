import { serve } from "../_shared/handler.ts";

const NAMES = ["OPENAI_API_KEY", "POSTHOG_HOST", "WORKERD_E2E_FLAG"];

serve(
  () => Response.json(Object.fromEntries(NAMES.map((name) => [name, Deno.env.get(name) ?? null]))),
  { public: true },
);
