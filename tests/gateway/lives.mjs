// What changes while requests run: payloads, engines, the gateway's own end. Nothing may be lost on the way, and nothing left behind.

import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { SECRET, build, childrenOf, eventually, makePayload, runProgram, serve, serving, sleep, test, until, within, work } from "./harness.mjs";
import { Connection, head } from "./raw.mjs";

const open = { public: true, rpm: 0, recycle: { errorRate: 0 } };

/** Answers with its number; `slow` and `lines` take their time, `asleep` tells how many of the slow ones it has. */
const source = (number) => `
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let asleep = 0;
Deno.serve(async (request) => {
    const { pathname } = new URL(request.url);
    const body = await request.text();
    if (pathname.endsWith("/slow")) { asleep++; await sleep(1200); asleep--; return new Response("${number} slow"); }
    if (pathname.endsWith("/asleep")) return new Response(String(asleep));
    if (pathname.includes("/lines/")) return new Response(ReadableStream.from((async function* () {
        for (let i = 0; i < 25; i++) { yield new TextEncoder().encode(i + "\\n"); await sleep(Number(pathname.split("/").at(-1))); }
    })()));
    return new Response("${number}" + body);
});`;

const release = (number, file) => makePayload({ hello: { config: open, source: source(number) }, other: { config: open, source: source(number) } }, { file });

/**
 * Requests over kept-alive connections until it is stopped: how often each outcome came. Each of them is a request that was sent and what
 * became of it.
 */
class Load {
    outcomes = {};
    total = 0;
    #running = true;

    constructor(gateway, where, { connections = 12 } = {}) {
        this.agent = new http.Agent({ keepAlive: true, maxSockets: connections });
        const one = async (i) => {
            while (this.#running) {
                const method = this.total++ % 3 === 0 ? "POST" : "GET";
                const body = method === "POST" ? `-${i}` : "";
                const outcome = await gateway.ask(where, { method, agent: this.agent, body, headers: { "content-length": body.length } }).then(
                    ({ status, text }) => (status === 200 ? (text.endsWith(body) ? text.slice(0, 1) : "wrong body") : `${status}`),
                    (error) => error.code ?? error.message,
                );
                this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
                if (outcome.startsWith("ECONN")) await sleep(20);
            }
        };
        this.done = Promise.all(Array.from({ length: connections }, (_, i) => one(i)));
    }

    /** At least so many more requests from now. */
    async more(count) {
        const until_ = this.total + count;
        await until(() => this.total >= until_, `${count} more requests`);
    }

    async stop() {
        this.#running = false;
        await this.done;
        this.agent.destroy();
        return this.outcomes;
    }
}

