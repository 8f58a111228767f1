/** std/encoding/base64, under its names of today and of old. */

import { toBytes } from "../../bytes.js";

/** @param {ArrayBuffer | ArrayBufferView | string} data */
export function encodeBase64(data) {
    const bytes = toBytes(data);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

/** @param {string} text @returns {Uint8Array} */
export const decodeBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

export { encodeBase64 as encode, decodeBase64 as decode };
