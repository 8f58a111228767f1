/** Errors that no handler waits for. The engine says nothing of them; here they reach the log. */

import { describe } from "./answers.js";

/** @param {unknown} error */
function report(error) {
    console.error(`uncaught: ${describe(error)}`);
}

/**
 * @param {unknown} promise
 * @returns {Promise<unknown>} settles with it, but never rejects
 */
const reported = (promise) => Promise.resolve(promise).catch(report);

/**
 * Makes ctx.waitUntil report what it is given.
 * @param {ExecutionContext} ctx any of them: they share their methods
 */
export function watchWaitUntil(ctx) {
    const methods = Object.getPrototypeOf(ctx);
    const { waitUntil } = methods;
    /** @this {ExecutionContext} @param {Promise<unknown>} promise */
    methods.waitUntil = function (promise) {
        return waitUntil.call(this, reported(promise));
    };
}

/** @param {"setTimeout" | "setInterval"} name */
function watchTimer(name) {
    const original = globalThis[name];
    /** @param {unknown} callback @param {any[]} rest */
    const watched = (callback, ...rest) => {
        if (typeof callback !== "function") return original(/** @type {any} */ (callback), ...rest); // which refuses it
        const run = /** @type {(...args: unknown[]) => unknown} */ (callback);
        /** @this {unknown} @param {unknown[]} args */
        function call(...args) {
            try {
                run.apply(this, args);
            } catch (error) {
                report(error);
            }
        }
        return original(call, ...rest);
    };
    // Such as util.promisify's own version of it.
    Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original));
    Object.assign(globalThis, { [name]: watched });
}

/** Once per isolate, before the function's own code runs. */
export function watchUncaught() {
    addEventListener("unhandledrejection", (event) => report(event.reason));
    // Microtasks, reportError.
    addEventListener("error", (event) => report(event.error));
    watchTimer("setTimeout");
    watchTimer("setInterval");
}
