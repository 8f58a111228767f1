// The runtime shim, in the real engine. Prints TAP; fails when any test does.

import * as consoleLines from "./console.mjs";
import * as deno from "./deno.mjs";
import * as examples from "./examples.mjs";
import * as handlers from "./handlers.mjs";
import { Report, startEngine } from "./harness.mjs";
import * as isolate from "./isolate.mjs";
import * as runtime from "./runtime.mjs";
import * as servers from "./servers.mjs";
import * as std from "./std.mjs";

const report = new Report();

async function run({ cases, env = { GREETING: "hi" }, run }) {
    const engine = await startEngine(cases, env);
    try {
        await run(report, engine);
    } finally {
        await engine.stop();
    }
}

// What works in one context works in the other.
for (const suite of [handlers, runtime, consoleLines, deno, servers, std, examples]) {
    await run(suite);
    report.prefix = "isolate: ";
    await run({ ...suite, cases: suite.cases.map((one) => ({ ...one, isolate: true })) });
    report.prefix = "";
}
await run(isolate);
report.end();
