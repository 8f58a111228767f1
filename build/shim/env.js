/**
 * Deno.env. Variables are the worker's text bindings, readable at any time; changes live in memory, as long as the isolate. With
 * Node compatibility it is one store with process.env, as in Deno.
 */

import { env as bindings } from "cloudflare:workers";

/** @returns {Record<string, string>} */
function openStore() {
    const store = globalThis.process?.env ?? Object.create(null);
    for (const [name, value] of Object.entries(bindings)) {
        if (typeof value === "string" && !Object.hasOwn(store, name)) store[name] = value;
    }
    return store;
}

const store = openStore();

/** @param {unknown} name */
function checked(name) {
    if (typeof name !== "string" || name === "" || /[=\0]/.test(name)) {
        throw new TypeError(`Deno.env: not a variable name: ${JSON.stringify(name)}`);
    }
    return name;
}

export const env = {
    /** @param {string} name */
    get: (name) => (Object.hasOwn(store, checked(name)) ? store[name] : undefined),
    /** @param {string} name */
    has: (name) => Object.hasOwn(store, checked(name)),
    /** @param {string} name @param {string} value */
    set(name, value) {
        store[checked(name)] = String(value);
    },
    /** @param {string} name */
    delete(name) {
        delete store[checked(name)];
    },
    toObject: () => ({ ...store }),
};

/**
 * Makes plain configuration readable as variables are, unless the engine has given one of that name.
 * @param {Record<string, unknown>} [vars]
 */
export function provideVars(vars = {}) {
    for (const [name, value] of Object.entries(vars)) {
        bindings[name] ??= value;
        if (typeof value === "string") process.env[name] ??= value;
    }
}
