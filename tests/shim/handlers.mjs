// Every way to register a handler, and what goes wrong with them.

import assert from "node:assert/strict";
import { send, sleep, until } from "./harness.mjs";

const INTERNAL = { error: "Internal server error" };

/** Cases that answer with a text. `wants` is that text. */
const STYLES = [
    ["serve-function", `Deno.serve(() => new Response("A"));`, "A"],
    ["serve-async", `Deno.serve(async () => { await new Promise((r) => setTimeout(r, 1)); return new Response("A"); });`, "A"],
    ["serve-options-first", `Deno.serve({ port: 80 }, () => new Response("B"));`, "B"],
    ["serve-in-options", `Deno.serve({ handler: () => new Response("C") });`, "C"],
    ["serve-options-second", `Deno.serve(() => new Response("D"), { port: 80 });`, "D"],
    [
        "serve-on-listen",
        `const seen: unknown[] = [];
         Deno.serve({ port: 8123, hostname: "h", onListen: (a) => seen.push(a) }, () => Response.json(seen));`,
        `[{"transport":"tcp","hostname":"h","port":8123}]`,
    ],
    [
        "serve-on-listen-defaults",
        `const seen: unknown[] = [];
         Deno.serve({ onListen: (a) => seen.push(a) }, () => Response.json(seen));`,
        `[{"transport":"tcp","hostname":"0.0.0.0","port":8000}]`,
    ],
    [
        "serve-returns",
        `const s = Deno.serve(() => Response.json([s.addr, typeof s.ref, typeof s.unref, typeof s[Symbol.asyncDispose], s.finished instanceof Promise]));`,
        `[{"transport":"tcp","hostname":"0.0.0.0","port":8000},"function","function","function",true]`,
    ],
    [
        "serve-info",
        `Deno.serve(async (_r, info) => { const a = info.remoteAddr; return Response.json([a.transport, a.hostname, a.port > 0, info.completed instanceof Promise]); });`,
        `["tcp","127.0.0.1",true,true]`,
    ],
    ["serve-on-error", `Deno.serve({ onError: (e) => new Response("sorry: " + e.message) }, () => { throw new Error("x"); });`, "sorry: x"],
    ["serve-on-error-async", `Deno.serve({ onError: (e) => new Response("sorry: " + e.message) }, async () => { throw new Error("y"); });`, "sorry: y"],
    ["std-serve", `import { serve } from "onetube:std/http/server"; serve(() => new Response("E"), { port: 1 });`, "E"],
    ["std-serve-awaited", `import { serve } from "onetube:std/http/server"; await serve(() => new Response("F"));`, "F", { topLevelAwait: true }],
    ["std-listen-and-serve", `import { listenAndServe } from "onetube:std/http/server"; listenAndServe(":80", (_r, { remoteAddr }) => new Response("F" + remoteAddr.hostname));`, "F127.0.0.1"],
    ["late-main", `async function main() { await new Promise((r) => setTimeout(r, 50)); Deno.serve(() => new Response("G")); } main();`, "G"],
    ["top-level-await", `await new Promise((r) => setTimeout(r, 20)); Deno.serve(() => new Response("H"));`, "H", { topLevelAwait: true }],
    ["top-level-await-default", `const t = await Promise.resolve("I"); export default () => new Response(t);`, "I", { topLevelAwait: true }],
    ["default-fetch", `export default { word: "J", fetch() { return new Response(this.word); } };`, "J"],
    ["default-fetch-args", `export default { fetch: (r, env, ctx) => Response.json([r.method, env.GREETING, typeof ctx.waitUntil]) };`, `["GET","hi","function"]`],
    ["default-function", `export default function (r: Request) { return new Response("K" + r.method); }`, "KGET"],
    ["default-async-arrow", `export default async (_r, env) => new Response("L" + env.GREETING);`, "Lhi"],
    ["default-class", `import { WorkerEntrypoint } from "cloudflare:workers"; export default class extends WorkerEntrypoint { fetch() { return new Response("M" + this.env.GREETING); } }`, "Mhi"],
    ["default-callable-app", `const app = () => new Response("no"); app.fetch = () => new Response("N"); export default app;`, "N"],
    ["default-hono", `import { Hono } from "npm:hono@^4"; const app = new Hono(); app.get("/", (c) => c.text("O")); export default app;`, "O"],
    // What hono takes for the runtime decides where its env() looks.
    ["serve-hono", `import { Hono } from "npm:hono"; import { env, getRuntimeKey } from "npm:hono/adapter";
        const app = new Hono(); app.get("/", (c) => c.text(getRuntimeKey() + env(c).GREETING)); Deno.serve(app.fetch);`, "denohi"],
    ["default-hono-runtime", `import { Hono } from "npm:hono"; import { env, getRuntimeKey } from "npm:hono/adapter";
        const app = new Hono(); app.get("/", (c) => c.text(getRuntimeKey() + env(c).GREETING)); export default app;`, "workerdhi"],
    ["cjs-function", `module.exports = () => new Response("P");`, "P", { file: "cjs-function/index.js" }],
    ["cjs-fetch", `exports.fetch = () => new Response("Q");`, "Q", { file: "cjs-fetch/index.js" }],
    ["cjs-transpiled", `exports.__esModule = true; exports.default = () => new Response("R");`, "R", { file: "cjs-transpiled/index.js" }],
    ["listener", `addEventListener("fetch", (event) => event.respondWith(new Response("S" + event.request.method)));`, "SGET"],
    ["listener-async", `addEventListener("fetch", { handleEvent(event) { event.respondWith(Promise.resolve(new Response("T"))); } });`, "T"],
    ["listener-other", `addEventListener("beforeunload", () => {}); Deno.serve(() => new Response("U"));`, "U"],
    ["registry", `globalThis.__edgeFunctionRegistry.register((...args) => new Response("V" + args.length), { public: true });`, "V1"],
    ["registry-no-options", `globalThis.__edgeFunctionRegistry.register(() => new Response("W"));`, "W"],
    [
        "shut-down-and-again",
        `const first = Deno.serve(() => new Response("no")); first.shutdown();
         let ended = false; first.finished.then(() => { ended = true; });
         Deno.serve(() => new Response("X" + ended));`,
        "Xtrue",
    ],
    [
        "aborted",
        `const c = new AbortController(); Deno.serve({ signal: c.signal }, () => new Response("no")); c.abort();
         Deno.serve(() => new Response("Y"));`,
        "Y",
    ],
    [
        "started-in-a-request",
        `const id = crypto.randomUUID(); const now = Date.now();
         export default () => new Response(String(id.length === 36 && now > 1e12));`,
        "true",
    ],
    [
        "listener-removed",
        `const old = (event) => event.respondWith(new Response("no"));
         addEventListener("fetch", old); removeEventListener("fetch", old);
         self.addEventListener("fetch", (event) => { event.waitUntil(Promise.resolve()); event.respondWith(new Response("AA")); });`,
        "AA",
    ],
    [
        "listener-twice",
        `addEventListener("fetch", (event) => { event.respondWith(new Response("AB")); try { event.respondWith(new Response("no")); } catch (e) { console.log(e.name); } });`,
        "AB",
    ],
    ["listener-hono", `import { Hono } from "npm:hono"; const app = new Hono(); app.get("/", (c) => c.text("AC")); app.fire();`, "AC"],
    ["default-scheduled", `export default { fetch: () => new Response("AD"), scheduled() { throw 1; }, queue() { throw 1; } };`, "AD"],
    ["named-too", `export const config = { path: "/x" }; export class Other {} export default () => new Response("AF");`, "AF"],
    ["serve-unix", `const { addr } = Deno.serve({ path: "/tmp/s", onError: undefined }, () => Response.json(addr));`, `{"transport":"tcp","hostname":"0.0.0.0","port":8000}`],
    ["serve-disposed", `{ await using first = Deno.serve(() => new Response("no")); } Deno.serve(() => new Response("AG"));`, "AG", { topLevelAwait: true }],
    [
        "serve-finished",
        `const first = Deno.serve({ signal: AbortSignal.abort() }, () => new Response("no")); await first.finished;
         const seen = []; Deno.serve({ onListen: (a) => seen.push(typeof a.port) }, (_r, info) => Response.json([seen, Object.keys(first.addr)]));`,
        `[["number"],["transport","hostname","port"]]`,
        { topLevelAwait: true },
    ],
    ["shadowed-response", `const Real = Response; globalThis.Response = class {}; export default () => new Real("Z");`, "Z"],
];

