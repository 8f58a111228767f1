/** What encoders take. */

/** @param {ArrayBuffer | ArrayBufferView | string} data @returns {Uint8Array} */
export function toBytes(data) {
    if (typeof data === "string") return new TextEncoder().encode(data);
    if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return new Uint8Array(data);
}
