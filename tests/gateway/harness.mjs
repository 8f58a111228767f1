// What the end-to-end tests of the gateway share: named tests, `onetube serve` as a child process, requests to it.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { execFile, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const build = path.resolve(root, process.argv[2] ?? "out");
export const work = mkdtempSync(path.join(tmpdir(), "onetube-gateway-"));
export const prefix = "/functions/v1";
const onetube = path.join(build, "onetube");

export const SECRET = "0f3b9c5e7d1a42689b0c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192";
export const SERVICE_KEY = "a-service-role-key-that-nobody-knows-0123456789";
export const INTERNAL_KEY = "an-internal-key";

// -- tests ------------------------------------------------------------------------------------------

let count = 0;
let failures = 0;
const atEnd = new AsyncLocalStorage();

/** What is called when the running test ends, whatever became of it. @param {() => void} run */
export function afterTest(run) {
    atEnd.getStore()?.push(run);
}

/** One TAP line for what `run` proves; the first words are the behaviour's id. @param {() => unknown} run */
export async function test(name, run) {
    const cleaners = [];
    let problem;
    try {
        await within(30_000, atEnd.run(cleaners, run), name);
    } catch (error) {
        problem = error;
    }
    for (const clean of cleaners) clean();
    count++;
    console.log(`${problem ? "not ok" : "ok"} ${count} - ${name}`);
    if (problem) {
        failures++;
        console.log(String(problem.stack ?? problem).replace(/^/gm, "# "));
    }
}

export function finish() {
    for (const child of running) child.kill("SIGKILL"); // of tests that failed
    rmSync(work, { recursive: true, force: true });
    console.log(`1..${count}`);
    process.exitCode = failures ? 1 : 0;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for a promise, but no longer than a test may take. */
export async function within(ms, promise, what) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until `look` gives something. */
export async function until(look, what = String(look)) {
    for (let i = 0; i < 400; i++) {
        const found = await look();
        if (found) return found;
        await sleep(50);
    }
    throw new Error(`never: ${what}`);
}

/** The same, but says what was there instead. */
export async function eventually(look, expected) {
    let found;
    await until(async () => JSON.stringify((found = await look())) === JSON.stringify(expected)).catch(() => assert.deepEqual(found, expected));
}

// -- payloads ---------------------------------------------------------------------------------------

/** A program to its end, while other groups go on: what blocks here is late there. */
export const runProgram = promisify(execFile);

const keys = path.join(work, "release");
let keysMade;
let numbers = 0;

/** A signed payload: `functions` is a folder, or { name: { config, source } }. @returns the file */
export async function makePayload(functions, { file = path.join(work, `fw${++numbers}.1tube`), env = [] } = {}) {
    await (keysMade ??= runProgram(onetube, ["keygen", keys]));
    let folder = functions;
    if (typeof functions !== "string") {
        folder = path.join(work, `functions${++numbers}`);
        for (const [name, { config, source }] of Object.entries(functions)) {
            mkdirSync(path.join(folder, name), { recursive: true });
            writeFileSync(path.join(folder, name, "1tube.json"), JSON.stringify(config));
            writeFileSync(path.join(folder, name, "index.ts"), source);
        }
    }
    const names = env.length > 0 ? ["--env", env.join()] : [];
    await runProgram(onetube, ["package", "--functions", folder, "--out", file, "--sign-key", `${keys}.key.pem`, ...names]);
    return file;
}

// -- the gateway ------------------------------------------------------------------------------------

const running = new Set();

/**
 * Starts `onetube serve` and waits until it answers. It finds nothing in the environment but PATH and `env`, and keeps its own folder for
 * temporary files, which must be empty in the end.
 */
export async function serve(payload, args = [], env = {}) {
    const folder = mkdtempSync(path.join(work, "tmp-"));
    const source = payload ? ["--prebuilt", payload, "--trust", `${keys}.pub.pem`] : [];
    const child = spawn(onetube, ["serve", "--port", "0", "--ready-fd", "3", ...source, ...args], {
        env: { PATH: process.env.PATH, TMPDIR: folder, JWT_SECRET: SECRET, INTERNAL_KEY, ASAN_OPTIONS: "exitcode=99:quarantine_size_mb=4", UBSAN_OPTIONS: "exitcode=99", ...env },
        stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    running.add(child);
    const gateway = new Gateway(child, folder);
    gateway.ended.then(() => running.delete(child));
    const ready = new Promise((resolve) => child.stdio[3].once("data", resolve).once("close", resolve));
    await within(20_000, ready, "ready");
    const match = /listening on http:\/\/[^ ]*?:(\d+)([^ ]*)/.exec(gateway.said);
    if (!match) throw new Error(`does not serve: ${gateway.said}`);
    gateway.port = Number(match[1]);
    gateway.prefix = match[2];
    return gateway;
}

export class Gateway {
    said = ""; // on standard error
    logged = ""; // on standard output
    engines = new Set();

    constructor(child, folder) {
        this.child = child;
        this.folder = folder;
        child.stdout.setEncoding("utf8").on("data", (text) => (this.logged += text));
        child.stderr.setEncoding("utf8").on("data", (text) => (this.said += text));
        this.ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
    }

    get pid() {
        return this.child.pid;
    }

    /** `where` begins with the function's name, or with "/" for a path outside the prefix. */
    path(where) {
        return where.startsWith("/") ? where : `${this.prefix}/${where}`;
    }

    /** @returns {Promise<Answer>} */
    ask(where, { method = "GET", headers = {}, body, agent = false } = {}) {
        return new Promise((resolve, reject) => {
            const options = { host: "127.0.0.1", port: this.port, path: this.path(where), method, headers, agent };
            const request = http.request(options, (response) => {
                const chunks = [];
                response.on("data", (chunk) => chunks.push(chunk)).once("error", reject);
                response.once("end", () => resolve(new Answer(response, Buffer.concat(chunks))));
            });
            request.once("error", reject);
            request.end(body);
        });
    }

    /** With a bearer token. */
    askAs(token, where, { headers = {}, ...more } = {}) {
        return this.ask(where, { ...more, headers: { ...headers, authorization: `Bearer ${token}` } });
    }

    async health() {
        const health = (await this.askAs(INTERNAL_KEY, "/health")).json();
        for (const { pid } of health.cells) if (pid) this.engines.add(pid);
        return health;
    }

    async cell(name) {
        return (await this.health()).cells.find((cell) => cell.name === name);
    }

    /** The value of a series, labels included; undefined: there is none. */
    async metric(series) {
        const text = (await this.askAs(INTERNAL_KEY, "/metrics")).text;
        const line = text.split("\n").find((one) => one.startsWith(`${series} `));
        return line && Number(line.slice(series.length + 1));
    }

    /** JSON lines of the log so far. */
    get lines() {
        return this.logged.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    }

    residentKiB() {
        return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))[1]);
    }

    /** What its descriptors are: sockets, pipes, files. */
    descriptors() {
        const folder = `/proc/${this.pid}/fd`;
        return readdirSync(folder).flatMap((fd) => {
            try {
                return [readlinkSync(path.join(folder, fd)).replace(/\[\d+\]/, "")];
            } catch {
                return []; // closed meanwhile
            }
        });
    }

    kill(signal) {
        process.kill(this.pid, signal);
    }

    /** Stops it; nothing of it may be left. */
    async stop({ code = 0, signal = "SIGTERM" } = {}) {
        for (const pid of childrenOf(this.pid)) this.engines.add(pid);
        this.kill(signal);
        assert.equal(await within(20_000, this.ended, "its end"), code, this.said);
        for (const pid of this.engines) assert.equal(existsSync(`/proc/${pid}`), false, `engine ${pid} is still there`);
        assert.deepEqual(readdirSync(this.folder), []);
    }
}