/** Cases that answer 500, and the line that the log must then have. */
const FAILURES = [
    ["no-handler", `console.log("nothing");`, /no handler: write Deno\.serve/],
    ["no-handler-default", `export default { port: 8000 };`, /no handler/],
    ["two-serve", `Deno.serve(() => new Response()); Deno.serve(() => new Response());`, /2 handlers: Deno\.serve and Deno\.serve; keep one/],
    ["two-kinds", `Deno.serve(() => new Response()); export default { fetch() {} };`, /2 handlers: Deno\.serve and export default/],
    [
        "two-awaited",
        `Deno.serve(() => new Response()); for (let i = 0; i < 50; i++) await 0; export default () => new Response();`,
        /2 handlers/,
        { topLevelAwait: true },
    ],
    ["two-listeners", `addEventListener("fetch", () => {}); addEventListener("fetch", () => {});`, /2 handlers/],
    ["shut-down", `Deno.serve(() => new Response()).shutdown();`, /no handler/],
    ["throws-at-start", `throw new Error("at start");`, /failed to start: Error: at start/],
    ["throws-after-serve", `Deno.serve(() => new Response()); null.x;`, /failed to start: TypeError/],
    ["rejects-at-start", `await 0; throw new Error("awaited");`, /failed to start: Error: awaited/, { topLevelAwait: true }],
    ["serve-nothing", `Deno.serve({ port: 1 });`, /failed to start: TypeError: Deno\.serve: the handler must be a function, not undefined/],
    ["serve-object", `Deno.serve({}, {});`, /must be a function, not object/],
    ["register-nothing", `globalThis.__edgeFunctionRegistry.register();`, /must be a function, not undefined/],
];

