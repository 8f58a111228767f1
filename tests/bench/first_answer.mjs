// Microseconds until something answers 200: node first_answer.mjs SOCKET|PORT PATH [PROGRAM ARG...]
// The program is started first and left running; its process is printed behind the time. Until it listens, connecting is tried every millisecond.
import { spawn } from "node:child_process";
import http from "node:http";

const [, , where, path, program, ...args] = process.argv;
const target = /^\d+$/.test(where) ? { port: Number(where), host: "127.0.0.1" } : { socketPath: where };
const once = (to) =>
    new Promise((resolve, reject) => {
        http.get({ ...to, path, agent: false }, (answer) => {
            answer.resume().once("end", () => resolve(answer.statusCode));
        }).once("error", reject);
    });
await once({ socketPath: "nowhere" }).catch(() => {}); // the client's own first time
const start = process.hrtime.bigint();
const child = program && spawn(program, args, { stdio: "ignore", detached: true });
for (;;) {
    const status = await once(target).catch((error) => {
        if (!["ECONNREFUSED", "ENOENT"].includes(error.code)) throw error;
    });
    if (status === 200) break;
    if (status) throw new Error(`status ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
}
console.log(Number((process.hrtime.bigint() - start) / 1000n), child?.pid ?? "");
child?.unref();
