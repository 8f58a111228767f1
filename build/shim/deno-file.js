/** Deno.FsFile: a file that was opened, with its own place in it. */

import { asDenoError } from "./deno-errors.js";
import { infoOf } from "./file-info.js";
import { fs } from "./paths.js";

const CHUNK_BYTES = 64 * 1024;

/**
 * @typedef {object} OpenOptions
 * @property {boolean} [read] default: true, unless it is opened to be written
 * @property {boolean} [write]
 * @property {boolean} [append]
 * @property {boolean} [truncate]
 * @property {boolean} [create]
 * @property {boolean} [createNew]
 * @property {number} [mode]
 */

/**
 * @param {string} path
 * @param {OpenOptions} [options]
 */
export function openFile(path, options = { read: true }) {
    const { read = false, write = false, append = false, truncate = false, create = false, createNew = false, mode } = options;
    if (!read && !write && !append) throw new TypeError("open: read, write or append must be true");
    if ((create || createNew || truncate) && !write && !append) {
        throw new TypeError("open: create, createNew and truncate need write or append");
    }
    const { constants } = fs();
    const access = write || append ? (read ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
    const flags =
        access |
        (create || createNew ? constants.O_CREAT : 0) |
        (createNew ? constants.O_EXCL : 0) |
        (truncate ? constants.O_TRUNC : 0);
    const fd = fs().openSync(path, flags, mode);
    return new FsFile(fd, path, append);
}

export class FsFile {
    #fd;
    #path;
    #append;
    #position = 0;

    /** @param {number} fd @param {string} path @param {boolean} append */
    constructor(fd, path, append) {
        this.#fd = fd;
        this.#path = path;
        this.#append = append;
    }

    /**
     * @template T
     * @param {string} name
     * @param {(fd: number) => T} action
     * @returns {T}
     */
    #do(name, action) {
        try {
            return action(this.#fd);
        } catch (error) {
            throw asDenoError(error, `${name} '${this.#path}'`);
        }
    }

    /** @param {Uint8Array} into @returns {number | null} null: the end */
    readSync(into) {
        if (into.length === 0) return 0;
        const count = this.#do("read", (fd) => fs().readSync(fd, into, 0, into.length, this.#position));
        this.#position += count;
        return count === 0 ? null : count;
    }

    /** @param {Uint8Array} data @returns {number} */
    writeSync(data) {
        const at = this.#append ? this.statSync().size : this.#position;
        const count = this.#do("write", (fd) => fs().writeSync(fd, data, 0, data.length, at));
        this.#position = at + count;
        return count;
    }

    /** @param {number | bigint} offset @param {0 | 1 | 2} whence @returns {number} */
    seekSync(offset, whence) {
        const base = whence === 0 ? 0 : whence === 1 ? this.#position : this.statSync().size;
        const position = base + Number(offset);
        if (!(position >= 0)) throw new TypeError("seek: before the start of the file");
        return (this.#position = position);
    }

    /** @returns {ReturnType<typeof infoOf>} */
    statSync() {
        return infoOf(this.#do("stat", (fd) => fs().fstatSync(fd)));
    }

    /** @param {number} [length] */
    truncateSync(length = 0) {
        this.#do("truncate", (fd) => fs().ftruncateSync(fd, length));
    }

    /** @param {Uint8Array} into */
    async read(into) {
        return this.readSync(into);
    }

    /** @param {Uint8Array} data */
    async write(data) {
        return this.writeSync(data);
    }

    /** @param {number | bigint} offset @param {0 | 1 | 2} whence */
    async seek(offset, whence) {
        return this.seekSync(offset, whence);
    }

    async stat() {
        return this.statSync();
    }

    /** @param {number} [length] */
    async truncate(length) {
        this.truncateSync(length);
    }

    // In memory there is nothing to wait for, to lock, or that could be a terminal.
    syncSync() {}
    syncDataSync() {}
    lockSync() {}
    unlockSync() {}
    async sync() {}
    async syncData() {}
    async lock() {}
    async unlock() {}
    isTerminal() {
        return false;
    }

    close() {
        this.#do("close", (fd) => fs().closeSync(fd));
    }

    [Symbol.dispose]() {
        this.close();
    }

    /** Closes the file at its end, as in Deno. */
    get readable() {
        return new ReadableStream({
            pull: (controller) => {
                const chunk = new Uint8Array(CHUNK_BYTES);
                const count = this.readSync(chunk);
                if (count !== null) return controller.enqueue(chunk.subarray(0, count));
                this.close();
                controller.close();
            },
            cancel: () => this.close(),
        });
    }

    get writable() {
        return new WritableStream({
            write: (/** @type {Uint8Array} */ chunk) => {
                for (let done = 0; done < chunk.length; ) done += this.writeSync(chunk.subarray(done));
            },
            close: () => this.close(),
            abort: () => this.close(),
        });
    }
}
