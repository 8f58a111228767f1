import { methodNotAllowed, notFound } from "../_shared/http.ts";

interface Env {
  POSTHOG_HOST?: string;
}

interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

let written = 0;

async function writeAuditRecord(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 10));
  written++;
}

export default {
  fetch(req: Request, env: Env, ctx: Context): Response {
    if (req.method !== "GET") return methodNotAllowed("GET");
    const { pathname } = new URL(req.url);
    if (pathname === "/fetch-export") {
      ctx.waitUntil(writeAuditRecord()); // goes on after the response
      return Response.json({ written, posthog: env.POSTHOG_HOST ?? null });
    }
    return notFound(pathname);
  },
};
