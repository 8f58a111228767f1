// Limits of engines: one function misbehaves in every way, the others answer meanwhile, and what works is left alone.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { eventually, makePayload, nice, refused, serving, sleep, test, until } from "./harness.mjs";

const open = { public: true, rpm: 0, recycle: { errorRate: 0 } };

const source = `
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const work = (rounds) => { let sum = 0; for (let i = 0; i < rounds; i++) sum = (sum * 31 + i) | 0; return sum; };
const kept = [];
const actions = {
    spin: () => { for (;;); },
    microtasks: async () => { for (;;) await null; },
    regexp: () => new Response(String(/^(a+)+$/.test("a".repeat(60) + "b"))),
    buffers: () => { for (;;) kept.push(new Uint8Array(1 << 20).fill(1)); },
    heap: () => { for (;;) kept.push({ x: [kept.length, String(kept.length)] }); },
    large: (mb) => { try { return new Response(new Uint8Array(mb << 20).fill(1).slice(0, 1)); } catch (error) { return new Response(error.name); } },
    garbage: (mb) => { for (let i = 0; i < mb; i++) new Uint8Array(1 << 20).fill(1); return new Response("gone"); },
    keep: (mb) => { for (let i = 0; i < mb; i++) kept.push(new Uint8Array(1 << 20).fill(1)); return new Response("kept"); },
    flood: () => { for (;;) console.log("x".repeat(100)); },
    chatter: async () => { for (;;) { for (let i = 0; i < 1000; i++) console.log("x".repeat(100)); await sleep(1); } },
    never: () => new Promise(() => {}),
    sleep: async (ms) => { await sleep(ms); return new Response("slept"); },
    stream: () => new Response(new ReadableStream({ async pull(c) { await sleep(20); c.enqueue(new Uint8Array(100)); } })),
    // CPU time, with a turn of the event loop every few milliseconds
    turns: async (count) => { for (let i = 0; i < count; i++) { work(4e6); await sleep(0); } return new Response("turned"); },
    compute: (millions) => new Response("worked " + (work(millions * 1e6), 1)),
};
Deno.serve((request) => {
    const [, , action, number] = new URL(request.url).pathname.split("/");
    return Object.hasOwn(actions, action) ? actions[action](Number(number)) : new Response("fine");
});`;

const limited = { ...open, timeoutMs: 2000, memoryMB: 64 }; // 160 MiB, at once from 240

const functions = {
    bad: { config: limited, source },
    greedy: { config: { ...limited, timeoutMs: 20000 }, source },
    heavy: { config: { ...limited, timeoutMs: 20000 }, source },
    loud: { config: limited, source },
    chatty: { config: limited, source },
    good: { config: { ...limited, timeoutMs: 20000 }, source },
    short: { config: { ...open, timeoutMs: 20000, cpuMs: 200 }, source },
    other: { config: open, source },
};

const timedOut = { error: "Function execution timed out", reason: "function_timeout" };
const crashed = { error: "Function ended before it answered", reason: "function_crashed" };
/** How often the function's engines were ended for this reason: it may have had two at a time, when one replaced the other. */
async function kills(gateway, name, reason) {
    const counts = [name, `${name}.2`].map((cell) => gateway.metric(`onetube_cell_limit_kills_total{cell="${cell}",reason="${reason}"}`));
    return (await Promise.all(counts)).reduce((sum, count) => sum + (count ?? 0), 0);
}

/** Whether it has CAP_SYS_NICE. */
const mayUndo = (gateway) => ((BigInt(`0x${/CapEff:\s+(\w+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, "utf8"))[1]}`) >> 23n) & 1n) === 1n;

/** The engine that answers now. */
const engineOf = async (gateway, name) => (await gateway.health()).cells.find((cell) => cell.state === "ready" && cell.name.split(".")[0] === name);

/** While `run` runs, the others answer, and none of their requests fails. */
async function othersAnswer(gateway, run) {
    let running = true;
    let count = 0;
    const ask = async (name) => {
        while (running) {
            const answer = await gateway.ask(name);
            assert.deepEqual([answer.status, answer.text], [200, "fine"], name);
            count++;
            await sleep(5);
        }
    };
    const others = Promise.all([ask("other"), ask("good")]);
    others.catch(() => {});
    try {
        await run();
    } finally {
        running = false;
    }
    await others;
    assert(count > 10, `${count} requests of others`);
}

