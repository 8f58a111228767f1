/** What a function finds in the global scope besides what the engine puts there. */

import { timedOut } from "./answers.js";
import { caches } from "./caches.js";
import { require as commonRequire } from "./commonjs.js";
import { edgeRuntime, supabase } from "./edge-runtime.js";
import { patchFetch } from "./file-fetch.js";
import { watchNodeModules } from "./node.js";
import { chdir, cwd, setEntry } from "./paths.js";
import { register } from "./registry.js";
import { patchWebAssembly } from "./wasm.js";

/**
 * The answer, or 504 when it takes longer than `ms`.
 * @param {unknown} answer
 * @param {number} ms
 */
async function within(answer, ms) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const late = new Promise((resolve) => {
        timer = setTimeout(() => resolve(timedOut()), ms);
    });
    try {
        return await Promise.race([answer, late]);
    } finally {
        clearTimeout(timer);
    }
}

/**
 * The interface of a project's own `_shared/handler.ts`.
 * @typedef {{ public?: boolean, timeoutMs?: number, rpm?: unknown, rateLimit?: unknown, rateLimitBy?: unknown }} Options
 */
const edgeFunctionRegistry = {
    /**
     * @param {(request: Request, auth?: import("./registry.js").Auth) => unknown} handler
     * @param {Options} [options]
     */
    register(handler, options = {}) {
        if (typeof handler !== "function") {
            throw new TypeError(`serve: the handler must be a function, not ${typeof handler}`);
        }
        const ms = Number(options.timeoutMs);
        const hasDeadline = Number.isFinite(ms) && ms > 0;
        register({
            how: "serve",
            wantsPublic: options.public === true,
            invoke: (request, _env, _ctx, auth) => {
                const answer = auth ? handler(request, auth) : handler(request);
                return hasDeadline ? within(answer, ms) : answer;
            },
        });
    },
};

/**
 * A listener of service-worker style.
 * @param {any} listener a function, or an object with handleEvent
 * @returns {import("./registry.js").Invoke}
 */
const fromListener = (listener) => (request, _env, ctx) => {
    /** @type {unknown} */
    let answer;
    const event = Object.assign(new Event("fetch"), {
        request,
        /** @param {unknown} response */
        respondWith(response) {
            if (answer !== undefined) throw new DOMException("respondWith was called before", "InvalidStateError");
            answer = response;
        },
        /** @param {Promise<unknown>} promise */
        waitUntil: (promise) => ctx.waitUntil(promise),
        passThroughOnException() {},
    });
    if (typeof listener === "function") listener.call(globalThis, event);
    else listener.handleEvent(event);
    if (answer === undefined) throw new Error('the "fetch" listener did not call event.respondWith');
    return answer;
};

/** @type {WeakMap<object, () => void>} what takes a "fetch" listener back */
const unregister = new WeakMap();
const addListener = globalThis.addEventListener;
/** @type {(type: string, listener: any, options?: any) => void} */
const removeListener = globalThis.removeEventListener;

/** Members, for a function's own name would become another one beside the engine's. */
const listening = {
    /** @param {string} type @param {any} listener @param {any} [options] */
    addEventListener(type, listener, options) {
        if (type !== "fetch") return addListener.call(globalThis, type, listener, options);
        unregister.set(listener, register({ how: 'addEventListener("fetch")', invoke: fromListener(listener) }));
    },
    /** @param {string} type @param {any} listener @param {any} [options] */
    removeEventListener(type, listener, options) {
        if (type !== "fetch") return removeListener.call(globalThis, type, listener, options);
        unregister.get(listener)?.();
    },
};

/** @param {string} name @param {unknown} value */
function define(name, value) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}

/** Evaluated when it is first used; who uses it expects the rest of Deno, too. */
function defineDeno() {
    Object.defineProperty(globalThis, "Deno", {
        configurable: true,
        get() {
            const { deno, userAgent } = require("./deno.js");
            define("Deno", deno);
            Object.defineProperty(navigator, "userAgent", { value: userAgent, enumerable: true, configurable: true });
            return deno;
        },
        set: (value) => define("Deno", value),
    });
}

/**
 * Before the function's own code runs; once per isolate, and an isolate has one function.
 * @param {{ file: string }} options
 */
export function installGlobals({ file }) {
    setEntry(file);
    const globals = {
        EdgeRuntime: edgeRuntime,
        Supabase: supabase,
        __edgeFunctionRegistry: edgeFunctionRegistry,
        ...listening,
        caches,
        require: commonRequire,
    };
    for (const [name, value] of Object.entries(globals)) define(name, value);
    defineDeno();
    Object.assign(process, { cwd, chdir });
    patchFetch();
    patchWebAssembly();
    watchNodeModules();
}
