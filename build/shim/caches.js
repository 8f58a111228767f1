/**
 * `caches`: what a function keeps of answers. The engine has none unless it is given a server for it, so this one is in the isolate's
 * memory: it lasts as long as the isolate, and what was kept longest leaves first.
 */

const MAX_BYTES = 16 << 20;

/**
 * @typedef {{ status: number, statusText: string, headers: Headers, body: ArrayBuffer, expires: number, varied: [string, string | null][] }} Entry
 * @type {Map<string, Entry>} by the cache's name and the URL
 */
const entries = new Map();
let bytes = 0;

/** @param {string} key @returns {boolean} whether it was there */
function forget(key) {
    bytes -= entries.get(key)?.body.byteLength ?? 0;
    return entries.delete(key);
}

/** @param {string} key @param {Entry} entry */
function keep(key, entry) {
    forget(key);
    if (entry.body.byteLength > MAX_BYTES) return;
    entries.set(key, entry);
    bytes += entry.body.byteLength;
    for (const oldest of entries.keys()) {
        if (bytes <= MAX_BYTES) break;
        forget(oldest);
    }
}

/** @param {Headers} headers @returns {number} until when, in milliseconds since 1970 */
function expiryOf(headers) {
    const control = headers.get("cache-control") ?? "";
    if (/\b(no-store|private)\b/i.test(control)) return 0;
    const [, seconds] = /\bs-maxage=(\d+)/i.exec(control) ?? /\bmax-age=(\d+)/i.exec(control) ?? [];
    if (seconds !== undefined) return Date.now() + Number(seconds) * 1000;
    const expires = Date.parse(headers.get("expires") ?? "");
    return Number.isNaN(expires) ? Infinity : expires;
}

/** @param {Headers} headers */
const varyOf = (headers) => (headers.get("vary") ?? "").split(",").map((name) => name.trim()).filter(Boolean);

class MemoryCache {
    #name;

    /** @param {string} name */
    constructor(name) {
        this.#name = name;
    }

    /** @param {Request} request */
    #key({ url }) {
        return `${this.#name} ${url.replace(/#.*/, "")}`;
    }

    /** @param {RequestInfo | URL} input @param {{ ignoreMethod?: boolean, ignoreVary?: boolean }} [options] */
    async match(input, { ignoreMethod = false, ignoreVary = false } = {}) {
        const request = new Request(input);
        const entry = entries.get(this.#key(request));
        if (!entry || (request.method !== "GET" && !ignoreMethod)) return undefined;
        if (entry.expires <= Date.now()) return void forget(this.#key(request));
        if (!ignoreVary && entry.varied.some(([name, value]) => request.headers.get(name) !== value)) return undefined;
        return new Response(entry.status === 204 ? null : entry.body, entry);
    }

    /** @param {RequestInfo | URL} input @param {Response} response */
    async put(input, response) {
        const request = new Request(input);
        const { status, statusText, headers } = response;
        const vary = varyOf(headers);
        if (request.method !== "GET") throw new TypeError(`Cache.put: only what GET gives can be kept, not ${request.method}`);
        if (status === 206) throw new TypeError("Cache.put: a part (206) cannot be kept");
        if (vary.includes("*")) throw new TypeError("Cache.put: what varies with anything (Vary: *) cannot be kept");
        /** @type {[string, string | null][]} */
        const varied = vary.map((name) => [name, request.headers.get(name)]);
        const body = await response.arrayBuffer();
        keep(this.#key(request), { status, statusText, headers: new Headers(headers), body, expires: expiryOf(headers), varied });
    }

    /** @param {RequestInfo | URL} input @param {{ ignoreMethod?: boolean }} [options] */
    async delete(input, { ignoreMethod = false } = {}) {
        const request = new Request(input);
        return (request.method === "GET" || ignoreMethod) && forget(this.#key(request));
    }
}

/** @type {Map<string, MemoryCache>} */
const opened = new Map();

export const caches = {
    /** Workers have this one. */
    default: new MemoryCache("default"),
    /** @param {string} name */
    async open(name) {
        const cache = opened.get(name) ?? new MemoryCache(`open ${name}`);
        opened.set(name, cache);
        return cache;
    },
    /** @param {string} name */
    has: async (name) => opened.has(name),
    /** @param {string} name */
    async delete(name) {
        for (const key of entries.keys()) {
            if (key.startsWith(`open ${name} `)) forget(key);
        }
        return opened.delete(name);
    },
};
