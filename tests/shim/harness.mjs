// Bundles small functions as `onetube build` does, runs them all in one engine, and talks to them over loopback.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { builtinModules, createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(path.join(root, "package.json"));
const esbuild = require("esbuild");

const WORKERD = process.env.WORKERD ?? require("workerd").default; // the binary itself, not its npm launcher
const SHIM = path.join(root, "build/shim");
const BUILTINS = new RegExp(`^(node:.*|${builtinModules.filter((name) => !name.startsWith("_")).join("|")})$`);

/** Packages in whose place the shim has its own. */
const REPLACED = /^(@deno\/shim-deno|depd|undici)$/;

/** @param {string} id `onetube:shim`, `onetube:std/path`, `onetube:std/http/server` */
function shimFile(id) {
    const name = path.join(SHIM, id.slice("onetube:".length));
    return [`${name}.js`, `${name}/mod.js`].find((file) => existsSync(file));
}

/**
 * A function to test. `source` is the text of its entry, or `entry` the path of one. `isolate`: inside an OnetubeIsolate. `bare`:
 * without the shim.
 * @typedef {{ name: string, public?: boolean | null, stripName?: boolean, source?: string, entry?: string, file?: string, files?: Record<string, string | Uint8Array>,
 *     topLevelAwait?: boolean, isolate?: boolean, bare?: boolean }} Case
 */

/** A node built-in, as the build gives it to a function: fetched when it is evaluated. */
const builtinModule = (name) => `module.exports = process.getBuiltinModule("${name}");`;

/** What the build's resolver does: entries, the shim, npm specifiers, node built-ins. @param {Case[]} cases */
function resolver(cases) {
    const byName = new Map(cases.map((one) => [one.name, one]));
    return {
        name: "onetube",
        setup(build) {
            build.onResolve({ filter: /^(entry|case):/ }, ({ path: id }) => {
                const [namespace, name] = id.split(":");
                const entry = namespace === "case" && byName.get(name).entry;
                return entry ? { path: entry } : { path: name, namespace };
            });
            build.onLoad({ filter: /./, namespace: "entry" }, ({ path: name }) => {
                const one = byName.get(name);
                if (one.bare) return { contents: `export { default } from "case:${name}";`, resolveDir: root };
                const options = { name, file: fileOf(one), public: one.public ?? null, stripName: one.stripName };
                const load = `() => ${one.topLevelAwait ? "import" : "require"}("case:${name}")`;
                const text = `import { cell } from "onetube:shim"; export { OnetubeIsolate } from "onetube:shim"; export default cell(${JSON.stringify(options)}, ${load});`;
                return { contents: text, resolveDir: root };
            });
            build.onLoad({ filter: /./, namespace: "case" }, ({ path: name }) => {
                const one = byName.get(name);
                return { contents: one.source, loader: fileOf(one).endsWith("js") ? "js" : "ts", resolveDir: root };
            });
            build.onResolve({ filter: /^onetube:/ }, ({ path: id }) => ({ path: shimFile(id) }));
            build.onResolve({ filter: BUILTINS }, ({ path: id, kind, importer }) => {
                if (kind === "dynamic-import" || importer.startsWith(SHIM)) return { path: id, external: true };
                return { path: id.replace(/^node:/, ""), namespace: "node" };
            });
            build.onLoad({ filter: /./, namespace: "node" }, ({ path: name }) => ({ contents: builtinModule(name) }));
            build.onResolve({ filter: REPLACED }, ({ path: name }) => ({ path: path.join(SHIM, "npm", `${name}.js`) }));
            build.onResolve({ filter: /^npm:/ }, ({ path: id, kind }) =>
                build.resolve(id.slice(4).replace(/(?<=.)@[^/]*/, ""), { kind, resolveDir: root }),
            );
        },
    };
}

const fileOf = ({ name, file }) => file ?? `${name}/index.ts`;

/** @param {Case[]} cases */
async function bundle(cases, splitting, outdir) {
    const { metafile } = await esbuild.build({
        entryPoints: cases.map(({ name }) => ({ in: `entry:${name}`, out: `functions/${name}` })),
        outdir,
        absWorkingDir: root,
        bundle: true,
        splitting,
        format: "esm",
        target: "es2024",
        platform: "neutral",
        mainFields: ["module", "main"],
        conditions: ["workerd", "worker", "node"],
        external: ["cloudflare:*"],
        define: {
            "process.env.NODE_ENV": '"production"',
            global: "globalThis",
            __dirname: '"/bundle"',
            __filename: '"/bundle/index.js"',
        },
        chunkNames: "chunks/[name]-[hash]",
        assetNames: "files/[name]-[hash]",
        loader: { ".wasm": "copy" },
        metafile: true,
        logLevel: "error",
        plugins: [resolver(cases)],
    });
    const absolute = (file) => path.resolve(root, file);
    const outputs = new Map(Object.entries(metafile.outputs).map(([file, { imports }]) => [absolute(file), imports]));
    const reach = (file, seen = new Set()) => {
        if (seen.has(file)) return seen;
        seen.add(file);
        for (const { path: next } of outputs.get(file)) {
            if (outputs.has(absolute(next))) reach(absolute(next), seen);
        }
        return seen;
    };
    return cases.map(({ name, isolate }) => ({
        name,
        isolate,
        modules: [...reach(path.join(outdir, `functions/${name}.js`))].map((file) => path.relative(outdir, file)),
    }));
}