export async function swaps() {
    const file = path.join(work, "swapped.1tube");
    const files = await Promise.all([1, 2, 3].map((number) => release(number, path.join(work, `release${number}.1tube`))));
    const put = (number) => {
        copyFileSync(files[number - 1], `${file}.new`);
        renameSync(`${file}.new`, file);
    };
    put(1);
    const answers = (gateway) => async () => (await gateway.ask("hello")).text;
    await serving("swaps", [file, ["--log-format", "none"]], async (gateway) => {
        await test("SIGHUP under load: six swaps, thousands of requests, not one fails", async () => {
            const load = new Load(gateway, "hello");
            await load.more(300);
            // 15.36: longer than five seconds, from before the first swap
            const connection = new Connection(gateway.port).send(head("GET", "/functions/v1/hello/lines/230"));
            assert.equal((await connection.head()).status, 200);
            for (const number of [2, 3, 1, 2, 3, 2]) {
                put(number);
                gateway.kill("SIGHUP");
                await eventually(answers(gateway), String(number));
                await load.more(400);
            }
            const outcomes = await load.stop();
            assert.deepEqual(Object.keys(outcomes).sort(), ["1", "2", "3"], JSON.stringify(outcomes));
            assert(load.total > 3000, `${load.total}`);
            let text = "";
            for (let part; (part = await connection.chunk()).length > 0; ) text += part;
            assert.equal(text.split("\n").length, 26);
        });
        await test("15.36 what a swap leaves behind goes: one engine for each function that is used, and no descriptor", async () => {
            await eventually(async () => childrenOf(gateway.pid).length, (await gateway.health()).cells.filter((cell) => cell.pid).length);
            const before = gateway.descriptors().length;
            for (const number of [1, 2, 1, 2]) {
                put(number);
                gateway.kill("SIGHUP");
                await eventually(answers(gateway), String(number));
            }
            await eventually(() => gateway.descriptors().length <= before, true);
        });
        await test("15.37 two signals at once: what lies there in the end is served", async () => {
            put(3);
            gateway.kill("SIGHUP");
            put(1);
            gateway.kill("SIGHUP");
            await eventually(answers(gateway), "1");
            await sleep(500);
            assert.equal(await answers(gateway)(), "1");
        });
        await test("a bad payload under load: the old one goes on, and the metrics say so", async () => {
            const failed = () => gateway.metric('onetube_swaps_total{result="failed"}');
            const load = new Load(gateway, "hello", { connections: 4 });
            const whole = readFileSync(files[1]);
            const bad = [whole.subarray(0, whole.length - 512), Buffer.from("not a payload"), Buffer.alloc(0), Buffer.concat([whole.subarray(0, 9000), Buffer.from("x"), whole.subarray(9001)])];
            for (const bytes of bad) {
                const before = await failed();
                writeFileSync(file, bytes);
                gateway.kill("SIGHUP");
                await eventually(failed, before + 1);
            }
            assert.deepEqual(Object.keys(await load.stop()), ["1"]);
            assert.equal(await answers(gateway)(), "1");
        });
        await test("15.32 an engine that starts again runs what was verified, whatever the file is now", async () => {
            writeFileSync(file, "overwritten in place");
            const { pid } = await gateway.cell("hello");
            process.kill(pid, "SIGKILL");
            await eventually(answers(gateway), "1");
            assert.notEqual((await gateway.cell("hello")).pid, pid);
        });
        await test("15.38 a swap forgets how often the engines of before ended", async () => {
            for (let i = 0; i < 3; i++) {
                const pid = await until(async () => (await gateway.ask("other")) && (await gateway.cell("other")).pid);
                process.kill(pid, "SIGKILL");
                await until(async () => (await gateway.cell("other")).pid !== pid);
            }
            put(2);
            gateway.kill("SIGHUP");
            await eventually(answers(gateway), "2");
            assert.deepEqual([(await gateway.ask("other")).text, (await gateway.cell("other")).crashes], ["2", 0]);
        });
        await test("ME3 WE9 generation, swaps and how long the last one took", async () => {
            assert.equal(await gateway.metric("onetube_workerd_generation"), 1 + (await gateway.metric('onetube_swaps_total{result="ok"}')));
            assert((await gateway.metric("onetube_workerd_last_reload_duration_ms")) > 0);
            const { workerd } = await gateway.health();
            assert(workerd.last_reload_duration_ms > 0 && workerd.bundle_bytes.hello > 0 && workerd.failedSwaps === 4);
        });
    });
    put(1);
    await serving("watch", [file, ["--watch", "--log-format", "none"]], async (gateway) => {
        await test("--watch under load: three new files, not one request fails; one that is still being written is not taken", async () => {
            const load = new Load(gateway, "hello");
            await load.more(100);
            for (const number of [2, 3, 1]) {
                put(number);
                await eventually(answers(gateway), String(number));
                await load.more(200);
            }
            writeFileSync(`${file}.part`, readFileSync(files[1]).subarray(0, 20000));
            await load.more(100);
            assert.deepEqual(Object.keys(await load.stop()).sort(), ["1", "2", "3"]);
        });
    });
}

