/**
 * Makes a Worker of a function, whatever style it is written in. `onetube build` writes for each function an entry
 *
 *     import { cell } from "../chunks/onetube.js";
 *     export { OnetubeIsolate } from "../chunks/onetube.js";
 *     export default cell({ name: "hello", file: "hello/index.ts", public: true }, () => require("./hello/index.ts"));
 *
 * The function's module and its imports are evaluated by `load`, inside the first request, where the engine allows I/O, timers and
 * random numbers. What they start ends with that request, unless the engine is told to make an OnetubeIsolate (actor.js).
 */

import { place } from "./actor.js";
import { badRequest, describe, internalError, unauthorized } from "./answers.js";
import { inInvocation, installConsole, noticeReader } from "./console.js";
import { registerExports, registerNamespace } from "./default-export.js";
import { dispatch } from "./dispatch.js";
import { identify, isPreflight, withoutIdentity } from "./identity.js";
import { installGlobals } from "./install.js";
import { enterFolder } from "./paths.js";
import { onChange, registered } from "./registry.js";
import { provideVars } from "./env.js";
import { watchUncaught, watchWaitUntil } from "./uncaught.js";

export { OnetubeIsolate } from "./actor.js";

/**
 * How long after its evaluation a module may still register a handler: some do so in an asynchronous `main()` that nobody awaits.
 */
const LATE_HANDLER_MS = 1000;

// Before the function puts another in its place.
const canParse = URL.canParse.bind(URL);

const NO_HANDLER =
    "no handler: write Deno.serve((request) => new Response()) or export default { fetch(request) { ... } }";

/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A function's module, from not yet evaluated to a handler, or to broken for good. */
class Program {
    /** @type {import("./registry.js").Invoke | undefined} set while there is exactly one handler */
    invoke;
    #broken = false;

    /**
     * @param {(problem: string) => void} log
     * @param {(registration: import("./registry.js").Registration) => void} onHandler
     */
    constructor(log, onHandler) {
        this.log = log;
        this.onHandler = onHandler;
    }

    /**
     * Evaluates the module. Resolves when a handler is registered, because `await serve(handler)` at top level never ends; or when it
     * is sure that there is none. Never rejects.
     *
     * @param {() => unknown} load
     * @param {ExecutionContext} ctx The request in which this happens: it lives on until the evaluation has ended.
     */
    async start(load, ctx) {
        /** @type {Promise<void>} */
        const anyHandler = new Promise((resolve) => onChange(resolve));
        try {
            const loading = load();
            if (loading instanceof Promise) {
                const evaluated = loading
                    .then((module) => registerNamespace(module))
                    .catch((error) => this.#failToStart(error));
                ctx.waitUntil(evaluated);
                await Promise.race([anyHandler, evaluated]);
                // A module that is about to end may still show a second handler, or throw.
                await Promise.race([evaluated, sleep(0)]);
            } else {
                registerExports(loading);
            }
        } catch (error) {
            this.#failToStart(error);
        }
        if (!this.#broken && registered().length === 0) {
            await Promise.race([anyHandler, sleep(LATE_HANDLER_MS)]);
        }
        onChange(() => this.#choose());
        this.#choose();
    }

    #choose() {
        if (this.#broken) return;
        const all = registered();
        if (all.length > 1) {
            return this.#break(`${all.length} handlers: ${all.map(({ how }) => how).join(" and ")}; keep one`);
        }
        const [handler] = all;
        this.invoke = handler?.invoke;
        if (handler) this.onHandler(handler);
        else this.log(NO_HANDLER);
    }

    /** @param {unknown} error */
    #failToStart(error) {
        this.#break(`failed to start: ${describe(error)}`);
    }

    /** The I/O that the start may have waited for is gone, and so is what would have come after it. */
    interrupt() {
        if (this.invoke || this.#broken) return;
        if (registered().length === 0) return this.#break("failed to start: it was ended before it had a handler");
        onChange(() => this.#choose());
        this.#choose();
    }

    /** For good: code that was evaluated in part cannot be evaluated again. @param {string} problem */
    #break(problem) {
        this.#broken = true;
        this.invoke = undefined;
        this.log(problem);
    }
}

/**
 * A Worker is alone on its host and knows nothing of the name that it has here: "/links/x" is "/x" for it.
 * @param {Request} request
 * @param {string} name
 */
function withoutName(request, name) {
    const url = new URL(request.url);
    if (!`${url.pathname}/`.startsWith(`/${name}/`)) return request;
    url.pathname = url.pathname.slice(1 + name.length);
    return new Request(url, request);
}

/**
 * @param {object} options
 * @param {string} options.name The function.
 * @param {string} options.file Its source, for messages.
 * @param {boolean | null} options.public Whether requests without identity are answered; null: 1tube.json does not say, so no.
 * @param {Record<string, unknown>} [options.vars] Plain configuration from a wrangler file; what the engine's operator gives wins.
 * @param {boolean} [options.stripName] Whether requests come without the function's name in their path.
 * @param {ReturnType<typeof import("./assets.js").assets>} [options.assets] Static assets of a wrangler project.
 * @param {() => unknown} load Evaluates the module: `require` gives its exports; `import`, for top-level await, a promise of its namespace.
 * @returns {{ fetch(request: Request, env: unknown, ctx: ExecutionContext): Response | Promise<Response> }}
 */
export function cell(options, load) {
    const open = options.public === true;
    /** @param {string} problem */
    const log = (problem) => console.error(`${options.file}: ${problem}`);

    let hinted = open;
    function hintClosed() {
        if (!hinted) log('closed: requests without identity get 401; to open it set "public": true in 1tube.json');
        hinted = true;
    }

    const program = new Program(log, ({ wantsPublic }) => {
        if (wantsPublic) hintClosed();
    });
    /** @type {Promise<void> | undefined} */
    let starting;

    /** @type {(invoke: import("./registry.js").Invoke, ...args: Parameters<import("./registry.js").Invoke>) => ReturnType<typeof dispatch>} */
    function run(invoke, request, env, ctx, auth) {
        enterFolder();
        return inInvocation(request, dispatch, invoke, log, withoutIdentity(request), env, ctx, auth);
    }

    /** @type {import("./actor.js").Answer} */
    function answer(request, bindings, ctx) {
        // A Host that no URL can have: the handler would stumble over it, and it would count as the function's failure.
        if (!canParse(request.url)) return badRequest();
        const own = options.vars || options.assets;
        const env = own ? { ...options.vars, ...options.assets?.bindings, .../** @type {object} */ (bindings) } : bindings;
        if (options.stripName) request = withoutName(request, options.name);
        const auth = open ? undefined : identify(request.headers);
        if (!open && !auth && !isPreflight(request)) {
            if (options.public === null) hintClosed();
            return unauthorized();
        }
        const asset = options.assets?.answer(request);
        if (asset) return asset;
        if (program.invoke) return run(program.invoke, request, env, ctx, auth);
        if (!starting) {
            noticeReader(request);
            enterFolder();
            watchWaitUntil(ctx);
            starting = program.start(load, ctx);
            // It goes on when the client that caused it leaves: others wait for it.
            ctx.waitUntil(starting);
        }
        return starting.then(() =>
            program.invoke ? run(program.invoke, request, env, ctx, auth) : internalError(),
        );
    }
    function restart() {
        if (!starting) return;
        program.interrupt();
        starting = Promise.resolve();
    }

    installConsole(options.name);
    provideVars(options.vars);
    installGlobals(options);
    watchUncaught();
    return { fetch: place(answer, restart, log) };
}
