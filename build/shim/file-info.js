/** Deno.FileInfo, from what node:fs says of a file. */

/** @param {any} stats */
export function infoOf(stats) {
    const { size, mtime, atime, ctime, birthtime, dev, ino, mode, nlink, uid, gid, rdev, blksize, blocks } = stats;
    return {
        isFile: stats.isFile(),
        isDirectory: stats.isDirectory(),
        isSymlink: stats.isSymbolicLink(),
        isBlockDevice: stats.isBlockDevice(),
        isCharDevice: stats.isCharacterDevice(),
        isFifo: stats.isFIFO(),
        isSocket: stats.isSocket(),
        ...{ size, mtime, atime, ctime, birthtime, dev, ino, mode, nlink, uid, gid, rdev, blksize, blocks },
    };
}
