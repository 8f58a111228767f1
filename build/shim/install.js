/** What a function finds in the global scope besides what the engine puts there. */

import { waitUntil } from "cloudflare:workers";
import { timedOut } from "./answers.js";
import { deno } from "./deno.js";
import { register } from "./registry.js";

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

const addListener = globalThis.addEventListener;

/**
 * @param {string} type
 * @param {any} listener
 * @param {any} [options]
 */
function addEventListener(type, listener, options) {
    if (type !== "fetch") return addListener.call(globalThis, type, listener, options);
    register({ how: 'addEventListener("fetch")', invoke: fromListener(listener) });
}

const edgeRuntime = {
    /**
     * Keeps the isolate's request alive until the promise settles, after the response too.
     * @template T
     * @param {Promise<T>} promise
     */
    waitUntil(promise) {
        waitUntil(Promise.resolve(promise));
        return promise;
    },
};

/** Before the function's own code runs; once per isolate, and an isolate has one function. */
export function installGlobals() {
    const globals = {
        Deno: deno,
        EdgeRuntime: edgeRuntime,
        __edgeFunctionRegistry: edgeFunctionRegistry,
        addEventListener,
    };
    for (const [name, value] of Object.entries(globals)) {
        Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
    }
}
