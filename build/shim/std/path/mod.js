/** std/path. A function's paths are POSIX paths, whatever machine built it. */

import { cwd, fromFileUrl as fromUrl } from "../../paths.js";

const { posix: own } = process.getBuiltinModule("path");

/** @typedef {string | URL} Path */

/** @param {Path} path @returns {string} */
export const fromFileUrl = (path) => fromUrl(path);

/** std takes file URLs wherever it takes a path. @param {Path} path @returns {string} */
const text = (path) => (path instanceof URL ? fromUrl(path) : path);

export const SEPARATOR = "/";
export const SEPARATOR_PATTERN = /\/+/;
export const DELIMITER = ":";
export const sep = "/";
export const SEP = "/";
export const SEP_PATTERN = SEPARATOR_PATTERN;
export const delimiter = ":";

/** @param {Path} path @param {string} [suffix] @returns {string} */
export const basename = (path, suffix) => own.basename(text(path), suffix);
/** @param {Path} path @returns {string} */
export const dirname = (path) => own.dirname(text(path));
/** @param {Path} path @returns {string} */
export const extname = (path) => own.extname(text(path));
/** @param {Path} path @param {string[]} more @returns {string} */
export const join = (path, ...more) => own.join(text(path), ...more);
/** @param {Path} path @returns {string} */
export const normalize = (path) => own.normalize(text(path));
/** @param {string[]} paths @returns {string} */
export const resolve = (...paths) => own.resolve(cwd(), ...paths);
/** @param {string} from @param {string} to @returns {string} */
export const relative = (from, to) => own.relative(resolve(from), resolve(to));
/** @param {string} path @returns {boolean} */
export const isAbsolute = (path) => own.isAbsolute(path);
/** @param {Path} path @returns {{ root: string, dir: string, base: string, ext: string, name: string }} */
export const parse = (path) => own.parse(text(path));
/** @param {object} parts @returns {string} */
export const format = (parts) => own.format(parts);
/** @param {string} path */
export const toNamespacedPath = (path) => path;

/** @param {string} path */
export function toFileUrl(path) {
    if (!isAbsolute(path)) throw new TypeError(`Path must be absolute: received "${path}"`);
    return new URL(`file://${path.split("/").map(encodeURIComponent).join("/").replace(/%3A/gi, ":")}`);
}

/** The longest folder that all paths are in, with a slash at its end. @param {string[]} paths @param {string} [separator] */
export function common(paths, separator = "/") {
    const [first = "", ...others] = paths;
    const parts = first.split(separator);
    let count = parts.length;
    for (const other of others) {
        const compared = other.split(separator);
        for (let i = 0; i < count; i++) if (compared[i] !== parts[i]) count = i;
    }
    const prefix = parts.slice(0, count).join(separator);
    return prefix.endsWith(separator) || (count === 0 && prefix === "") ? prefix : prefix + separator;
}

const all = { SEPARATOR, SEPARATOR_PATTERN, DELIMITER, sep, delimiter, basename, dirname, extname, join, normalize, resolve };
export const posix = { ...all, relative, isAbsolute, parse, format, toNamespacedPath, fromFileUrl, toFileUrl, common };
