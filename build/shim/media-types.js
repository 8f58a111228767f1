/** Types of what functions serve from files; the rest has none. @type {Record<string, string>} */
const TYPES = {
    avif: "image/avif",
    css: "text/css",
    gif: "image/gif",
    htm: "text/html",
    html: "text/html",
    ico: "image/x-icon",
    jpeg: "image/jpeg",
    jpg: "image/jpeg",
    js: "text/javascript",
    json: "application/json",
    map: "application/json",
    mjs: "text/javascript",
    mp4: "video/mp4",
    pdf: "application/pdf",
    png: "image/png",
    svg: "image/svg+xml",
    ttf: "font/ttf",
    txt: "text/plain",
    wasm: "application/wasm",
    webmanifest: "application/manifest+json",
    webp: "image/webp",
    woff: "font/woff",
    woff2: "font/woff2",
    xml: "application/xml",
};

/**
 * @param {string} path
 * @returns {string | undefined} by its ending
 */
export const mediaType = (path) => TYPES[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