/** The path ends the engine for this reason; the next request finds another one. */
async function isKilled(gateway, name, where, { reason, status, body, said }) {
    assert.equal((await gateway.ask(name)).text, "fine");
    const { pid } = await engineOf(gateway, name);
    const before = await kills(gateway, name, reason);
    const quiet = gateway.said.length;
    await othersAnswer(gateway, async () => {
        refused(await gateway.ask(`${name}/${where}`), status, body);
        await eventually(() => kills(gateway, name, reason), before + 1);
    });
    assert.notEqual((await engineOf(gateway, name))?.pid, pid);
    assert.match(gateway.said.slice(quiet), said);
    await until(async () => (await gateway.ask(name)).status === 200);
}

const wedged = { reason: "wedged", status: 504, body: timedOut, said: /the engine was killed: it did nothing else for [2-9]\d{3} ms/ };
const memory = { reason: "memory", status: 502, body: crashed, said: /cell greedy(\.2)?: (it was being replaced, but )?the engine (ended: it has no more memory|was killed: it used \d+ MiB of memory, and may use 160)/ };

/** The most that a process had while `run` ran, in MiB. */
async function mostMemory(pid, run) {
    let running = true;
    let most = 0;
    const looking = (async () => {
        for (; running && existsSync(`/proc/${pid}`); await sleep(1)) {
            const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => ""); // it may have ended just now
            const [, peak] = /VmHWM:\s+(\d+)/.exec(status) ?? [0, 0];
            most = Math.max(most, Number(peak) / 1024);
        }
    })();
    await run();
    running = false;
    await looking;
    return most;
}

async function misbehaves(gateway) {
    await test("a function that loops for ever gets 504 at its deadline, and another engine", () => isKilled(gateway, "bad", "spin", wedged));
    await test("the same in a regular expression", () => isKilled(gateway, "bad", "regexp", wedged));
    await test("the same in microtasks", () => isKilled(gateway, "bad", "microtasks", wedged));
    await test("a buffer that is too large is refused, and the function goes on; garbage is collected in time", async () => {
        await until(async () => (await gateway.ask("greedy")).status === 200);
        const quiet = gateway.said.length;
        assert.equal((await gateway.ask("greedy/large/500")).text, "RangeError");
        assert.equal((await gateway.ask("greedy/garbage/1000")).text, "gone");
        assert.equal((await gateway.ask("greedy/large/20")).bytes.length, 1);
        assert.doesNotMatch(gateway.said.slice(quiet), /greedy: the engine (ended|was killed)/);
    });
    await test("buffers without end: never more than the most, whatever was reserved", async () => {
        const { pid } = await engineOf(gateway, "greedy");
        const before = await kills(gateway, "greedy", "memory");
        const most = await mostMemory(pid, () => othersAnswer(gateway, async () => {
            assert([500, 502].includes((await gateway.ask("greedy/buffers")).status));
            await eventually(() => kills(gateway, "greedy", "memory"), before + 1);
        }));
        assert(most > 150 && most < 256, `${most} MiB of 240, and some of the program's own`);
        await until(async () => (await gateway.ask("greedy")).status === 200);
    });
    await test("objects without end", () => isKilled(gateway, "greedy", "heap", memory));
    await test("too much memory for three seconds: another engine takes its place, and no request is lost", async () => {
        await until(async () => (await gateway.ask("heavy")).status === 200);
        const { pid } = await engineOf(gateway, "heavy");
        const asked = [];
        assert.equal((await gateway.ask("heavy/keep/130")).text, "kept");
        const asking = setInterval(() => asked.push(gateway.ask("heavy/sleep/1000")), 100);
        await othersAnswer(gateway, () => eventually(() => kills(gateway, "heavy", "memory"), 1)).finally(() => clearInterval(asking));
        for (const answer of await Promise.all(asked)) assert.deepEqual([answer.status, answer.text], [200, "slept"]);
        assert(asked.length > 10, `${asked.length} requests`);
        assert.match(gateway.said, /cell heavy: the engine used \d+ MiB of memory, and may use 160 \(another one takes its place\)/);
        assert.notEqual((await engineOf(gateway, "heavy")).pid, pid);
        assert.equal((await gateway.ask("heavy")).text, "fine");
    });
    await test("more CPU time than cpuMs without a pause: 504, long before the deadline", () =>
        isKilled(gateway, "short", "spin", { ...wedged, said: /cell short: the engine was killed: it used the CPU for \d+ ms without a pause, and may for 200/ }));
    await test("a log without end is a loop without end", async () => {
        const before = gateway.residentKiB();
        await isKilled(gateway, "loud", "flood", wedged);
        assert(gateway.residentKiB() - before < 32 * 1024, "the log is not kept in memory");
    });
}

