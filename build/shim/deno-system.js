/** What `Deno` says of the process and the machine: a function has neither, and sees one that is always the same. */

import { notAvailable } from "./deno-errors.js";
import { resolvePath } from "./paths.js";

/** What the engine always allows, and what never. */
const STATES = { net: "granted", env: "granted", read: "granted", import: "granted", sys: "granted" };

/**
 * @typedef {{ name: string, path?: string | URL }} Descriptor
 * @param {Descriptor} descriptor
 */
function stateOf({ name, path }) {
    if (name === "write") return path !== undefined && /^\/tmp(\/|$)/.test(resolvePath(path)) ? "granted" : "denied";
    if (Object.hasOwn(STATES, name)) return STATES[/** @type {keyof STATES} */ (name)];
    if (name === "run" || name === "ffi") return "denied";
    throw new TypeError(`Deno.permissions: there is no permission "${name}"`);
}

class PermissionStatus extends EventTarget {
    onchange = null;
    partial = false;

    /** @param {Descriptor} descriptor */
    constructor(descriptor) {
        super();
        this.state = stateOf(descriptor);
    }
}

/** @param {Descriptor} descriptor */
const querySync = (descriptor) => new PermissionStatus(descriptor);
/** @param {Descriptor} descriptor */
const query = async (descriptor) => querySync(descriptor);

/** @param {unknown} value @param {{ iterableLimit?: number, strAbbreviateSize?: number, depth?: number }} [options] */
function inspect(value, { iterableLimit, strAbbreviateSize, depth = 4, ...same } = {}) {
    const limits = { maxArrayLength: iterableLimit ?? 100, maxStringLength: strAbbreviateSize ?? 10000, depth };
    return process.getBuiltinModule("util").inspect(value, { ...same, ...limits });
}

/** What is written goes to the log. @param {"stdout" | "stderr"} name */
function output(name) {
    const decoder = new TextDecoder();
    const writeSync = (/** @type {Uint8Array} */ data) => {
        process[name].write(decoder.decode(data, { stream: true }));
        return data.length;
    };
    return {
        writeSync,
        write: async (/** @type {Uint8Array} */ data) => writeSync(data),
        get writable() {
            return new WritableStream({ write: (chunk) => void writeSync(chunk) });
        },
        isTerminal: () => false,
        close() {},
    };
}

/** @type {Record<string, unknown>} */
export const system = {
    inspect,
    PermissionStatus,
    permissions: { query, querySync, request: query, requestSync: querySync, revoke: query, revokeSync: querySync },
    stdout: output("stdout"),
    stderr: output("stderr"),
    stdin: {
        read: async () => null,
        readSync: () => null,
        get readable() {
            return new Response("").body;
        },
        isTerminal: () => false,
        setRaw() {},
        close() {},
    },
    memoryUsage: () => process.memoryUsage(),
    systemMemoryInfo: () => ({ total: 0, free: 0, available: 0, buffers: 0, cached: 0, swapTotal: 0, swapFree: 0 }),
    hostname: () => "localhost",
    loadavg: () => [0, 0, 0],
    networkInterfaces: () => [],
    osRelease: () => "",
    osUptime: () => 0,
    uid: () => null,
    gid: () => null,
    umask: () => 0o22,
    consoleSize() {
        throw notAvailable("Deno.consoleSize", "a function has no terminal");
    },
};
