/** Where the engine's modules of Node.js are not as functions expect them. */

import { acceptLists, registerServers, refuseServers } from "./node-http.js";
import { cwd } from "./paths.js";

/** The engine wants to be told how a text is encoded; in Node it is UTF-8. @param {any} crypto */
function acceptTexts({ Cipheriv, Decipheriv }) {
    for (const { prototype } of [Cipheriv, Decipheriv]) {
        const { update } = prototype;
        /** @this {any} @param {any} data @param {string} [inputEncoding] @param {string} [outputEncoding] */
        prototype.update = function (data, inputEncoding, outputEncoding) {
            return update.call(this, data, typeof data === "string" ? (inputEncoding ?? "utf8") : inputEncoding, outputEncoding);
        };
    }
}

/** The engine's begins at the root, wherever the function is. @param {any} path */
function resolveFromFolder(path) {
    const { resolve } = path;
    path.resolve = (/** @type {string[]} */ ...parts) => resolve(cwd(), ...parts);
}

/** @param {any} http */
function changeHttp(http) {
    registerServers(http);
    acceptLists(http);
}

/** https has the servers and requests of http. @type {Record<string, (module: any) => void>} */
const changes = { http: changeHttp, net: refuseServers, crypto: acceptTexts, path: resolveFromFolder };

/** The build fetches Node's modules here, so this sees whoever uses them before they do. */
export function watchNodeModules() {
    const { getBuiltinModule } = process;
    process.getBuiltinModule = (name) => {
        const [, module = ""] = /^(?:node:)?(crypto|http|net|path)s?(?:\/posix)?$/.exec(name) ?? [];
        changes[module]?.(getBuiltinModule(module));
        delete changes[module];
        return getBuiltinModule(name);
    };
}
