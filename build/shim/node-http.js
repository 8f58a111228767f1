/** Servers of Node's http module: express, koa, @hono/node-server and the like call `listen`, and that is what registers a handler. */

import { register } from "./registry.js";

/**
 * @param {number} port
 * @returns {import("./registry.js").Invoke}
 */
const invokeAt = (port) => (request, env, ctx) =>
    process.getBuiltinModule("cloudflare:node").handleAsNodeRequest(port, request, env, ctx);

/**
 * The engine hands requests to a listening server when it is asked to, by the server's port, which is a mere label.
 * @param {any} http the module
 */
export function registerServers({ Server }) {
    const { listen, close } = Server.prototype;
    /** @type {WeakMap<object, () => void>} */
    const unregister = new WeakMap();
    /** @this {any} @param {any[]} args */
    Server.prototype.listen = function (...args) {
        listen.apply(this, args);
        const { port } = this.address();
        unregister.set(this, register({ how: "node:http createServer().listen", invoke: invokeAt(port) }));
        return this;
    };
    /** @this {any} @param {any[]} args */
    Server.prototype.close = function (...args) {
        unregister.get(this)?.();
        return close.apply(this, args);
    };
}

/**
 * Where a header has a list of values, as node-fetch gives each, the engine looks into a set that it made only for those who asked.
 * @param {any} http the module
 */
export function acceptLists({ OutgoingMessage: { prototype } }) {
    const { _storeHeader } = prototype;
    /** @this {any} @param {any[]} args */
    prototype._storeHeader = function (...args) {
        const key = Object.getOwnPropertySymbols(this).find(({ description }) => description === "kUniqueHeaders");
        if (key) this[key] ??= new Set();
        return _storeHeader.apply(this, args);
    };
}

/** @param {any} net the module: its servers would listen, and nobody could ever reach them */
export function refuseServers({ Server }) {
    Server.prototype.listen = () => {
        throw new Error("node:net Server.listen is not available: a function cannot listen on ports, only answer HTTP requests");
    };
}