/** The same for a handler that was found: the log has the line for each request. */
const REQUEST_FAILURES = [
    ["throws", `Deno.serve(() => { throw new Error("secret"); });`, /GET \/some\/path: Error: secret/],
    ["rejects", `Deno.serve(async () => { await 0; throw new Error("secret", { cause: new Error("deeper") }); });`, /GET \/some\/path: Error: secret/],
    ["throws-passing-through", `export default (_r, _e, ctx) => { ctx.passThroughOnException(); throw new Error("secret"); };`, /GET \/some\/path: Error: secret/],
    ["throws-text", `Deno.serve(() => { throw "words"; });`, /string was thrown: words/],
    ["throws-hostile", `Deno.serve(() => { throw { toString() { throw 1; } }; });`, /cannot be shown/],
    ["returns-nothing", `Deno.serve(() => {});`, /the handler returned undefined, not a Response/],
    ["returns-null", `Deno.serve(async () => null);`, /the handler returned null, not a Response/],
    ["returns-text", `export default () => "text";`, /the handler returned string, not a Response/],
    ["returns-used", `export default async () => { const r = new Response("x"); await r.text(); return r; };`, /body was used before/],
    ["no-respond-with", `addEventListener("fetch", () => {});`, /did not call event\.respondWith/],
];

const OTHERS = [
    ["started-once", `globalThis.starts = (globalThis.starts ?? 0) + 1; await new Promise((r) => setTimeout(r, 100));
        export default () => new Response(String(globalThis.starts));`, { topLevelAwait: true }],
    ["first-client-leaves", `await new Promise((r) => setTimeout(r, 300)); export default () => new Response("up");`, { topLevelAwait: true }],
    ["first-client-leaves-main", `async function main() { await new Promise((r) => setTimeout(r, 300)); Deno.serve(() => new Response("up")); } main();`],
    ["late-second", `Deno.serve(() => new Response("one")); await new Promise((r) => setTimeout(r, 150)); Deno.serve(() => new Response("two"));`,
        { topLevelAwait: true }],
    ["very-late", `setTimeout(() => Deno.serve(() => new Response("at last")), 1300); EdgeRuntime.waitUntil(new Promise((r) => setTimeout(r, 1500)));`],
    ["deadline", `const wait = (ms) => new Promise((r) => setTimeout(r, ms));
        globalThis.__edgeFunctionRegistry.register(async (r) => { await wait(r.url.endsWith("slow") ? 2000 : 1); return new Response("in time"); },
        { public: true, timeoutMs: 100 });`],
    ["wait-until", `let done = 0; Deno.serve(() => { EdgeRuntime.waitUntil((async () => { await new Promise((r) => setTimeout(r, 60)); done++; })()); return new Response(String(done)); });`],
    ["durable-object", `import { DurableObject } from "cloudflare:workers"; export class Counter extends DurableObject {}
        export default (_r, env) => new Response(typeof env.COUNTER);`],
    ["strip", `Deno.serve(async (r) => { const { pathname, search, host } = new URL(r.url);
        return Response.json([r.method, host, pathname + search, r.headers.get("x-own"), r.redirect, typeof r.cf?.clientIp, await r.text()]); });`, { stripName: true }],
    ["client-gone", `let gone = 0; Deno.serve(async (r) => {
        if (r.url.endsWith("count")) return new Response(String(gone));
        r.signal.addEventListener("abort", () => gone++);
        await new Promise((resolve) => setTimeout(resolve, 3000));
        return new Response("late"); });`],
];

/** Resets the connection soon after the request; the engine takes a mere end of it for a half-closed one. */
function leave(request) {
    request.end();
    setTimeout(() => request.socket.resetAndDestroy(), 100);
}

const asCase = ([name, source, last, more]) => ({
    name,
    source,
    public: true,
    ...(typeof last === "object" && !(last instanceof RegExp) ? last : more),
});

