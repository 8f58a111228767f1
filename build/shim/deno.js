/** The object `Deno`, as far as it makes sense inside the engine. What cannot exist is there too, and says why when it is called. */

import { errors, notAvailable } from "./deno-errors.js";
import { files } from "./deno-files.js";
import { net } from "./deno-net.js";
import { system } from "./deno-system.js";
import { env } from "./env.js";
import { chdir, cwd, mainModule } from "./paths.js";
import { serve } from "./serve.js";
import { upgradeWebSocket } from "./websocket.js";

/** The Deno release whose interfaces these are. */
const VERSION = "2.1.4";

/** Frameworks tell by it where they run; hono's `env()` then reads Deno.env, where `c.env` is no environment. */
export const userAgent = `Deno/${VERSION}`;

/** Why something is missing, and what; a `*` marks what gives a promise. */
const MISSING = {
    "a function cannot start, signal or end processes": "Command run kill exit execPath",
    "a function cannot listen on ports; register a handler with Deno.serve": "listen listenTls listenDatagram serveHttp listenQuic",
    "native code cannot be loaded": "dlopen",
    "there is no key-value store here": "openKv*",
    "a function's files do not change": "watchFs",
};

/**
 * @param {string} name
 * @param {string} why
 */
function missing(name, why) {
    const [api, rejects] = name.split("*");
    // Not an arrow function: it may be called with `new`.
    return function () {
        const error = notAvailable(`Deno.${api}`, why);
        if (rejects !== undefined) return Promise.reject(error);
        throw error;
    };
}

/**
 * Not an error: who schedules work usually answers requests, too.
 * @param {string} name
 */
async function cron(name) {
    console.warn(`Deno.cron: "${name}" does not run: there is no scheduler here`);
}

const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
const ignored = () => {};
const ignoredTest = Object.assign(() => {}, { ignore: ignored, only: ignored, skip: ignored });

/** @type {Record<string, unknown>} */
export const deno = {
    args: [],
    build: { target: `${arch}-unknown-linux-gnu`, arch, os: "linux", vendor: "unknown", env: "gnu", standalone: false },
    version: { deno: VERSION, v8: process.versions.v8, typescript: "5.6.2" },
    mainModule: mainModule(),
    cwd,
    chdir,
    pid: 1,
    ppid: 0,
    noColor: true,
    exitCode: 0,
    env,
    errors,
    serve,
    upgradeWebSocket,
    cron,
    ...files,
    ...net,
    ...system,
    // No signal reaches a function, and nothing waits for its timers.
    addSignalListener: ignored,
    removeSignalListener: ignored,
    refTimer: ignored,
    unrefTimer: ignored,
    // As in `deno run`.
    test: ignoredTest,
    bench: ignoredTest,
};

for (const [why, names] of Object.entries(MISSING)) {
    for (const name of names.split(" ")) deno[name.replace("*", "")] = missing(name, why);
}
