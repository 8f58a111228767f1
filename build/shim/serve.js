/** Deno.serve and std's serve: a server that is never bound to a port, because the engine already listens. */

import { describe } from "./answers.js";
import { register } from "./registry.js";

/**
 * @typedef {object} ServeOptions
 * @property {unknown} [handler]
 * @property {number} [port]
 * @property {string} [hostname]
 * @property {AbortSignal} [signal]
 * @property {(address: Address) => void} [onListen]
 * @property {(error: unknown) => Response | Promise<Response>} [onError]
 */
/** @typedef {{ transport: "tcp", hostname: string, port: number }} Address */
/** @typedef {(request: Request, info: object) => unknown} ServeHandler */

/**
 * @param {Request} request
 * @returns {Address} who is at the other end of the engine's connection
 */
function remoteAddress(request) {
    const [, hostname, port] = /^\[?(.+?)\]?:(\d+)$/.exec(request.cf?.clientIp ?? "") ?? [];
    return { transport: "tcp", hostname: hostname ?? "127.0.0.1", port: Number(port ?? 0) };
}

/** What Deno tells a handler besides the request. Made for each request, so what costs time waits until it is asked for. */
class ServeInfo {
    #request;
    /** @type {unknown} */
    #answer;

    /** @param {Request} request */
    constructor(request) {
        this.#request = request;
    }

    /** @param {ServeHandler} handler */
    call(handler) {
        return (this.#answer = handler(this.#request, this));
    }

    get remoteAddr() {
        return remoteAddress(this.#request);
    }

    /** Settles with the handler's answer, not with the last byte sent: the engine does not tell when that was. */
    get completed() {
        return Promise.resolve()
            .then(() => this.#answer)
            .then(() => undefined);
    }
}

/**
 * @param {string} how
 * @param {unknown} handler
 * @param {ServeOptions} options
 */
export function startServer(how, handler, { port = 8000, hostname = "0.0.0.0", signal, onListen, onError }) {
    if (typeof handler !== "function") {
        throw new TypeError(`${how}: the handler must be a function, not ${typeof handler}`);
    }
    const serveHandler = /** @type {ServeHandler} */ (handler);
    const { promise: finished, resolve } = Promise.withResolvers();
    const unregister = register({
        how,
        invoke: onError
            ? async (request) => {
                  try {
                      return await new ServeInfo(request).call(serveHandler);
                  } catch (error) {
                      console.error(describe(error));
                      return onError(error);
                  }
              }
            : (request) => new ServeInfo(request).call(serveHandler),
    });
    const shutdown = async () => {
        unregister();
        resolve(undefined);
    };
    if (signal?.aborted) shutdown();
    else signal?.addEventListener("abort", shutdown);

    /** @type {Address} */
    const addr = { transport: "tcp", hostname, port };
    onListen?.({ ...addr });
    return { addr, finished, shutdown, ref() {}, unref() {}, [Symbol.asyncDispose]: shutdown };
}

/**
 * Deno.serve(handler), Deno.serve(options, handler), Deno.serve({ handler, ...options }).
 * @param {ServeHandler | ServeOptions} first
 * @param {ServeHandler | ServeOptions} [second]
 */
export function serve(first, second) {
    const [handler, options] = typeof first === "function" ? [first, second] : [second, first];
    const settings = /** @type {ServeOptions} */ (options ?? {});
    return startServer("Deno.serve", handler ?? settings.handler, settings);
}
