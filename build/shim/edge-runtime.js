/** The globals of Supabase's edge runtime. */

import { waitUntil } from "cloudflare:workers";
import { describe } from "./answers.js";

/** @param {string} api @param {string} why */
const refuse = (api, why) => async () => {
    throw new Error(`${api} is not available: ${why}`);
};

const NO_WORKERS = "a function cannot start other functions; call them over HTTP";
const NO_MODELS = "the engine has no models; call a provider over HTTP";

export const edgeRuntime = {
    /**
     * Keeps the isolate's request alive until the promise settles, after the response too.
     * @template T
     * @param {Promise<T>} promise
     */
    waitUntil(promise) {
        waitUntil(Promise.resolve(promise).catch((error) => console.error(`EdgeRuntime.waitUntil: ${describe(error)}`)));
        return promise;
    },
    userWorkers: {
        create: refuse("EdgeRuntime.userWorkers.create", NO_WORKERS),
        fetch: refuse("EdgeRuntime.userWorkers.fetch", NO_WORKERS),
    },
};

/** Made at top level by many; only its use needs what is not there. */
class Session {
    run = refuse("Supabase.ai.Session.run", NO_MODELS);
}

export const supabase = { ai: { Session } };
