/** The object `Deno`, as far as it makes sense inside the engine. What cannot exist is there too, and says why when it is called. */

import { env } from "./env.js";
import { serve } from "./serve.js";
import { upgradeWebSocket } from "./websocket.js";

const ERROR_NAMES =
    "NotFound PermissionDenied ConnectionRefused ConnectionReset ConnectionAborted NotConnected AddrInUse AddrNotAvailable " +
    "BrokenPipe AlreadyExists InvalidData TimedOut Interrupted WriteZero WouldBlock UnexpectedEof BadResource Http Busy " +
    "NotSupported FilesystemLoop IsADirectory NetworkUnreachable NotADirectory NotCapable";

/** @type {Record<string, new (message?: string) => Error>} */
const errors = {};
for (const name of ERROR_NAMES.split(" ")) {
    errors[name] = class extends Error {
        name = name;
    };
    Object.defineProperty(errors[name], "name", { value: name });
}

/** Why something is missing, and what. */
const MISSING = {
    "a function cannot start, signal or end processes": "Command run kill exit addSignalListener removeSignalListener",
    "a function cannot listen on ports; register a handler with Deno.serve": "listen listenTls listenDatagram serveHttp",
    "a function cannot open raw connections this way; use fetch": "connect connectTls startTls",
    "native code cannot be loaded": "dlopen",
    "there is no key-value store here": "openKv",
    "there is no scheduler here": "cron",
};

/** Each also with `Sync` behind it. */
const MISSING_FILE_CALLS =
    "open create readFile readTextFile writeFile writeTextFile readDir stat lstat mkdir remove rename copyFile realPath readLink " +
    "symlink link chmod chown truncate makeTempDir makeTempFile";

/**
 * @param {string} name
 * @param {string} why
 */
function missing(name, why) {
    // Not an arrow function: it may be called with `new`.
    return function () {
        throw new errors.NotSupported(`Deno.${name} is not available: ${why}`);
    };
}

const arch = globalThis.process?.arch === "arm64" ? "aarch64" : "x86_64";

/** @type {Record<string, unknown>} */
export const deno = {
    args: [],
    build: { target: `${arch}-unknown-linux-gnu`, arch, os: "linux", vendor: "unknown", env: "gnu" },
    // The Deno release whose interfaces these are.
    version: { deno: "2.1.4", v8: globalThis.process?.versions.v8 ?? "", typescript: "5.6.2" },
    cwd: () => globalThis.process?.cwd() ?? "/",
    env,
    errors,
    serve,
    upgradeWebSocket,
};

for (const [why, names] of Object.entries(MISSING)) {
    for (const name of names.split(" ")) deno[name] = missing(name, why);
}
for (const call of MISSING_FILE_CALLS.split(" ")) {
    for (const name of [call, call + "Sync"]) deno[name] = missing(name, "a function has no files");
}
