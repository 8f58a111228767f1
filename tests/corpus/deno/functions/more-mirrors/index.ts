import { z } from "https://unpkg.com/zod@3.25.76/v4";
import { SignJWT } from "https://esm.sh/v135/jose@5.10.0?target=es2022";
import { logger } from "https://cdn.jsdelivr.net/npm/hono@4.13.19/logger/+esm";

Deno.serve(async () => {
  const token = await new SignJWT({ a: z.number().parse(1) }).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode("k".repeat(32)));
  return new Response(`${token.split(".").length} ${typeof logger}`);
});
