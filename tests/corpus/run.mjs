// Projects as teams have them: each is built, signed, and booted from its payload, and every function answers its requests.
// `node tests/corpus/run.mjs [PROJECT...]` prints TAP; OUT names the build to test ("out" or "out/san").
//
// tests/corpus/NAME is a project, tests/corpus/NAME.mjs what its functions answer:
//     export const functions = "supabase/functions";   the folder that `onetube build --functions` gets, from the project's
//     export const env = { NAME: "value" };            variables that the operator passes on
//     export const workspaces = { name: "folder" };    what `npm install` links into node_modules
//     export const build = ["--minify"];               more options of the build
//     export const as = "ann";                         who asks, where a request does not say
//     export const answers = { hello: [{ get: "/hello", text: "hi" }, ...], ... };
// The requests of one function are made in order. A row has the method with the path ("get", "post", ...), `headers`, `body` (what is no
// string is sent as JSON), `as` (an identity); and of the answer `status` (200), `text`, `json` or `pieces` (the parts of a stream, as
// they come), `has` (headers; null: it is not there) and `log` (a pattern of a line in the log). `until: true`: asked again until the
// answer is this one. `socket`: a conversation on a WebSocket, "> sent" and "< received".

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect, Report, root, send, until } from "../shim/harness.mjs";
import { Coverage } from "./coverage.mjs";

const HERE = path.join(root, "tests/corpus");
const OUT = path.join(root, process.env.OUT ?? "out");
const WORK = path.join(OUT, "corpus");
const METHODS = ["get", "head", "post", "put", "patch", "delete", "options"];

const report = new Report();
const temporary = mkdtempSync(path.join(tmpdir(), "onetube-corpus-"));
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));

