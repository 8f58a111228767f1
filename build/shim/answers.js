/** Answers that the shim gives itself, and how an error is put into words for the log. */

import { mapStack } from "./source-map.js";

// Before a package puts its own in the global scope: the engine sends no other.
const EngineResponse = Response;

/**
 * @param {number} status
 * @param {string} error
 */
const refusal = (status, error) => EngineResponse.json({ error }, { status });

export const badRequest = () => refusal(400, "Bad request");
export const internalError = () => refusal(500, "Internal server error");
export const unauthorized = () => refusal(401, "Unauthorized");
export const timedOut = () => refusal(504, "Function execution timed out");

/** @param {Error} error whose message may have come later than its stack, as that of a ZodError */
function stackOf({ name, message, stack }) {
    if (typeof stack !== "string") return `${name}: ${message}`;
    if (stack !== "" && stack.includes(message)) return stack;
    const frames = stack.indexOf("\n    at ");
    return `${name}: ${message}${frames < 0 ? "" : stack.slice(frames)}`;
}

/**
 * The stack of what was thrown, with its causes. Never throws, whatever it is given.
 * @param {unknown} error
 * @returns {string}
 */
export function describe(error) {
    try {
        let text = "";
        for (let depth = 0; depth < 8; depth++) {
            if (!(error instanceof Error)) return text + `${typeof error} was thrown: ${String(error)}`;
            text += mapStack(stackOf(error));
            if (error.cause === undefined) return text;
            text += "\n  caused by: ";
            error = error.cause;
        }
        return text + "...";
    } catch {
        return "something was thrown that cannot be shown";
    }
}
