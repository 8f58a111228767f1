// The life of engine processes under concurrent requests: places, queues, replicas, recycling, idle stop, eviction, back-off. Every request gets
// its answer, whatever becomes of processes meanwhile.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build, childrenOf, eventually, makePayload, refused, runProgram, serving, sleep, test, until, work } from "./harness.mjs";
import { Connection, head } from "./raw.mjs";

const open = { public: true, rpm: 0, recycle: { errorRate: 0 } };

/** Tells which process answers: its own number, how many requests it has had, and how many at once. */
const source = `
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let id, count = 0, now = 0, most = 0;
Deno.serve(async (request) => {
    const [, name, action, number] = new URL(request.url).pathname.split("/");
    id ??= crypto.randomUUID();
    count++;
    most = Math.max(most, ++now);
    if (action === "spin") for (;;);
    if (action === "sleep") await sleep(Number(number));
    now--;
    return Response.json({ name, id, count, most });
});`;

const functions = (configs) => makePayload(Object.fromEntries(Object.entries(configs).map(([name, config]) => [name, { config: { ...open, ...config }, source }])));
const quiet = ["--log-format", "none"];

const exits = (gateway, reason) => gateway.metric(`onetube_cell_exits_total{reason="${reason}"}`);
/** onetube restart, drain ... of this gateway. */
const operate = (gateway, ...words) => runProgram(path.join(build, "onetube"), [...words, "--control-socket", gateway.socket]);
const distinct = (answers) => new Set(answers.map(({ id }) => id));
const busy = { error: "Function is busy", reason: "function_busy" };
const away = { error: "Function is not available", reason: "function_unavailable" };

/** The answer, which must be a good one. */
async function get(gateway, where) {
    const answer = await gateway.ask(where);
    assert.equal(answer.status, 200, `${where}: ${answer.text}`);
    assert.equal(answer.json().name, where.split("/")[0]);
    return answer.json();
}

const at = (count, run) => Promise.all(Array.from({ length: count }, (_, i) => run(i)));

/** So many callers at the same time, each of them for as long as `more` says so; all answers. */
async function hammer(gateway, callers, where, more) {
    const answers = [];
    await at(callers, async (caller) => {
        for (let i = 0; await more(answers.length); i++) answers.push(await get(gateway, where(caller, i)));
    });
    return answers;
}

async function starting(gateway) {
    await test("single flight: fifty requests at once start one process, and each is answered by it", async () => {
        const answers = await at(50, () => get(gateway, "single"));
        assert.equal(distinct(answers).size, 1);
        const { starts, requests } = await gateway.cell("single");
        assert.deepEqual([starts, requests], [1, 50]);
        assert.equal(await gateway.metric('onetube_cell_starts_total{cell="single"}'), 1);
    });
}

async function recycling(gateway) {
    await test("ttl 0: each of sixty requests, eight at a time, has a process of its own", async () => {
        const answers = await hammer(gateway, 8, () => "fresh", (count) => count < 53);
        assert(answers.length >= 60 - 7, `${answers.length}`);
        assert.equal(distinct(answers).size, answers.length);
        assert(answers.every(({ count }) => count === 1));
    });
    await test("recycle.maxRequests under load: several processes one after the other, not one request fails", async () => {
        const before = await exits(gateway, "recycled");
        const seen = new Set(); // the next process takes its time to start, and the one before serves until then
        await at(8, async (caller) => {
            for (let i = 0; i < 300 / 8 || seen.size <= 3; i++) seen.add((await get(gateway, `counted/sleep/${(caller + i) % 3}`)).id);
        });
        await until(async () => (await exits(gateway, "recycled")) >= before + 3);
    });
    await test("ttl under load: the next process is there before the old one goes", async () => {
        const end = Date.now() + 3500;
        const answers = await hammer(gateway, 4, () => "aging/sleep/5", () => Date.now() < end);
        assert(distinct(answers).size >= 3, `${distinct(answers).size} processes`);
        const { lastExit } = (await gateway.health()).cells.filter(({ name, lastExit }) => name.startsWith("aging") && lastExit !== "none")[0];
        assert.equal(lastExit, "recycled");
    });
    await test("a request that takes longer than its process may live is finished", async () => {
        const [slow] = await Promise.all([get(gateway, "aging/sleep/3000"), hammer(gateway, 2, () => "aging", async (count) => (await sleep(20), count < 150))]);
        assert.equal(slow.name, "aging");
    });
    await test("idleTimeout: processes stop between requests that come at that very moment, and all are answered", async () => {
        const before = await exits(gateway, "idle-stopped");
        for (let round = 0; round < 6; round++) {
            await at(6, async (i) => {
                await sleep(980 + 6 * i + round);
                await get(gateway, "lazy");
            });
        }
        await until(async () => (await exits(gateway, "idle-stopped")) > before);
        assert.equal((await gateway.cell("lazy")).lastExit, "idle-stopped");
        assert.equal((await get(gateway, "lazy/sleep/2500")).name, "lazy"); // busy is not idle
    });
    await test("what is kept (warm) is not stopped for idleness", async () => {
        const { pid, starts } = await gateway.cell("kept");
        assert.deepEqual([typeof pid, starts], ["number", 1]);
    });
}