const privateKey = path.join(temporary, "release.key.pem");
const publicKey = path.join(temporary, "release.pub.pem");
{
    const pair = generateKeyPairSync("ed25519");
    writeFileSync(privateKey, pair.privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    writeFileSync(publicKey, pair.publicKey.export({ type: "spki", format: "pem" }));
}

/** @param {string[]} args */
function onetube(...args) {
    const { status, stderr, stdout } = spawnSync(path.join(OUT, "onetube"), args, { cwd: WORK, encoding: "utf8" });
    assert.equal(status, 0, `onetube ${args.join(" ")}\n${stderr}${stdout}`);
}

/** A payload of the project, built from a copy, so that nothing is written beside the sources. */
function payloadOf(name, { functions, env = {}, workspaces = {}, build = [] }) {
    const payload = path.join(temporary, `${name}.1tube`);
    rmSync(path.join(WORK, name), { recursive: true, force: true });
    cpSync(path.join(HERE, name), path.join(WORK, name), { recursive: true, verbatimSymlinks: true });
    for (const [link, folder] of Object.entries(workspaces)) {
        const place = path.join(WORK, name, "node_modules", link);
        mkdirSync(path.dirname(place), { recursive: true });
        symlinkSync(path.relative(path.dirname(place), path.join(WORK, name, folder)), place);
    }
    const names = Object.keys(env);
    onetube("build", "--functions", path.join(name, functions), "--out", `${name}.dist`, ...build, ...(names.length > 0 ? ["--env", names.join()] : []));
    onetube("package", "--in", `${name}.dist`, "--out", payload, "--sign-key", privateKey);
    return payload;
}

async function boot(name, payload, env = {}) {
    const socket = path.join(temporary, `${name}.sock`);
    const args = [payload, "--trust", publicKey, "--listen", `unix:${socket}`, "--trust-identity-headers", "--env", "*", "--ready-fd", "3"];
    const child = spawn(path.join(OUT, "onetube-serve"), args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe", "pipe"] });
    const kill = () => child.kill("SIGKILL");
    process.on("exit", kill);
    let log = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (data) => (log += data));
    const end = new Promise((resolve) => child.on("close", resolve));
    const ready = new Promise((resolve) => child.stdio[3].on("data", resolve));
    const stop = async () => {
        child.kill("SIGTERM");
        child.kill("SIGTERM");
        await end;
        process.off("exit", kill);
    };
    await Promise.race([ready, end.then(() => assert.fail(`onetube-serve ended:\n${log}`))]);
    return { socket, stop, log: () => log };
}

const headersOf = ({ as, headers }) => ({ host: "shop.example", ...(as && { "x-1tube-auth-user": as }), ...headers });

function requestOf(row) {
    const method = METHODS.find((one) => one in row);
    const json = typeof row.body === "object" && !Buffer.isBuffer(row.body);
    const body = json ? JSON.stringify(row.body) : row.body;
    const headers = headersOf(row);
    if (body !== undefined) headers["content-length"] = Buffer.byteLength(body);
    if (json) headers["content-type"] ??= "application/json";
    return { method: method.toUpperCase(), path: `/functions/v1${row[method]}`, headers, body };
}

async function check(server, row) {
    const pieces = [];
    const answer = await send(server.socket, { ...requestOf(row), onData: (data) => pieces.push(data) });
    assert.equal(answer.status, row.status ?? 200, `status ${answer.status}: ${answer.text}`);
    if ("json" in row) assert.deepEqual(answer.json ?? answer.text, row.json);
    if ("text" in row) assert.equal(answer.text, row.text);
    if ("pieces" in row) assert.deepEqual(pieces, row.pieces);
    for (const [name, value] of Object.entries(row.has ?? {})) assert.deepEqual(answer.headers[name] ?? null, value, `header ${name}`);
    if (row.log) await until(() => row.log.test(server.log()), `${row.log} in the log`);
}

async function converse(server, row) {
    const { get, socket: lines, has } = row;
    const socket = await connect(server.socket, { path: `/functions/v1${get}`, headers: headersOf(row) });
    try {
        for (const [name, value] of Object.entries(has ?? {})) assert.equal(socket.headers[name], value, `header ${name}`);
        for (const line of lines) {
            if (line.startsWith("> ")) socket.send(line.slice(2));
            else assert.equal((await socket.next()).data, line.slice(2));
        }
    } finally {
        socket.destroy();
    }
}

async function answer(server, row) {
    if (row.socket) return converse(server, row);
    if (!row.until) return check(server, row);
    let last;
    await until(() => check(server, row).then(() => true, (error) => void (last = error)), "the answer").catch((error) => {
        throw last ?? error;
    });
}

async function answerAll(server, as, rows) {
    assert.ok(rows.length > 0, "no request");
    for (const row of rows.map((one) => ({ as, ...one }))) {
        assert.ok(["text", "json", "pieces", "socket"].some((key) => key in row) || "head" in row, "no expected answer");
        await answer(server, row).catch((error) => {
            const shown = JSON.stringify(row, (_, value) => (value instanceof RegExp ? String(value) : value));
            throw new Error(`${shown}\n${error.message}`);
        });
    }
}

/** @param {Coverage} coverage */
async function runProject(name, coverage) {
    const project = await import(`./${name}.mjs`);
    let server;
    await report.test(`${name}: built, signed, booted`, async () => {
        server = await boot(name, payloadOf(name, project), project.env);
    });
    if (!server) return;
    try {
        const manifest = JSON.parse(readFileSync(path.join(WORK, `${name}.dist/manifest.json`), "utf8"));
        await report.test(`${name}: every function has requests`, () => {
            assert.deepEqual(manifest.functions.map((one) => one.name), Object.keys(project.answers).sort());
        });
        await Promise.all(
            manifest.functions.map((one) => {
                coverage.add(name, project.functions, one);
                return report.test(`${name}: ${one.name}`, () => answerAll(server, project.as, project.answers[one.name] ?? []));
            }),
        );
    } finally {
        if (process.env.CORPUS_LOG) console.log(server.log().replace(/^/gm, "# "));
        await server.stop();
    }
}

const projects = readdirSync(HERE).filter((name) => existsSync(path.join(HERE, `${name}.mjs`)));
const chosen = process.argv.slice(2);
const coverage = new Coverage(HERE);
for (const name of chosen.length > 0 ? chosen : projects) await runProject(name, coverage);
if (chosen.length === 0) {
    console.log(coverage.table().replace(/^/gm, "# "));
    await report.test(`the corpus has at least 60 functions`, () => assert.ok(coverage.count >= 60, `${coverage.count}`));
    await report.test("each kind, style and API is in at least two functions", () => assert.deepEqual(coverage.missing(), []));
}
report.end();
