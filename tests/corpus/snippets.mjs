// A folder of functions in one file each: .ts, .js, .mts and .mjs beside each other, with a _shared folder and nothing else.

export const functions = "functions";

export const env = { REGION: "eu-1", PUNCTUATION: "!" };

export const as = "ann";

export const build = ["--sourcemap", "linked"];

const failed = { status: 500, json: { error: "Internal server error" } };

export const answers = {
    ping: [{ get: "/ping", text: "pong" }],
    whoami: [
        { get: "/whoami", json: { user: "ann" } },
        { get: "/whoami", as: "", status: 401, json: { error: "Unauthorized" } },
    ],
    fibonacci: [
        { get: "/fibonacci?n=20", text: "6765" },
        { get: "/fibonacci?n=99", ...failed, log: /fibonacci\.js: GET \/fibonacci: RangeError: n is 99/ },
    ],
    greet: [
        { get: "/greet/fr", text: "bonjour!" },
        { get: "/greet", text: "hello!" },
    ],
    "fetch-event": [
        { get: "/fetch-event", text: "Hello worker!", has: { "content-type": "text/plain" } },
        { get: "/fetch-event/old", status: 301, text: "", has: { location: "https://shop.example/new" } },
    ],
    "fetch-event-wait": [
        { get: "/fetch-event-wait/a", text: "nobody" },
        { get: "/fetch-event-wait/b", text: "/fetch-event-wait/a" },
    ],
    "old-node": [
        { get: "/old-node/x?a=1", json: { pathname: "/old-node/x", query: { a: "1" }, platform: "string" }, has: { "x-powered-by": "node" } },
        { get: "/old-node/missing", status: 404, json: { pathname: "/old-node/missing", query: {}, platform: "string" } },
        { post: "/old-node", body: "abc", text: "900150983cd24fb0d6963f7d28e17f72" },
    ],
    gzip: [{ get: "/gzip", text: "hello world", has: { "content-type": "text/plain" } }, { get: "/gzip", text: "hello world", log: /answered \/gzip/ }],
    "late-start": [{ get: "/late-start", text: "ready" }, { get: "/late-start", text: "ready" }],
    "late-node": [{ get: "/late-node", text: "on number" }, { get: "/late-node", text: "on number" }],
    "start-work": [{ get: "/start-work", json: [36, true, 8, [1, 2, 3], true, true] }],
    environment: [
        {
            get: "/environment",
            json: { region: "eu-1", stage: "eu-1-test", now: null, node: "eu-1", hidden: [], keys: ["PUNCTUATION", "REGION", "STAGE"] },
        },
    ],
    "env-store": [
        { get: "/env-store", json: ["strict", true, "strict", true] },
        { put: "/env-store", json: ["lax", true, "lax", true] },
        { delete: "/env-store", json: ["none", false, null, false] },
        { get: "/env-store", json: ["none", false, null, false] },
    ],
    exits: [1, 2].map((count) => ({ get: "/exits", json: { count, message: "Deno.exit is not available: a function cannot start, signal or end processes" } })),
    "cache-open": [
        { get: "/cache-open/a", text: "page 36", has: { "x-cache": null } },
        { get: "/cache-open/a", text: "page 36", has: { "x-cache": "hit", etag: '"1"' } },
        { get: "/cache-open/b", text: "page 36", has: { "x-cache": null } },
    ],
    runtime: [
        {
            get: "/runtime",
            json: {
                os: "linux", deno: true, agent: true, args: [], cwd: "/bundle/files", inspect: "{ a: [ 1, true ] }", memory: true, error: true, arch: true,
            },
        },
        { get: "/runtime/fail", status: 503, text: "sorry: no such thing" },
    ],
    cannot: [
        { get: "/cannot/command", status: 501, text: "Deno.Command is not available: a function cannot start, signal or end processes" },
        { get: "/cannot/listen", status: 501, text: "Deno.listen is not available: a function cannot listen on ports; register a handler with Deno.serve" },
        { get: "/cannot/dlopen", status: 501, text: "Deno.dlopen is not available: native code cannot be loaded" },
        { get: "/cannot/kv", status: 501, text: "Deno.openKv is not available: there is no key-value store here" },
        { get: "/cannot/model", status: 501, text: "Supabase.ai.Session.run is not available: the engine has no models; call a provider over HTTP" },
    ],
    "cannot-node": ["exec", "listen", "thread", "command", "unix"].map((what) => ({ get: `/cannot-node/${what}`, json: { refused: true } })),
    permissions: [
        { get: "/permissions", json: { net: "granted", env: "granted", args: 0, version: "string", inspect: "Map(1) { 1 => null }", memory: true, cwd: "/bundle/files" } },
    ],
    shutdown: [
        { get: "/shutdown", json: { addr: { transport: "tcp", hostname: "0.0.0.0", port: 4321 }, finished: "function", shutdown: "function" }, log: /port 4321/ },
    ],
    "counter-class": [
        { get: "/counter-class", json: { number: 1, region: "eu-1", method: "GET" } },
        { patch: "/counter-class", json: { number: 2, region: "eu-1", method: "PATCH" } },
    ],
    boom: [
        { get: "/boom", ...failed, log: /boom\.ts: GET \/boom: OrderError: no price for tea\n +at price \(boom\.ts:6:11\)[^]*? caused by: Error: table is empty\n +at price \(boom\.ts:6:59\)/ },
        { get: "/boom?what=string", ...failed, log: /boom\.ts: GET \/boom: string was thrown: just text/ },
        { get: "/boom?what=nothing", ...failed, log: /boom\.ts: GET \/boom: TypeError: the handler returned undefined, not a Response/ },
        { get: "/boom?what=rejected", ...failed, log: /TypeError: secret of the house/ },
        { get: "/boom?what=later", text: "fine", log: /uncaught: Error: nobody waits/ },
        { get: "/boom?what=string", ...failed },
    ],
    ticker: [
        { get: "/ticker", pieces: ["id: 0\n\n", "id: 1\n\n", "id: 2\n\n"], has: { "content-type": "text/event-stream", "cache-control": "no-store" } },
        { get: "/ticker?n=1", pieces: ["id: 0\n\n"] },
    ],
    "live-blob": [{ get: "/live-blob", socket: ["> hi", "< blob of hi", "< after hi", "> end"], log: /./ }],
    "secret-box": [{ get: "/secret-box?text=tea", json: { opened: "tea", bytes: 16, where: ["/bundle/files/keys/a.pem", "/bundle/files"] } }],
    upper: [
        { post: "/upper", body: "straße", text: "STRASSE" },
        { get: "/upper", text: "no body" },
    ],
};
