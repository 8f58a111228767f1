/**
 * The calls of `Deno` that work on files, over node:fs. Its files are in memory, so that nothing is gained by waiting: what gives a
 * promise does the same as what ends in "Sync".
 */

import { asDenoError } from "./deno-errors.js";
import { FsFile, openFile } from "./deno-file.js";
import { infoOf } from "./file-info.js";
import { fs, resolvePath } from "./paths.js";

/** @typedef {string | URL} Path */

/**
 * @template T
 * @param {string} name
 * @param {Path} path
 * @param {(path: string) => T} action
 * @returns {T}
 */
function at(name, path, action) {
    const resolved = resolvePath(path);
    try {
        return action(resolved);
    } catch (error) {
        throw asDenoError(error, `${name} '${path}'`);
    }
}

/** @param {string} path */
const lstat = (path) => fs().lstatSync(path);

/** @param {{ signal?: AbortSignal }} [options] */
const checkSignal = (options) => options?.signal?.throwIfAborted();

/**
 * @typedef {{ append?: boolean, create?: boolean, createNew?: boolean, mode?: number, signal?: AbortSignal }} WriteOptions
 * @param {Path} path
 * @param {Uint8Array} data
 * @param {WriteOptions} [options]
 */
function writeFileSync(path, data, options = {}) {
    checkSignal(options);
    const { append = false, create = true, createNew = false, mode } = options;
    at("writeFile", path, (resolved) => {
        if (!create && !createNew) lstat(resolved);
        fs().writeFileSync(resolved, data, { flag: (append ? "a" : "w") + (createNew ? "x" : ""), mode });
    });
}

const fileExists = () => Object.assign(new Error("file exists"), { code: "EEXIST" });

/** @typedef {{ dir?: string, prefix?: string, suffix?: string }} TempOptions @param {TempOptions} [options] */
const tempPath = ({ dir = "/tmp", prefix = "", suffix = "" } = {}) => `${dir}/${prefix}${crypto.randomUUID().slice(0, 13)}${suffix}`;

/** @param {Path} path */
function* entriesOf(path) {
    for (const entry of at("readDir", path, (resolved) => fs().readdirSync(resolved, { withFileTypes: true }))) {
        const [isFile, isDirectory, isSymlink] = [entry.isFile(), entry.isDirectory(), entry.isSymbolicLink()];
        yield { name: entry.name, isFile, isDirectory, isSymlink };
    }
}

