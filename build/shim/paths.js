/**
 * Where a function believes to be. The engine shows the files that a function declared below /bundle/files, read-only, and a /tmp in
 * memory; nothing else exists.
 */

const FILES = "/bundle/files";

const engineChdir = process.chdir.bind(process);

/** The entry's path below FILES: `hello/index.ts`. */
let entry = "";
/** The engine has a working folder for each request; a function has one for all. */
let folder = FILES;

/** @param {string} file of the function, relative to the folder of functions */
export function setEntry(file) {
    entry = file;
    folder = `${FILES}/${file}`.replace(/\/[^/]*$/, "");
}

export const cwd = () => folder;

/** @param {string | URL} path */
export function chdir(path) {
    folder = resolvePath(path);
    hasFolder = true;
    enterFolder();
}

/** Whether there is the folder: not for a function without files. */
let hasFolder = true;

/** Before code of the function runs: Node's files are relative to it, too. */
export function enterFolder() {
    if (!hasFolder) return;
    try {
        engineChdir(folder);
    } catch {
        hasFolder = false;
    }
}

export const mainModule = () => `file://${FILES}/${entry}`;

/** Node's file system, in memory. */
export const fs = () => process.getBuiltinModule("fs");

/**
 * @param {unknown} url
 * @returns {string} the path of a `file:` URL
 */
export function fromFileUrl(url) {
    const { protocol, pathname } = new URL(String(url));
    if (protocol !== "file:") throw new TypeError(`must be a file URL, not ${protocol}`);
    return decodeURIComponent(pathname);
}

/**
 * @param {string | URL} path
 * @returns {string} absolute; a relative path names a file of the function, or else one beside the functions' folders
 */
export function resolvePath(path) {
    if (path instanceof URL) return fromFileUrl(path);
    if (typeof path !== "string") throw new TypeError(`a path must be a string or a file URL, not ${typeof path}`);
    const { posix } = process.getBuiltinModule("path");
    const own = posix.resolve(folder, path);
    if (path.startsWith("/") || fs().existsSync(own)) return own;
    const shared = posix.resolve(FILES, path);
    return fs().existsSync(shared) ? shared : own;
}
