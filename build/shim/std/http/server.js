/** std/http/server. */

import { notAvailable } from "../../deno-errors.js";
import { startServer } from "../../serve.js";

/** @typedef {import("../../serve.js").ServeHandler} ServeHandler */
/** @typedef {import("../../serve.js").ServeOptions} ServeOptions */

/**
 * As in Deno, the promise is pending for as long as the server runs: `await serve(handler)` never goes on.
 * @param {ServeHandler} handler
 * @param {ServeOptions} [options]
 * @returns {Promise<unknown>}
 */
export function serve(handler, options = {}) {
    return startServer("serve", handler, options).finished;
}

// TLS ends before the engine.
export { serve as serveTls };

/** Of old. @param {unknown} _address @param {ServeHandler} handler @param {ServeOptions} [options] */
export const listenAndServe = (_address, handler, options) => serve(handler, options);

export async function serveListener() {
    throw notAvailable("serveListener", "a function cannot listen on ports; register a handler with serve or Deno.serve");
}

/** Of old: new Server({ port, handler }).listenAndServe() */
export class Server {
    #options;
    /** @type {ReturnType<typeof startServer> | undefined} */
    #server;

    /** @param {ServeOptions} options */
    constructor(options) {
        this.#options = options;
    }

    /** @returns {Promise<unknown>} */
    listenAndServe() {
        this.#server = startServer("Server.listenAndServe", this.#options.handler, this.#options);
        return this.#server.finished;
    }

    serve = serveListener;

    close() {
        this.#server?.shutdown();
    }
}
