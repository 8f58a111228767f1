/** `fetch`, also of a function's own files: fetch(new URL("./logo.png", import.meta.url)). */

import { mediaType } from "./media-types.js";
import { fromFileUrl, fs } from "./paths.js";

/** @param {Request} request */
async function readFile(request) {
    if (request.method !== "GET") throw new TypeError(`fetch: a file can only be read, not ${request.method}`);
    const path = fromFileUrl(request.url);
    const type = mediaType(path);
    try {
        return new Response(fs().readFileSync(path), { headers: type ? { "content-type": type } : {} });
    } catch (error) {
        throw new TypeError(`fetch: cannot read ${path}: ${/** @type {Error} */ (error).message}`, { cause: error });
    }
}

/** @param {any} input */
const isFile = (input) => {
    const url = typeof input === "string" || input instanceof URL ? String(input) : input?.url;
    return typeof url === "string" && /^file:/i.test(url);
};

/**
 * The engine's words for a host that is not there are a number in its own log.
 * @param {any} input
 * @returns {(error: unknown) => never}
 */
const explain = (input) => (error) => {
    if (!/^(internal error; reference|Network connection lost)/.test(/** @type {Error} */ (error)?.message)) throw error;
    const { origin } = new URL(input?.url ?? input);
    throw new TypeError(`fetch: cannot reach ${origin}: there is no such host, it refuses, or it is not a public address`, { cause: error });
};

/**
 * What `redirect: "error"` asks for, which the engine does not know.
 * @param {any} input
 * @returns {(response: Response) => Response}
 */
const refuseRedirect = (input) => (response) => {
    if (![301, 302, 303, 307, 308].includes(response.status)) return response;
    throw new TypeError(`fetch: ${input?.url ?? input} redirects, which redirect: "error" refuses`);
};

/** Before the function's own code runs. */
export function patchFetch() {
    const { fetch } = globalThis;
    // Not in the prototype, where the engine has it: a package that replaces it puts its own here, too.
    globalThis.fetch = (input, init) => {
        if (isFile(input)) return readFile(new Request(input, init));
        if (init?.redirect !== "error") return fetch(input, init).catch(explain(input));
        return fetch(input, { ...init, redirect: "manual" }).then(refuseRedirect(input), explain(input));
    };
}
