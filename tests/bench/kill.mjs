// What kill.sh does: node kill.mjs ONETUBE WORK

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { Load, quantile, setPriority } from "./load.mjs";

const [, , onetube, work] = process.argv;
const seconds = Number(process.env.SECONDS_ALL ?? 120);
const rate = Number(process.env.RATE ?? 200);
const names = Array.from({ length: Number(process.env.FUNCTIONS) }, (_, i) => `f${i + 1}`);
const AGAIN_MS = Number(process.env.AGAIN_MS ?? 2000);
const run = path.join(work, "run");
const temporary = path.join(work, "tmp");
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const isFine = ({ status, body }) => status === 200 && body === "fine";

let seed = Number(process.env.SEED ?? Date.now() % 100_000);
console.log(`SEED=${seed}`);
/** A number below `count` (a linear congruence is random enough here, and can be repeated). */
function random(count) {
    seed = (seed * 1664525 + 1013904223) % 2 ** 32;
    return Math.floor((seed / 2 ** 32) * count);
}

// -- what is killed -----------------------------------------------------------------------------------

/** Answers slowly, so that the helper can be met. */
const keys = http.createServer((_, response) => setTimeout(() => response.end('{"keys":[]}'), 100)).listen(0, "127.0.0.1");
await new Promise((resolve) => keys.once("listening", resolve));
const keysUrl = `http://127.0.0.1:${keys.address().port}/`;

/** The gateway, which is started again whenever it ends. */
class Service {
    port = 0;
    stopping = false;
    said = "";

    start() {
        const args = ["serve", "--prebuilt", path.join(work, "dist"), "--allow-unsigned", "--engine", path.join(work, "engine"), "--jwks", keysUrl,
            "--listen", `127.0.0.1:${this.port}`, "--listen", `unix:${run}/http.sock`, "--control-socket", `${run}/control.sock`, "--log-format", "none"];
        this.child = spawn(onetube, args, { stdio: ["ignore", "ignore", "pipe"], env: { PATH: process.env.PATH, TMPDIR: temporary } });
        setPriority(this.child.pid, 0);
        this.ended = new Promise((resolve) => this.child.once("close", (code, signal) => resolve(signal ?? code)));
        this.ended.then((why) => {
            if (this.stopping) return;
            if (why !== "SIGKILL") console.log(`the gateway ended: ${why}\n${this.said}`);
            this.start();
        });
        this.child.stderr.on("data", (text) => {
            this.said = (this.said + text).slice(-4000);
            this.port ||= Number(/listening on http:\/\/127.0.0.1:(\d+)/.exec(this.said)?.[1] ?? 0);
        });
    }

