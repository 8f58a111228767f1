// What a function can do because it runs inside an object that outlives its requests, and what that must not change.

import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { connect, send, sleep, until } from "./harness.mjs";

const SEEN = `export default (request, env, ctx) => Response.json({ env, imported: { ...bindings }, process: Object.keys(process.env),
    ctx: [typeof ctx.waitUntil, ctx.passThroughOnException(), "storage" in ctx, "id" in ctx] });`;

/** name, source, more of the case */
const SOURCES = [
    ["interval", `let ticks = 0; setInterval(() => ticks++, 20); Deno.serve(() => new Response(String(ticks)));`],
    ["afterwards", `let done = 0; Deno.serve(() => { setTimeout(() => done++, 60); return new Response(String(done)); });`],
    ["top-level-io", `const waited = await new Promise((r) => setTimeout(() => r(crypto.randomUUID().length), 10));
        Deno.serve(() => new Response(String(waited)));`, { topLevelAwait: true }],
    ["never-ends", `Deno.serve(() => new Response("up")); await new Promise(() => {});`, { topLevelAwait: true }],
    ["never-ends-late", `setTimeout(() => Deno.serve(() => new Response("up")), 100); await new Promise(() => {});`, { topLevelAwait: true }],
    ["late-throw", `Deno.serve(() => new Response("up")); await new Promise((r) => setTimeout(r, 150)); throw new Error("too late");`, { topLevelAwait: true }],
    // A handler that comes long after the module ended, with no request waiting for it.
    ["much-later", `setTimeout(() => Deno.serve(() => new Response("at last")), 1500);`],
    ["broadcast", `const all = new Set();
        Deno.serve((request) => {
            if (request.headers.get("upgrade") !== "websocket") { for (const one of all) one.send("to all"); return new Response(String(all.size)); }
            const { socket, response } = Deno.upgradeWebSocket(request);
            socket.onopen = () => { all.add(socket); socket.send("open"); };
            socket.onclose = () => all.delete(socket);
            return response; });`],
    ["seen", `import { env as bindings } from "cloudflare:workers"; ${SEEN}`],
    ["seen-request", `import { env as bindings } from "cloudflare:workers"; ${SEEN}`, { isolate: false }],
    ["wait-until-rejects", `let n = 0; export default (_r, _e, ctx) => { ctx.waitUntil(Promise.reject(new Error("left behind"))); return new Response(String(n++)); };`],
    ["uncaught", `let n = 0; setInterval(() => { n++; throw new Error("in a timer"); }, 30);
        Deno.serve(() => { Promise.reject(new Error("nobody listens")); return new Response(String(n)); });`],
    ["exit", `let n = 0; Deno.serve((r) => { if (r.url.endsWith("/exit")) process.exit(3); return new Response(String(n++)); });`],
    ["exit-at-start", `if (!globalThis.once) { globalThis.once = true; await new Promise((r) => setTimeout(r, 50)); process.exit(3); }
        Deno.serve(() => new Response("up"));`, { topLevelAwait: true }],
    ["answers", `Deno.serve(async (request) => {
        const what = new URL(request.url).pathname.slice(1);
        if (what === "length") return new Response(request.method === "HEAD" ? null : "x".repeat(1234), { headers: { "content-length": "1234" } });
        if (what === "empty") return new Response(null, { status: 204, headers: { "x-a": "1" } });
        if (what === "moved") return new Response(null, { status: 302, headers: { location: "/elsewhere" } });
        if (what === "gzip") return new Response("plain ".repeat(100), { headers: { "content-encoding": "gzip" } });
        if (what === "cookies") { const r = new Response("ok"); r.headers.append("set-cookie", "a=1"); r.headers.append("set-cookie", "b=2"); return r; }
        return Response.json({ method: request.method, url: request.url, headers: [...request.headers], redirect: request.redirect,
            peer: typeof request.cf?.clientIp }); });`],
    ["endless", `let running = 0, cancelled = 0;
        Deno.serve((request) => {
            if (request.url.endsWith("/count")) return new Response(running + " " + cancelled);
            running++;
            let timer;
            return new Response(new ReadableStream({
                start(to) { timer = setInterval(() => to.enqueue(new TextEncoder().encode("tick ")), 10); },
                cancel() { cancelled++; clearInterval(timer); },
            })); });`],
];

export const cases = SOURCES.map(([name, source, more]) => ({ name, source, public: true, isolate: true, ...more }));

export const env = { GREETING: "hi" };

/** @param {import("./harness.mjs").Report} report */
async function testStart(report, get, engine) {
    await report.test("isolate: I/O and timers at top level", async () => {
        assert.equal((await get("top-level-io")).text, "36");
    });
    await report.test("isolate: a handler counts, not the end of the module", async () => {
        for (const name of ["never-ends", "never-ends", "never-ends-late", "never-ends-late"]) assert.equal((await get(name)).text, "up");
    });
    await report.test("isolate: a handler that comes much later, without a request", async () => {
        assert.equal((await get("much-later")).status, 500);
        await sleep(800);
        assert.equal((await get("much-later")).text, "at last");
        assert.match(engine.lines("much-later").join(), /no handler/);
    });
    await report.test("isolate: a module that throws after it registered is broken from then on, and says so", async () => {
        assert.equal((await get("late-throw")).text, "up");
        await until(() => engine.lines("late-throw").length > 0, "the line");
        assert.match(engine.lines("late-throw")[0], /failed to start: Error: too late/);
        assert.equal((await get("late-throw")).status, 500);
    });
}