/** As the engine's configuration has it: what a function declared is data, whatever it is called. @param {string} file */
function kindOf(file) {
    if (file.endsWith(".wasm")) return "wasm";
    return file.startsWith("files/") ? "data" : "esModule";
}

/** Declared files of the cases, as members beside the bundles. @param {Case[]} cases */
function writeFiles(folder, bundles, cases) {
    for (const { name, files = {} } of cases) {
        for (const [file, content] of Object.entries(files)) {
            const member = `files/${file}`;
            mkdirSync(path.dirname(path.join(folder, member)), { recursive: true });
            writeFileSync(path.join(folder, member), content);
            bundles.find((one) => one.name === name).modules.push(member);
        }
    }
}

/** @param {string} folder @param {{ name: string, isolate?: boolean, modules: string[] }[]} bundles @param {Record<string, string>} env */
function writeConfig(folder, bundles, env) {
    const module = (file) =>
        `(name = "${file}", ${kindOf(file)} = embed "${file}")`;
    const variables = Object.entries(env).map(([k, v]) => `(name = "${k}", text = ${JSON.stringify(v)})`);
    const object = (name) => `
  durableObjectNamespaces = [(className = "OnetubeIsolate", uniqueKey = "${name}", preventEviction = true)],
  durableObjectStorage = (inMemory = void),`;
    const binding = `(name = "onetube:isolate", durableObjectNamespace = "OnetubeIsolate")`;
    const worker = ({ name, isolate, modules }, index) => `const w${index} :Workerd.Worker = (
  compatibilityDate = "2026-04-15",
  compatibilityFlags = ["nodejs_compat", "enable_request_signal"],
  bindings = [${[...variables, ...(isolate ? [binding] : [])].join(", ")}],${isolate ? object(name) : ""}
  modules = [${modules.map(module).join(", ")}]);`;
    const text = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "internet", network = (allow = ["public", "local"])), ${bundles.map(({ name }, i) => `(name = "${name}", worker = .w${i})`).join(", ")}],
  sockets = [${bundles.map(({ name }) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}")`).join(", ")}]);
${bundles.map(worker).join("\n")}
`;
    writeFileSync(path.join(folder, "config.capnp"), text);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until `probe` gives something, for three seconds at most unless told otherwise. */
export async function until(probe, what, ms = 3000) {
    for (const end = Date.now() + ms; Date.now() < end; await sleep(10)) {
        const found = await probe();
        if (found) return found;
    }
    throw new Error(`waited in vain for ${what}`);
}

/**
 * One engine with all cases, each on its own port.
 * @param {Case[]} cases
 * @param {Record<string, string>} env
 */
export async function startEngine(cases, env) {
    const folder = mkdtempSync(path.join(tmpdir(), "onetube-shim-"));
    const removeFolder = () => rmSync(folder, { recursive: true, force: true });
    try {
        // Code split into chunks would evaluate a module with top-level await outside of any request.
        const bundles = await bundle(cases.filter((one) => !one.topLevelAwait), true, folder);
        bundles.push(...(await bundle(cases.filter((one) => one.topLevelAwait), false, folder)));
        writeFiles(folder, bundles, cases);
        writeConfig(folder, bundles, env);
    } catch (error) {
        removeFolder();
        throw error;
    }
    const child = spawn(WORKERD, ["serve", "config.capnp", "--control-fd=3"], {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    let log = "";
    let errors = "";
    let events = "";
    let ended = false;
    child.stdout.on("data", (data) => (log += data));
    child.stderr.on("data", (data) => {
        log += data;
        errors += data;
    });
    child.stdio[3].on("data", (data) => (events += data));
    const end = new Promise((resolve) => child.on("exit", resolve)).then(() => (ended = true));
    const stop = async () => {
        kill();
        process.off("exit", kill);
        await end;
        removeFolder();
    };
    const kill = () => child.kill("SIGKILL");
    process.on("exit", kill);

    const ports = () =>
        new Map(
            events.split("\n").filter(Boolean).map((line) => JSON.parse(line))
                .filter(({ event }) => event === "listen").map(({ socket, port }) => [socket, port]),
        );
    try {
        await until(() => ended || ports().size === cases.length, "the engine", 30000);
        if (ended) throw new Error(`the engine ended: ${log}`);
    } catch (error) {
        await stop();
        throw error;
    }
    const listening = ports();
    return {
        pid: child.pid,
        port: (name) => listening.get(name),
        /** Lines of the log that name the case's file. */
        lines: (name) => log.split("\n").filter((line) => line.startsWith(`${name}/index.`)),
        log: () => log,
        /** Of that, what came on standard error. */
        errors: () => errors,
        stop,
    };
}

/** @param {number | string} place a port, or the path of a Unix socket */
const addressOf = (place) => (typeof place === "string" ? { socketPath: place } : { host: "127.0.0.1", port: place });

/**
 * A request with nothing added to it, unlike fetch.
 * @param {number | string} place see addressOf
 * @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, text: string, json: any }>}
 */
export function send(place, { method = "GET", path: target = "/", headers = {}, body, encoding = "utf8", onData, onRequest } = {}) {
    return new Promise((resolve, reject) => {
        const request = http.request({ ...addressOf(place), method, path: target, headers, agent: false }, (response) => {
            let text = "";
            response.setEncoding(encoding);
            response.on("data", (data) => {
                text += data;
                onData?.(data, request);
            });
            response.on("error", reject);
            response.on("end", () => {
                let json;
                try {
                    json = JSON.parse(text);
                } catch {}
                resolve({ status: response.statusCode, headers: response.headers, text, json });
            });
        });
        request.setTimeout(8000, () => request.destroy(new Error("no answer within 8 s")));
        request.on("error", reject);
        onRequest?.(request);
        if (body !== undefined) request.write(body);
        if (!onRequest) request.end();
    });
}

/** A WebSocket client: text frames up to 125 bytes, and the closing handshake. */
export function connect(place, { path: target = "/", headers = {} } = {}) {
    return new Promise((resolve, reject) => {
        const request = http.request({
            ...addressOf(place),
            path: target,
            headers: {
                connection: "Upgrade",
                upgrade: "websocket",
                "sec-websocket-version": "13",
                "sec-websocket-key": randomBytes(16).toString("base64"),
                ...headers,
            },
        });
        request.setTimeout(5000, () => request.destroy(new Error("no upgrade")));
        request.on("error", reject);
        request.on("response", (response) => reject(new Error(`not upgraded: ${response.statusCode}`)));
        request.on("upgrade", (response, socket, head) => {
            const frames = [];
            let buffered = head;
            const parse = () => {
                while (buffered.length >= 2 && buffered.length >= 2 + buffered[1]) {
                    frames.push({ opcode: buffered[0] & 15, data: buffered.subarray(2, 2 + buffered[1]).toString() });
                    buffered = buffered.subarray(2 + buffered[1]);
                }
            };
            parse();
            socket.on("data", (data) => {
                buffered = Buffer.concat([buffered, data]);
                parse();
            });
            socket.on("error", () => {});
            const frame = (opcode, data) =>
                socket.write(Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | data.length, 0, 0, 0, 0]), data]));
            resolve({
                headers: response.headers,
                send: (text) => frame(1, Buffer.from(text)),
                close: () => frame(8, Buffer.from([3, 232])),
                next: () => until(() => frames.shift(), "a frame"),
                destroy: () => socket.destroy(),
            });
        });
        request.end();
    });
}

/** Tests are run in order and reported as TAP. */
export class Report {
    passed = 0;
    failed = 0;
    /** In front of every name. */
    prefix = "";

    async test(name, body) {
        try {
            await body();
            this.passed++;
            console.log(`ok ${this.passed + this.failed} - ${this.prefix}${name}`);
        } catch (error) {
            this.failed++;
            console.log(`not ok ${this.passed + this.failed} - ${this.prefix}${name}`);
            console.log(String(error.stack).replace(/^/gm, "# "));
        }
    }

    end() {
        console.log(`1..${this.passed + this.failed}`);
        console.log(`${this.passed} passed, ${this.failed} failed`);
        process.exitCode = this.failed > 0 ? 1 : 0;
    }
}

/** What 1tube.json and the source say together. @param {string} folder of a function */
export function isPublic(folder) {
    let config = {};
    try {
        config = JSON.parse(readFileSync(path.join(folder, "1tube.json"), "utf8"));
    } catch {}
    const source = readFileSync(path.join(folder, "index.ts"), "utf8");
    return config.public ?? (/\{ public: true\b/.test(source) ? true : null);
}
