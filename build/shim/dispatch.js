/** One request to the handler, and its answer to the engine: whatever goes wrong is told to the log and never to the client. */

import { describe, internalError } from "./answers.js";
import { openSocket } from "./websocket.js";

// Packages that put their own Response in the global scope derive it from this one, but the engine sends no other.
const EngineResponse = Response;

/** @param {Response} answer */
const copied = ({ body, status, statusText, headers }) => new EngineResponse(body, { status, statusText, headers });

/**
 * What the engine can send, or an error.
 * @param {any} answer
 * @returns {Response}
 */
function checked(answer) {
    if (!(answer instanceof EngineResponse)) {
        throw new TypeError(`the handler returned ${answer === null ? "null" : typeof answer}, not a Response`);
    }
    if (answer.bodyUsed) throw new TypeError("the handler returned a Response whose body was used before");
    if (answer.constructor !== EngineResponse) return copied(answer);
    openSocket(answer);
    return answer;
}

/**
 * @param {unknown} error
 * @param {Request} request
 * @param {(problem: string) => void} log
 */
function failed(error, request, log) {
    log(`${request.method} ${new URL(request.url).pathname}: ${describe(error)}`);
    return internalError();
}

/**
 * @param {unknown} answer
 * @param {Request} request
 * @param {(problem: string) => void} log
 */
async function settle(answer, request, log) {
    try {
        return checked(await answer);
    } catch (error) {
        return failed(error, request, log);
    }
}

/**
 * @param {import("./registry.js").Invoke} invoke
 * @param {(problem: string) => void} log
 * @param {Request} request
 * @param {unknown} env
 * @param {ExecutionContext} ctx
 * @param {import("./registry.js").Auth} [auth]
 * @returns {Response | Promise<Response>} never rejects
 */
export function dispatch(invoke, log, request, env, ctx, auth) {
    try {
        const answer = invoke(request, env, ctx, auth);
        return answer instanceof EngineResponse ? checked(answer) : settle(answer, request, log);
    } catch (error) {
        return failed(error, request, log);
    }
}
