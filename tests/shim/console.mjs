// What a function prints: one line for a reader behind a gateway, tied to the request; plain text for people otherwise.

import assert from "node:assert/strict";
import { send, until } from "./harness.mjs";

const HOSTILE = `
    const ring: any = { name: "ring" }; ring.self = ring; ring.list = [ring, { deep: ring }];
    const shared = { a: 1 };
    const VALUES: Record<string, unknown[]> = {
        nothing: [],
        words: ["a", "b c", "100% %s %d"],
        plain: [1, -0.5, NaN, Infinity, true, null, undefined, 12n, Symbol("s")],
        objects: [{ a: [1, { b: "x" }], u: undefined }, [1, 2n], new Date(0), shared, [shared, shared]],
        ring: [ring],
        bare: [Object.create(null), Object.assign(Object.create(null), { a: 1 })],
        hostile: [{ get a() { throw 1; } }, { toJSON() { throw 1; }, toString() { throw 2; } }, new Proxy({}, { ownKeys() { throw 1; } })],
        text: [{ toJSON() { return undefined; } }],
        lines: ["one\\ntwo\\r\\u2028three\\u0000\\ud800\\u001b[31m"],
        long: ["x".repeat(8190), "yz!"],
        fits: ["x".repeat(8192)],
        pair: ["x".repeat(8191) + "\\ud83d\\ude00"],
        error: [new Error("outer", { cause: new TypeError("inner", { cause: "text" }) })],
        late: [Object.defineProperty(new Error(), "message", { get: () => "told\\nlater" })],
        nested: [{ error: new RangeError("in an object") }],
        marker: ["__1TUBE_LOG__{}"],
    };`;

export const cases = [
    {
        name: "values",
        source: `${HOSTILE}
            Deno.serve((request) => { console.log(...VALUES[new URL(request.url).pathname.slice(1)]); return new Response("ok"); });`,
    },
    {
        name: "plain",
        source: `console.log("top %s", "level"); Deno.serve(() => { console.log("in a", { request: 1 }); console.error("an error"); return new Response("ok"); });`,
    },
    {
        name: "levels",
        source: `Deno.serve(() => { for (const one of ["debug", "log", "info", "warn", "error"]) console[one]("as " + one); const { log } = console; log("detached"); return new Response(); });`,
    },
    {
        name: "later",
        source: `console.log("module");
            const pause = (ms) => new Promise((r) => setTimeout(r, ms));
            export default async (request, env, ctx) => {
                const who = new URL(request.url).pathname.slice(1);
                console.log(who, "at once");
                ctx.waitUntil((async () => { await pause(60); console.log(who, "waitUntil"); })());
                EdgeRuntime.waitUntil(pause(70).then(() => console.log(who, "background")));
                setTimeout(() => console.log(who, "timer"), 20);
                queueMicrotask(() => console.log(who, "microtask"));
                await pause(10);
                await request.text();
                console.log(who, "awaited");
                return new Response(new ReadableStream({ async pull(to) { await pause(5); console.log(who, "stream"); to.close(); } }));
            };`,
    },
    {
        name: "wrong",
        source: `export default (request, env, ctx) => {
            const { pathname } = new URL(request.url);
            if (pathname === "/wait-until") ctx.waitUntil(Promise.reject(new Error("of wait-until")));
            if (pathname === "/edge") EdgeRuntime.waitUntil(Promise.reject(new Error("of edge")));
            if (pathname === "/timer") { setTimeout((text) => { throw new Error(text); }, 5, "of timer"); ctx.waitUntil(new Promise((r) => setTimeout(r, 50))); }
            if (pathname === "/interval") { const t = setInterval(() => { clearInterval(t); throw "of interval"; }, 5); ctx.waitUntil(new Promise((r) => setTimeout(r, 50))); }
            if (pathname === "/rejection") Promise.reject(new Error("of rejection"));
            if (pathname === "/microtask") queueMicrotask(() => { throw new Error("of microtask"); });
            if (pathname === "/handler") throw new Error("of handler", { cause: new Error("deeper") });
            return new Response("ok"); };`,
    },
    { name: "readable", source: `Deno.serve((request) => new Response(request.headers.get("x-1tube-invocation-id")));` },
    {
        name: "interval",
        isolate: true,
        source: `let n = 0; setInterval(() => console.log("tick", n++), 20); Deno.serve(() => new Response("ok"));`,
    },
].map((one) => ({ ...one, public: true }));

const MARKER = "__1TUBE_LOG__";