async function queueing(gateway) {
    await test("maxConcurrency: two at a time, five in line, and whoever comes then is told so", async () => {
        await get(gateway, "narrow");
        await eventually(async () => (await gateway.cell("narrow")).openRequests, 0);
        const answers = await at(20, () => gateway.ask("narrow/sleep/300"));
        const good = answers.filter(({ status }) => status === 200);
        assert.equal(good.length, 2 + 5);
        for (const answer of answers.filter(({ status }) => status !== 200)) refused(answer, 503, busy);
        assert.equal(Math.max(...good.map((answer) => answer.json().most)), 2);
        assert.equal(distinct(good.map((answer) => answer.json())).size, 1);
        assert.equal(await gateway.metric("onetube_cell_queued"), 0);
    });
    await test("who waits in line and goes away takes no place", async () => {
        const held = at(2, () => get(gateway, "narrow/sleep/3000"));
        await until(async () => (await gateway.cell("narrow")).openRequests === 2);
        const gone = Array.from({ length: 5 }, () => new Connection(gateway.port).send(head("GET", gateway.path("narrow/sleep/500"))));
        await eventually(() => gateway.metric("onetube_cell_queued"), 5);
        for (const connection of gone) connection.reset();
        await eventually(() => gateway.metric("onetube_cell_queued"), 0);
        assert.equal((await gateway.cell("narrow")).openRequests, 2, "before those who have their places are done");
        await held;
        await eventually(async () => (await gateway.cell("narrow")).openRequests, 0);
        await at(7, () => get(gateway, "narrow/sleep/10"));
    });
    await test("replicas: three requests at once are in three processes, the least busy one takes the next", async () => {
        await until(async () => distinct(await at(3, () => get(gateway, "wide/sleep/200"))).size === 3);
        const answers = await hammer(gateway, 6, () => "wide/sleep/3", (count) => count < 200);
        assert.equal(distinct(answers).size, 3);
        assert(answers.every(({ most }) => most === 1), "one at a time in each");
    });
    await test("one of three replicas ends under load: at most its own request fails, with 502", async () => {
        const cells = (await gateway.health()).cells.filter(({ name }) => /^wide(\.|$)/.test(name));
        assert.equal(cells.filter(({ pid }) => pid).length, 3);
        let lost = 0;
        let count = 0;
        let killed = false;
        await at(6, async () => {
            while (count < 300) {
                const answer = await gateway.ask("wide/sleep/3");
                count++;
                if (answer.status !== 200) {
                    assert(killed && answer.status === 502, `${answer.status} ${answer.text}`);
                    lost++;
                }
                if (count > 100 && !killed) {
                    killed = true;
                    process.kill(cells[1].pid, "SIGKILL");
                }
            }
        });
        assert(killed && lost <= 1, `${lost} lost`);
        await until(async () => distinct(await at(3, () => get(gateway, "wide/sleep/200"))).size === 3);
    });
    await test("one of two replicas loops for ever: 504 for that request, the other one answers the rest", async () => {
        await until(async () => distinct(await at(2, () => get(gateway, "pair/sleep/200"))).size === 2);
        let over = false;
        const spinning = gateway.ask("pair/spin").finally(() => (over = true));
        await sleep(200);
        const then = Date.now();
        const openRequests = async () => (await gateway.health()).cells.reduce((sum, cell) => sum + (cell.name.startsWith("pair") ? cell.openRequests : 0), 0);
        const answers = await hammer(gateway, 1, () => "pair", async (count) => {
            await until(async () => (await openRequests()) <= 1); // the place of the one before is free: else both have one
            return !over && (count <= 20 || Date.now() < then + 1500);
        });
        assert(answers.length > 20, `${answers.length} answers meanwhile`);
        refused(await spinning, 504, { error: "Function execution timed out", reason: "function_timeout" });
        await until(async () => (await gateway.health()).cells.some(({ name, lastExit }) => name.startsWith("pair") && lastExit === "wedged"));
        await until(async () => distinct(await at(2, () => get(gateway, "pair/sleep/200"))).size === 2);
    });
}

