/**
 * Who answers a function's requests. Every way of naming a handler (Deno.serve, a default export, a "fetch" listener, ...) ends
 * here, so that "none" and "two" are noticed whichever ways were used.
 */

/** @typedef {{ userId: string, email: string, rawToken: string, payload: Record<string, unknown> }} Auth */
/** @typedef {(request: Request, env: unknown, ctx: ExecutionContext, auth?: Auth) => unknown} Invoke */
/**
 * @typedef {object} Registration
 * @property {string} how What the source says, for messages: `Deno.serve`.
 * @property {Invoke} invoke
 * @property {boolean} [wantsPublic] The source asks for requests without identity.
 */

/** @type {Set<Registration>} */
const registrations = new Set();

/** @type {() => void} */
let notify = () => {};

/**
 * Calls `listener` after each change.
 * @param {() => void} listener
 */
export function onChange(listener) {
    notify = listener;
}

/** @returns {Registration[]} in the order in which they came */
export function registered() {
    return [...registrations];
}

/**
 * @param {Registration} registration
 * @returns {() => void} takes it back
 */
export function register(registration) {
    registrations.add(registration);
    notify();
    return () => {
        if (registrations.delete(registration)) notify();
    };
}
