/** deno.land/x/djwt: JSON Web Tokens (RFC 7519) in compact serialization (RFC 7515, 3.1), signed with WebCrypto. */

import { decodeBase64 } from "../std/encoding/base64.js";
import { decodeBase64Url, encodeBase64Url } from "../std/encoding/base64url.js";

/** RFC 7518, 3.1: what WebCrypto needs to know of each algorithm. @type {Record<string, any>} */
const ALGORITHMS = {};
for (const bits of [256, 384, 512]) {
    const hash = { name: `SHA-${bits}` };
    ALGORITHMS[`HS${bits}`] = { name: "HMAC", hash };
    ALGORITHMS[`RS${bits}`] = { name: "RSASSA-PKCS1-v1_5", hash };
    ALGORITHMS[`PS${bits}`] = { name: "RSA-PSS", hash, saltLength: bits / 8 };
    ALGORITHMS[`ES${bits}`] = { name: "ECDSA", hash, namedCurve: bits === 512 ? "P-521" : `P-${bits}` };
}

/** @param {string} text */
const bytes = (text) => new TextEncoder().encode(text);

/** @param {unknown} value */
const encode = (value) => encodeBase64Url(JSON.stringify(value));

/** @param {any} alg */
function algorithmOf(alg) {
    if (!Object.hasOwn(ALGORITHMS, alg)) throw new Error(`The jwt's alg "${alg}" is not supported.`);
    return ALGORITHMS[alg];
}

/**
 * Old versions take a secret or a PEM text for a key.
 * @param {any} key
 * @param {string} alg
 * @param {"sign" | "verify"} usage
 * @returns {Promise<CryptoKey> | CryptoKey}
 */
function keyOf(key, alg, usage) {
    if (typeof key !== "string") return key;
    const [, label, text] = /-----BEGIN (PRIVATE|PUBLIC) KEY-----([^-]*)/.exec(key) ?? [];
    const data = text === undefined ? bytes(key) : decodeBase64(/** @type {string} */ (text).replace(/\s/g, ""));
    const format = text === undefined ? "raw" : label === "PRIVATE" ? "pkcs8" : "spki";
    return crypto.subtle.importKey(/** @type {any} */ (format), /** @type {any} */ (data), algorithmOf(alg), false, [usage]);
}

/**
 * @param {{ alg: string }} header
 * @param {Record<string, unknown>} payload
 * @param {CryptoKey | string | null} key null for "none"
 * @returns {Promise<string>}
 */
export async function create(header, payload, key) {
    const signed = `${encode(header)}.${encode(payload)}`;
    if (header.alg === "none") return `${signed}.`;
    const algorithm = algorithmOf(header.alg);
    const signature = await crypto.subtle.sign(algorithm, await keyOf(key, header.alg, "sign"), bytes(signed));
    return `${signed}.${encodeBase64Url(signature)}`;
}

/**
 * Without any check.
 * @param {string} jwt
 * @returns {[any, any, Uint8Array]} header, payload, signature
 */
export function decode(jwt) {
    try {
        const parts = jwt.split(".");
        if (parts.length !== 3) throw new TypeError("a jwt has three parts");
        const [header, payload, signature] = parts.map((part) => decodeBase64Url(part));
        const text = new TextDecoder("utf-8", { fatal: true });
        return [JSON.parse(text.decode(header)), JSON.parse(text.decode(payload)), signature];
    } catch (cause) {
        throw new Error("The serialization of the jwt is invalid.", { cause });
    }
}

/** @param {unknown} time @param {string} name @returns {time is number} */
function isTime(time, name) {
    if (time === undefined) return false;
    if (typeof time !== "number") throw new Error(`The jwt has an invalid '${name}' claim.`);
    return true;
}

/**
 * @typedef {{ expLeeway?: number, nbfLeeway?: number, ignoreExp?: boolean, ignoreNbf?: boolean, audience?: string | string[] | RegExp,
 *     predicates?: ((payload: any) => boolean)[] }} VerifyOptions
 * @param {[any, any, Uint8Array]} decoded
 * @param {VerifyOptions} [options]
 */
export function validate([header, payload, signature], options = {}) {
    const { expLeeway = 1, nbfLeeway = 1 } = options;
    const now = Date.now() / 1000;
    if (typeof header?.alg !== "string") throw new Error("The jwt's alg header parameter value must be a string.");
    if (payload === null || typeof payload !== "object" || Array.isArray(payload)) {
        throw new Error("The jwt claims set is not a JSON object.");
    }
    if (!options.ignoreExp && isTime(payload.exp, "exp") && payload.exp + expLeeway < now) {
        throw new RangeError("The jwt is expired.");
    }
    if (!options.ignoreNbf && isTime(payload.nbf, "nbf") && payload.nbf - nbfLeeway > now) {
        throw new RangeError("The jwt is used too early.");
    }
    return { header, payload, signature };
}

/** @param {any} given @param {NonNullable<VerifyOptions["audience"]>} wanted */
function isFor(given, wanted) {
    const all = [given].flat().filter((one) => typeof one === "string");
    if (wanted instanceof RegExp) return all.some((one) => wanted.test(one));
    return all.some((one) => [wanted].flat().includes(one));
}

/**
 * @param {string} jwt
 * @param {any} key a key, or a function that finds it by the header
 * @param {VerifyOptions | string} [options] old versions: the algorithm
 * @returns {Promise<any>} the payload
 */
export async function verify(jwt, key, options) {
    const rules = typeof options === "object" ? options : {};
    const { header, payload, signature } = validate(decode(jwt), rules);
    if (typeof options === "string" && header.alg !== options) {
        throw new Error(`The jwt's alg "${header.alg}" does not match the specified alg "${options}".`);
    }
    const found = await keyOf(typeof key === "function" ? await key(header) : key, header.alg, "verify");
    if (rules.audience !== undefined && !isFor(payload.aud, rules.audience)) {
        throw new Error("The identification with the value in the aud claim has failed.");
    }
    if (header.alg === "none") {
        if (found || signature.length > 0) throw new Error("The alg 'none' does not allow a key or a signature.");
    } else {
        const algorithm = algorithmOf(header.alg);
        if (found?.algorithm?.name !== algorithm.name) {
            throw new Error(`The jwt's alg "${header.alg}" does not match the key's algorithm.`);
        }
        const signed = bytes(jwt.slice(0, jwt.lastIndexOf(".")));
        if (!(await crypto.subtle.verify(algorithm, found, /** @type {any} */ (signature), signed))) {
            throw new Error("The jwt's signature does not match the verification signature.");
        }
    }
    if (rules.predicates && !rules.predicates.every((holds) => holds(payload))) {
        throw new Error("The payload does not satisfy all passed predicates.");
    }
    return payload;
}

/**
 * @param {number | Date} when a time, or seconds from now
 * @returns {number} seconds since 1970
 */
export const getNumericDate = (when) => Math.round(when instanceof Date ? when.getTime() / 1000 : Date.now() / 1000 + when);
