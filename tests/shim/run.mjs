// The runtime shim, in the real engine. Prints TAP; fails when any test does.

import * as examples from "./examples.mjs";
import * as handlers from "./handlers.mjs";
import { Report, startEngine } from "./harness.mjs";
import * as runtime from "./runtime.mjs";

const report = new Report();
for (const { cases, env = { GREETING: "hi" }, run } of [handlers, runtime, examples]) {
    const engine = await startEngine(cases, env);
    try {
        await run(report, engine);
    } finally {
        await engine.stop();
    }
}
report.end();
