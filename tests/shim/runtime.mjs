// Identity, Deno.env and the rest of the object Deno, WebSockets, bodies.

import assert from "node:assert/strict";
import { connect, send, sleep } from "./harness.mjs";

const AUTH = `globalThis.__edgeFunctionRegistry.register(async (request, auth) =>
    Response.json({ auth, headers: [...request.headers.keys()], method: request.method, body: await request.text() })`;
const ECHO = `Deno.serve((request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: request.headers.get("sec-websocket-protocol") ?? "" });
    socket.onmessage = (event) => socket.send("echo " + event.data);
    socket.addEventListener("open", () => socket.send("open"));
    return response; });`;

export const env = { GREETING: "hi", EMPTY: "", UNICODE: "größe" };

export const cases = [
    { name: "closed", public: false, source: `${AUTH});` },
    { name: "closed-public-in-source", public: null, source: `${AUTH}, { public: true });` },
    { name: "closed-unsaid", public: null, source: `Deno.serve(() => new Response("in"));` },
    { name: "closed-broken", public: false, source: `throw new Error("never seen");` },
    { name: "open", public: true, source: `${AUTH}, { public: true });` },
    { name: "closed-socket", public: false, source: ECHO },
    { name: "socket", public: true, source: ECHO },
    {
        name: "socket-late",
        public: true,
        source: `Deno.serve(async (request) => {
            const { socket, response } = Deno.upgradeWebSocket(request);
            await new Promise((resolve) => setTimeout(resolve, 50));
            socket.onopen = () => socket.send("open " + socket.readyState);
            return response; });`,
    },
    {
        name: "env",
        public: true,
        source: `import { env as bindings } from "cloudflare:workers";
            const early = Deno.env.get("GREETING");
            Deno.env.set("ADDED", 7 as never);
            Deno.env.delete("EMPTY");
            const refused = ["", "A=B", 1].map((name) => { try { Deno.env.get(name as string); return "no"; } catch (e) { return e.name; } });
            Deno.serve(() => Response.json({ early, has: [Deno.env.has("GREETING"), Deno.env.has("NOPE"), Deno.env.has("EMPTY")],
                nope: typeof Deno.env.get("NOPE"), proto: typeof Deno.env.get("toString"), all: Deno.env.toObject(),
                process: [process.env.GREETING, process.env.ADDED, process.env.EMPTY ?? null], refused, binding: bindings.EMPTY }));`,
    },
    {
        name: "deno",
        public: true,
        source: `const attempt = (call: () => unknown) => { try { return call(); } catch (e) { return [e instanceof Deno.errors.NotSupported, e.name, e.message]; } };
            Deno.serve(() => Response.json({ command: attempt(() => new Deno.Command("ls")), listen: attempt(() => Deno.listen({ port: 1 })),
                read: attempt(() => Deno.readTextFileSync("x")), args: Deno.args, os: Deno.build.os, arch: Deno.build.arch, version: Deno.version.deno,
                cwd: Deno.cwd(), error: [new Deno.errors.NotFound("m").name, new Deno.errors.NotFound("m") instanceof Error, String(new Deno.errors.NotFound("m"))],
                plain: attempt(() => Deno.upgradeWebSocket(new Request("http://x/"))) ?? null }));`,
    },
    {
        name: "bodies",
        public: false,
        source: `export default async (request) => new Response(request.body.pipeThrough(new TransformStream()));`,
    },
];

const identity = (claims, user = "u-1") => ({
    "x-1tube-auth-user": encodeURIComponent(user),
    "x-1tube-auth-email": encodeURIComponent("ä@example.org"),
    "x-1tube-auth-token": "aaa.bbb.ccc",
    "x-1tube-auth-payload": encodeURIComponent(JSON.stringify(claims)),
});

