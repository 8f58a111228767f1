/**
 * What a function prints, tied to the request that it was printed for. A gateway gives each request an id in a header that no client
 * can set; then a call of console.log is one line on standard output, a marker and JSON, that the gateway can read back.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { describe } from "./answers.js";
import { mapStack } from "./source-map.js";

const HEADER = "x-1tube-invocation-id";
const MARKER = "__1TUBE_LOG__";
const LEVELS = /** @type {const} */ (["debug", "log", "info", "warn", "error"]);
/** Of a message, in UTF-16 units. */
const LONGEST = 8192;

/** @type {AsyncLocalStorage<string>} */
const invocation = new AsyncLocalStorage();
/** Whether somebody reads the lines: until the first id comes, what is printed is for people. */
let hasReader = false;

/** To be called before the function's code runs, so that what it prints then is read as well. @param {Request} request */
export function noticeReader(request) {
    hasReader ||= request.headers.has(HEADER);
}

/**
 * Calls `handle`; what it prints, then or later, belongs to the request.
 * @template {unknown[]} A
 * @template R
 * @param {Request} request
 * @param {(...args: A) => R} handle
 * @param {A} args
 * @returns {R}
 */
export function inInvocation(request, handle, ...args) {
    const id = request.headers.get(HEADER);
    if (id === null) return handle(...args);
    hasReader = true;
    return invocation.run(id, handle, ...args);
}

/** @param {object} value */
function toJson(value) {
    /** @type {unknown[]} the objects that the current one is in */
    const around = [];
    /** @this {unknown} @param {string} _key @param {unknown} item */
    function replace(_key, item) {
        if (typeof item === "bigint") return `${item}n`;
        if (item instanceof Error) return describe(item);
        if (typeof item !== "object" || item === null) return item;
        while (around.length > 0 && around.at(-1) !== this) around.pop();
        if (around.includes(item)) return "[Circular]";
        around.push(item);
        return item;
    }
    return JSON.stringify(value, replace);
}

/** @param {unknown} value */
function toText(value) {
    try {
        if (typeof value === "string") return value;
        if (value instanceof Error) return describe(value);
        return (typeof value === "object" && value !== null && toJson(value)) || String(value);
    } catch {
        return `[${typeof value} that cannot be shown]`;
    }
}

/**
 * @param {string} fn
 * @param {string} level
 * @param {unknown[]} args
 */
function toLine(fn, level, args) {
    let msg = args.map(toText).join(" ");
    if (msg.length > LONGEST) msg = `${msg.slice(0, LONGEST)}…`;
    // Strict readers of JSON refuse NUL and half of a surrogate pair.
    msg = msg.replaceAll("\0", "\ufffd").toWellFormed();
    return MARKER + JSON.stringify({ id: invocation.getStore() ?? null, level, msg, ts: Date.now(), fn });
}

/** For people: an error as the engine shows it, unless a source map knows more of its stack. @param {unknown} value */
function withSources(value) {
    try {
        return value instanceof Error && value.stack && mapStack(value.stack) !== value.stack ? describe(value) : value;
    } catch {
        return value;
    }
}

/** Once per isolate, before the function's own code runs. @param {string} fn its name */
export function installConsole(fn) {
    const print = console.log.bind(console);
    for (const level of LEVELS) {
        const plain = console[level].bind(console);
        console[level] = (...args) => (hasReader ? print(toLine(fn, level, args)) : plain(...args.map(withSources)));
    }
}
