/**
 * Stacks in terms of the sources, where a bundle has a source map (https://tc39.es/ecma426/): beside it, which the engine shows below
 * /bundle, or inline. Without one nothing changes. Never throws.
 */

const FRAME = /(?:functions|chunks)\/[\w.-]+\.js:\d+:\d+/g;
const INLINE = "//# sourceMappingURL=data:application/json;base64,";
/** What the shim itself does between a handler and the engine says nothing about the function. */
const RUNTIME = "chunks/onetube.js";
const OURS = ["onetube-", "onetube:", RUNTIME];
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** @typedef {{ sources: string[], lines: string[], decoded: number[][][], state: number[] }} SourceMap */

/** @type {Map<string, SourceMap | undefined>} by bundle; undefined: it has none */
const maps = new Map();

/** @param {string} file */
function read(file) {
    const fs = process.getBuiltinModule("node:fs");
    const path = `/bundle/${file}`;
    if (fs.existsSync(`${path}.map`)) return fs.readFileSync(`${path}.map`, "utf8");
    const text = fs.readFileSync(path, "utf8");
    const at = text.lastIndexOf(INLINE);
    if (at < 0) return undefined;
    return new TextDecoder().decode(Uint8Array.from(atob(text.slice(at + INLINE.length).trim()), (c) => c.charCodeAt(0)));
}

/** @param {string} file @returns {SourceMap | undefined} */
function mapOf(file) {
    if (!maps.has(file)) {
        maps.set(file, undefined);
        const text = read(file);
        if (text !== undefined) {
            const { sources, mappings } = JSON.parse(text);
            maps.set(file, { sources, lines: mappings.split(";"), decoded: [], state: [0, 0, 0] });
        }
    }
    return maps.get(file);
}

/**
 * The segments of one line: column, source, line, column. All but the first column go on from the segment before, in whatever line.
 * @param {string} line @param {number[]} state
 */
function decode(line, state) {
    const segments = [];
    let column = 0;
    for (const segment of line.split(",")) {
        const fields = [];
        let value = 0;
        let shift = 0;
        for (const digit of segment) {
            const bits = DIGITS.indexOf(digit);
            value += (bits & 31) << shift;
            shift += 5;
            if (bits & 32) continue;
            fields.push(value & 1 ? -(value >> 1) : value >> 1);
            value = shift = 0;
        }
        column += fields[0] ?? 0;
        if (fields.length < 4) continue;
        for (let i = 0; i < 3; i++) state[i] += fields[i + 1];
        segments.push([column, ...state]);
    }
    return segments;
}

/** @param {SourceMap} map @param {number} line @param {number} column both from 1 */
function find(map, line, column) {
    while (map.decoded.length < line && map.decoded.length < map.lines.length) {
        map.decoded.push(decode(map.lines[map.decoded.length], map.state));
    }
    return map.decoded[line - 1]?.findLast(([start]) => start < column);
}

/** @param {string} frame "functions/hello.js:10:5" */
function mapFrame(frame) {
    const [file, line, column] = frame.split(":");
    const map = file === RUNTIME ? undefined : mapOf(file);
    const found = map && find(map, Number(line), Number(column));
    if (!found) return frame;
    const source = map.sources[found[1]].replace(/^(\.\.\/)+/, "");
    return `${source}:${found[2] + 1}:${found[3] + 1}`;
}

/** @param {string} line of a stack */
const isOurs = (line) => OURS.some((start) => line.replace(/^\s+at (async )?(.* \()?/, "").startsWith(start));

/** @param {string} stack of an error */
export function mapStack(stack) {
    try {
        const mapped = stack.replace(FRAME, mapFrame);
        if (mapped === stack) return stack;
        return mapped.split("\n").filter((line) => !isOurs(line)).join("\n");
    } catch {
        return stack;
    }
}
