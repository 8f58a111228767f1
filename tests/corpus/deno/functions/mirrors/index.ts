import { z } from "https://cdn.jsdelivr.net/npm/zod@3.25.76/+esm";
import { Hono } from "https://cdn.skypack.dev/hono@4?dts";
import { decodeJwt } from "https://unpkg.com/jose@5.10.0";
import { bearerAuth } from "https://deno.land/x/hono@v4.13.19/middleware/bearer-auth/index.ts";

const app = new Hono();
app.use("/mirrors/closed", bearerAuth({ token: "t0ken" }));
app.get("/mirrors/closed", (c) => c.text("open"));
app.get("/mirrors", (c) => {
  const claims = z.object({ sub: z.string() }).parse(decodeJwt(c.req.query("jwt")!));
  return c.json(claims);
});

Deno.serve(app.fetch);