export const cases = [...STYLES, ...FAILURES, ...REQUEST_FAILURES, ...OTHERS].map(asCase);

/** @param {import("./harness.mjs").Report} report */
export async function run(report, engine) {
    const get = (name, options) => send(engine.port(name), options);

    for (const [name, , wants] of STYLES) {
        await report.test(`handler: ${name}`, async () => {
            for (let round = 0; round < 2; round++) {
                const { status, text } = await get(name);
                assert.deepEqual({ status, text }, { status: 200, text: wants });
            }
            if (!name.startsWith("serve-on-error")) assert.deepEqual(engine.lines(name), []);
        });
    }

    for (const [name, , line] of [...FAILURES, ...REQUEST_FAILURES]) {
        await report.test(`failure: ${name}`, async () => {
            for (let round = 0; round < 2; round++) {
                const { status, json, headers } = await get(name, { path: "/some/path?token=hidden" });
                assert.equal(status, 500);
                assert.deepEqual(json, INTERNAL);
                assert.match(headers["content-type"], /^application\/json/);
            }
            // What breaks a function is said once, what breaks a request each time.
            const times = REQUEST_FAILURES.some(([one]) => one === name) ? 2 : 1;
            const found = () => engine.lines(name).filter((one) => line.test(one)).length;
            await until(() => found() >= times, `${line} in the log`);
            assert.equal(found(), times);
            assert.ok(!engine.log().includes("hidden"));
        });
    }

    await report.test("a function that does not see its name", async () => {
        const seen = async (path, options = {}) => (await get("strip", { path, ...options })).json;
        const headers = { host: "shop.example", "x-own": "1" };
        assert.deepEqual(await seen("/strip/a%2Fb//c?d=/strip", { method: "POST", headers, body: "text" }),
            ["POST", "shop.example", "/a%2Fb//c?d=/strip", "1", "manual", "string", "text"]);
        for (const [path, wants] of [["/strip", "/"], ["/strip/", "/"], ["/strip?a", "/?a"], ["/strip//evil.example/", "//evil.example/"], ["/stripes", "/stripes"]]) {
            assert.equal((await seen(path))[2], wants);
        }
    });
    await report.test("failure: the log has the stack and the cause", async () => {
        assert.match(engine.log(), /rejects\/index\.ts: GET .*: Error: secret\n +at .*\n(.*\n)*? +caused by: Error: deeper\n +at /);
        assert.match(engine.log(), /throws-at-start\/index\.ts: failed to start: Error: at start\n +at /);
    });
    await report.test("a host that no URL can have is the client's fault", async () => {
        for (const host of ["h:99999", "h:80:90", "[::1", "999.999.999.999"]) {
            assert.equal((await send(engine.port("default-hono"), { headers: { host } })).status, 400);
        }
    });

    await report.test("start: requests that come together start the module once", async () => {
        const answers = await Promise.all([1, 2, 3, 4].map(() => get("started-once")));
        assert.deepEqual(answers.map(({ text }) => text), ["1", "1", "1", "1"]);
    });
    for (const name of ["first-client-leaves", "first-client-leaves-main"]) {
        await report.test(`start: goes on when the client leaves that caused it: ${name}`, async () => {
            await assert.rejects(get(name, { onRequest: leave }));
            assert.equal((await get(name)).text, "up");
        });
    }
    await report.test("start: a second handler that comes late breaks the function", async () => {
        await get("late-second");
        await until(() => engine.lines("late-second").some((line) => /2 handlers/.test(line)), "the line");
        assert.equal((await get("late-second")).status, 500);
    });
    await report.test("start: a handler that comes very late is used from then on", async () => {
        assert.equal((await get("very-late")).status, 500);
        await sleep(600);
        assert.equal((await get("very-late")).text, "at last");
    });
    await report.test("registry: timeoutMs answers 504", async () => {
        assert.equal((await get("deadline")).text, "in time");
        const { status, json } = await get("deadline", { path: "/slow" });
        assert.deepEqual({ status, json }, { status: 504, json: { error: "Function execution timed out" } });
    });
    await report.test("EdgeRuntime.waitUntil: work goes on after the response", async () => {
        assert.equal((await get("wait-until")).text, "0");
        await sleep(200);
        assert.notEqual((await get("wait-until")).text, "0");
    });
    await report.test("start: a class of objects with state is told of, and the rest works", async () => {
        assert.equal((await get("durable-object")).text, "undefined");
        await until(() => engine.log().includes("the Durable Object class Counter cannot be used"), "the line");
    });
    await report.test("request.signal fires when the client leaves", async () => {
        await assert.rejects(get("client-gone", { onRequest: leave }));
        await until(async () => (await get("client-gone", { path: "/count" })).text === "1", "abort");
    });
}
