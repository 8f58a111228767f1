/**
 * Who is calling, as the gateway found out. It travels in request headers that the gateway alone can set; their values are
 * percent-encoded UTF-8 (encodeURIComponent), so that claims in any script survive. The handler never sees these headers.
 */

const USER = "x-1tube-auth-user";
const EMAIL = "x-1tube-auth-email";
const TOKEN = "x-1tube-auth-token";
const PAYLOAD = "x-1tube-auth-payload";
const PREFLIGHT = "x-1tube-auth-preflight";
const ALL = [USER, EMAIL, TOKEN, PAYLOAD, PREFLIGHT];

/** @param {string | null} value */
function decode(value) {
    // A header sent twice arrives joined by ", " and is refused here as well.
    if (value === null || /[^\x21-\x7e]/.test(value)) throw new TypeError("not percent-encoded");
    return decodeURIComponent(value);
}

/** @param {string} text */
function parseClaims(text) {
    const claims = JSON.parse(text);
    if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
        throw new TypeError("not an object");
    }
    return claims;
}

/**
 * @param {Headers} headers
 * @returns {import("./registry.js").Auth | undefined} undefined: nobody, or not readable
 */
export function identify(headers) {
    // The user may be empty (a service), but not absent.
    if (!headers.has(USER)) return undefined;
    try {
        return {
            userId: decode(headers.get(USER)),
            email: decode(headers.get(EMAIL) ?? ""),
            rawToken: decode(headers.get(TOKEN) ?? ""),
            payload: parseClaims(decode(headers.get(PAYLOAD) ?? "{}")),
        };
    } catch {
        return undefined;
    }
}

/**
 * Whether the gateway lets it through without an identity, because 1tube.json says that the function answers CORS preflights.
 * @param {Request} request
 */
export function isPreflight(request) {
    return request.method === "OPTIONS" && request.headers.has(PREFLIGHT);
}

/**
 * The request without identity headers; the same object if it has none.
 * @param {Request} request
 */
export function withoutIdentity(request) {
    const { headers } = request;
    if (!ALL.some((name) => headers.has(name))) return request;
    const own = new Request(request);
    for (const name of ALL) own.headers.delete(name);
    return own;
}
