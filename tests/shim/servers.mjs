// Servers that npm packages start: node:http and what stands on it, and oak.

import assert from "node:assert/strict";
import { send, until } from "./harness.mjs";

const EXPRESS = `import express from "npm:express@^5";
    const app = express();
    app.use(express.json());
    app.get("/", (request, response) => response.json({ query: request.query, secure: request.secure }));
    app.post("/items/:id", (request, response) => response.status(201).set("x-own", "1").json({ id: request.params.id, ...request.body }));
    app.get("/boom", () => { throw new Error("secret"); });
    app.listen(3000, () => console.log("express listens"));`;

/** name, source, what `GET /?a=1` gives */
const SERVERS = [
    ["node-http", `import { createServer } from "node:http"; createServer((request, response) => response.end("http " + request.url)).listen(8080);`, "http /?a=1"],
    ["node-http-default", `import http from "http"; http.createServer((request, response) => response.end("bare " + request.method)).listen({ port: 8080, host: "0.0.0.0" });`, "bare GET"],
    ["node-http-require", `const { Server } = require("http"); new Server((request, response) => response.end("cjs")).listen();`, "cjs", { file: "node-http-require/index.js" }],
    ["node-http-late", `import http from "node:http"; setTimeout(() => http.createServer((_, response) => response.end("late")).listen(1), 30);`, "late"],
    ["node-http-address", `import http from "node:http"; let heard = 0;
        const server = http.createServer((_, response) => response.end([server.listening, server.address().port, heard].join())).listen(4321, () => heard++);`, "true,4321,1"],
    ["node-http-lists", `import http from "node:http"; Deno.serve(() => new Promise((resolve) => {
        const request = http.request({ host: "127.0.0.1", port: 1, method: "POST", headers: { "x-a": ["1"], "x-b": ["1", "2"] } });
        request.on("error", () => resolve(new Response("asked in vain")));
        request.write("as node-fetch does");
        request.end(); }));`, "asked in vain"],
    ["node-http-closed", `import http from "node:http"; http.createServer().listen(80).close(); Deno.serve(() => new Response("closed"));`, "closed"],
    ["node-https", `import https from "node:https"; https.createServer({}, (_, response) => response.end("tls is elsewhere")).listen(443);`, "tls is elsewhere"],
    ["node-net", `import net from "node:net"; let said; try { net.createServer(() => {}).listen(25); } catch (e) { said = e.message; } Deno.serve(() => new Response(said));`,
        "node:net Server.listen is not available: a function cannot listen on ports, only answer HTTP requests"],
    ["express", EXPRESS, `{"query":{"a":"1"},"secure":false}`],
    ["koa", `import Koa from "npm:koa@3"; const app = new Koa(); app.use((ctx) => { ctx.body = { koa: ctx.query.a }; }); app.listen(3000);`, `{"koa":"1"}`],
    ["hono-node-server", `import { serve } from "npm:@hono/node-server@^2"; import { Hono } from "npm:hono";
        const app = new Hono();
        app.get("/", (c) => c.text("node " + c.req.query("a")));
        app.post("/echo", async (c) => c.json(await c.req.json(), 202));
        serve({ fetch: app.fetch, port: 8787 }, ({ port }) => console.log("on " + port));`, "node 1"],
    ["oak", `import { Application, Router } from "npm:@oakserver/oak@14";
        const router = new Router();
        router.get("/", (ctx) => { ctx.response.body = { oak: ctx.request.url.searchParams.get("a"), ip: ctx.request.ip }; });
        router.post("/echo", async (ctx) => { ctx.response.status = 202; ctx.response.body = await ctx.request.body.json(); });
        const app = new Application();
        app.use(router.routes());
        await app.listen({ port: 8000 });`, `{"oak":"1","ip":"127.0.0.1"}`, { topLevelAwait: true, isolate: true }],
];

const OTHERS = [
    ["node-http-throws", `import http from "node:http"; http.createServer(() => { throw new Error("secret"); }).listen(1);`],
    ["node-http-two", `import http from "node:http"; http.createServer().listen(1); http.createServer().listen(2);`],
    ["node-http-taken", `import http from "node:http"; http.createServer().listen(1); http.createServer().listen(1);`],
    ["node-http-stream", `import http from "node:http"; http.createServer((request, response) => request.pipe(response)).listen(1);`],
    // A package that puts its own Response in the global scope.
    ["shadowed", `import { getRequestListener } from "npm:@hono/node-server"; getRequestListener(() => {});
        Deno.serve((request) => { if (request.url.endsWith("/throw")) throw new Error("x"); return new Response("made by it"); });`],
];

export const cases = [...SERVERS, ...OTHERS].map(([name, source, , more]) => ({ name, source, public: true, ...more }));

/** @param {import("./harness.mjs").Report} report */
export async function run(report, engine) {
    const get = (name, options) => send(engine.port(name), options);
    const post = (name, path, body) => get(name, { method: "POST", path, body: JSON.stringify(body), headers: { "content-type": "application/json" } });

    for (const [name, , wants] of SERVERS) {
        await report.test(`server: ${name}`, async () => {
            for (let round = 0; round < 3; round++) {
                const { status, text } = await get(name, { path: "/?a=1" });
                assert.deepEqual({ status, text }, { status: 200, text: wants });
            }
            assert.deepEqual(engine.lines(name), []);
        });
    }
    await report.test("server: express: bodies, parameters, headers, errors", async () => {
        const { status, json, headers } = await post("express", "/items/7", { name: "tea" });
        assert.deepEqual({ status, json, own: headers["x-own"] }, { status: 201, json: { id: "7", name: "tea" }, own: "1" });
        assert.equal((await get("express", { path: "/nowhere" })).status, 404);
        const boom = await get("express", { path: "/boom" });
        assert.equal(boom.status, 500);
        assert.ok(!boom.text.includes("secret"));
        assert.match(engine.log(), /express listens/);
    });
    for (const name of ["hono-node-server", "oak"]) {
        await report.test(`server: ${name}: bodies`, async () => {
            const { status, json } = await post(name, "/echo", { a: [1] });
            assert.deepEqual({ status, json }, { status: 202, json: { a: [1] } });
            assert.equal((await get(name, { path: "/nowhere" })).status, 404);
        });
    }
    await report.test("server: node:http: bodies are streamed both ways", async () => {
        const received = [];
        const { text } = await get("node-http-stream", {
            method: "POST",
            headers: { "transfer-encoding": "chunked" },
            onData: (data) => received.push(data),
            onRequest: async (request) => {
                request.write("one");
                await until(() => received.length > 0, "the first part");
                request.end("two");
            },
        });
        assert.equal(text, "onetwo");
    });
    await report.test("server: node:http: what a listener throws reaches the log alone", async () => {
        const { status, text } = await get("node-http-throws");
        assert.equal(status, 500);
        assert.ok(!text.includes("secret"));
        await until(() => engine.log().includes("Error: secret"), "the log");
    });
    await report.test("server: two servers are two handlers, and a port can be taken once", async () => {
        for (const [name, line] of [["node-http-two", /2 handlers: .*listen and .*listen; keep one/], ["node-http-taken", /EADDRINUSE/]]) {
            assert.equal((await get(name)).status, 500);
            await until(() => engine.lines(name).some((one) => line.test(one)), `${line}`);
        }
    });
    await report.test("server: a package's own Response is sent, and errors still are answered", async () => {
        const { status, text } = await get("shadowed");
        assert.deepEqual({ status, text }, { status: 200, text: "made by it" });
        assert.deepEqual((await get("shadowed", { path: "/throw" })).json, { error: "Internal server error" });
    });
}
