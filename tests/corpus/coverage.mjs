// Which kinds of specifiers, styles of handlers and APIs the corpus has, and in how many functions: read from the sources, so that
// the table cannot say more than there is.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/** Each must be in two functions at least. A pattern is looked for in each file; a function gets all files, by their path. */
const KINDS = {
    layouts: {
        "index.ts": has("index.ts"),
        "index.tsx": has("index.tsx"),
        "index.js": has("index.js"),
        "index.mjs": has("index.mjs"),
        "index.mts": has("index.mts"),
        "index.jsx": has("index.jsx"),
        "entry of deno.json": file(/^deno\.jsonc?$/, /"exports"/),
        "entry of package.json": file(/^package\.json$/, /"(main|exports)"/),
        "config.toml: verify_jwt": file(/^config\.toml$/, /verify_jwt/),
        "config.toml: entrypoint": file(/^config\.toml$/, /entrypoint/),
        "config.toml: import_map": file(/^config\.toml$/, /import_map/),
        "config.toml: static_files": file(/^config\.toml$/, /static_files/),
        "config.toml: enabled": file(/^config\.toml$/, /enabled/),
        "deno.json of the function": has(/^deno\.jsonc?$/),
        "package.json of the function": has("package.json"),
        "1tube.json": has("1tube.json"),
        "a function in one file": (files) => files.size === 1 && !/\//.test([...files.keys()][0]) && !/^index/.test([...files.keys()][0]),
        "shared folder": /from\s+["'](\.\.?|shared)\/(_shared|cors)\b/,
        "code out of the functions folder": /from\s+["'](\.\.\/){3}/,
        "packages of a workspace": /from\s+["']@acme\//,
        "wrangler.toml": has("wrangler.toml"),
        "wrangler.jsonc": has("wrangler.jsonc"),
        "wrangler: vars": file(/^wrangler/, /"?vars"?\]?/),
        "wrangler: text rule": file(/^wrangler/, /"Text"/),
        "wrangler: data rule": file(/^wrangler/, /"Data"/),
        "wrangler: wasm": (files) => has(/^wrangler/)(files) && matches(files, /\.wasm/),
        "wrangler: compatibility flags": file(/^wrangler/, /compatibility_flags/),
    },
    specifiers: {
        "npm:": /["']npm:/,
        "npm: with a sub-path": /["']npm:(@[^/"']+\/)?[^/"']+\/[^"']+["']/,
        "npm: with a range": /["']npm:(@[^/"']+\/)?[^/"'@]+@(\^|~|\d+["'/])/,
        "jsr:": /["']jsr:/,
        "jsr: with a sub-path": /["']jsr:@[^/"']+\/[^/"']+\/[^"']+["']/,
        "bare, by imports": /from ["'](zod|openai|std\/|shared\/|text\/|#lib\/|@\/|@std\/|@acme\/settings|@hono\/hono|~\/)/,
        "bare, by scopes": /from ["'](ranking|rules)["']/,
        "bare, from node_modules": /from ['"](hono|zod|jose|express|koa|stripe|openai|react)['"]/,
        "built-in, bare": /(from |require\()["'](crypto|http|url|fs|events|zlib|path|util|async_hooks)["']/,
        "built-in, node:": /["']node:[a-z/_]+["']/,
        "esm.sh": /["']https:\/\/esm\.sh\//,
        "other CDNs": /["']https:\/\/(unpkg\.com|cdn\.jsdelivr\.net|cdn\.skypack\.dev)\//,
        "deno.land/x": /["']https:\/\/deno\.land\/x\//,
        "https:, vendored": /from ["'](https:\/\/example\.com|text)\//,
        "file:": /from ["']file:/,
        "relative, with extension": /from ["']\.\.?\/[^"']+\.(ts|js|tsx|mjs)["']/,
        "relative, without extension": /from ["']\.\.?\/([^"'/]+\/)*[^"'/.]+["']/,
        "JSON": /with:? \{ type: ["']json["'] \}/,
        "text": /with \{ type: ["']text["'] \}/,
        "bytes": /with \{ type: ["']bytes["'] \}/,
        "wasm as a module": /import \w+ from ["'][^"']+\.wasm["']|import \* as wasm/,
        "wasm?module": /\.wasm\?module/,
        "wasm, its exports": /import (\{ add \}|\* as wasm) from ["'][^"']+\.wasm["']/,
        "dynamic import": /\bimport\(["']/,
        "CommonJS": /module\.exports|exports\.\w+ =/,
        "require": /\brequire\(["']/,
        ".d.ts only": /import ["'][^"']*(edge-runtime\.d\.ts|@types\/[^"']*)["']/,
        "import type": /import type /,
        "JSX by deno.json": (files, project) => matches(files, /<\w+[^>]*>/, /x$/) && ["deno", "supabase"].includes(project) && !matches(files, /@jsxImportSource/),
        "JSX by a pragma": /@jsxImportSource/,
        "JSX and decorators by tsconfig.json": (files, project) => project === "hono" && matches(files, /<ul>|@route/),
        "paths of tsconfig.json": /from ['"]@(app)?\/(auth|schema|lib\/format)['"]/,
    },
    places: {
        "import.meta.url": /import\.meta\.url/,
        "import.meta.dirname": /import\.meta\.dirname/,
        "import.meta.filename": /import\.meta\.filename/,
        "import.meta.main": /import\.meta\.main/,
        "__dirname": /__dirname/,
        "__filename": /__filename/,
    },
    std: {
        "std http/server": /["'](https:\/\/deno\.land\/std@[^/]+|std)\/http\/server\.ts["']/,
        "std http/status": /std(@[^/]+)?\/http\/(http_)?status/,
        "std path": /@std\/path|std@[^/]+\/path/,
        "std encoding/base64": /(@std\/|jsr:@std\/|std@[^/]+\/)encoding(@1)?\/base64/,
        "std crypto": /std(@[^/]+)?\/crypto/,
        "std dotenv": /@std\/dotenv|deno\.land\/x\/dotenv/,
        "std assert": /(@std|std@[^/]+)\/assert/,
        "std async": /(@std|std@[^/]+)\/async/,
    },
    handlers: {
        "Deno.serve(handler)": /Deno\.serve\((async )?(\(|app\.fetch|request|req|handler|auth)/,
        "Deno.serve(options, handler)": /Deno\.serve\(\{[^}]*\}( \}|\})?, *(async|\(|app)/,
        "Deno.serve({ handler })": /Deno\.serve\(\{[^]*?handler[(:]/,
        "Deno.serve: onListen": /onListen/,
        "Deno.serve: what it returns": /server\.(finished|addr|shutdown)/,
        "std's serve": (files) => KINDS.std["std http/server"].test([...files.values()].join()) && matches(files, /(?<!\.)\bserve\(/),
        "export default { fetch }": /export default \{[^]*?\bfetch\b/,
        "export default function": /export default (async )?(function|\(|handle)/,
        "export default class": /export default class/,
        "export default app": /export default app\b/,
        "addEventListener(\"fetch\")": /addEventListener\(["']fetch["']/,
        "node's createServer().listen": /createServer\(/,
        "express": /["']express["']/,
        "oak or koa": /\/oak@|["']koa["']/,
        "@hono/node-server": /@hono\/node-server/,
        "a team's own wrapper": /serve\([^]*\{ (public|timeoutMs):|auth\.required|from ["'][^"']*_shared\/handler/,
        "registered after a start that waits": /(main\(\);|\}\)\(\);|^await (app\.listen|bot\.init))/m,
        "I/O, timers or random values at top level": /^(const|let) .*(= await |randomUUID\(\)|Math\.random\(\))|^(await|setInterval\()/m,
    },
    Deno: {
        "env.get": /Deno\.env\.get/,
        "env.has": /Deno\.env\.has/,
        "env.set": /Deno\.env\.set/,
        "env.delete": /Deno\.env\.delete/,
        "env.toObject": /Deno\.env\.toObject/,
        "readTextFile": /Deno\.readTextFile\(/,
        "readFile": /Deno\.readFile\(/,
        "readTextFileSync": /Deno\.readTextFileSync|readFileSync/,
        "upgradeWebSocket": /Deno\.upgradeWebSocket/,
        "build": /Deno\.build/,
        "version": /Deno\.version/,
        "errors": /Deno\.errors/,
        "inspect": /Deno\.inspect/,
        "args": /Deno\.args/,
        "cwd": /Deno\.cwd/,
        "memoryUsage": /Deno\.memoryUsage/,
        "permissions": /Deno\.permissions/,
        "exit": /Deno\.exit/,
        "what cannot be": /Deno\.(Command|listen|dlopen|openKv)/,
    },
    "other APIs": {
        "fetch(\"file:\")": /fetch\((new URL\(|`file:)/,
        "wasm from bytes or a stream": /WebAssembly\.instantiate(Streaming)?\((bytes|fetch)/,
        "EdgeRuntime.waitUntil": /EdgeRuntime\.waitUntil/,
        "navigator.userAgent": /navigator\.userAgent|getRuntimeKey/,
        "process.env": /process\.env/,
        "WebSocketPair": /new WebSocketPair/,
        "cloudflare:workers": /["']cloudflare:workers["']/,
        "env of the handler": /\benv\.[A-Z]/,
        "ctx.waitUntil": /(ctx|executionCtx|event)\.waitUntil/,
        "passThroughOnException": /passThroughOnException/,
        "scheduled": /\bscheduled\b/,
        "streams": /new (ReadableStream|TransformStream)|stream(Text|SSE)|renderToReadableStream/,
        "timers that go on": /setInterval/,
        caches: /caches\.(default|open)/,
        "context in 1tube.json: isolate": file(/^1tube\.json$/, /"isolate"/),
        stripName: file(/^1tube\.json$/, /"stripName"/),
        "context in 1tube.json: request": file(/^1tube\.json$/, /"request"/),
    },
    packages: {
        "@supabase/supabase-js": /@supabase\/supabase-js/,
        openai: /["'/:]openai["'@]/,
        stripe: /["'/:]stripe["'@]/,
        hono: /["'/:]hono["'@]/,
        zod: /["'/:]zod["'@]/,
        jose: /["'/:]jose["'@]/,
        "kysely or drizzle-orm": /kysely@|drizzle-orm/,
        grammy: /grammy@/,
        "react and react-dom/server": /react-dom(@[^/"']*)?\/server/,
    },
};

function has(name) {
    return (files) => [...files.keys()].some((one) => (name instanceof RegExp ? name.test(one) : one === name));
}

function matches(files, pattern, name = /./) {
    return [...files].some(([one, text]) => name.test(one) && pattern.test(text));
}

function file(name, pattern) {
    return (files) => matches(files, pattern, name);
}

/** The files of a folder, by their path in it. */
function read(folder, below = "", files = new Map()) {
    for (const name of readdirSync(path.join(folder, below))) {
        const one = path.join(below, name);
        if (statSync(path.join(folder, one)).isDirectory()) read(folder, one, files);
        else files.set(one, readFileSync(path.join(folder, one), "latin1"));
    }
    return files;
}

export class Coverage {
    count = 0;
    #folder;
    /** @type {Map<string, string[]>} */
    #functions = new Map();

    /** @param {string} folder of the projects */
    constructor(folder) {
        this.#folder = folder;
        for (const [title, kinds] of Object.entries(KINDS)) {
            for (const kind of Object.keys(kinds)) this.#functions.set(`${title}: ${kind}`, []);
        }
    }

    /** The function's own files; in supabase/config.toml its own section. */
    #filesOf(project, functions, name) {
        const root = path.join(this.#folder, project);
        const inProject = path.join(root, functions);
        const place = [inProject, path.join(inProject, "supabase/functions")].find((one) => existsSync(path.join(one, name)));
        if (place) {
            const files = read(path.join(place, name));
            const config = path.join(place, "../config.toml");
            const section = existsSync(config) && readFileSync(config, "utf8").split(/^\[functions\./m).find((one) => one.startsWith(`${name}]`));
            if (section) files.set("config.toml", section);
            return files;
        }
        const single = readdirSync(inProject).find((one) => one.startsWith(`${name}.`));
        return single ? new Map([[single, readFileSync(path.join(inProject, single), "utf8")]]) : read(root);
    }

    /** @param {string} project @param {string} functions @param {{ name: string }} one */
    add(project, functions, { name }) {
        const files = this.#filesOf(project, functions, name);
        this.count++;
        for (const [title, kinds] of Object.entries(KINDS)) {
            for (const [kind, wants] of Object.entries(kinds)) {
                const found = typeof wants === "function" ? wants(files, project) : matches(files, wants);
                if (found) this.#functions.get(`${title}: ${kind}`).push(`${project}/${name}`);
            }
        }
    }

    table() {
        const rows = [...this.#functions].map(([kind, { length }]) => `${String(length).padStart(4)}  ${kind}`);
        return [`${this.count} functions`, ...rows].join("\n");
    }

    /** What is in fewer than two functions. */
    missing() {
        return [...this.#functions].filter(([, names]) => names.length < 2).map(([kind, names]) => `${kind} (${names.join() || "none"})`);
    }

}