async function grouping(gateway) {
    await test("functions that name the same cell share its process; others do not", async () => {
        await at(30, (i) => get(gateway, ["left", "right", "apart"][i % 3]));
        const { cells } = await gateway.health();
        assert.deepEqual(cells.map(({ name }) => name).sort(), ["apart", "both"]);
        assert.equal(childrenOf(gateway.pid).length, 2);
        assert.deepEqual([(await gateway.cell("both")).requests, (await gateway.cell("both")).starts], [20, 1]);
    });
    await test("a group's process ends: each of its functions is back, and the other was never away", async () => {
        const before = await gateway.cell("both");
        process.kill(before.pid, "SIGKILL");
        const answers = await hammer(gateway, 2, () => "apart", (count) => count < 50);
        assert.equal(distinct(answers).size, 1);
        for (const name of ["left", "right"]) await until(async () => (await gateway.ask(name)).status === 200);
        assert.notEqual((await gateway.cell("both")).pid, before.pid);
    });
    await test("a function of a group that loops for ever takes its group along, for as long as a start takes", async () => {
        const spinning = gateway.ask("left/spin");
        const answers = await hammer(gateway, 2, () => "apart", (count) => count < 200);
        assert.equal(distinct(answers).size, 1);
        assert.equal((await spinning).status, 504);
        for (const name of ["left", "right"]) await until(async () => (await gateway.ask(name)).status === 200);
        assert.equal((await gateway.cell("both")).lastExit, "wedged");
    });
}

