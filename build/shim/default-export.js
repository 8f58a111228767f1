/** The handler that a module exports as its default: a function, an object with `fetch`, or a class with `fetch`. */

import { DurableObject } from "cloudflare:workers";
import { register } from "./registry.js";

/**
 * @param {any} value
 * @returns {import("./registry.js").Invoke | undefined}
 */
function asHandler(value) {
    // fetch is looked up at each call: frameworks replace it while they are set up.
    if (typeof value?.fetch === "function") return (request, env, ctx) => value.fetch(request, env, ctx);
    if (typeof value !== "function") return undefined;
    if (typeof value.prototype?.fetch === "function") {
        return (request, env, ctx) => new value(ctx, env).fetch(request);
    }
    return (request, env, ctx) => value(request, env, ctx);
}

/**
 * Objects with state have nowhere to be: no storage outlives the engine, and no binding names them.
 * @param {any} exported
 */
function warnOfObjects(exported) {
    for (const [name, value] of Object.entries(exported)) {
        if (!(value?.prototype instanceof DurableObject)) continue;
        console.error(`the Durable Object class ${name} cannot be used: a function has no objects with state, so env has no namespace of it`);
    }
}

/** @param {unknown} value */
function registerValue(value) {
    const invoke = asHandler(value);
    if (invoke) register({ how: "export default", invoke });
}

/** @param {Record<string, any>} namespace of an ES module, whatever object shows it */
export function registerNamespace(namespace) {
    warnOfObjects(namespace);
    const value = namespace.default;
    registerValue(value?.__esModule === true ? value.default : value);
}

/** @param {any} exported What `require` gave: a CommonJS module's exports, or an ES module's, marked `__esModule`. */
export function registerExports(exported) {
    if (exported?.__esModule === true) registerNamespace(exported);
    else registerValue(exported);
}
