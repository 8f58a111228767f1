import { serve } from "../_shared/handler.ts";

serve(
  (req) => {
    const path = new URL(req.url).pathname.replace(/^\/+/, "");
    return Response.json({
      message: `hello, ${path || "world"}`,
      method: req.method,
      at: new Date().toISOString(),
    });
  },
  { public: true },
);