async function isLeftAlone(gateway) {
    const { pid } = await until(async () => (await gateway.ask("good")).status === 200 && gateway.cell("good"));
    await test("what waits, streams, never answers or logs a lot is not killed", async () => {
        const pids = async () => [(await gateway.cell("bad")).pid, (await gateway.cell("chatty")).pid];
        for (const name of ["bad", "chatty"]) await until(async () => (await gateway.ask(name)).status === 200);
        const before = await pids();
        await othersAnswer(gateway, async () => {
            const [never, ...fine] = await Promise.all([gateway.ask("bad/never"), gateway.ask("bad/sleep/1500"), gateway.ask("bad/turns/3")]);
            refused(never, 504, timedOut);
            assert.deepEqual(fine.map(({ text }) => text), ["slept", "turned"]);
            refused(await gateway.ask("chatty/chatter"), 504, timedOut);
            await assert.rejects(gateway.ask("bad/stream"), "cut off at the deadline");
            await sleep(1000);
        });
        assert.deepEqual(await pids(), before);
    });
    await test("CPU time with turns in between is not limited by cpuMs", async () => {
        await until(async () => (await gateway.ask("short")).status === 200);
        const cell = await gateway.cell("short");
        assert.equal((await gateway.ask("short/turns/100")).text, "turned");
        assert.equal((await gateway.cell("short")).pid, cell.pid);
    });
    await test("an engine that keeps a processor busy is nicer than others as long as it does, where that may be undone", async () => {
        const own = nice(gateway.pid);
        const working = gateway.ask("good/compute/500");
        await eventually(() => nice(pid), mayUndo(gateway) ? own + 10 : own);
        assert.equal((await working).text, "worked 1");
        await eventually(() => nice(pid), own);
    });
    await test("long work below the limits, and memory below them", async () => {
        assert.equal((await gateway.ask("good/compute/500")).text, "worked 1");
        assert.equal((await gateway.ask("good/keep/50")).text, "kept");
        await sleep(3500);
        assert.equal((await gateway.cell("good")).pid, pid);
        assert.deepEqual([await kills(gateway, "good", "memory"), await kills(gateway, "good", "wedged"), await kills(gateway, "other", "wedged")], [0, 0, 0]);
    });
}

async function givesWay(gateway) {
    await test("an engine that is busy and gives way is nicer while others have work, and not while it is alone", async () => {
        const own = nice(gateway.pid);
        for (const name of ["busy", "other"]) assert.equal((await gateway.ask(name)).text, "fine");
        const { pid } = await engineOf(gateway, "busy");
        const seenBeside = async (meanwhile) => {
            const seen = new Set();
            let over = false;
            const working = gateway.ask("busy/turns/300").finally(() => (over = true));
            while (!over) {
                await meanwhile();
                seen.add(nice(pid));
            }
            assert.equal((await working).text, "turned");
            return seen;
        };
        await sleep(600); // they have just started, which is work
        assert(!(await seenBeside(() => sleep(20))).has(own + 5));
        assert.equal((await seenBeside(() => gateway.ask("other/compute/20"))).has(own + 5), mayUndo(gateway));
        await eventually(() => nice(pid), own);
    });
}

export async function enforced() {
    const payload = await makePayload(functions);
    await serving("enforced", [payload, ["--log-format", "none"]], async (gateway) => {
        await isLeftAlone(gateway);
        await misbehaves(gateway);
    });
    const pair = await makePayload({ busy: { config: open, source }, other: { config: open, source } });
    await serving("busy", [pair, ["--log-format", "none"]], givesWay);
    const timeless = await makePayload({ free: { config: { ...open, memoryMB: 64, timeoutMs: 0 }, source } });
    await serving("timeless", [timeless, ["--log-format", "none", "--cell-cpu-ms", "0"]], async (gateway) => {
        await test("an engine whose time is not limited is not nicer than others", async () => {
            assert.equal((await gateway.ask("free")).text, "fine");
            const { pid } = await engineOf(gateway, "free");
            await eventually(() => nice(pid), nice(gateway.pid));
        });
    });
}
