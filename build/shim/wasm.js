/**
 * WebAssembly from bytes. The engine compiles no bytes at run time, but it compiles a function's .wasm files ahead: such a file is both
 * a module of the engine, "/files/pay/x.wasm", and a file that node:fs reads, /bundle/files/pay/x.wasm. So bytes are looked for among
 * these files, and the engine's module is used in their place.
 */

import { fs } from "./paths.js";

const ROOT = "/bundle";

/** @returns {string[]} the function's .wasm files, below ROOT */
function wasmFiles() {
    /** @type {string[]} */
    const all = fs().readdirSync(ROOT, { recursive: true });
    return all.map((path) => `/${path}`.replace(/^\/bundle(?=\/)/, "")).filter((path) => path.endsWith(".wasm"));
}

/** @param {any} source @returns {Uint8Array | undefined} */
function bytesOf(source) {
    if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    const isBuffer = source instanceof ArrayBuffer || source instanceof SharedArrayBuffer;
    return isBuffer ? new Uint8Array(source) : undefined;
}

/**
 * @param {Uint8Array} bytes
 * @returns {WebAssembly.Module}
 */
function moduleOf(bytes) {
    for (const path of wasmFiles()) {
        if (fs().statSync(ROOT + path).size !== bytes.length) continue;
        if (fs().readFileSync(ROOT + path).equals(bytes)) return process.getBuiltinModule("module").createRequire("file:///bundle/")(path);
    }
    throw new WebAssembly.CompileError(
        `these ${bytes.length} bytes are none of the function's .wasm files, and the engine compiles nothing else: ` +
            "import the file, or declare it as a static file",
    );
}

/** @param {any} source */
const asModule = (source) => {
    const bytes = bytesOf(source);
    return bytes ? moduleOf(bytes) : source;
};

/** @param {Response | Promise<Response>} source */
const download = async (source) => moduleOf(new Uint8Array(await (await source).arrayBuffer()));

/** Before the function's own code runs. */
export function patchWebAssembly() {
    const { Module, instantiate } = WebAssembly;
    const Patched = new Proxy(Module, { construct: (_target, [source]) => moduleOf(bytesOf(source) ?? new Uint8Array()) });
    /** @param {any} source @param {WebAssembly.Imports} [imports] */
    const instantiateAny = async (source, imports) => {
        const module = asModule(source);
        const instance = await instantiate(module, imports);
        return module === source ? instance : { module, instance };
    };
    Object.assign(WebAssembly, {
        Module: Patched,
        instantiate: instantiateAny,
        compile: async (/** @type {BufferSource} */ source) => asModule(source),
        compileStreaming: download,
        /** @param {Response | Promise<Response>} source @param {WebAssembly.Imports} [imports] */
        async instantiateStreaming(source, imports) {
            const module = await download(source);
            return { module, instance: await instantiate(module, imports) };
        },
    });
}