/** @param {import("./harness.mjs").Report} report */
async function testIdentity(report, get, lines) {
    await report.test("identity: a closed function without identity answers 401 and does not run", async () => {
        for (const name of ["closed", "closed-unsaid", "closed-public-in-source", "closed-broken"]) {
            for (const headers of [{}, { authorization: "Bearer x" }, { "x-1tube-auth-email": "a" }]) {
                const { status, json } = await get(name, { headers });
                assert.deepEqual({ status, json }, { status: 401, json: { error: "Unauthorized" } }, name);
            }
        }
        assert.deepEqual(lines("closed-broken"), []);
    });
    await report.test("identity: says once how to open a function, unless it was closed on purpose", () => {
        assert.deepEqual(lines("closed"), []);
        assert.equal(lines("closed-unsaid").length, 1);
        assert.match(lines("closed-public-in-source").join(), /"public": true in 1tube\.json$/);
    });
    await report.test("identity: reaches the handler, its headers do not", async () => {
        const claims = { sub: "u-1", name: "Žofie 名前", nested: { roles: ["a"] } };
        const headers = { ...identity(claims, "ü/1"), "x-1tube-invocation-id": "i-1", "x-own": "kept" };
        for (const name of ["closed", "closed-public-in-source"]) {
            const { status, json } = await get(name, { headers, method: "POST", body: "body" });
            assert.equal(status, 200);
            assert.deepEqual(json.auth, { userId: "ü/1", email: "ä@example.org", rawToken: "aaa.bbb.ccc", payload: claims });
            assert.deepEqual(json.headers.filter((one) => one.startsWith("x-")).sort(), ["x-1tube-invocation-id", "x-own"]);
            assert.deepEqual([json.method, json.body], ["POST", "body"]);
        }
    });
    await report.test("identity: the user may be empty, the rest may be absent", async () => {
        const { json } = await get("closed", { headers: { "x-1tube-auth-user": "" } });
        assert.deepEqual(json.auth, { userId: "", email: "", rawToken: "", payload: {} });
    });
    await report.test("identity: what cannot be read is 401", async () => {
        const bad = ["%7B", "%zz", "null", "%5B%5D", "1", "{ }", "%E9", "{\"a\":\"\u00e9\"}", "", "{}%00"];
        for (const value of bad) {
            const { status } = await get("closed", { headers: { ...identity({}), "x-1tube-auth-payload": value } });
            assert.equal(status, 401, JSON.stringify(value));
        }
        for (const name of ["user", "email", "token"]) {
            const { status } = await get("closed", { headers: { ...identity({}), [`x-1tube-auth-${name}`]: "%" } });
            assert.equal(status, 401, name);
        }
        const twice = await get("closed", { headers: { ...identity({}), "x-1tube-auth-user": ["a", "b"] } });
        assert.equal(twice.status, 401);
    });
    await report.test("identity: an open function gets none and sees no header of it", async () => {
        const { status, json } = await get("open", { headers: identity({ role: "service_role" }) });
        assert.equal(status, 200);
        assert.equal(json.auth, undefined);
        assert.deepEqual(json.headers.filter((one) => one.startsWith("x-")), []);
    });
    await report.test("identity: bodies are still streamed both ways", async () => {
        const received = [];
        const response = get("bodies", {
            method: "POST",
            headers: { ...identity({}), "transfer-encoding": "chunked" },
            onData: (data) => received.push(data),
            onRequest: async (request) => {
                request.write("one");
                while (received.length === 0) await sleep(5);
                request.end("two");
            },
        });
        assert.equal((await response).text, "onetwo");
        assert.equal(received[0], "one");
    });
}

async function testWebSockets(report, engine) {
    for (const [name, headers] of [["socket", {}], ["closed-socket", identity({})]]) {
        await report.test(`WebSocket: ${name}: open, echo, close`, async () => {
            const socket = await connect(engine.port(name), { headers: { ...headers, "sec-websocket-protocol": "chat" } });
            assert.equal(socket.headers["sec-websocket-protocol"], "chat");
            assert.deepEqual(await socket.next(), { opcode: 1, data: "open" });
            for (const text of ["1", "2", "ž"]) {
                socket.send(text);
                assert.deepEqual(await socket.next(), { opcode: 1, data: `echo ${text}` });
            }
            socket.close();
            assert.equal((await socket.next()).opcode, 8);
            socket.destroy();
        });
    }
    await report.test("WebSocket: open fires after the response, however late that is", async () => {
        const socket = await connect(engine.port("socket-late"));
        assert.equal((await socket.next()).data, "open 1");
        socket.destroy();
    });
    await report.test("WebSocket: refused without identity, and without upgrade", async () => {
        await assert.rejects(connect(engine.port("closed-socket")), /401/);
        assert.equal((await send(engine.port("socket"))).status, 500);
    });
}

/** @param {import("./harness.mjs").Report} report */
export async function run(report, engine) {
    const get = (name, options) => send(engine.port(name), options);
    await testIdentity(report, get, engine.lines);
    await testWebSockets(report, engine);

    await report.test("Deno.env", async () => {
        const { json } = await get("env");
        assert.deepEqual(json, {
            early: "hi",
            has: [true, false, false],
            nope: "undefined",
            proto: "undefined",
            all: { GREETING: "hi", UNICODE: "größe", ADDED: "7" },
            process: ["hi", "7", null],
            refused: ["TypeError", "TypeError", "TypeError"],
            binding: "",
        });
    });
    await report.test("Deno: what cannot exist says so when it is called", async () => {
        const { json } = await get("deno");
        assert.deepEqual(json.command, [true, "NotSupported", "Deno.Command is not available: a function cannot start, signal or end processes"]);
        assert.match(json.listen[2], /^Deno\.listen is not available: .*Deno\.serve/);
    
        assert.deepEqual(json.plain.slice(0, 2), [false, "TypeError"]);
    });
    await report.test("Deno: build, version, args, cwd, errors", async () => {
        const { json } = await get("deno");
        assert.deepEqual(json.args, []);
        assert.equal(json.os, "linux");
        assert.ok(["x86_64", "aarch64"].includes(json.arch));
        assert.match(json.version, /^2\.\d+\.\d+$/);
        assert.match(json.cwd, /^\//);
        assert.deepEqual(json.error, ["NotFound", true, "NotFound: m"]);
    });
}
