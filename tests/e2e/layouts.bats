#!/usr/bin/env bats
# onetube build of projects as they are, and what their functions answer.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p project/supabase/functions project/node_modules
    cd project
    F=supabase/functions
}

teardown() {
    stop_server
}

write() {
    mkdir -p "$(dirname "$1")"
    cat >"$1"
}

# A package in node_modules: package NAME VERSION TEXT
package() {
    write "node_modules/$1/package.json" <<<"{ \"name\": \"$1\", \"version\": \"$2\", \"main\": \"index.js\" }"
    write "node_modules/$1/index.js" <<<"$3"
}

build() {
    run "$ONETUBE" build --functions "${1:-.}" --out dist
}

# answers FUNCTION TEXT
answers() {
    local found
    found=$(curl -sS "$URL/$1")
    [ "$found" = "$2" ] || { echo "$1: $found, expected $2"; cat "$LOG"; return 1; } >&2
}

@test "a slip in config.toml is a warning with its place" {
    write supabase/config.toml <<'TOML'
[functions.helo]
verify_jwt = false
[functions.off]
enabled = false
[functions.open]
verify_jvt = false
elsewhere = 1
TOML
    write $F/hello/index.ts <<<'Deno.serve(() => new Response("hello"));'
    write $F/open/index.ts <<<'Deno.serve(() => new Response("open"));'
    build
    exits 0
    has 'supabase/config.toml:1:2: there is no function "helo" (did you mean "hello"?)'
    has 'supabase/config.toml:6:1: unknown key "verify_jvt" (did you mean "verify_jwt"?)'
    [[ "$output" != *elsewhere* && "$output" != *'"off"'* ]]
    run "$ONETUBE" build --functions . --only open --out dist
    exits 0
    [[ "$output" != *helo* ]]
    run "$ONETUBE" build --functions supabase/config.toml --out dist
    exits 1
    has "supabase/config.toml: Not a directory"
}

@test "a Supabase project: config.toml decides who may call, the entry, the import map and static files" {
    write supabase/config.toml <<'TOML'
project_id = "shop" # the rest is for other tools
[api]
port = 54321
[functions.open]
verify_jwt = false
[functions.legacy]
verify_jwt = false
entrypoint = "./functions/legacy/main.js"
import_map = "./functions/legacy/map.json"
static_files = ["./functions/legacy/pages/*.html", "./functions/_shared/note.txt"]
[functions.off]
enabled = false
[functions.closed]
verify_jwt = true
TOML
    write $F/open/index.ts <<<'Deno.serve(() => new Response("open"));'
    write $F/closed/index.ts <<<'export default () => new Response("closed");'
    write $F/off/index.ts <<<'this is no program'
    write $F/_shared/note.txt <<<'note'
    write $F/legacy/pages/a.html <<<'<p>page</p>'
    write $F/legacy/map.json <<<'{ "imports": { "lib/": "../_shared/" } }'
    write $F/_shared/text.ts <<<'export const text = "text";'
    write $F/legacy/main.js <<'JS'
import { text } from "lib/text.ts";
Deno.serve(async () => {
    const page = await Deno.readTextFile("./pages/a.html");
    const note = Deno.readTextFileSync("/bundle/files/_shared/note.txt");
    return new Response(`${text} ${page.trim()} ${note.trim()}`);
});
JS
    build
    exits 0
    start_server dist --allow-unsigned
    answers open open
    answers legacy "text <p>page</p> note"
    [ "$(curl -sS -o /dev/null -w '%{http_code}' "$URL/closed")" = 401 ]
    [ "$(curl -sS -o /dev/null -w '%{http_code}' "$URL/off")" = 404 ]
}

@test "deno.json and import_map.json: nearest first, for the function and for what functions share" {
    package zod 3.20.0 'exports.version = "three";'
    package other 1.0.0 'exports.version = "other"; exports.zod = require("zod").version;'
    write $F/deno.jsonc <<<'{ "imports": { "lib": "npm:zod@^3", "conf/": "./_shared/" }, }'
    write $F/a/deno.json <<<'{ "imports": { "lib": "npm:other@1", "zod": "npm:other" } }'
    write $F/b/import_map.json <<<'{ "imports": { "only-b": "./local.ts" }, "scopes": { "./sub/": { "lib": "npm:other" } } }'
    write $F/_shared/shared.ts <<<'import { version } from "lib"; export const shared = version;'
    write $F/a/index.ts <<<'import { version, zod } from "lib"; import { shared } from "conf/shared.ts"; export default () => new Response([version, zod, shared].join());'
    write $F/b/index.ts <<<'import { version } from "lib"; import local from "only-b"; import { deep } from "./sub/deep.ts"; export default () => new Response([version, local, deep].join());'
    write $F/b/local.ts <<<'export default "local";'
    write $F/b/sub/deep.ts <<<'import { version } from "lib"; export const deep = version;'
    for name in a b; do write $F/$name/1tube.json <<<'{ "public": true }'; done
    build
    exits 0
    start_server dist --allow-unsigned
    # node_modules is not the map's: other requires the real zod
    answers a "other,three,three"
    answers b "three,local,other"
}