export function childrenOf(pid) {
    return readdirSync(`/proc/${pid}/task`)
        .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" "))
        .filter(Boolean)
        .map(Number);
}

/** A gateway for as long as `run` takes. */
export async function serving(name, [payload, args, env], run) {
    let gateway;
    await test(`${name}: starts`, async () => {
        gateway = await serve(payload, args, env);
    });
    if (!gateway) return;
    try {
        await run(gateway);
    } finally {
        await test(`${name}: ends, and leaves nothing behind`, () => gateway.stop());
        gateway.child.kill("SIGKILL");
    }
}

/** How nice a process is. */
export const nice = (pid) => Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ")[16]);

// -- answers ----------------------------------------------------------------------------------------

class Answer {
    constructor(response, bytes) {
        this.status = response.statusCode;
        this.reason = response.statusMessage;
        this.headers = response.headers;
        this.raw = response.rawHeaders;
        this.bytes = bytes;
        this.trailers = response.trailers;
    }

    get text() {
        return this.bytes.toString();
    }

    json() {
        return JSON.parse(this.text);
    }

    /** All values of a header, in order. */
    all(name) {
        return this.raw.filter((_, i) => i % 2 === 1 && this.raw[i - 1].toLowerCase() === name);
    }
}

const HEX = "[0-9a-f]";
export const UUID7 = new RegExp(`^${HEX}{8}-${HEX}{4}-7${HEX}{3}-[89ab]${HEX}{3}-${HEX}{12}$`);

/** A refusal is exactly this: status, JSON body, headers, and an id. */
export function refused(answer, status, body, headers = {}) {
    assert.deepEqual([answer.status, answer.text ? answer.json() : null], [status, body]);
    assert.equal(answer.headers["content-type"], "application/json");
    assert.match(answer.headers["x-1tube-invocation-id"], UUID7);
    for (const [name, value] of Object.entries(headers)) {
        if (value instanceof RegExp) assert.match(answer.headers[name] ?? "", value, name);
        else assert.equal(answer.headers[name], value, name);
    }
}

// -- tokens -----------------------------------------------------------------------------------------

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
export const soon = () => Math.floor(Date.now() / 1000) + 3600;

/** An HS256 token; `sub` or more claims. */
export function token(claims, { secret = SECRET, header = { alg: "HS256", typ: "JWT" } } = {}) {
    const text = `${encode(header)}.${encode({ exp: soon(), ...claims })}`;
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}