async function evicting(gateway) {
    const names = ["a", "b", "c", "d", "e", "f"];
    await test("--max-cells 2, six functions under load: places change hands, and no request is lost", async () => {
        let most = 0;
        const answers = await hammer(gateway, 8, (caller, i) => `${names[(caller + i) % 6]}/sleep/${i % 4}`, (count) => {
            most = Math.max(most, childrenOf(gateway.pid).length);
            return count < 240;
        });
        assert.deepEqual([...new Set(answers.map(({ name }) => name))].sort(), names);
        assert(most <= 2, `${most} processes at once`);
        assert((await exits(gateway, "evicted")) >= 5);
        assert.equal(await gateway.metric("onetube_cell_evictions_total"), await exits(gateway, "evicted"));
    });
    await test("a busy process is never evicted, and who needs its place waits", async () => {
        const before = await get(gateway, "a");
        await get(gateway, "b");
        const long = get(gateway, "a/sleep/1500");
        await sleep(100);
        for (const name of ["c", "d", "b", "e"]) await get(gateway, name);
        const after = await long;
        assert.equal(after.id, before.id);
        const both = [get(gateway, "a/sleep/700"), get(gateway, "e/sleep/700")];
        await sleep(100);
        const third = await get(gateway, "f");
        assert.equal(third.name, "f");
        const [first] = await Promise.all(both);
        assert.equal(first.id, before.id);
    });
    await test("the one that was not used for longest goes", async () => {
        const a = await get(gateway, "a");
        const b = await get(gateway, "b");
        assert.equal((await get(gateway, "a")).id, a.id);
        await get(gateway, "c"); // instead of b
        assert.equal((await get(gateway, "a")).id, a.id);
        assert.notEqual((await get(gateway, "b")).id, b.id);
    });
    await test("processes whose callers have gone before they were ready give their places up", async () => {
        const starts = async () => (await Promise.all(["a", "b"].map((name) => gateway.cell(name)))).map((cell) => cell.starts);
        for (const name of ["e", "f"]) await get(gateway, name);
        const before = await starts();
        const gone = ["a", "b"].map((name) => new Connection(gateway.port).send(head("GET", gateway.path(name))));
        await until(async () => (await starts()).every((count, i) => count > before[i]));
        const waiting = get(gateway, "c");
        for (const connection of gone) connection.reset();
        await waiting;
    });
    await test("a swap under load with every place taken", async () => {
        let swaps = 0;
        await hammer(gateway, 6, (caller, i) => names[(caller + i) % 6], async (count) => {
            if (count > 40 * (swaps + 1) && swaps < 3) {
                swaps++;
                gateway.kill("SIGHUP");
            }
            return count < 200;
        });
        await eventually(() => gateway.metric('onetube_swaps_total{result="ok"}'), 3);
    });
}

async function failing(gateway) {
    const pid = async () => until(async () => (await gateway.cell("frail")).pid);
    /** Every request is answered: by the function, with 502 for one that was cut off, or 503 with the time to come back. */
    const ask = async (where) => {
        const answer = await gateway.ask(where);
        if (answer.status === 503) {
            assert(["function_unavailable", "function_warming"].includes(answer.json().reason), answer.text);
            assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
        } else assert([200, 502].includes(answer.status), `${answer.status} ${answer.text}`);
        return answer;
    };
    await test("back-off: the first end is followed by a start, the next ones by a longer and longer time in which callers are refused fast", async () => {
        await get(gateway, "frail");
        process.kill(await pid(), "SIGKILL");
        await until(async () => (await ask("frail")).status === 200);
        const delays = [];
        for (let i = 0; i < 2; i++) {
            process.kill(await pid(), "SIGKILL");
            await until(async () => (await gateway.cell("frail")).state === "backoff");
            const others = hammer(gateway, 3, () => "sturdy", (count) => count < 100);
            const answers = await at(20, () => ask("frail"));
            for (const answer of answers) refused(answer, 503, away);
            delays.push(Math.max(...answers.map(({ headers }) => Number(headers["retry-after"]))));
            assert.equal(distinct(await others).size, 1);
            await until(async () => (await at(5, () => ask("frail"))).every(({ status }) => status === 200));
        }
        assert.deepEqual(delays, [1, 2]);
        assert.equal((await gateway.cell("frail")).lastExit, "crashed");
    });
}

async function spending(gateway) {
    await test("failure budget: what failed too often is left alone for a minute, and others never notice", async () => {
        for (let i = 0; i < 2; i++) {
            const pid = await until(async () => (await gateway.ask("frail")).status === 200 && (await gateway.cell("frail")).pid);
            process.kill(pid, "SIGKILL");
            await until(async () => (await gateway.cell("frail")).pid !== pid);
        }
        await until(async () => (await gateway.cell("frail")).state === "backoff");
        const answer = await gateway.ask("frail");
        refused(answer, 503, away);
        assert(Number(answer.headers["retry-after"]) > 50, answer.headers["retry-after"]);
        assert.match(gateway.said, /it failed too often/);
        assert.equal(distinct(await hammer(gateway, 4, () => "sturdy", (count) => count < 100)).size, 1);
    });
    await test("the way back: onetube restart, for this one alone", async () => {
        const { pid } = await gateway.cell("sturdy");
        await operate(gateway, "restart", "frail");
        assert.equal((await get(gateway, "frail")).count, 1);
        assert.equal((await gateway.cell("sturdy")).pid, pid);
    });
    await test("the way back: a swap, without a restart of the gateway", async () => {
        for (let i = 0; i < 2; i++) {
            const pid = await until(async () => (await gateway.ask("frail")).status === 200 && (await gateway.cell("frail")).pid);
            process.kill(pid, "SIGKILL");
            await until(async () => (await gateway.cell("frail")).pid !== pid);
        }
        await until(async () => (await gateway.cell("frail")).state === "backoff");
        gateway.kill("SIGHUP");
        await until(async () => (await gateway.ask("frail")).status === 200);
    });
}

