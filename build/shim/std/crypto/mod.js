/** std/crypto: Web Crypto, whose digests here also take what std's take. */

import { toBytes } from "../../bytes.js";
import { encodeBase64 } from "../encoding/base64.js";
import { encodeHex } from "../encoding/hex.js";

/** By the names that std gives them; of what the engine has. */
const NODE_NAMES = { "SHA-224": "sha224", "SHA-512/256": "sha512-256", "SHA3-256": "sha3-256", RIPEMD160: "ripemd160" };
const { subtle: own } = globalThis.crypto;

/** @param {any} data */
async function collect(data) {
    if (typeof data?.[Symbol.asyncIterator] !== "function" && !Array.isArray(data)) return toBytes(data);
    /** @type {any[]} */
    const parts = [];
    for await (const part of data) parts.push(toBytes(part));
    return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** @param {string | { name: string }} algorithm @param {Uint8Array} bytes */
function digestSync(algorithm, bytes) {
    const name = (typeof algorithm === "string" ? algorithm : algorithm.name).toUpperCase();
    const nodeName = NODE_NAMES[/** @type {keyof NODE_NAMES} */ (name)] ?? name.replace("SHA-", "sha").toLowerCase();
    const { buffer, byteOffset, byteLength } = process.getBuiltinModule("crypto").createHash(nodeName).update(bytes).digest();
    return buffer.slice(byteOffset, byteOffset + byteLength);
}

const subtle = new Proxy(own, {
    get(target, name) {
        if (name === "digestSync") return (/** @type {any} */ algorithm, /** @type {any} */ data) => digestSync(algorithm, toBytes(data));
        if (name === "timingSafeEqual") return timingSafeEqual;
        if (name === "digest") return async (/** @type {any} */ algorithm, /** @type {any} */ data) => digestSync(algorithm, await collect(data));
        const value = target[/** @type {keyof SubtleCrypto} */ (name)];
        return typeof value === "function" ? value.bind(target) : value;
    },
});

export const crypto = {
    subtle,
    /** @template {ArrayBufferView} T @param {T} array @returns {T} */
    getRandomValues: (array) => globalThis.crypto.getRandomValues(/** @type {any} */ (array)),
    randomUUID: () => globalThis.crypto.randomUUID(),
};

/** Takes the same time wherever the two differ. @param {ArrayBuffer | ArrayBufferView} a @param {ArrayBuffer | ArrayBufferView} b */
export function timingSafeEqual(a, b) {
    const [one, other] = [toBytes(a), toBytes(b)];
    return one.length === other.length && process.getBuiltinModule("crypto").timingSafeEqual(one, other);
}

/** Of old. @param {ArrayBuffer | ArrayBufferView} hash @param {"hex" | "base64"} [encoding] */
export const toHashString = (hash, encoding = "hex") => (encoding === "hex" ? encodeHex : encodeBase64)(hash);