/** @param {import("./harness.mjs").Report} report */
async function testLife(report, get, engine) {
    await report.test("isolate: a timer goes on between requests", async () => {
        const before = Number((await get("interval")).text);
        await sleep(300);
        assert.ok(Number((await get("interval")).text) >= before + 5);
    });
    await report.test("isolate: work that nobody awaits is done", async () => {
        await get("afterwards");
        await until(async () => Number((await get("afterwards")).text) > 0, "the work");
    });
    await report.test("isolate: one request uses what another opened", async () => {
        const sockets = await Promise.all([1, 2].map(() => connect(engine.port("broadcast"))));
        for (const socket of sockets) assert.equal((await socket.next()).data, "open");
        assert.equal((await get("broadcast")).text, "2");
        for (const socket of sockets) assert.equal((await socket.next()).data, "to all");
        sockets[0].close();
        await until(async () => (await get("broadcast")).text === "1", "the end of one");
        for (const socket of sockets) socket.destroy();
    });
    await report.test("isolate: what nobody caught breaks nothing", async () => {
        assert.equal((await get("wait-until-rejects")).text, "0");
        assert.equal((await get("wait-until-rejects")).text, "1");
        await get("uncaught");
        await until(async () => Number((await get("uncaught")).text) >= 2, "ticks");
    });
    await report.test("isolate: process.exit ends a request, not the function", async () => {
        assert.equal((await get("exit")).text, "0");
        const { status, json } = await get("exit", { path: "/exit" });
        assert.deepEqual({ status, json }, { status: 500, json: { error: "Internal server error" } });
        assert.equal((await get("exit")).text, "1");
        assert.match(engine.lines("exit").join(), /GET \/exit: /);
    });
    await report.test("isolate: process.exit at top level leaves no request waiting", async () => {
        for (let round = 0; round < 3; round++) assert.equal((await get("exit-at-start")).status, 500);
        assert.match(engine.lines("exit-at-start").join(), /failed to start: it was ended before it had a handler/);
    });
}

/** @param {import("./harness.mjs").Report} report */
async function testAnswers(report, get) {
    const answer = (what, options) => get("answers", { path: `/${what}`, ...options });

    await report.test("isolate: the function sees the request that came", async () => {
        const headers = { host: "shop.example", "x-own": "1", "x-1tube-auth-user": "u" };
        const { json } = await answer("a%20b?c=d", { method: "DELETE", headers });
        assert.deepEqual([json.method, json.url, json.redirect, json.peer], ["DELETE", "http://shop.example/a%20b?c=d", "manual", "string"]);
        assert.deepEqual(json.headers.filter(([name]) => name !== "connection"), [["host", "shop.example"], ["x-own", "1"]]);
    });
    await report.test("isolate: the client gets the answer that was given", async () => {
        for (const method of ["GET", "HEAD"]) {
            const { headers, text } = await answer("length", { method });
            assert.deepEqual([headers["content-length"], text.length], ["1234", method === "GET" ? 1234 : 0]);
        }
        const empty = await answer("empty");
        assert.deepEqual([empty.status, empty.headers["x-a"], empty.text], [204, "1", ""]);
        const moved = await answer("moved");
        assert.deepEqual([moved.status, moved.headers.location], [302, "/elsewhere"]);
        assert.deepEqual((await answer("cookies")).headers["set-cookie"], ["a=1", "b=2"]);
        const packed = await answer("gzip", { headers: { "accept-encoding": "gzip" }, encoding: "latin1" });
        assert.equal(packed.headers["content-encoding"], "gzip");
        assert.equal(gunzipSync(Buffer.from(packed.text, "latin1")).toString(), "plain ".repeat(100));
    });
    await report.test("isolate: a stream ends when the client leaves", async () => {
        const options = { onRequest: (request) => request.end(), onData: (_, request) => request.destroy() };
        await assert.rejects(get("endless", options));
        await until(async () => (await get("endless", { path: "/count" })).text === "1 1", "the cancellation");
    });
}

/** @param {import("./harness.mjs").Report} report */
export async function run(report, engine) {
    const get = (name, options) => send(engine.port(name), options);
    await testStart(report, get, engine);
    await testLife(report, get, engine);
    await testAnswers(report, get);

    for (const name of ["seen", "seen-request"]) {
        await report.test(`env and ctx: variables and what a Worker has, nothing else: ${name}`, async () => {
            const { json } = await get(name);
            assert.deepEqual(json.env, { GREETING: "hi" });
            assert.deepEqual(json.imported, { GREETING: "hi" });
            assert.ok(!json.process.some((key) => key.includes("onetube")));
            assert.deepEqual(json.ctx, ["function", null, false, false]);
        });
    }
}
