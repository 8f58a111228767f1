import { serve } from "../_shared/handler.ts";

const DEFAULT_MS = 100;

serve(
  async (req) => {
    const asked = new URL(req.url).searchParams.get("ms");
    const ms = Math.max(0, Number(asked ?? DEFAULT_MS));
    // Not a number: no sleep, and JSON has null for it.
    if (!Number.isNaN(ms)) await new Promise((resolve) => setTimeout(resolve, ms));
    return Response.json({ slept: ms });
  },
  { public: true, timeoutMs: 2000 },
);
