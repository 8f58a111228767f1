// What the shim costs per request: the same handler bare and behind `cell`, in turns, on one engine. The load comes from a process
// that needs more time than the engine, so the engine's own CPU time per request is what is compared; requests/s are shown besides.
// usage: bench.mjs [requests per round] [rounds]

import { readFileSync, readdirSync } from "node:fs";
import net from "node:net";
import { startEngine } from "./harness.mjs";

const [REQUESTS, ROUNDS] = [Number(process.argv[2] ?? 3200), Number(process.argv[3] ?? 24)];
const CONNECTIONS = 16;

const BODY = `Response.json({ message: "hello", path: new URL(request.url).pathname })`;
const FETCH = `export default { fetch(request) { return ${BODY}; } };`;
const AUTH = ["user", "email", "token", "payload"].map((name) => `x-1tube-auth-${name}: %7B%7D\r\n`).join("");
const ID = "x-1tube-invocation-id: 0198f7a2-5c1e-7d9a-9c5a-0123456789ab\r\n";

/** name, source, options, more request headers, what it is compared with */
const SUBJECTS = [
    ["bare", FETCH, { bare: true }],
    ["fetch", FETCH, { public: true }],
    ["isolate", FETCH, { public: true, isolate: true }],
    ["deno-serve", `Deno.serve((request) => ${BODY});`, { public: true }],
    ["bare-async", `export default { async fetch(request) { return ${BODY}; } };`, { bare: true }],
    ["deno-serve-async", `Deno.serve(async (request) => ${BODY});`, { public: true }, "", "bare-async"],
    ["bare-id", FETCH, { bare: true }, ID],
    ["invocation", FETCH, { public: true }, ID, "bare-id"],
    ["bare-headers", FETCH, { bare: true }, AUTH],
    ["closed", `globalThis.__edgeFunctionRegistry.register((request, auth) => ${BODY});`, { public: false }, AUTH, "bare-headers"],
];

const engine = await startEngine(
    SUBJECTS.map(([name, source, options]) => ({ name, source, ...options })),
    {},
);

/** Of all threads of the engine. */
function cpuSeconds() {
    const tasks = `/proc/${engine.pid}/task`;
    const of = (task) => Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]);
    return readdirSync(tasks).reduce((sum, task) => sum + of(task), 0) / 1e9;
}

/** Sends `count` requests over one connection, one after the other. */
function drive(port, request, count) {
    return new Promise((resolve, reject) => {
        const socket = net.connect(port, "127.0.0.1", () => socket.write(request));
        socket.setNoDelay(true);
        socket.on("error", reject);
        socket.on("data", (data) => {
            if (!data.toString("latin1").startsWith("HTTP/1.1 200")) return reject(new Error(data.toString()));
            if (--count > 0) return socket.write(request);
            socket.destroy();
            resolve();
        });
    });
}

async function round(name, headers, requests) {
    const request = `GET /hello?x=1 HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\naccept: */*\r\n${headers}\r\n`;
    const each = Math.ceil(requests / CONNECTIONS);
    const [cpu, wall] = [cpuSeconds(), performance.now()];
    await Promise.all(Array.from({ length: CONNECTIONS }, () => drive(engine.port(name), request, each)));
    const total = each * CONNECTIONS;
    return { cpu: ((cpuSeconds() - cpu) / total) * 1e6, rate: total / ((performance.now() - wall) / 1000) };
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

try {
    const results = new Map(SUBJECTS.map(([name]) => [name, []]));
    for (const [name, , , headers = ""] of SUBJECTS) await round(name, headers, 4000);
    for (let i = 0; i < ROUNDS; i++) {
        // Each time in another order: who comes after whom makes a difference.
        const order = i % 2 === 0 ? SUBJECTS : SUBJECTS.toReversed();
        for (const [name, , , headers = ""] of order) results.get(name).push(await round(name, headers, REQUESTS));
    }
    console.log("handler            us CPU/request   requests/s   CPU : bare   rate : bare");
    const of = (name, what) => median(results.get(name).map((one) => one[what]));
    const ratio = (name, base, what) => median(results.get(name).map((one, i) => one[what] / results.get(base)[i][what]));
    for (const [name, , , , base = "bare"] of SUBJECTS) {
        const numbers = [of(name, "cpu").toFixed(1), of(name, "rate").toFixed(0)];
        const ratios = ["cpu", "rate"].map((what) => ratio(name, base, what).toFixed(3));
        console.log(name.padEnd(18), ...[...numbers, ...ratios].map((text) => text.padStart(12)));
    }
} finally {
    await engine.stop();
}
