/** std/async. */

/** @param {number} ms @param {{ signal?: AbortSignal, persistent?: boolean }} [options] @returns {Promise<void>} */
export function delay(ms, { signal } = {}) {
    return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const timer = setTimeout(() => {
            signal?.removeEventListener("abort", abort);
            resolve();
        }, ms);
        const abort = () => {
            clearTimeout(timer);
            reject(signal?.reason);
        };
        signal?.addEventListener("abort", abort, { once: true });
    });
}

/** @template T @param {Promise<T>} promise @param {AbortSignal} signal @returns {Promise<T>} */
async function abortablePromise(promise, signal) {
    const { promise: aborted, reject } = Promise.withResolvers();
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    try {
        return /** @type {T} */ (await Promise.race([aborted, promise]));
    } finally {
        signal.removeEventListener("abort", abort);
    }
}

/** @template T @param {AsyncIterable<T>} source @param {AbortSignal} signal */
async function* abortableIterable(source, signal) {
    const iterator = source[Symbol.asyncIterator]();
    for (;;) {
        const { done, value } = await abortablePromise(iterator.next(), signal);
        if (done) return;
        yield value;
    }
}

/** @param {any} source a promise or an asynchronous iterable @param {AbortSignal} signal @returns {any} */
export const abortable = (source, signal) =>
    typeof source?.then === "function" ? abortablePromise(source, signal) : abortableIterable(source, signal);

/** @template T @param {Promise<T>} promise @param {number} ms @param {{ signal?: AbortSignal }} [options] @returns {Promise<T>} */
export async function deadline(promise, ms, { signal } = {}) {
    const late = AbortSignal.timeout(ms);
    return abortablePromise(promise, signal ? AbortSignal.any([late, signal]) : late);
}

/**
 * @template {any[]} Args
 * @param {(...args: Args) => void} action
 * @param {number} ms
 */
export function debounce(action, ms) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @type {(() => void) | undefined} */
    let waiting;
    const run = () => {
        const now = waiting;
        debounced.clear();
        now?.();
    };
    const debounced = (/** @type {Args} */ ...args) => {
        debounced.clear();
        waiting = () => action(...args);
        timer = setTimeout(run, ms);
    };
    debounced.clear = () => {
        clearTimeout(timer);
        waiting = timer = undefined;
    };
    debounced.flush = run;
    Object.defineProperty(debounced, "pending", { get: () => waiting !== undefined });
    return debounced;
}

/**
 * The results in the order of the input, while at most `limit` are being made.
 * @template T, R
 * @param {number} limit
 * @param {Iterable<T> | AsyncIterable<T>} source
 * @param {(value: T) => Promise<R>} map
 * @returns {AsyncIterableIterator<R>}
 */
export async function* pooledMap(limit, source, map) {
    /** @type {Promise<R>[]} */
    const results = [];
    /** @type {Set<Promise<unknown>>} */
    const running = new Set();
    /** @type {unknown[]} */
    const problems = [];
    const next = async () => {
        try {
            return /** @type {R} */ (await results.shift());
        } catch {
            await Promise.allSettled(results);
            throw new AggregateError(problems, "pooledMap: an item failed");
        }
    };
    for await (const value of source) {
        const result = Promise.resolve(value).then(map);
        const settled = result.catch((error) => problems.push(error)).finally(() => running.delete(settled));
        running.add(settled);
        results.push(result);
        if (running.size >= limit) await Promise.race(running);
        if (problems.length > 0) break;
        while (results.length > limit) yield await next();
    }
    while (results.length > 0) yield await next();
}

export class RetryError extends Error {
    name = "RetryError";

    /** @param {unknown} cause @param {number} attempts */
    constructor(cause, attempts) {
        super(`Retrying exceeded the maxAttempts (${attempts}).`, { cause });
    }
}

/**
 * @typedef {object} RetryOptions
 * @property {number} [multiplier]
 * @property {number} [maxTimeout] ms between two attempts
 * @property {number} [maxAttempts]
 * @property {number} [minTimeout] ms between the first two attempts
 * @property {number} [jitter] 0 to 1: how much of the time is random
 * @property {(error: unknown) => boolean} [isRetriable]
 * @property {AbortSignal} [signal]
 */

/**
 * @template T
 * @param {() => T | Promise<T>} action
 * @param {RetryOptions} [options]
 * @returns {Promise<T>}
 */
export async function retry(action, options = {}) {
    const { multiplier = 2, maxTimeout = 60000, maxAttempts = 5, minTimeout = 1000, jitter = 1, signal } = options;
    if (minTimeout > maxTimeout) throw new RangeError("retry: minTimeout is greater than maxTimeout");
    for (let attempt = 1; ; attempt++) {
        signal?.throwIfAborted();
        try {
            return await action();
        } catch (error) {
            if (options.isRetriable?.(error) === false) throw error;
            if (attempt >= maxAttempts) throw new RetryError(error, maxAttempts);
        }
        const ms = Math.min(maxTimeout, minTimeout * multiplier ** (attempt - 1));
        await delay(ms * (1 - jitter * Math.random()), { signal });
    }
}

/** Of old: a promise with its own `resolve` and `reject`. */
export function deferred() {
    const { promise, resolve, reject } = Promise.withResolvers();
    return Object.assign(promise, { resolve, reject });
}