export async function crashes(examples) {
    const file = await release(1);
    await serving("crashes", [file, ["--log-format", "none"]], async (gateway) => {
        await test("WE9 SIGKILL of an engine under load: only what it was doing fails, with 502; the next is answered", async () => {
            const load = new Load(gateway, "hello", { connections: 6 });
            const others = new Load(gateway, "other", { connections: 4 });
            await load.more(200);
            const before = await gateway.cell("hello");
            process.kill(before.pid, "SIGKILL");
            const count = load.total;
            await until(async () => load.total > count + 200);
            const outcomes = await load.stop();
            assert.deepEqual(Object.keys(await others.stop()), ["1"]);
            const bad = Object.entries(outcomes).filter(([name]) => name !== "1");
            for (const [name, times] of bad) assert(name === "502" && times <= 6, JSON.stringify(outcomes));
            const after = await gateway.cell("hello");
            assert.notEqual(after.pid, before.pid);
            assert.deepEqual([after.starts, after.crashes, after.state], [2, 1, "ready"]);
            assert.equal((await gateway.cell("other")).starts, 1);
            assert.equal(await gateway.metric("onetube_workerd_recycles_total"), 1);
            assert.equal(await gateway.metric("onetube_workerd_up"), 1);
        });
        await test("8.2 15.12 a request whose engine ends: 502 with a reason; nothing of the gateway's insides", async () => {
            const asked = gateway.ask("hello/slow");
            await eventually(async () => (await gateway.ask("hello/asleep")).text, "1");
            process.kill((await gateway.cell("hello")).pid, "SIGKILL");
            const answer = await asked;
            assert.deepEqual([answer.status, answer.json()], [502, { error: "Function ended before it answered", reason: "function_crashed" }]);
        });
        await test("15.12 while it is not back: waited for or 503, never anything else", async () => {
            const seen = new Set();
            for (let i = 0; i < 30; i++) {
                const answer = await gateway.ask("hello");
                seen.add(answer.status);
                if (answer.status === 503) assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
                await sleep(20);
            }
            for (const status of seen) assert([200, 503].includes(status), `${status}`);
            await eventually(async () => (await gateway.ask("hello")).status, 200);
        });
        await test("an answer whose engine ends in the middle is cut off, not ended", async () => {
            const connection = new Connection(gateway.port).send(head("GET", "/functions/v1/other/lines/60"));
            assert.equal((await connection.head()).status, 200);
            await connection.chunk();
            process.kill((await gateway.cell("other")).pid, "SIGKILL");
            const rest = (await connection.rest()).toString();
            assert(!rest.endsWith("0\r\n\r\n"), JSON.stringify(rest));
        });
    });
    await test("15.33 15.34 two gateways of one payload in one folder do not touch each other", async () => {
        const [one, two] = await Promise.all([serve(file), serve(file)]);
        assert.deepEqual([(await one.ask("hello")).text, (await two.ask("hello")).text], ["1", "1"]);
        await one.health();
        const { pid } = await two.cell("hello");
        await one.stop();
        assert.equal((await two.ask("hello")).text, "1");
        assert.equal((await two.cell("hello")).pid, pid);
        await two.stop();
    });
    await test("a gateway that is killed takes its engines along, and leaves no file", async () => {
        const gateway = await serve(file);
        await gateway.ask("hello");
        await gateway.ask("other");
        await gateway.health();
        assert.equal(gateway.engines.size, 2);
        await gateway.stop({ signal: "SIGKILL", code: "SIGKILL" }).catch(async () => {
            // their end takes a moment
            await eventually(() => [...gateway.engines].filter((pid) => existsSync(`/proc/${pid}`)), []);
        });
        assert.deepEqual(readdirSync(gateway.folder), []);
    });
    await test("SIGTERM under load: what was taken is answered, nothing new is, exit status 0", async () => {
        const gateway = await serve(file, ["--log-format", "none"]);
        const load = new Load(gateway, "hello", { connections: 8 });
        await load.more(100);
        const slow = Array.from({ length: 4 }, () => gateway.ask("other/slow"));
        const stream = new Connection(gateway.port).send(head("GET", "/functions/v1/other/lines/60"));
        assert.equal((await stream.head()).status, 200);
        await eventually(async () => (await gateway.health()).functions.other.openRequests, 5);
        const stopped = gateway.stop();
        for (const answer of await Promise.all(slow)) assert.deepEqual([answer.status, answer.text], [200, "1 slow"]);
        let text = "";
        for (let part; (part = await stream.chunk()).length > 0; ) text += part;
        assert.equal(text.split("\n").length, 26);
        await stopped;
        const outcomes = await load.stop();
        // who comes later is turned away; a connection that was idle may have been closed under a request (RFC 9112 section 9.3.1)
        for (const outcome of Object.keys(outcomes)) assert(["1", "ECONNREFUSED", "ECONNRESET"].includes(outcome), JSON.stringify(outcomes));
    });
    await test("15.36 SIGTERM with a request that never ends: cut off after the grace period, exit status 1, nothing left", async () => {
        const gateway = await serve(examples, ["--drain-ms", "300"]);
        const connection = new Connection(gateway.port).send(head("GET", "/functions/v1/stream?n=50&gap=500"));
        assert.equal((await connection.head()).status, 200);
        await gateway.stop({ code: 1 });
        assert(!(await connection.rest()).toString().endsWith("0\r\n\r\n"));
    });
    await serving("leaks", [file, ["--log-format", "none", "--keepalive-ms", "500"]], async (gateway) => {
        await test("descriptors and memory are level once it is warm: requests, refusals, aborted ones", async () => {
            const round = async () => {
                const load = new Load(gateway, "hello", { connections: 16 });
                await load.more(600);
                await load.stop();
                for (let i = 0; i < 20; i++) {
                    const connection = new Connection(gateway.port).send(head("GET", "/functions/v1/hello/slow"));
                    connection.socket.once("connect", () => connection.reset());
                }
                for (let i = 0; i < 20; i++) await (await new Connection(gateway.port).send("nonsense\r\n\r\n").answer()).status;
                // the last one is the one that asks
                await eventually(() => gateway.metric("onetube_connections_open"), 1);
                await eventually(() => gateway.metric('onetube_function_in_flight{function="hello"}'), 0);
            };
            await round();
            await round();
            const before = [gateway.descriptors().filter((one) => one !== "socket:").length, gateway.residentKiB()];
            for (let i = 0; i < 3; i++) await round();
            assert.equal(gateway.descriptors().filter((one) => one !== "socket:").length, before[0]);
            // idle connections to the engine are kept, but not ever more of them
            assert(gateway.descriptors().filter((one) => one === "socket:").length < 80);
            assert(gateway.residentKiB() - before[1] < 8192, `${gateway.residentKiB() - before[1]} KiB more`);
        });
    });
}