async function operating(gateway) {
    await test("onetube restart --all under load, five times: not one request fails", async () => {
        let over = false;
        let answered = 0;
        const load = hammer(gateway, 8, (caller, i) => `${["one", "many", "fresh"][(caller + i) % 3]}/sleep/${i % 5}`, (count) => ((answered = count), !over));
        load.catch(() => {});
        await until(() => answered > 10);
        const before = await exits(gateway, "restarted");
        for (let i = 0; i < 5; i++) {
            await operate(gateway, "restart", "--all");
            const then = answered;
            await until(() => answered > then + 10);
        }
        over = true;
        assert((await load).length > 50);
        assert((await exits(gateway, "restarted")) >= before + 5);
    });
    await test("onetube drain under load: what was taken is answered, also who waits in line; the rest is told, and every engine ends", async () => {
        const slow = at(10, () => get(gateway, "one/sleep/100")); // two at a time
        await until(async () => (await gateway.metric("onetube_cell_queued")) >= 5);
        const seen = new Set();
        let over = false;
        const load = at(4, async () => {
            while (!over) {
                const answer = await gateway.ask("many/sleep/5");
                seen.add(answer.status === 200 ? "answered" : answer.json().reason);
            }
        });
        await operate(gateway, "drain");
        assert.equal((await slow).length, 10);
        assert.equal(childrenOf(gateway.pid).length, 0);
        over = true;
        await load;
        for (const one of seen) assert(["answered", "draining"].includes(one), one);
        assert((await exits(gateway, "drained")) >= 2);
        refused(await gateway.ask("one"), 503, { error: "Service is draining", reason: "draining" });
        assert.equal(childrenOf(gateway.pid).length, 0);
    });
    await test("drain --undo: functions are called again, and what is kept is back", async () => {
        await operate(gateway, "drain", "--undo");
        await until(async () => (await gateway.cell("kept")).state === "ready");
        await at(20, (i) => get(gateway, ["one", "many", "fresh", "kept"][i % 4]));
    });
    await test("ME pool metrics: hits, misses, their ratio, starts and how long they took", async () => {
        const [hits, misses, ratio] = await Promise.all(["hits_total", "misses_total", "hit_ratio"].map((name) => gateway.metric(`onetube_cell_${name}`)));
        assert(hits > 0 && misses > 0 && ratio > 0 && ratio < 1, `${hits} ${misses} ${ratio}`);
        assert.equal(await gateway.metric('onetube_cell_start_seconds_bucket{le="+Inf"}'), await gateway.metric("onetube_cell_start_seconds_count"));
        assert((await gateway.metric("onetube_cell_start_seconds_count")) > 10);
    });
}

async function sharing(gateway) {
    await test("--isolation shared: all functions in one cell, in no more processes than there are cores", async () => {
        const answers = await hammer(gateway, 12, (caller, i) => ["frail", "sturdy"][(caller + i) % 2] + "/sleep/20", (count) => count < 100);
        assert.deepEqual([...new Set(answers.map(({ name }) => name))].sort(), ["frail", "sturdy"]);
        const { cells } = await gateway.health();
        for (const { name } of cells) assert.match(name, /^shared(\.\d+)?$/);
    });
}

