/** deno.land/x/sift: a handler for each path, answers as JSON, and what a request must have. */

import { serve as denoServe } from "../serve.js";

/**
 * @typedef {(request: Request, info: any, params?: Record<string, string | undefined>) => Response | Promise<Response>} Handler
 * @param {Record<string, Handler>} routes by patterns of paths; "404" for those that match none
 */
export function serve(routes) {
    const patterns = Object.entries(routes).map(([pathname, handler]) => ({ pattern: new URLPattern({ pathname }), handler }));
    denoServe((/** @type {Request} */ request, /** @type {object} */ info) => {
        const { pathname } = new URL(request.url);
        for (const { pattern, handler } of patterns) {
            const params = pattern.exec({ pathname })?.pathname.groups;
            // Old versions have the parameters second.
            if (params) return handler(request, Object.assign(info, params), params);
        }
        return routes["404"]?.(request, info, {}) ?? new Response("Not Found", { status: 404 });
    });
}

/**
 * @param {unknown} value
 * @param {ResponseInit} [init]
 */
export function json(value, init) {
    const headers = new Headers(init?.headers);
    if (!headers.has("content-type")) headers.set("content-type", "application/json; charset=utf-8");
    return new Response(`${JSON.stringify(value)}\n`, { ...init, headers });
}

/** @param {string} message @param {number} [status] */
const failed = (message, status = 400) => ({ error: { message, status } });

/**
 * @param {Request} request
 * @param {Record<string, { headers?: string[], body?: string[], params?: string[] }>} terms for each method
 * @returns {Promise<{ error?: { message: string, status: number }, body?: Record<string, unknown> }>}
 */
export async function validateRequest(request, terms) {
    const wanted = terms[request.method];
    if (!wanted) return failed(`method ${request.method} is not allowed for the URL`, 405);
    const { searchParams } = new URL(request.url);
    for (const name of wanted.params ?? []) {
        if (!searchParams.get(name)) return failed(`param '${name}' is required to process the request`);
    }
    for (const name of wanted.headers ?? []) {
        if (!request.headers.has(name)) return failed(`header '${name}' not available`);
    }
    if (!wanted.body) return {};
    if (!request.headers.get("content-type")?.includes("application/json")) {
        return failed("please provide JSON content");
    }
    const body = await request.json().catch(() => ({}));
    for (const name of wanted.body) {
        if (body[name] === undefined) return failed(`field '${name}' is not available in the body`);
    }
    return { body };
}
