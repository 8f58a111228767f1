// Runs inside the engine, in front of the functions: takes the route prefix off, finds the function by the first
// path segment, keeps closed functions closed, and lets no client pose as an authenticated user.
import { env } from "cloudflare:workers";

const { prefix, trustIdentity, functions } = env.ROUTES;

// A Map, so that names such as "constructor" are no more than names.
const table = new Map(
  Object.entries(functions).map(([name, isPublic]) => [name, { isPublic, service: env[`fn:${name}`] }]),
);

const INTERNAL = "x-1tube-";
const USER = "x-1tube-auth-user";
const PREFLIGHT = "x-1tube-auth-preflight";

// A Host that could move the border between host and path is none.
const HOST = /^[A-Za-z0-9._~[\]:-]+$/;

function refuse(status, error) {
  return Response.json({ error }, { status });
}

function isTrusted(header) {
  return trustIdentity && (header.startsWith("x-1tube-auth-") || header === "x-1tube-invocation-id");
}

// The request without the headers that only a gateway may set; the same object when there are none.
function withoutInternalHeaders(request) {
  let headers;
  for (const name of request.headers.keys()) {
    if (name.startsWith(INTERNAL) && !isTrusted(name)) {
      headers ??= new Headers(request.headers);
      headers.delete(name);
    }
  }
  return headers === undefined ? request : new Request(request, { headers });
}

export default {
  async fetch(request) {
    if (!HOST.test(request.headers.get("host") ?? "")) return refuse(400, "Bad request");
    // Parsing resolves dot segments first, so the function that is chosen is the one that is named in what it sees.
    const url = URL.parse(request.url);
    if (url === null) return refuse(400, "Bad request");
    if (!url.pathname.startsWith(`${prefix}/`)) return refuse(404, "Not found");
    const rest = url.pathname.slice(prefix.length);
    const end = rest.indexOf("/", 1);
    const name = end < 0 ? rest.slice(1) : rest.slice(1, end);
    if (name === "") return refuse(404, "Not found");
    const target = table.get(name);
    if (target === undefined) return refuse(404, `Function "${name}" not found`);
    const clean = withoutInternalHeaders(request);
    const isKnown = clean.headers.has(USER) || (clean.method === "OPTIONS" && clean.headers.has(PREFLIGHT));
    if (!target.isPublic && !isKnown) return refuse(401, "Unauthorized");
    url.pathname = rest;
    try {
      return await target.service.fetch(url, clean);
    } catch (error) {
      console.error(`function ${name}: ${error?.stack ?? error}`);
      return refuse(500, "Internal server error");
    }
  },
};
