import { z } from "npm:zod@^3.23";
import { serve } from "../_shared/handler.ts";
import { methodNotAllowed } from "../_shared/http.ts";

const Person = z.object({
  name: z.string().min(1),
  age: z.number().int().nonnegative(),
});

serve(
  async (req) => {
    if (req.method !== "POST") return methodNotAllowed("POST");
    let body: unknown;
    try {
      body = await req.json();
    } catch {
      return Response.json({ error: "invalid JSON" }, { status: 400 });
    }
    const parsed = Person.safeParse(body);
    if (!parsed.success) {
      return Response.json({ error: "validation failed", issues: parsed.error.issues }, { status: 400 });
    }
    return Response.json({ ok: true, person: parsed.data });
  },
  { public: true },
);
