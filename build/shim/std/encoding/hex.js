/** std/encoding/hex, under its names of today and of old: those take and give bytes. */

import { toBytes } from "../../bytes.js";

/** @param {ArrayBuffer | ArrayBufferView | string} data */
export const encodeHex = (data) => Array.from(toBytes(data), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {string} text */
export function decodeHex(text) {
    if (text.length % 2 !== 0) throw new RangeError(`odd length of hex text: ${text.length}`);
    if (/[^0-9a-f]/i.test(text)) throw new TypeError("invalid character in hex text");
    return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** @param {Uint8Array} bytes */
export const encode = (bytes) => new TextEncoder().encode(encodeHex(bytes));
/** @param {Uint8Array} text */
export const decode = (text) => decodeHex(new TextDecoder().decode(text));