async function warming(file, options) {
    const warmed = async (gateway) => {
        await until(async () => (await gateway.ask("/1tube/warmup")).json().ready);
        return (await gateway.health()).cells.filter(({ starts }) => starts > 0).map(({ name }) => name);
    };
    await serving("warm order", options, async (gateway) => {
        await test("--warm with two places: nothing was called before, so the first two are started", async () => {
            assert.deepEqual(await warmed(gateway), ["a", "b"]);
            for (const name of ["d", "a", "c"]) await get(gateway, name);
        });
    });
    await serving("warm order again", options, async (gateway) => {
        await test("--warm-order: the next gateway starts those that were called last", async () => {
            assert.deepEqual(readFileSync(file, "utf8"), "c\na\nd\n");
            assert.deepEqual(await warmed(gateway), ["a", "c"]);
            await get(gateway, "b");
        });
        await test("the same order at a swap, and what was called before is not forgotten", async () => {
            gateway.kill("SIGHUP");
            await eventually(() => gateway.metric('onetube_swaps_total{result="ok"}'), 1);
            assert.equal((await gateway.cell("b")).starts, 1);
        });
    });
    await test("warm order: kept", () => assert.deepEqual(readFileSync(file, "utf8"), "b\nc\na\nd\n"));
    writeFileSync(file, "nonsense");
    await serving("warm order, damaged", options, async (gateway) => {
        await test("a file that cannot be read changes nothing but the order, and is said", async () => {
            assert.match(gateway.said, /--warm-order: .*line 1 is not a function's name/);
            assert.deepEqual(await warmed(gateway), ["a", "b"]);
        });
    });
}

const socketOf = (name) => path.join(work, `${name}.sock`);
const control = (name) => ["--control-socket", socketOf(name)];

export const cells = {
    operated: async () => {
        const payload = await functions({ one: { maxConcurrency: 2 }, many: { replicas: 2 }, fresh: { ttl: 0 }, kept: { warm: true } });
        await serving("operated", [payload, [...quiet, ...control("operated")]], (gateway) => operating(Object.assign(gateway, { socket: socketOf("operated") })));
    },
    warmed: async () => {
        const file = path.join(work, "order");
        const payload = await functions({ a: {}, b: {}, c: {}, d: {} });
        await warming(file, [payload, [...quiet, "--warm", "--max-cells", "2", "--warm-order", file]]);
    },
    recycled: async () => {
        const payload = await functions({
            single: {},
            fresh: { ttl: 0 },
            counted: { recycle: { maxRequests: 20, errorRate: 0 } },
            aging: { ttl: 1 },
            lazy: { idleTimeout: 1 },
            kept: { warm: true, idleTimeout: 1 },
        });
        await serving("recycled", [payload, quiet], async (gateway) => {
            await starting(gateway);
            await recycling(gateway);
        });
    },
    queued: async () => {
        const payload = await functions({
            narrow: { maxConcurrency: 2 },
            wide: { maxConcurrency: 1, replicas: 3 },
            pair: { maxConcurrency: 3, replicas: 2, timeoutMs: 6000 },
        });
        await serving("queued", [payload, [...quiet, "--max-queue", "5"]], queueing);
    },
    grouped: async () => {
        const payload = await functions({ left: { cell: "both", timeoutMs: 2000 }, right: { cell: "both", timeoutMs: 2000 }, apart: {} });
        await serving("grouped", [payload, quiet], grouping);
    },
    evicted: async () => {
        const payload = await functions({ a: {}, b: {}, c: {}, d: {}, e: {}, f: {} });
        await serving("evicted", [payload, [...quiet, "--max-cells", "2"]], evicting);
    },
    failed: async () => {
        const payload = await functions({ frail: {}, sturdy: {} });
        await serving("failed", [payload, quiet], failing);
        await serving("spent", [payload, [...quiet, "--failure-budget", "1", ...control("spent")]], (gateway) => spending(Object.assign(gateway, { socket: socketOf("spent") })));
        await serving("shared", [payload, [...quiet, "--isolation", "shared"]], sharing);
    },
};
