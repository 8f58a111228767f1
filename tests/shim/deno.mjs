// The object Deno beyond serve and env: files, the process, sockets, WebAssembly, and what cannot exist.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import net from "node:net";
import path from "node:path";
import { caseOf, runChecks } from "./checks.mjs";
import { root, send } from "./harness.mjs";

/** Node's modules that a function may name; those that only test runners and installers use are not among them. */
const NODE_MODULES = builtinModules.filter((name) => !/^_|^(node:)?(sea|test\b.*|sqlite)$/.test(name));

const FILES = [
    [`Deno.cwd()`, "/bundle/files/files"],
    [`Deno.mainModule`, "file:///bundle/files/files/index.ts"],
    // A relative path is beside the entry, or else beside the functions.
    [`Deno.readTextFile("a.txt")`, "hello a"],
    [`Deno.readTextFileSync("./deep/b.txt")`, "hello b"],
    [`Deno.readTextFile("shared/c.txt")`, "hello c"],
    [`Deno.readTextFile("/bundle/files/shared/c.txt")`, "hello c"],
    [`Deno.readTextFile(new URL("./a.txt", "file:///bundle/files/files/"))`, "hello a"],
    [`[...await Deno.readFile("a.txt"), ...Deno.readFileSync("a.txt")].length`, 14],
    [`(await Deno.readFile("a.txt")).constructor === Uint8Array`, true],
    [`Deno.readFile("nope.txt")`, /^NotFound: no such file or directory: readFile 'nope\.txt'$/],
    [`Deno.readTextFile("nope.txt").catch((e) => [e instanceof Deno.errors.NotFound, e.code])`, [true, "ENOENT"]],
    [`Deno.readTextFileSync("/tmp")`, /^IsADirectory: /],
    [`Deno.readTextFile(new URL("https://x/a.txt"))`, /^TypeError: must be a file URL/],
    [`Deno.readTextFile(1)`, /^TypeError: a path must be a string/],
    [`Deno.readTextFile("a.txt", { signal: AbortSignal.abort() })`, /^AbortError/],
    [`Deno.stat("a.txt").then((s) => [s.isFile, s.isDirectory, s.isSymlink, s.size])`, [true, false, false, 7]],
    [`[Deno.statSync("deep").isDirectory, Deno.lstatSync("a.txt").isFile, (await Deno.lstat("deep")).isFile]`, [true, true, false]],
    [`Deno.stat("nope")`, /^NotFound: .*: stat 'nope'$/],
    [`[...Deno.readDirSync(".")].map((e) => [e.name, e.isFile, e.isDirectory, e.isSymlink]).sort()`,
        [["a.txt", true, false, false], ["deep", false, true, false]]],
    [`Array.fromAsync(Deno.readDir("deep")).then((all) => all.map((e) => e.name))`, ["b.txt"]],
    [`Array.fromAsync(Deno.readDir("nope"))`, /^NotFound: .*: readDir 'nope'$/],
    [`Deno.writeTextFile("a.txt", "x")`, /^PermissionDenied: .*: writeFile 'a\.txt'$/],
    [`(Deno.chdir("deep"), [Deno.cwd(), Deno.readTextFileSync("b.txt"), Deno.chdir("..")][1])`, "hello b"],
    // What is written is in memory.
    [`(await Deno.writeTextFile("/tmp/w", "one"), await Deno.writeTextFile("/tmp/w", "+two", { append: true }), Deno.readTextFileSync("/tmp/w"))`, "one+two"],
    [`(Deno.writeFileSync("/tmp/f", bytes("xyz")), text(await Deno.readFile("/tmp/f")))`, "xyz"],
    [`(await Deno.writeFile("/tmp/s", new Response("streamed").body), Deno.readTextFileSync("/tmp/s"))`, "streamed"],
    [`(await Deno.writeTextFile("/tmp/t", ReadableStream.from(["a", "b"])), Deno.readTextFileSync("/tmp/t"))`, "ab"],
    [`(Deno.writeTextFileSync("/tmp/n", ""), Deno.writeTextFileSync("/tmp/n", "", { createNew: true }))`, /^AlreadyExists: /],
    [`Deno.writeTextFileSync("/tmp/never", "", { create: false })`, /^NotFound: /],
    [`(Deno.mkdirSync("/tmp/m/n", { recursive: true }), [...Deno.readDirSync("/tmp/m")].length)`, 1],
    [`(Deno.mkdirSync("/tmp/m1"), Deno.mkdirSync("/tmp/m1"))`, /^AlreadyExists: .*: mkdir '\/tmp\/m1'$/],
    [`(Deno.mkdirSync("/tmp/r/x", { recursive: true }), Deno.remove("/tmp/r"))`, /^Error: directory not empty: remove/],
    [`(Deno.mkdirSync("/tmp/q/x", { recursive: true }), await Deno.remove("/tmp/q", { recursive: true }), Deno.statSync("/tmp/q"))`, /^NotFound: /],
    [`Deno.remove("/tmp/never")`, /^NotFound: .*: remove '\/tmp\/never'$/],
    [`(Deno.writeTextFileSync("/tmp/o", "o"), Deno.copyFileSync("/tmp/o", "/tmp/p"), Deno.renameSync("/tmp/p", "/tmp/p2"), Deno.readTextFileSync("/tmp/p2"))`, "o"],
    [`(Deno.writeTextFileSync("/tmp/l", "l"), Deno.symlinkSync("/tmp/l", "/tmp/l1"), [Deno.readLinkSync("/tmp/l1"), Deno.realPathSync("/tmp/l1"), Deno.lstatSync("/tmp/l1").isSymlink])`,
        ["/tmp/l", "/tmp/l", true]],
    [`(Deno.writeTextFileSync("/tmp/u", "12345"), Deno.truncateSync("/tmp/u", 2), Deno.readTextFileSync("/tmp/u"))`, "12"],
    [`Deno.makeTempDir({ prefix: "a-", suffix: "-z" }).then((path) => [/^\\/tmp\\/a-.+-z$/.test(path), Deno.statSync(path).isDirectory])`, [true, true]],
    [`(() => { const path = Deno.makeTempFileSync({ dir: "/tmp" }); return [path !== Deno.makeTempFileSync(), Deno.statSync(path).size]; })()`, [true, 0]],
    // FsFile
    [`(async () => { using f = await Deno.open("a.txt"); const into = new Uint8Array(5); return [await f.read(into), text(into), f.readSync(into), f.readSync(into)]; })()`,
        [5, "hello", 2, null]],
    [`Deno.open("a.txt").then((f) => new Response(f.readable).text())`, "hello a"],
    [`Deno.open("nope")`, /^NotFound: .*: open 'nope'$/],
    [`Deno.open("a.txt", {})`, /^TypeError: open: read, write or append must be true$/],
    [`(async () => { const f = await Deno.create("/tmp/c"); await f.write(bytes("hello")); f.seekSync(-2, Deno.SeekMode.End); f.writeSync(bytes("LO!"));
        f.seekSync(0, Deno.SeekMode.Start); const all = new Uint8Array(9); const n = f.readSync(all); const { size } = f.statSync(); f.truncateSync(1); f.close();
        return [n, text(all.subarray(0, n)), size, Deno.readTextFileSync("/tmp/c")]; })()`, [6, "helLO!", 6, "h"]],
    [`(async () => { Deno.writeTextFileSync("/tmp/e", "1"); const f = Deno.openSync("/tmp/e", { append: true, read: true }); f.writeSync(bytes("2")); f.writeSync(bytes("3")); f.close();
        return Deno.readTextFileSync("/tmp/e"); })()`, "123"],
    [`(async () => { const f = await Deno.open("/tmp/y", { write: true, create: true }); await new Response("piped").body.pipeTo(f.writable); return Deno.readTextFileSync("/tmp/y"); })()`, "piped"],
    [`(() => { const f = Deno.openSync("a.txt"); f.close(); return f.readSync(new Uint8Array(1)); })()`, /^BadResource: /],
    [`Deno.openSync("a.txt", { write: true })`, /^PermissionDenied: /],
    // The same files for fetch and for Node.
    [`fetch("file:///bundle/files/files/a.txt").then(async (r) => [r.status, r.headers.get("content-type"), await r.text()])`, [200, "text/plain", "hello a"]],
    [`fetch(new URL("./deep/b.txt", "file:///bundle/files/files/")).then((r) => r.text())`, "hello b"],
    [`fetch(new Request("file:///bundle/files/files/a.txt")).then((r) => r.text())`, "hello a"],
    [`fetch("file:///bundle/files/nope")`, /^TypeError: fetch: cannot read \/bundle\/files\/nope: no such file/],
    [`fetch("file:///bundle/files/files/a.txt", { method: "POST" })`, /^TypeError: fetch: a file can only be read/],
    [`fetch("http://127.0.0.1:1/x")`, /^TypeError: fetch: cannot reach http:\/\/127\.0\.0\.1:1: there is no such host, it refuses/],
    [`fetch(new Request("http://127.0.0.1:1/x", { signal: AbortSignal.abort(new Error("own")) }))`, /^Error: own/],
    [`fetch("data:text/plain,still").then((r) => r.text())`, "still"],
    [`fs.readFileSync("/bundle/files/files/a.txt", "utf8")`, "hello a"],
];

