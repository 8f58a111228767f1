// The load of chaos.sh: node chaos.mjs URL

import { fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { Load, quantile, setPriority } from "./load.mjs";

const FUNCTIONS = 50;
const TROUBLE_RATE = 20;
const [, self, url, path] = process.argv;
const rate = Number(process.env.RATE ?? 500);
const seconds = Number(process.env.SECONDS_EACH ?? 3);
const rounds = Number(process.env.ROUNDS ?? 5);
const only = process.env.TROUBLES?.split(",");
const troubles = ["throw", "exit", "buffers", "objects", "loop", "flood", "never", "stream"].filter((one) => only?.includes(one) ?? true);

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const isFine = ({ status, body }) => status === 200 && body === "fine";

/** In a process of its own, so that it is not measured what it costs a client to be answered like that: asks from "go" to "stop". */
async function makeTrouble() {
    for (const thread of readdirSync("/proc/self/task")) setPriority(Number(thread), 10);
    const statuses = new Set();
    const { hostname, port, pathname } = new URL(url);
    const ask = () => {
        const socket = net.connect(port, hostname);
        let status = "cut";
        socket.once("data", (head) => (status = head.toString("latin1", 9, 12)));
        socket.on("error", () => {}).on("close", () => statuses.add(status)).resume();
        socket.write(`GET ${pathname}/${path} HTTP/1.1\r\nhost: trouble\r\nconnection: close\r\n\r\n`);
    };
    process.send("ready");
    await once(process, "message");
    const timer = setInterval(ask, 1000 / TROUBLE_RATE);
    await once(process, "message");
    clearInterval(timer);
    process.send([...statuses].sort(), () => process.exit());
}

async function during(where, run) {
    const child = fork(self, [url, where]);
    await once(child, "message");
    await sleep(200);
    child.send("go");
    const answered = await run();
    child.send("stop");
    const [statuses] = await once(child, "message");
    return { answered, statuses };
}

const shown = (ms) => ms.toFixed(2);
const row = (...cells) => console.log(cells.map((cell, i) => (i === 0 ? String(cell).padEnd(9) : String(cell).padStart(10))).join(""));
const p99 = (answers) => quantile(answers.map(({ ms }) => ms), 0.99);
const max = (answers) => Math.max(...answers.map(({ ms }) => ms));
const p50 = (answers) => quantile(answers.map(({ ms }) => ms), 0.5);

async function compare() {
    const load = new Load(url);
    const names = Array.from({ length: FUNCTIONS }, (_, i) => `f${i + 1}`);
    const answers = async (name) => {
        for (let i = 0; !isFine(await load.ask(name)); i++) {
            if (i === 300) throw new Error(`${name} does not answer any more`);
            await sleep(100);
        }
    };
    for (const name of names) await answers(name);
    // unequally many, or all engines would collect their garbage and compile at the same time
    for (const [i, name] of names.entries()) for (let k = 0; k < 4 * i; k++) await load.ask(name);
    await load.run(rate, 3, (i) => names[i % FUNCTIONS]);

    const resting = []; // what was bad may end once more because of it
    const all = troubles.map((trouble) => ({ trouble, quiet: [], loud: [], statuses: new Set() }));
    for (let i = 0; i < rounds * troubles.length; i++) {
        const bad = names.shift(); // another one each time, so that no back-off spares us the trouble
        const of = all[i % troubles.length];
        const run = () => load.run(rate, seconds, (k) => names[k % names.length]);
        of.quiet.push(await run());
        const { answered, statuses } = await during(`${bad}/${of.trouble}`, run);
        of.loud.push(answered);
        for (const status of statuses) of.statuses.add(status);
        if (resting.push(bad) > 2) {
            names.push(resting.shift());
            await answers(names.at(-1));
        }
    }
    return all;
}

/** The quiet times are one: what else the machine does comes in any of them. */
function report(all) {
    const before = all.flatMap(({ quiet }) => quiet.flat());
    let [count, failed, worst] = [0, 0, 0];

    row("trouble", "requests", "failed", "p50 ms", "p99 ms", "of quiet", "max ms", "  it got");
    row("quiet", before.length, before.filter((one) => !isFine(one)).length, shown(p50(before)), shown(p99(before)), "", shown(max(before)));
    for (const { trouble, loud, statuses } of all) {
        const beside = loud.flat();
        const ratio = p99(beside) / p99(before);
        const failures = beside.filter((one) => !isFine(one));
        row(trouble, beside.length, failures.length, shown(p50(beside)), shown(p99(beside)), shown(ratio), shown(max(beside)), `  ${[...statuses].join(" ")}`);
        for (const { where, status, body, ms } of failures.slice(0, 3)) console.log(`  ${where}: ${status} ${body} after ${shown(ms)} ms`);
        count += beside.length;
        failed += failures.length;
        worst = Math.max(worst, ratio);
    }
    failed += before.filter((one) => !isFine(one)).length;
    console.log(`${count} requests of the others beside trouble, ${failed} failed (none may), worst ratio of p99 ${shown(worst)} (at most 2)`);
    process.exit(failed > 0 || !(worst <= 2) ? 1 : 0);
}

if (path) await makeTrouble();
else report(await compare());