@test "a file that functions share takes its imports from their maps, unless they disagree" {
    package zod 3.20.0 'exports.version = "three";'
    package other 1.0.0 'exports.version = "other";'
    for name in a b; do
        write $F/$name/index.ts <<<'import { shared } from "../_shared/shared.ts"; Deno.serve(() => new Response(shared));'
        write $F/$name/deno.json <<<'{ "imports": { "lib": "npm:zod@^3" } }'
    done
    write $F/_shared/shared.ts <<<'import { version } from "lib"; export const shared = version;'
    build
    exits 0
    write $F/b/deno.json <<<'{ "imports": { "lib": "npm:other" } }'
    build
    exits 1
    has 'supabase/functions/_shared/shared.ts:1:25: cannot resolve "lib" (the functions a and b share this file, and mean npm:zod@^3 and npm:other by it'
}

@test "a function in one file, an entry that deno.json names, code outside of the functions folder" {
    write $F/single.ts <<<'import { x } from "../../packages/lib/mod.ts"; Deno.serve(() => new Response(x));'
    write $F/helper.ts <<<'export const helper = "no function";'
    write $F/named/deno.json <<<'{ "exports": { ".": "./src/main.ts" } }'
    write $F/named/src/main.ts <<<'import { x } from "@me/lib"; import { y } from "@me/lib/y"; Deno.serve(() => new Response(x + y + import.meta.url));'
    write deno.json <<<'{ "workspace": ["./packages/*"] }'
    write packages/lib/deno.json <<<'{ "name": "@me/lib", "exports": { ".": "./mod.ts", "./y": "./y.ts" }, "imports": { "own": "./z.ts" } }'
    write packages/lib/mod.ts <<<'export const x = new URL(import.meta.url).pathname;'
    write packages/lib/y.ts <<<'export { y } from "own";'
    write packages/lib/z.ts <<<'export const y = " y ";'
    write supabase/config.toml <<<'functions.single.verify_jwt = false
functions.named.verify_jwt = false'
    build
    exits 0
    fails has helper
    start_server dist --allow-unsigned
    answers single /bundle/files/_outside/2/packages/lib/mod.ts
    answers named "/bundle/files/_outside/2/packages/lib/mod.ts y file:///bundle/files/named/src/main.ts"
}

@test "functions in one file each, in any style; what another file imports is none" {
    write $F/worker.mjs <<<'import answer from "./answer"; export default { fetch: () => new Response(answer()) };'
    write $F/answer.ts <<<'export default () => "answer";'
    write $F/late.ts <<<'async function main() { Deno.serve(() => new Response("late")); } main();'
    write $F/node.js <<<'import http from "http"; http.createServer((_, response) => response.end("node")).listen(80);'
    write $F/inner/index.ts <<<'import { handle } from "../wrapper.js"; handle("inner");'
    write $F/wrapper.ts <<<'export function handle(text) { Deno.serve(() => new Response(text)); }'
    for name in worker late node inner; do echo "functions.$name.verify_jwt = false"; done | write supabase/config.toml
    build
    exits 0
    node -e 'const names = JSON.parse(require("fs").readFileSync("dist/manifest.json")).functions.map((one) => one.name).join();
        if (names !== "inner,late,node,worker") { console.error(names); process.exit(1); }'
    start_server dist --allow-unsigned
    answers worker answer
    answers late late
    answers node node
    answers inner inner
}

