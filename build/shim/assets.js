/** The static assets of a wrangler project: files that are served in front of the Worker, or by it through a binding. */

import { mediaType } from "./media-types.js";
import { fs } from "./paths.js";

/**
 * @typedef {object} Options
 * @property {string} root The folder of the assets, below /bundle/files.
 * @property {string} [binding] The Worker's name for them.
 * @property {string} [html] "none": a path names a file and nothing else. Otherwise /page is /page.html or /page/index.html.
 * @property {string} [notFound] "404-page" or "single-page-application".
 * @property {boolean | string[]} [workerFirst] Paths that the Worker answers even where there is a file: patterns, with "!" those it does not.
 */

/** @param {string} path */
const isFile = (path) => !!fs().statSync(path, { throwIfNoEntry: false })?.isFile();

/** Files that say how others are served. */
const HIDDEN = /^\/(_headers|_redirects|\.assetsignore)$/;

/** @param {string} pathname @returns {string | null} null: it names no file */
function decoded(pathname) {
    try {
        const path = decodeURIComponent(pathname);
        return HIDDEN.test(path) || path.includes("\0") ? null : path;
    } catch {
        return null;
    }
}

/** @param {string} pattern @param {string} pathname */
function matches(pattern, pathname) {
    const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`).test(pathname);
}

/** @param {Options} options */
export function assets({ root, binding, html, notFound, workerFirst = false }) {
    const base = `/bundle/files/${root}`;

    /** @param {Request} request @param {string} path @param {number} [status] */
    function file(request, path, status = 200) {
        const type = mediaType(path);
        const headers = new Headers({ "cache-control": "public, max-age=0, must-revalidate" });
        if (type) headers.set("content-type", /^text\/|javascript|json$/.test(type) ? `${type}; charset=utf-8` : type);
        return new Response(request.method === "HEAD" ? null : fs().readFileSync(base + path), { status, headers });
    }

    /** Relative, because the Worker does not see all of its path. @param {URL} url @param {string} target */
    const redirect = (url, target) => new Response(null, { status: 307, headers: { location: target + url.search } });

    /** @param {Request} request @returns {Response | null} */
    function find(request) {
        const url = new URL(request.url);
        const path = decoded(url.pathname);
        if (path === null || (request.method !== "GET" && request.method !== "HEAD")) return null;
        /** @param {string} name */
        const has = (name) => isFile(base + name);
        const last = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
        if (html === "none") return has(path) ? file(request, path) : null;
        if (path.endsWith("/")) {
            if (has(`${path}index.html`)) return file(request, `${path}index.html`);
            const name = url.pathname.split("/").at(-2);
            return name && has(`${path.slice(0, -1)}.html`) ? redirect(url, `../${name}`) : null;
        }
        if (has(path)) {
            if (last === "index.html") return redirect(url, "./");
            return last.endsWith(".html") ? redirect(url, `./${last.slice(0, -".html".length)}`) : file(request, path);
        }
        if (last === "index" && has(`${path}.html`)) return redirect(url, "./");
        if (has(`${path}.html`)) return file(request, `${path}.html`);
        return has(`${path}/index.html`) ? redirect(url, `./${last}/`) : null;
    }

    /** What stands for a file that is not there. @param {Request} request @returns {Response | null} */
    function missing(request) {
        if (request.method !== "GET" && request.method !== "HEAD") return null;
        if (notFound === "single-page-application") return isFile(`${base}/index.html`) ? file(request, "/index.html") : null;
        if (notFound !== "404-page") return null;
        let folder = decoded(new URL(request.url).pathname) ?? "/";
        while (folder !== "") {
            folder = folder.slice(0, folder.lastIndexOf("/"));
            if (isFile(`${base}${folder}/404.html`)) return file(request, `${folder}/404.html`, 404);
        }
        return null;
    }

    /** @param {string} pathname */
    function isForWorker(pathname) {
        if (!Array.isArray(workerFirst)) return workerFirst;
        /** @param {boolean} out */
        const any = (out) => workerFirst.some((one) => one.startsWith("!") === out && matches(one.replace("!", ""), pathname));
        return any(false) && !any(true);
    }

    return {
        /** The answer to a request that the Worker does not get; null: it does. @param {Request} request */
        answer(request) {
            if (isForWorker(new URL(request.url).pathname)) return null;
            const isNavigation = request.headers.get("sec-fetch-mode") === "navigate";
            return find(request) ?? (isNavigation ? missing(request) : null);
        },
        bindings: binding
            ? {
                  [binding]: {
                      /** @param {RequestInfo | URL} input @param {RequestInit} [init] */
                      async fetch(input, init) {
                          const request = new Request(/** @type {any} */ (input), init);
                          return find(request) ?? missing(request) ?? new Response(null, { status: 404 });
                      },
                  },
              }
            : {},
    };
}