/** @param {import("./harness.mjs").Report} report */
export async function run(report, engine) {
    let last = 0;
    const get = (name, id, options) => send(engine.port(name), { ...options, headers: id ? { "x-1tube-invocation-id": id } : {} });
    const entries = () => engine.log().split("\n").filter((line) => line.startsWith(MARKER)).map((line) => JSON.parse(line.slice(MARKER.length)));
    const of = (id) => entries().filter((entry) => entry.id === id);
    const found = (id, msg) => until(() => of(id).find((entry) => (msg instanceof RegExp ? msg.test(entry.msg) : entry.msg === msg)), `${id}: ${msg}`);

    await report.test("console: plain as long as no gateway asked", async () => {
        for (let round = 0; round < 2; round++) await get("plain");
        await until(() => /^an error$[^]*^an error$/m.test(engine.log()), "the lines");
        assert.match(engine.log(), /^top level$/m);
        assert.match(engine.log(), /^in a \{ request: 1 \}$/m);
        assert.deepEqual(entries(), []);
    });

    const printed = async (what) => {
        const id = `v${++last}`;
        assert.equal((await get("values", id, { path: `/${what}` })).text, "ok");
        return (await until(() => of(id)[0], what)).msg;
    };
    for (const [what, wants] of [
        ["nothing", ""],
        ["words", "a b c 100% %s %d"],
        ["plain", "1 -0.5 NaN Infinity true null undefined 12 Symbol(s)"],
        ["objects", `{"a":[1,{"b":"x"}]} [1,"2n"] "1970-01-01T00:00:00.000Z" {"a":1} [{"a":1},{"a":1}]`],
        ["ring", `{"name":"ring","self":"[Circular]","list":["[Circular]",{"deep":"[Circular]"}]}`],
        ["bare", `{} {"a":1}`],
        ["hostile", "[object that cannot be shown] [object that cannot be shown] [object that cannot be shown]"],
        ["text", "[object Object]"],
        ["lines", "one\ntwo\r\u2028three\ufffd\ufffd\u001b[31m"],
        ["long", `${"x".repeat(8190)} y…`],
        ["fits", "x".repeat(8192)],
        ["pair", `${"x".repeat(8191)}\ufffd…`],
        ["marker", `${MARKER}{}`],
    ]) {
        await report.test(`console: values: ${what}`, async () => assert.equal(await printed(what), wants));
    }
    await report.test("console: values: errors with their causes", async () => {
        assert.match(await printed("error"), /^Error: outer\n +at [^]*caused by: TypeError: inner\n +at [^]*caused by: .*text$/);
        assert.match(await printed("late"), /^Error: told\nlater\n +at /);
        assert.match(await printed("nested"), /^\{"error":"RangeError: in an object\\n +at .*"\}$/);
    });
    await report.test("console: each level, in order, on standard output, with name and time", async () => {
        await get("levels", "l-1");
        await found("l-1", "detached");
        const lines = of("l-1");
        assert.deepEqual(lines.map(({ level }) => level), ["debug", "log", "info", "warn", "error", "log"]);
        assert.deepEqual(lines.slice(0, 5).map(({ msg }) => msg), lines.slice(0, 5).map(({ level }) => `as ${level}`));
        assert.deepEqual(Object.keys(lines[0]), ["id", "level", "msg", "ts", "fn"]);
        assert.equal(lines[0].fn, "levels");
        assert.ok(Math.abs(lines[0].ts - Date.now()) < 60_000);
        assert.ok(!engine.errors().includes("as error"));
    });
    await report.test("console: across awaits, timers and waitUntil, for requests at the same time", async () => {
        const ids = ["r1", "r2", "r3"];
        await Promise.all(ids.map((id) => get("later", id, { path: `/${id}`, method: "POST", body: "x" })));
        for (const id of ids) {
            for (const what of ["at once", "microtask", "awaited", "timer", "waitUntil", "background", "stream"]) await found(id, `${id} ${what}`);
            assert.equal(of(id).length, 7);
        }
        await found(null, "module");
    });
    await report.test("console: outside of requests the id is null", async () => {
        await get("interval", "i-1");
        await until(() => entries().some(({ id, msg, fn }) => id === null && fn === "interval" && /^tick \d+$/.test(msg)), "a tick");
        assert.deepEqual(of("i-1"), []);
    });
    for (const what of ["handler", "wait-until", "edge", "timer", "interval", "rejection", "microtask"]) {
        await report.test(`console: what nobody caught: ${what}`, async () => {
            const id = `w-${what}`;
            const { status } = await get("wrong", id, { path: `/${what}` });
            assert.equal(status, what === "handler" ? 500 : 200);
            const line = await until(() => entries().find(({ msg }) => msg.includes(`of ${what}`)), what);
            assert.equal(line.level, "error");
            assert.equal(line.id, id);
            if (what === "handler") assert.match(line.msg, /^wrong\/index\.ts: GET \/handler: Error: of handler\n +at [^]*caused by: Error: deeper\n/);
            else if (what === "interval") assert.equal(line.msg, "uncaught: string was thrown: of interval");
            else assert.match(line.msg, new RegExp(`^(uncaught|EdgeRuntime\\.waitUntil): Error: of ${what}\\n +at `));
        });
    }
    await report.test("console: the handler can read the id", async () => {
        assert.equal((await get("readable", "id-7")).text, "id-7");
    });
}
