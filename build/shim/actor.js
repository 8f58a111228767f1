/**
 * Functions that live on between requests, as in Deno: timers, sockets, pools and work that nobody awaits. The engine ties these to
 * the request in which they began, or to an object with state. So the whole function runs inside one such object, in memory, and what
 * comes in at the socket is passed on to it. The engine's configuration decides: it gives the binding below to such a function.
 */

import { env as bindings } from "cloudflare:workers";
import { describe, internalError } from "./answers.js";
import { inInvocation } from "./console.js";

/** @typedef {(request: Request, env: unknown, ctx: ExecutionContext) => Response | Promise<Response>} Answer */

const BINDING = "onetube:isolate";

const objects = /** @type {ObjectNamespace | undefined} */ (bindings[BINDING]);
// Nothing of the function has run yet, and it shall never see this.
delete bindings[BINDING];

/** @type {Answer} */
let answer;
/** @type {() => void} */
let onRestart;

/** What the function gets as `ctx`. The object's state has more, such as storage; none of it is the function's. */
class Context {
    #state;

    /** @param {ObjectState} state */
    constructor(state) {
        this.#state = state;
    }

    /** @param {Promise<unknown>} promise */
    waitUntil(promise) {
        this.#state.waitUntil(promise);
    }

    /** Does nothing: there is no origin server to pass a request on to. */
    passThroughOnException() {}
}

/** The class that the engine is told to make one object of. It makes another one when that breaks, as by process.exit(). */
export class OnetubeIsolate {
    static #made = false;
    #env;
    #ctx;

    /** @param {ObjectState} state @param {unknown} env */
    constructor(state, env) {
        this.#env = env;
        this.#ctx = new Context(state);
        if (OnetubeIsolate.#made) onRestart();
        OnetubeIsolate.#made = true;
    }

    /** @param {Request} request */
    fetch(request) {
        return answer(request, this.#env, this.#ctx);
    }
}

/**
 * @param {Answer} handler Runs inside the object, if there is to be one.
 * @param {() => void} restart Called when the object was replaced by another, before it is asked for anything.
 * @param {(problem: string) => void} log
 * @returns {Answer} what answers the engine's requests
 */
export function place(handler, restart, log) {
    if (!objects) return handler;
    const id = objects.idFromName("");
    answer = handler;
    onRestart = restart;
    // Passing the request on as it is costs least: the engine copies no header and no byte of a body.
    return (request) =>
        objects.get(id).fetch(request).catch((error) => {
            inInvocation(request, log, `${request.method} ${new URL(request.url).pathname}: ${describe(error)}`);
            return internalError();
        });
}
