/** What programs import from std's http/server.ts. */

import { startServer } from "../../serve.js";

/**
 * As in Deno, the promise is pending for as long as the server runs: `await serve(handler)` never goes on.
 * @param {import("../../serve.js").ServeHandler} handler
 * @param {import("../../serve.js").ServeOptions} [options]
 * @returns {Promise<unknown>}
 */
export function serve(handler, options = {}) {
    return startServer("serve", handler, options).finished;
}