const SYSTEM = [
    [`[Deno.args, Deno.noColor, Deno.pid, Deno.hostname(), Deno.exitCode]`, [[], true, 1, "localhost", 0]],
    [`[Deno.build.os, Deno.build.target.endsWith("-unknown-linux-gnu"), /^2\\.\\d+\\.\\d+$/.test(Deno.version.deno)]`, ["linux", true, true]],
    [`navigator.userAgent === "Deno/" + Deno.version.deno`, true],
    [`Object.keys(Deno.memoryUsage()).sort()`, ["arrayBuffers", "external", "heapTotal", "heapUsed", "rss"]],
    [`Deno.inspect({ a: [1, "x"], m: new Map([["k", 1]]) })`, `{ a: [ 1, 'x' ], m: Map(1) { 'k' => 1 } }`],
    [`Deno.inspect({ a: { b: { c: { d: { e: 1 } } } } }, { compact: true, breakLength: 1000 })`, `{ a: { b: { c: { d: { e: 1 } } } } }`],
    [`Promise.all(["net", "env", "read", "write", "run", "ffi"].map(async (name) => (await Deno.permissions.query({ name })).state))`,
        ["granted", "granted", "granted", "denied", "denied", "denied"]],
    [`[Deno.permissions.requestSync({ name: "write", path: "/tmp/x" }).state, Deno.permissions.revokeSync({ name: "run" }).state]`, ["granted", "denied"]],
    [`Deno.permissions.querySync({ name: "fly" })`, /^TypeError: Deno\.permissions: there is no permission "fly"$/],
    [`[Deno.stdout.writeSync(bytes("out 1\\n")), await Deno.stderr.write(bytes("err 2\\n")), await Deno.stdin.read(new Uint8Array(1)), Deno.stdout.isTerminal()]`, [6, 6, null, false]],
    [`[Deno.addSignalListener("SIGTERM", () => {}), Deno.unrefTimer(1), Deno.test("t", () => {}), Deno.test.only(() => {})].length`, 4],
    [`Deno.createHttpClient({ caCerts: [] }).close()`, undefined],
    // What cannot exist.
    [`new Deno.Command("ls")`, /^NotSupported: Deno\.Command is not available: a function cannot start, signal or end processes$/],
    [`Deno.run({ cmd: ["ls"] })`, /^NotSupported: Deno\.run is not available/],
    [`Deno.exit(1)`, /^NotSupported: Deno\.exit is not available/],
    [`Deno.kill(1, "SIGTERM")`, /^NotSupported: Deno\.kill /],
    [`Deno.listen({ port: 1 })`, /^NotSupported: Deno\.listen is not available: .*Deno\.serve/],
    [`Deno.listenTls({ port: 1 })`, /^NotSupported: Deno\.listenTls /],
    [`Deno.dlopen("x.so", {})`, /^NotSupported: Deno\.dlopen is not available: native code/],
    [`Deno.openKv().catch((e) => e.message)`, "Deno.openKv is not available: there is no key-value store here"],
    [`Deno.resolveDns("x", "A").catch((e) => [e instanceof Deno.errors.NotSupported, e.message.startsWith("Deno.resolveDns is not available: the engine resolves")])`, [true, true]],
    [`Deno.cron("n", "* * * * *", () => {})`, undefined],
    [`Deno.watchFs(".")`, /^NotSupported: Deno\.watchFs /],
    [`Deno.consoleSize()`, /^NotSupported: Deno\.consoleSize /],
    // What is kept of answers, in memory.
    [`(async () => { const cache = await caches.open("a"), at = "https://x.example/1";
        const before = await cache.match(at);
        await cache.put(at, new Response("body", { status: 201, headers: { "x-a": "1" } }));
        const hit = await cache.match(new Request(at + "#part")), again = await cache.match(at);
        return [before, hit.status, hit.headers.get("x-a"), await hit.text(), await again.text(), await caches.has("a"), await caches.has("b"),
            await caches.default.match(at), await cache.delete(at), await cache.delete(at), await cache.match(at)]; })()`,
        [null, 201, "1", "body", "body", true, false, null, true, false, null]],
    [`(async () => { const { default: cache } = caches, at = "https://x.example/2", put = (headers) => cache.put(at, new Response("b", { headers }));
        const found = async (init) => Boolean(await cache.match(new Request(at, init))), all = [];
        await put({ "cache-control": "no-store" }); all.push(await found());
        await put({ "cache-control": "max-age=0" }); all.push(await found());
        await put({ "cache-control": "public, max-age=60", vary: "Accept-Language" }); all.push(await found(), await found({ headers: { "accept-language": "de" } }), await found({ method: "POST" }));
        await put({ expires: "Thu, 01 Jan 1970 00:00:00 GMT" }); all.push(await found());
        return all; })()`, [false, false, true, false, false, false]],
    [`(async () => { const cache = await caches.open("full"), big = () => new Response(new Uint8Array(6 << 20));
        for (const name of ["a", "b", "c"]) await cache.put("https://x.example/" + name, big());
        const kept = []; for (const name of ["a", "b", "c"]) kept.push(Boolean(await cache.match("https://x.example/" + name)));
        return [kept, await caches.delete("full"), await caches.delete("full")]; })()`, [[false, true, true], true, false]],
    [`caches.default.put(new Request("https://x.example/", { method: "POST" }), new Response())`, /^TypeError: Cache\.put: only what GET gives/],
    [`caches.default.put("https://x.example/", new Response("", { headers: { vary: "*" } }))`, /^TypeError: Cache\.put: .*Vary: \*/],
    [`caches.default.put("https://x.example/", new Response("", { status: 206 }))`, /^TypeError: Cache\.put: a part/],
    // Other runtimes' globals.
    [`new Supabase.ai.Session("gte-small").run("text")`, /^Error: Supabase\.ai\.Session\.run is not available: the engine has no models/],
    [`EdgeRuntime.userWorkers.create({})`, /^Error: EdgeRuntime\.userWorkers\.create is not available: a function cannot start other functions/],
    [`EdgeRuntime.waitUntil(Promise.resolve(7))`, 7],
    [`[typeof global, global === globalThis, typeof Buffer.from, typeof process.env]`, ["object", true, "function", "object"]],
    [`${JSON.stringify(NODE_MODULES)}.filter((name) => !process.getBuiltinModule(name))`, []],
    // A name that the build cannot know.
    [`(() => { const name = ["f", "s"].join(""); return [typeof require(name).readFileSync, require.resolve(name)]; })()`, ["function", "fs"]],
    [`require(["no", "pe"].join(""))`, /^Error: Cannot find module 'nope': it was not bundled/],
    [`[typeof addEventListener("unhandledrejection", () => {}), typeof addEventListener("beforeunload", () => {}), typeof removeEventListener("fetch", () => {})]`,
        ["undefined", "undefined", "undefined"]],
];

