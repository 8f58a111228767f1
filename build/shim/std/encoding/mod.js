/** std/encoding. */

export { decodeBase64, encodeBase64 } from "./base64.js";
export { decodeBase64Url, encodeBase64Url } from "./base64url.js";
export { decodeHex, encodeHex } from "./hex.js";
