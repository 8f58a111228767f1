// The example functions, behind the shim: what they answer when nothing stands in front of the engine.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { connect, isPublic, root, send } from "./harness.mjs";

const folder = path.join(root, "examples/functions");
const names = readdirSync(folder).filter((name) => existsSync(path.join(folder, name, "index.ts")));

export const cases = names.map((name) => ({
    name,
    entry: path.join(folder, name, "index.ts"),
    public: isPublic(path.join(folder, name)),
}));

export const env = { POSTHOG_HOST: "https://eu.example", WORKERD_E2E_FLAG: "" };

/** name, request, status, and the body or a check of it */
const TABLE = [
    ["hello", { path: "/hello", method: "PUT" }, 200, ({ json }) => {
        assert.deepEqual({ ...json, at: 0 }, { message: "hello, hello", method: "PUT", at: 0 });
        assert.equal(new Date(json.at).toISOString(), json.at);
    }],
    ["hello", { path: "/hello/world" }, 200, ({ json }) => assert.equal(json.message, "hello, hello/world")],
    ["hello", { path: "/" }, 200, ({ json }) => assert.equal(json.message, "hello, world")],
    ["echo", { path: "/echo?x=1&y=2", method: "POST", headers: { "X-Test": "abc" }, body: '{"a":[1]}' }, 200, ({ json }) => {
        const { headers, ...rest } = json;
        assert.deepEqual(rest, { method: "POST", path: "/echo", query: { x: "1", y: "2" }, body: { a: [1] } });
        assert.equal(headers["x-test"], "abc");
    }],
    ["echo", { path: "/echo?x=1&x=2", method: "POST", body: "not json" }, 200, ({ json }) => {
        assert.deepEqual([json.body, json.query], ["not json", { x: "2" }]);
    }],
    ["echo", { path: "/echo" }, 200, ({ json }) => assert.equal(json.body, null)],
    ["whoami", { path: "/whoami" }, 401, { error: "Unauthorized" }],
    ["whoami", { path: "/whoami", headers: { "x-1tube-auth-user": "u", "x-1tube-auth-email": "e%40x", "x-1tube-auth-payload": "%7B%22sub%22%3A%22u%22%7D" } },
        200, { userId: "u", email: "e@x", payload: { sub: "u" } }],
    ["slow", { path: "/slow?ms=150" }, 200, ({ json, ms }) => {
        assert.deepEqual(json, { slept: 150 });
        assert.ok(ms >= 150, `after ${ms} ms`);
    }],
    ["slow", { path: "/slow" }, 200, { slept: 100 }],
    ["slow", { path: "/slow?ms=-5" }, 200, { slept: 0 }],
    ["slow", { path: "/slow?ms=abc" }, 200, { slept: null }],
    ["slow", { path: "/slow?ms=5000" }, 504, ({ json, ms }) => {
        assert.deepEqual(json, { error: "Function execution timed out" });
        assert.ok(ms >= 1990 && ms < 3000, `after ${ms} ms`);
    }],
    ["stream", { path: "/stream?n=4&gap=60" }, 200, ({ text, headers, arrivals }) => {
        const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
        assert.deepEqual(lines.map(({ i }) => i), [0, 1, 2, 3]);
        assert.ok(lines.every(({ ts }) => Number.isInteger(ts)));
        assert.deepEqual([headers["content-type"], headers["x-accel-buffering"], headers["cache-control"]], ["application/x-ndjson", "no", "no-store"]);
        assert.ok(arrivals.at(-1) - arrivals[0] >= 150, "buffered");
    }],
    ["stream", { path: "/stream?n=0&gap=0" }, 200, ({ text }) => assert.equal(text.split("\n").length, 2)],
    ["stream", { path: "/stream?n=999&gap=0" }, 200, ({ text }) => assert.equal(text.split("\n").length, 51)],
    ["boom", { path: "/boom" }, 500, { error: "boom" }],
    ["env-probe", { path: "/env-probe" }, 200, { OPENAI_API_KEY: null, POSTHOG_HOST: "https://eu.example", WORKERD_E2E_FLAG: "" }],
    ["zod-deps", { path: "/zod-deps", method: "POST", body: '{"name":"alice","age":30,"more":1}' }, 200, { ok: true, person: { name: "alice", age: 30 } }],
    ["zod-deps", { path: "/zod-deps", method: "POST", body: '{"name":"","age":-1}' }, 400, ({ json }) => {
        assert.equal(json.error, "validation failed");
        assert.equal(json.issues.length, 2);
    }],
    ["zod-deps", { path: "/zod-deps", method: "POST", body: "{" }, 400, { error: "invalid JSON" }],
    ["zod-deps", { path: "/zod-deps" }, 405, { error: "POST only" }],
    ["hono-app", { path: "/hono-app" }, 200, ({ text }) => assert.equal(text, "hello from Hono")],
    ["hono-app", { path: "/hono-app/greet/Eve" }, 200, { greeting: "hello, Eve" }],
    ["hono-app", { path: "/hono-app/sum", method: "POST", body: "[1,2,3]" }, 200, { sum: 6 }],
    ["hono-app", { path: "/hono-app/nowhere" }, 404, () => {}],
    ["fetch-export", { path: "/fetch-export" }, 200, { written: 0, posthog: "https://eu.example" }],
    ["fetch-export", { path: "/fetch-export/x" }, 404, { error: "nothing at /fetch-export/x" }],
    ["fetch-export", { path: "/fetch-export", method: "POST", body: "" }, 405, { error: "GET only" }],
    ["deno-serve", { path: "/deno-serve" }, 200, ({ json }) => {
        assert.deepEqual({ ...json, upMs: 0 }, { visits: 1, upMs: 0, transport: "tcp" });
    }],
    ["ws-echo", { path: "/ws-echo" }, 426, { error: "connect with a WebSocket" }],
    ["assets", { path: "/assets?item=tea&item=cake" }, 200, { items: ["tea", "cake"], cents: 660 }],
    ["assets", { path: "/assets?item=toString" }, 404, { error: "no such item: toString" }],
];

/** @param {import("./harness.mjs").Report} report */
export async function run(report, engine) {
    for (const [name, request, status, wants] of TABLE) {
        await report.test(`example: ${name} ${request.method ?? "GET"} ${request.path} ${request.body ?? ""}`, async () => {
            const began = performance.now();
            const arrivals = [];
            const response = await send(engine.port(name), { ...request, onData: () => arrivals.push(performance.now()) });
            assert.equal(response.status, status, response.text);
            if (typeof wants === "function") wants({ ...response, arrivals, ms: performance.now() - began });
            else assert.deepEqual(response.json, wants);
        });
    }
    await report.test("example: ws-echo", async () => {
        const socket = await connect(engine.port("ws-echo"), { path: "/ws-echo" });
        assert.equal((await socket.next()).data, "welcome");
        socket.send("ping");
        assert.equal((await socket.next()).data, "ping");
        socket.destroy();
    });
    await report.test("example: every one has a test", () => {
        assert.deepEqual(names.filter((name) => !TABLE.some(([tested]) => tested === name)), []);
    });
}