const ADD = readFileSync(path.join(root, "examples/functions/assets/add.wasm"));
const WASM = [
    [`WebAssembly.instantiate(await Deno.readFile("add.wasm")).then(({ instance, module }) => [instance.exports.add(1, 2), module instanceof WebAssembly.Module])`, [3, true]],
    [`WebAssembly.instantiate((await Deno.readFile("add.wasm")).buffer, {}).then(({ instance }) => instance.exports.add(2, 2))`, 4],
    [`WebAssembly.instantiateStreaming(fetch(new URL("./add.wasm", "file:///bundle/files/wasm/")), {}).then(({ instance }) => instance.exports.add(3, 2))`, 5],
    [`WebAssembly.compileStreaming(fetch("file:///bundle/files/wasm/add.wasm")).then(async (module) => (await WebAssembly.instantiate(module)).exports.add(3, 3))`, 6],
    [`WebAssembly.compile(await Deno.readFile("add.wasm")).then((module) => WebAssembly.Module.exports(module))`, [{ name: "add", kind: "function" }]],
    [`new WebAssembly.Instance(new WebAssembly.Module(Deno.readFileSync("add.wasm"))).exports.add(4, 3)`, 7],
    // A copy is as good; other bytes of the same length are not.
    [`new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(fs.readFileSync("/bundle/files/wasm/add.wasm")))).exports.add(4, 4)`, 8],
    [`WebAssembly.compile(new Uint8Array(${ADD.length}))`, /^CompileError: these \d+ bytes are none of the function's \.wasm files/],
    [`new WebAssembly.Module()`, /^CompileError|^TypeError/],
    [`new WebAssembly.Module(await Deno.readFile("add.wasm")) instanceof WebAssembly.Module`, true],
];

const IMPORT_FS = { imports: `import fs from "node:fs";` };
const SOCKETS = [
    [`(async () => { const c = await Deno.connect({ hostname: "127.0.0.1", port: PORT }); await c.write(bytes("ping")); const into = new Uint8Array(3);
        const first = await c.read(into); const second = await c.read(into.subarray(0, 1)); c.closeWrite(); const end = await c.read(into);
        const { transport, port } = c.remoteAddr; c.close(); return [first, second, end, transport, port === PORT]; })()`, [3, 1, null, "tcp", true]],
    [`Deno.connect({ hostname: "127.0.0.1", port: PORT }).then(async (c) => { const w = c.writable.getWriter(); await w.write(bytes("stream")); await w.close(); return new Response(c.readable).text(); })`, "stream"],
    [`Deno.connect({ hostname: "127.0.0.1", port: 1 }).catch((e) => e instanceof Deno.errors.ConnectionRefused)`, true],
    [`Deno.connect({ path: "/x", transport: "unix" })`, /^NotSupported: Deno\.connect is not available: .*"unix"/],
];

const echo = net.createServer({ allowHalfOpen: true }, (socket) => socket.on("error", () => {}).pipe(socket));
await new Promise((resolve) => echo.listen(0, "127.0.0.1", resolve));
echo.unref();

/** What tells a function that nobody touched Deno. */
const OTHER_STYLE = `export default { fetch: () => Response.json([navigator.userAgent, typeof Deno, navigator.userAgent]) };`;

export const cases = [
    caseOf("files", FILES, { ...IMPORT_FS, files: { "files/a.txt": "hello a", "files/deep/b.txt": "hello b", "shared/c.txt": "hello c" } }),
    caseOf("system", SYSTEM),
    caseOf("wasm", WASM, { ...IMPORT_FS, files: { "wasm/add.wasm": ADD, "wasm/other.wasm": Buffer.concat([ADD, Buffer.from([0, 2, 1, 0x78])]) } }),
    caseOf("sockets", SOCKETS, { imports: `const PORT = ${echo.address().port};` }),
    { name: "workers-style", public: true, source: OTHER_STYLE },
];

/** @param {import("./harness.mjs").Report} report */
export async function run(report, engine) {
    await runChecks(report, engine, "files", FILES);
    await runChecks(report, engine, "system", SYSTEM);
    await runChecks(report, engine, "wasm", WASM);
    await runChecks(report, engine, "sockets", SOCKETS);
    await report.test("Deno.stdout and Deno.stderr write to the log", () => assert.match(engine.log(), /out 1\n[^]*err 2\n/));
    await report.test("navigator.userAgent says Deno to those who use Deno", async () => {
        const { json } = await send(engine.port("workers-style"));
        assert.deepEqual(json.map((one) => one.replace(/\/.*/, "")), ["Cloudflare-Workers", "object", "Deno"]);
    });
}
