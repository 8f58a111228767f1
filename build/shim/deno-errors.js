/** Deno.errors, and how errors of Node's modules become such errors. */

const NAMES =
    "NotFound PermissionDenied ConnectionRefused ConnectionReset ConnectionAborted NotConnected AddrInUse AddrNotAvailable " +
    "BrokenPipe AlreadyExists InvalidData TimedOut Interrupted WriteZero WouldBlock UnexpectedEof BadResource Http Busy " +
    "NotSupported FilesystemLoop IsADirectory NetworkUnreachable NotADirectory NotCapable";

/** @type {Record<string, string>} */
const NAME_OF_CODE = {
    ENOENT: "NotFound",
    EACCES: "PermissionDenied",
    EPERM: "PermissionDenied",
    EROFS: "PermissionDenied",
    EEXIST: "AlreadyExists",
    EISDIR: "IsADirectory",
    ENOTDIR: "NotADirectory",
    ELOOP: "FilesystemLoop",
    EBADF: "BadResource",
    EBUSY: "Busy",
    ENOTSUP: "NotSupported",
    ENOSYS: "NotSupported",
};

/** @type {Record<string, new (message?: string, options?: ErrorOptions) => Error>} */
export const errors = {};
for (const name of NAMES.split(" ")) {
    errors[name] = class extends Error {
        name = name;
    };
    Object.defineProperty(errors[name], "name", { value: name });
}

/**
 * @param {any} error of a Node module; one without a code is about what the caller gave, and is right as it is
 * @param {string} action what was tried, for the message: `readFile 'a.txt'`
 * @returns {Error}
 */
export function asDenoError(error, action) {
    if (error?.code === undefined) return error;
    const Class = errors[NAME_OF_CODE[error.code]] ?? Error;
    // Node's message names its own call behind a comma.
    const [reason] = error.message.split(",");
    return Object.assign(new Class(`${reason}: ${action}`, { cause: error }), { code: error.code });
}

/**
 * @param {string} name The API, as the source says it: `Deno.Command`.
 * @param {string} why
 */
export const notAvailable = (name, why) => new errors.NotSupported(`${name} is not available: ${why}`);
