/** The handler that a module exports as its default: a function, an object with `fetch`, or a class with `fetch`. */

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
 * @param {any} value The default export; or what `require` gave: a CommonJS module's exports, or an ES module marked `__esModule`.
 */
export function registerDefault(value) {
    if (value?.__esModule === true) value = value.default;
    const invoke = asHandler(value);
    if (invoke) register({ how: "export default", invoke });
}