    /** @returns {number[]} */
    children() {
        try {
            const tasks = readdirSync(`/proc/${this.child.pid}/task`);
            return tasks.flatMap((task) => readFileSync(`/proc/${this.child.pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number));
        } catch {
            return []; // it has just ended
        }
    }

    /** How many there are of each kind. */
    descriptors() {
        const folder = `/proc/${this.child.pid}/fd`;
        const kinds = readdirSync(folder).map((fd) => readlinkSync(path.join(folder, fd)).replace(/:?\[.*|\/.*\//, ""));
        return [...new Set(kinds)].sort().map((kind) => `${kinds.filter((one) => one === kind).length} ${kind}`).join(", ");
    }
}

function commandLine(pid) {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1"); // empty: it has ended, and nobody has asked how
    } catch {
        return "";
    }
}

const ours = () => readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && [keysUrl, path.join(work, "engine")].some((word) => commandLine(pid).includes(word)));

/** False: it had just ended by itself. */
function kill(pid) {
    try {
        return process.kill(pid, "SIGKILL");
    } catch {
        return false;
    }
}

// -- the load -----------------------------------------------------------------------------------------

const service = new Service();
const excused = []; // { from, to, where }: a function's, or everybody's when there is no `where`
const asked = [];
let loading = false;

async function keepAsking(load) {
    for (let i = 0; loading; i++) {
        asked.push(load.ask(names[i % names.length]));
        await sleep(1000 / rate);
    }
}

/** Asks until it answers. @returns how many milliseconds that took */
async function answersAgain(load, where, from) {
    while (performance.now() - from < 30_000) {
        if (isFine(await load.ask(where))) break;
        await sleep(10);
    }
    return performance.now() - from;
}

// -- rounds -------------------------------------------------------------------------------------------

const took = { engine: [], helper: [], gateway: [] };

async function killOnce(load, kind) {
    const name = names[random(names.length)];
    const from = performance.now();
    const excuse = { from, to: Infinity };
    if (kind === "gateway") {
        excused.push(excuse);
        kill(service.child.pid);
    } else if (kind === "engine") {
        const engines = service.children().filter((pid) => commandLine(pid).includes("--binary"));
        const victim = engines[random(engines.length)];
        excuse.where = victim && (await functionOf(victim)); // only an operator knows it
        if (!excuse.where) return; // it has just ended, or is about to
        excuse.from = performance.now();
        excused.push(excuse);
        kill(victim);
    } else {
        service.child.kill("SIGHUP"); // reads the key set again, and opens the payload again
        let helper;
        for (let i = 0; i < 100 && !helper; i++) {
            await sleep(5);
            helper = service.children().find((pid) => commandLine(pid).includes(keysUrl));
        }
        if (!helper || !kill(helper)) return;
    }
    took[kind].push(await answersAgain(load, excuse.where ?? name, excuse.from));
    excuse.to = performance.now();
}

/** The function whose engine this is, as `onetube ps` says. */
async function functionOf(pid) {
    const ps = spawn(onetube, ["ps", "--json", "--control-socket", `${run}/control.sock`], { stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    for await (const chunk of ps.stdout) text += chunk;
    return JSON.parse(text).cells.find((cell) => cell.pid === pid)?.cell.split(".")[0];
}

/** Kills those in turn, and ends when all functions answer. */
async function killUnderLoad(load, seconds, kinds) {
    for (const name of names) await answersAgain(load, name, performance.now());
    const end = performance.now() + seconds * 1000;
    loading = true;
    const asking = keepAsking(load);
    for (let i = 0; performance.now() < end; i++) {
        await killOnce(load, kinds[i % kinds.length]);
        await sleep(200 + random(800));
    }
    loading = false;
    await asking;
    for (const name of names) await answersAgain(load, name, performance.now());
}

/** The descriptors, once idle connections to engines are closed. */
async function descriptorsAtRest(load) {
    load.close();
    await sleep(8000);
    return service.descriptors();
}

process.on("exit", () => {
    service.stopping = true;
    service.child?.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
mkdirSync(run);
mkdirSync(temporary);
service.start();
while (service.port === 0) await sleep(20);
const load = new Load(`http://127.0.0.1:${service.port}/functions/v1`);
await killUnderLoad(load, 3, ["engine", "helper", "engine"]);
const before = await descriptorsAtRest(load);
await killUnderLoad(load, seconds / 2, ["engine", "engine", "helper"]);
const after = await descriptorsAtRest(load);
await killUnderLoad(load, seconds / 2, ["engine", "gateway", "engine", "gateway", "engine", "helper"]);
const answers = await Promise.all(asked);
load.close();
service.stopping = true;
service.child.kill("SIGTERM");
const status = await service.ended;
keys.close();

// -- the verdict --------------------------------------------------------------------------------------

const problems = [];
const failures = answers.filter((one) => !isFine(one));
const unexcused = failures.filter(({ where, at, ms }) => !excused.some((excuse) => excuse.from <= at + ms && at <= excuse.to && (excuse.where ?? where) === where));
for (const [kind, times] of Object.entries(took)) {
    const worst = Math.max(...times);
    console.log(`${kind.padEnd(8)} killed ${String(times.length).padStart(3)} times, answers again after ${quantile(times, 0.5).toFixed(0)} ms (median), ${worst.toFixed(0)} ms (worst; at most ${AGAIN_MS})`);
    if (!(worst <= AGAIN_MS)) problems.push(`${kind}: not within ${AGAIN_MS} ms`);
}
console.log(`${answers.length} requests, ${failures.length} while what they needed was killed, ${unexcused.length} others failed (none may)`);
for (const { where, status, body, at, ms } of unexcused.slice(0, 5)) problems.push(`${where}: ${status} ${body.slice(0, 80)} at ${at.toFixed(0)} ms, after ${ms.toFixed(0)} ms`);
console.log(`descriptors: ${before}; after: ${after}`);
if (before !== after) problems.push("descriptors were leaked");
const left = [...ours().map((pid) => `process ${pid}`), ...readdirSync(run), ...readdirSync(temporary)];
console.log(`exit status ${status}, left behind: ${left.join(", ") || "nothing"}`);
if (status !== 0 || left.length > 0) problems.push("it did not end in order");
for (const problem of problems) console.log(`not as it must be: ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
