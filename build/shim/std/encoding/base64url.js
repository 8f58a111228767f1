/** std/encoding/base64url, under its names of today and of old. */

import { decodeBase64, encodeBase64 } from "./base64.js";

/** @param {ArrayBuffer | ArrayBufferView | string} data */
export const encodeBase64Url = (data) =>
    encodeBase64(data).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** @param {string} text */
export function decodeBase64Url(text) {
    if (/[^A-Za-z0-9_-]/.test(text.replace(/=+$/, ""))) throw new TypeError("invalid character in base64url");
    return decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}

export { encodeBase64Url as encode, decodeBase64Url as decode };