@test "a wrangler project: main, vars, rules, compatibility date" {
    write worker/wrangler.toml <<'TOML'
name = "my.worker"
main = "src/worker.ts"
compatibility_date = "2026-05-01"
compatibility_flags = ["nodejs_compat", "nodejs_als"]
[vars]
GREETING = "hi"
LIMIT = 5
NESTED = { a = [1, true] }
[[rules]]
type = "Text"
globs = ["**/*.md"]
TOML
    write worker/src/worker.ts <<'TS'
import readme from "./readme.md";
import page from "./page.html";
import { env as bindings } from "cloudflare:workers";
export default {
    fetch(_request: Request, env: any) {
        return Response.json([env.GREETING, env.LIMIT, env.NESTED, process.env.GREETING, bindings.LIMIT, readme.trim(), page.trim()]);
    },
};
TS
    write worker/src/readme.md <<<'# read me'
    write worker/src/page.html <<<'<p>'
    write worker/1tube.json <<<'{ "public": true }'
    build worker
    exits 0
    node -e 'const m = JSON.parse(require("fs").readFileSync("dist/manifest.json"));
        if (m.engine.compatibilityDate !== "2026-05-01" || !m.engine.compatibilityFlags.includes("nodejs_als") || m.env.join() !== "GREETING,LIMIT,NESTED" || m.functions[0].config.context) { console.error(JSON.stringify(m)); process.exit(1); }'
    start_server dist --allow-unsigned
    answers my-worker '["hi",5,{"a":[1,true]},"hi",5,"# read me","<p>"]'
}

@test "a wrangler project's static assets" {
    write worker/wrangler.jsonc <<'JSON'
{
    "name": "site",
    "main": "src/worker.js",
    "assets": {
        "directory": "./public/",
        "binding": "ASSETS",
        "not_found_handling": "404-page",
        "run_worker_first": ["/api/*", "!/api/docs"]
    }
}
JSON
    write worker/src/worker.js <<'JS'
export default {
    async fetch(request, env) {
        const { pathname } = new URL(request.url);
        if (pathname === "/api/home") return env.ASSETS.fetch("https://assets.invalid/");
        if (pathname === "/none") return env.ASSETS.fetch(request);
        return new Response(`worker:${pathname}`, { headers: { "content-type": "text/plain" } });
    },
};
JS
    write worker/1tube.json <<<'{ "public": true }'
    write worker/public/index.html <<<home
    write worker/public/about.html <<<about
    write worker/public/docs/index.html <<<docs
    write worker/public/app.js <<<'no("module")'
    write worker/public/api/docs <<<api-docs
    write worker/public/api/file <<<hidden
    write worker/public/404.html <<<lost
    write worker/public/_headers <<<secret
    build worker
    exits 0
    start_server dist --allow-unsigned
    answers site home
    answers site/about about
    answers site/docs/ docs
    answers site/app.js 'no("module")'
    answers site/x worker:/x
    answers site/api/docs api-docs
    answers site/api/file worker:/api/file
    answers site/api/home home
    answers site/_headers worker:/_headers
    run curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "$URL/site/docs?a"
    [ "$output" = "307 $URL/site/docs/?a" ]
    run curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "$URL/site/about.html"
    [ "$output" = "307 $URL/site/about" ]
    run curl -s -w ' %{http_code} %{content_type}' "$URL/site/none"
    [ "$output" = $'lost\n 404 text/html; charset=utf-8' ]
    run curl -s -X POST "$URL/site/about"
    [ "$output" = "worker:/about" ]
    stop_server
    # settings that no source file shows make another bundle
    write worker/1tube.json <<<'{ "public": true, "stripName": false }'
    build worker
    start_server dist --allow-unsigned
    answers site/about worker:/site/about
    stop_server
    write worker/1tube.json <<<'{ "public": true }'
    sed -i 's/"run_worker_first": .*/"run_worker_first": true/' worker/wrangler.jsonc
    build worker
    start_server dist --allow-unsigned
    answers site/about worker:/about
}

@test "decorators: those of the language, or TypeScript's where deno.json says so" {
    write functions/standard/index.ts <<'TS'
const twice = (method: () => number, _context: unknown) => () => method() * 2;
class Counter { @twice static one() { return 1; } }
export default () => new Response(String(Counter.one()));
TS
    write functions/standard/1tube.json <<<'{ "public": true }'
    build functions
    exits 0
    start_server dist --allow-unsigned
    answers standard 2
    stop_server
    write functions/standard/index.ts <<'TS'
function twice(_target: unknown, _name: string, descriptor: PropertyDescriptor) {
    const method = descriptor.value;
    descriptor.value = () => method() * 2;
}
class Counter { @twice static one() { return 1; } }
export default () => new Response(String(Counter.one()));
TS
    write functions/standard/deno.json <<<'{ "compilerOptions": { "experimentalDecorators": true } }'
    build functions
    exits 0
    start_server dist --allow-unsigned
    answers standard 2
}
