// The functions that the tests call. What a function does is said by the path behind its name.

/** Tells what it was given. */
const mirror = `async (request) => Response.json({
    method: request.method, url: request.url, headers: Object.fromEntries(request.headers), body: await request.text(),
})`;

const probe = `
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const seen = { aborted: 0, started: 0, cancelled: 0, ended: 0, read: 0, bodies: [] };
const text = new TextEncoder();
const endless = (size, gap) => new ReadableStream({
    async pull(controller) {
        if (gap) await sleep(gap);
        controller.enqueue(new Uint8Array(size).fill(120));
    },
    cancel() { seen.cancelled++; },
});
const actions = {
    mirror: ${mirror},
    seen: () => Response.json(seen),
    pid: () => new Response("there"),
    // the status that the path says, with a body where one may be
    status: (request, [status]) => new Response([204, 304].includes(Number(status)) ? null : "of " + status, {
        status: Number(status), headers: { "x-own": "1", etag: '"e"' } }),
    // a line for each line that comes, as it comes
    lines: (request) => {
        const lines = request.body.pipeThrough(new TextDecoderStream()).pipeThrough(new TransformStream({
            transform: (part, controller) => controller.enqueue(text.encode("got " + part)) }));
        return new Response(lines, { headers: { "content-type": "application/x-ndjson" } });
    },
    events: (request, [count, gap]) => new Response(ReadableStream.from((async function* () {
        for (let i = 0; i < Number(count); i++) {
            if (i > 0) await sleep(Number(gap));
            yield text.encode("id: " + i + "\\ndata: tick\\n\\n");
        }
    })()), { headers: { "content-type": "text/event-stream" } }),
    // tells when its caller went away
    hold: async (request) => {
        seen.started++;
        request.signal.addEventListener("abort", () => seen.aborted++);
        await Promise.race([sleep(8000), new Promise((resolve) => request.signal.addEventListener("abort", resolve))]);
        seen.ended++;
        return new Response("held");
    },
    flood: () => new Response(endless(65536, 0)),
    drip: () => new Response(endless(8, 50)),
    stall: () => new Response(new ReadableStream({ start(controller) { controller.enqueue(text.encode("first")); } })),
    // reads a body no faster than it must
    slowly: async (request, [gap]) => {
        let size = 0;
        for await (const part of request.body) {
            size += part.length;
            seen.read = size;
            await sleep(Number(gap));
        }
        return new Response(String(size));
    },
    size: async (request) => {
        let size = 0;
        for await (const part of request.body ?? []) size += part.length;
        return new Response(String(size));
    },
    body: async (request) => {
        seen.bodies.push("started");
        const body = await request.text();
        seen.bodies.push(body);
        return new Response(body);
    },
    early: () => new Response("no need to", { status: 403 }),
    sleep: async (request, [ms]) => { await sleep(Number(ms)); return new Response("slept"); },
    cookies: () => new Response("x", { headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["vary", "accept"], ["x-1tube-invocation-id", "mine"]] }),
    cors: () => new Response("x", { headers: { "access-control-allow-origin": "https://own.example", "access-control-max-age": "7", vary: "accept" } }),
    vary: () => new Response("x", { headers: { vary: "accept, origin" } }),
    preflight: (request) => new Response(null, { status: 204, headers: { "access-control-allow-origin": "https://own.example", "x-method": request.method } }),
    throw: () => { throw new Error("a secret detail"); },
    say: () => { console.error("said " + "by it"); return new Response("x"); },
    env: () => Response.json({ a: Deno.env.get("ALLOWED") ?? null, empty: Deno.env.get("EMPTY") ?? null, other: Deno.env.get("JWT_SECRET") ?? null,
        key: Deno.env.get("INTERNAL_KEY") ?? null, unnamed: Deno.env.get("UNNAMED") ?? null, all: Object.keys(Deno.env.toObject()).sort() }),
    redirect: () => new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } }),
    spin: () => { for (;;); },
    socket: (request) => {
        if (request.headers.get("upgrade") !== "websocket") return new Response("with a WebSocket", { status: 426 });
        const { socket, response } = Deno.upgradeWebSocket(request);
        socket.binaryType = "arraybuffer";
        socket.onmessage = ({ data }) => data === "close 4001" ? socket.close(4001, "as asked") : socket.send(data);
        socket.onclose = ({ code, reason }) => { seen.bodies.push("closed " + code + " " + reason); };
        return response;
    },
};
Deno.serve((request) => {
    const [, , action, ...rest] = new URL(request.url).pathname.split("/");
    return Object.hasOwn(actions, action) ? actions[action](request, rest) : actions.mirror(request);
});`;

/** The same, and who is calling. */
const whoami = `globalThis.__edgeFunctionRegistry.register(async (request, auth) => {
    const answer = await (${mirror})(request);
    return Response.json({ ...await answer.json(), auth });
}, {});`;

const serve = (handler) => `Deno.serve(${handler});`;
const open = { public: true, rpm: 0, recycle: { errorRate: 0 } };

/** Fails when it is told to. */
const flaky = serve(`(request) => new Response("x", { status: request.url.endsWith("/fail") ? 500 : request.url.endsWith("/own") ? 418 : 200 })`);

/** Streams of small pieces, some hundreds a second each: in an isolate of its own each stream would wait for the timers of all. */
const dust = `
let cancelled = 0;
function stream(count) {
    let i = 0;
    const pull = async (controller) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (i < count) controller.enqueue(new TextEncoder().encode("piece " + i++ + "\\n"));
        else controller.close();
    };
    return new ReadableStream({ pull, cancel: () => { cancelled++; } });
}
export default {
    fetch(request) {
        const what = new URL(request.url).pathname.split("/").at(-1);
        return what === "cancelled" ? Response.json(cancelled) : new Response(stream(Number(what)));
    },
};`;

export const functions = {
    probe: { config: open, source: probe },
    closed: { config: { rpm: 0 }, source: whoami },
        "own-preflight": { config: { rpm: 0, preflight: "function" }, source: probe },
    "our-preflight": { config: { ...open, preflight: "gateway" }, source: probe },
    three: { config: { public: true, rpm: 3 }, source: serve(mirror) },
    "three-closed": { config: { rpm: 3 }, source: whoami },
    "three-ip": { config: { rpm: 3, rateLimitBy: "ip" }, source: serve(mirror) },
    "three-global": { config: { rpm: 3, rateLimitBy: "global" }, source: serve(mirror) },
    plain: { config: { public: true }, source: serve(mirror) },
    flaky: { config: { ...open, recycle: { errorRate: 0.9, errorWindow: 10, cooldownMs: 1000 } }, source: flaky },
    counted: { config: { public: true, rpm: 0, recycle: { maxRequests: 5 } }, source: serve(mirror) },
    bytes: { config: open, source: serve("(request) => new Response(request.body)") },
    quick: { config: { ...open, timeoutMs: 400 }, source: probe },
    late: { config: { ...open, timeoutMs: 400, recycle: { errorRate: 1, errorWindow: 3, cooldownMs: 60000 } }, source: probe },
    broken: { config: open, source: `if (Date.now() >= 0) throw new Error("a secret of loading");\nDeno.serve(() => new Response("never"));` },
    dust: { config: open, source: dust },
    workers: { config: open, source: `export default { fetch(request) { return new Response("workers " + new URL(request.url).pathname); } };` },
};
