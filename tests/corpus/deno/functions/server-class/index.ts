import { Server } from "https://deno.land/std@0.140.0/http/server.ts";

const server = new Server({
  port: 4505,
  handler: (request) => new Response(`${request.method} ${new URL(request.url).pathname}`),
});

Deno.cron("tidy up", "0 4 * * *", () => console.log("tidy"));

await server.listenAndServe();
