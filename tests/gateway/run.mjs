// onetube serve from outside: real sockets, real engines. `node run.mjs [out|out/san]` prints TAP. Tests are named after the behaviours that
// they show; each group has gateways of its own, and some groups run beside each other.

import { writeFileSync } from "node:fs";
import path from "node:path";
import { groups as more, callers } from "./callers.mjs";
import { cells } from "./cells.mjs";
import { functions } from "./functions.mjs";
import { finish, makePayload, root, work } from "./harness.mjs";
import { enforced } from "./limits.mjs";
import { crashes, examples, starts, swaps } from "./lives.mjs";
import { streams } from "./streams.mjs";
import { networks } from "./net.mjs";
import { refusals, unreadyEngines } from "./refusals.mjs";
import { watched } from "./watched.mjs";

let scripts = 0;
const script = (text) => {
    const file = path.join(work, `script${++scripts}`);
    writeFileSync(file, text, { mode: 0o755 });
    return file;
};

const only = process.argv[3];
const payload = await makePayload(functions, { env: ["ALLOWED", "EMPTY", "UNNAMED"] });
const shown = await makePayload(path.join(root, "examples/functions"), { env: ["OPENAI_API_KEY", "POSTHOG_HOST", "WORKERD_E2E_FLAG"] });
const groups = {
    swaps,
    enforced,
    ...cells,
    crashes: () => crashes(shown),
    refusals: () => refusals(payload),
    streams: () => streams(payload),
    callers: () => callers(payload),
    ...Object.fromEntries(Object.entries(more).map(([name, run]) => [name, () => run(payload)])),
    watched: () => watched(payload),
    examples: () => examples(shown),
    starts: () => starts(payload),
    networks,
    engines: () => unreadyEngines(payload, script),
};

const waiting = Object.entries(groups).filter(([name]) => !only || name === only);
await Promise.all(
    [1, 2, 3].map(async () => {
        for (let next; (next = waiting.shift()); ) await next[1]();
    }),
);
finish();