export async function examples(payload) {
    const env = { OPENAI_API_KEY: "key", POSTHOG_HOST: "", WORKERD_E2E_FLAG: "on" };
    for (const isolation of ["function", "shared"])
        await serving(`examples, isolation ${isolation}`, [payload, ["--isolation", isolation, "--env", "*", "--default-rpm", "1000"], env], async (gateway) => {
            await test(`WE1 hello and echo (${isolation})`, async () => {
                assert.equal((await gateway.ask("hello/world")).json().message, "hello, hello/world");
                const answer = (await gateway.ask("echo?x=1&y=2&x=3", { method: "POST", headers: { "content-type": "application/json", "X-Test": "abc" }, body: '{"a":[1]}' })).json();
                assert.deepEqual([answer.method, answer.path, answer.query, answer.body, answer.headers["x-test"]], ["POST", "/echo", { x: "3", y: "2" }, { a: [1] }, "abc"]);
            });
            await test(`WE3 env-probe: what is named and set; empty stays empty (${isolation})`, async () => {
                assert.deepEqual((await gateway.ask("env-probe")).json(), { OPENAI_API_KEY: "key", POSTHOG_HOST: "", WORKERD_E2E_FLAG: "on" });
            });
            await test(`WE4 stream: five lines, the first long before the last (${isolation})`, async () => {
                const connection = new Connection(gateway.port).send(head("GET", "/functions/v1/stream?n=5&gap=80"));
                const { headers } = await connection.head();
                assert.deepEqual([headers["content-type"], headers["x-accel-buffering"], headers["cache-control"]], ["application/x-ndjson", "no", "no-store"]);
                const lines = [];
                for (let i = 0; i < 5; i++) {
                    lines.push(JSON.parse((await connection.chunk()).toString()).i);
                    if (i === 0) lines.push(await Promise.race([connection.chunk().then(() => "second"), sleep(15).then(() => "waits")]));
                    if (i === 0) break;
                }
                assert.deepEqual(lines, [0, "waits"]);
                assert.equal((await gateway.ask("stream?n=5&gap=1")).text.split("\n").filter(Boolean).map((line) => JSON.parse(line).i).join(), "0,1,2,3,4");
            });
            await test(`WE5 zod-deps (${isolation})`, async () => {
                const ask = (body) => gateway.ask("zod-deps", { method: "POST", body: JSON.stringify(body) });
                assert.deepEqual((await ask({ name: "alice", age: 30, more: 1 })).json(), { ok: true, person: { name: "alice", age: 30 } });
                const bad = await ask({ name: "", age: -1 });
                assert.equal(bad.status, 400);
                assert(bad.json().issues.length >= 1);
            });
            await test(`WE6 boom (${isolation})`, async () => {
                for (let i = 0; i < 3; i++) assert.equal((await gateway.ask("boom")).status, 500);
                const answer = await gateway.ask("boom");
                assert.deepEqual([answer.status, answer.json().reason], [503, "circuit_breaker_open"]);
                assert.match(answer.headers["retry-after"], /^[1-5]$/);
            });
            await test(`WE7 an unknown function (${isolation})`, async () => {
                assert.equal((await gateway.ask("no-such-fn")).status, 404);
            });
            await test(`WE9 the engine of all, or of one, is killed: it is back (${isolation})`, async () => {
                const name = isolation === "shared" ? "shared" : "hello";
                const { pid } = await gateway.cell(name);
                process.kill(pid, "SIGKILL");
                await eventually(async () => (await gateway.ask("hello")).status, 200);
                assert.notEqual((await gateway.cell(name)).pid, pid);
            });
        });
}

