import { notFound } from "../_shared/http.ts";

const startedAt = Date.now();
let visits = 0;

Deno.serve((req, info) => {
  const { pathname } = new URL(req.url);
  if (pathname !== "/deno-serve") return notFound(pathname);
  visits++;
  return Response.json({ visits, upMs: Date.now() - startedAt, transport: info.remoteAddr.transport });
});