/** What exists in two forms: `x` gives a promise, `xSync` the value. */
const pairs = {
    /** @param {Path} path @param {{ signal?: AbortSignal }} [options] @returns {Uint8Array} */
    readFile(path, options) {
        checkSignal(options);
        const { buffer, byteOffset, length } = at("readFile", path, (resolved) => fs().readFileSync(resolved));
        return new Uint8Array(buffer, byteOffset, length);
    },
    /** @param {Path} path @param {{ signal?: AbortSignal }} [options] @returns {string} */
    readTextFile(path, options) {
        checkSignal(options);
        return at("readTextFile", path, (resolved) => fs().readFileSync(resolved, "utf8"));
    },
    /** @param {Path} path */
    stat: (path) => infoOf(at("stat", path, (resolved) => fs().statSync(resolved))),
    /** @param {Path} path */
    lstat: (path) => infoOf(at("lstat", path, lstat)),
    /** @param {Path} path @param {import("./deno-file.js").OpenOptions} [options] */
    open: (path, options) => at("open", path, (resolved) => openFile(resolved, options)),
    /** @param {Path} path */
    create: (path) =>
        at("create", path, (resolved) => openFile(resolved, { read: true, write: true, create: true, truncate: true })),
    /** @param {Path} path @param {{ recursive?: boolean, mode?: number }} [options] */
    mkdir(path, { recursive = false, mode } = {}) {
        at("mkdir", path, (resolved) => {
            if (!recursive && fs().existsSync(resolved)) throw fileExists();
            fs().mkdirSync(resolved, { recursive, mode });
        });
    },
    /** @param {Path} path @param {{ recursive?: boolean }} [options] */
    remove(path, { recursive = false } = {}) {
        at("remove", path, (resolved) => {
            if (lstat(resolved).isDirectory() && !recursive) fs().rmdirSync(resolved);
            else fs().rmSync(resolved, { recursive });
        });
    },
    /** @param {Path} from @param {Path} to */
    rename: (from, to) => at("rename", from, (resolved) => fs().renameSync(resolved, resolvePath(to))),
    /** @param {Path} from @param {Path} to */
    copyFile: (from, to) => at("copyFile", from, (resolved) => fs().copyFileSync(resolved, resolvePath(to))),
    /** @param {Path} path @returns {string} */
    realPath: (path) => at("realPath", path, (resolved) => fs().realpathSync(resolved)),
    /** @param {Path} path @returns {string} */
    readLink: (path) => at("readLink", path, (resolved) => fs().readlinkSync(resolved)),
    /** @param {Path} target @param {Path} path */
    symlink: (target, path) => at("symlink", path, (resolved) => fs().symlinkSync(target, resolved)),
    /** @param {Path} target @param {Path} path */
    link: (target, path) => at("link", path, (resolved) => fs().linkSync(resolvePath(target), resolved)),
    /** @param {Path} path @param {number} [length] */
    truncate: (path, length = 0) => at("truncate", path, (resolved) => fs().truncateSync(resolved, length)),
    /** @param {Path} path @param {number} mode */
    chmod: (path, mode) => at("chmod", path, (resolved) => fs().chmodSync(resolved, mode)),
    /** @param {Path} path @param {number | null} uid @param {number | null} gid */
    chown: (path, uid, gid) => at("chown", path, (resolved) => fs().chownSync(resolved, uid ?? -1, gid ?? -1)),
    /** @param {Path} path @param {number | Date} atime @param {number | Date} mtime */
    utime: (path, atime, mtime) => at("utime", path, (resolved) => fs().utimesSync(resolved, atime, mtime)),
    /** @param {TempOptions} [options] */
    makeTempDir(options) {
        const path = tempPath(options);
        at("makeTempDir", path, () => fs().mkdirSync(path));
        return path;
    },
    /** @param {TempOptions} [options] */
    makeTempFile(options) {
        const path = tempPath(options);
        at("makeTempFile", path, () => fs().writeFileSync(path, "", { flag: "wx" }));
        return path;
    },
};

/** @type {Record<string, unknown>} */
export const files = {
    FsFile,
    SeekMode: { Start: 0, Current: 1, End: 2 },
    writeFileSync,
    /** @param {Path} path @param {Uint8Array | ReadableStream<Uint8Array>} data @param {WriteOptions} [options] */
    async writeFile(path, data, options) {
        const streamed = data instanceof ReadableStream;
        writeFileSync(path, streamed ? new Uint8Array(await new Response(data).arrayBuffer()) : data, options);
    },
    /** @param {Path} path @param {string} text @param {WriteOptions} [options] */
    writeTextFileSync: (path, text, options) => writeFileSync(path, new TextEncoder().encode(text), options),
    /** @param {Path} path @param {string | ReadableStream<string>} text @param {WriteOptions} [options] */
    async writeTextFile(path, text, options) {
        let whole = "";
        if (typeof text === "string") whole = text;
        else for await (const part of /** @type {any} */ (text)) whole += part;
        writeFileSync(path, new TextEncoder().encode(whole), options);
    },
    // The folder is read at the call, so that an error comes from there.
    /** @param {Path} path */
    readDirSync: (path) => [...entriesOf(path)].values(),
    /** @param {Path} path */
    async *readDir(path) {
        yield* entriesOf(path);
    },
};
for (const [name, call] of Object.entries(pairs)) {
    files[`${name}Sync`] = call;
    files[name] = async (/** @type {any[]} */ ...args) => /** @type {any} */ (call)(...args);
}