const onetube = path.join(build, "onetube");

/** What refuses to start, and how. */
export async function starts(payload) {
    const run = async (args, env = {}) => {
        const options = { env: { PATH: process.env.PATH, ...env }, timeout: 20_000 };
        const { code, stderr } = await runProgram(onetube, ["serve", ...args], options).catch((error) => error);
        return { status: code, said: stderr };
    };
    const trusted = ["--prebuilt", payload, "--trust", path.join(work, "release.pub.pem"), "--port", "0"];
    await test("DG1 production without a secret: exit status 78, and why", async () => {
        for (const env of [{}, { JWT_SECRET: "" }]) {
            const { status, said } = await run(trusted, env);
            assert.equal(status, 78);
            assert.match(said, /JWT_SECRET is not set/);
            assert.match(said, /closed/);
        }
    });
    await test("DG2 DG3 13.1 secrets that are printed in public documentation: refused, and not repeated", async () => {
        const known = "super-secret-jwt-token-with-at-least-32-characters-long";
        for (const JWT_SECRET of [known, "tiny-one", "changeme".repeat(5)]) {
            const { status, said } = await run(trusted, { JWT_SECRET });
            assert.equal(status, 78, JWT_SECRET);
            assert(!said.includes(JWT_SECRET));
        }
    });
    await test("15.41 unknown flags, missing values and bad numbers are usage errors that name them", async () => {
        const bad = [["--no-such-flag"], ["--port"], ["--port", "abc"], ["--port", "70000"], ["--port", "-1"], ["--timeout", "1e3"], ["--default-rpm", "12x"], ["--threads", "1.5"], ["--body-limit-mb", "NaN"], ["--drain-ms", ""], ["--trusted-proxy", "10.0.0.1/8"], ["--cors-origin", "https://*"], ["--isolation", "some"], ["stray"]];
        for (const args of bad) {
            const { status, said } = await run([...trusted.slice(0, 4), ...args], { JWT_SECRET: SECRET });
            assert.equal(status, 2, `${args}: ${said}`);
            assert(said.includes(args[0]) || said.includes(args[1]), said);
        }
        const { status, said } = await run(trusted.slice(0, 4), { JWT_SECRET: SECRET, ONETUBE_PORT: "abc" });
        assert.equal(status, 2);
        assert.match(said, /ONETUBE_PORT|--port/);
    });
    await test("15.27 what the payload says of engine and environment holds: options for that belong to the build", async () => {
        for (const args of [["--compat-date", "2025-01-01"], ["--compat-flag", "nodejs_compat"]])
            assert.equal((await run([...trusted, ...args], { JWT_SECRET: SECRET })).status, 2, args[0]);
    });
    await test("15.40 15.34 a taken port is found before any engine is started", async () => {
        const first = await serve(payload);
        const marker = path.join(work, "engine-was-started");
        const engine = path.join(work, "marking-engine");
        writeFileSync(engine, `#!/bin/sh\ntouch ${marker}\nexec sleep 5\n`, { mode: 0o755 });
        const { status, said } = await run([...trusted.slice(0, 4), "--port", String(first.port), "--warm", "--engine", engine], { JWT_SECRET: SECRET });
        assert.equal(status, 78);
        assert.match(said, /in use/);
        assert.equal(existsSync(marker), false);
        await first.stop();
    });
    await test("PE3 a payload with one changed byte does not start", async () => {
        const bytes = readFileSync(payload);
        bytes[bytes.length - 3000] ^= 1;
        const file = path.join(work, "changed.1tube");
        writeFileSync(file, bytes);
        const { status, said } = await run(["--prebuilt", file, ...trusted.slice(2)], { JWT_SECRET: SECRET });
        assert.equal(status, 3);
        assert.match(said, /E_[A-Z]+/);
    });
    await test("DG4 --dev says what it applies", async () => {
        const gateway = await serve(payload, ["--dev"], { JWT_SECRET: "" });
        assert.match(gateway.said, /dev default/);
        assert.equal((await gateway.ask("closed")).status, 401);
        await gateway.stop();
    });
    await test("WE8 an edited function is served anew, the old one until then", async () => {
        const folder = path.join(work, "edited");
        mkdirSync(path.join(folder, "hello"), { recursive: true });
        const put = (text) => writeFileSync(path.join(folder, "hello/index.ts"), `Deno.serve(() => new Response("${text}"));`);
        writeFileSync(path.join(folder, "hello/1tube.json"), JSON.stringify(open));
        put("before");
        const gateway = await serve(null, ["--functions", folder, "--dev"]);
        assert.equal((await gateway.ask("hello")).text, "before");
        put("after");
        const seen = [];
        await until(async () => seen.push(((answer) => (answer.status === 200 ? answer.text : answer.status))(await gateway.ask("hello"))) && seen.at(-1) === "after");
        assert.deepEqual([...new Set(seen)].filter((one) => one !== "before"), ["after"]);
        await gateway.stop();
    });
}
