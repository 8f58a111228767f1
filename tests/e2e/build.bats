#!/usr/bin/env bats
# onetube build: what it makes of good and of broken sources.
load helpers

setup() {
    F=$BATS_TEST_TMPDIR/functions
    D=$BATS_TEST_TMPDIR/dist
    mkdir -p "$F"
    ln -s "$ROOT/node_modules" "$BATS_TEST_TMPDIR/node_modules"
    cd "$BATS_TEST_TMPDIR"
}

build() {
    run "$ONETUBE" build --functions functions --out dist "$@"
}

# A JavaScript expression over the manifest as `m`
manifest() {
    node -e 'const m = JSON.parse(require("fs").readFileSync(process.argv[1])); if (!(eval(process.argv[2]))) { console.error(process.argv[2], JSON.stringify(m, null, 1)); process.exit(1); }' \
        dist/manifest.json "$1"
}

write() {
    mkdir -p "$(dirname "functions/$1")"
    cat >"functions/$1"
}

@test "esbuild is found beside the program, above the functions or on PATH; a folder of its name is none" {
    put_function functions hello hi
    # neither beside this copy nor above it
    mkdir -p a/b/c d e/esbuild
    cp "$ONETUBE" a/b/c/onetube
    build=("$PWD/a/b/c/onetube" build --functions functions --out dist)
    run env PATH=/nonexistent "${build[@]}"
    exits 0
    rm node_modules
    run env PATH="$PWD/e" "${build[@]}"
    exits 4
    has "esbuild not found"
    ln -s "$ROOT"/node_modules/@esbuild/linux-*/bin/esbuild d/esbuild
    run env PATH="$PWD/e:$PWD/d" "${build[@]}"
    exits 0
    for place in a/b a; do
        ln -s "$ROOT/node_modules" $place/node_modules
        run env PATH=/nonexistent "${build[@]}"
        exits 0
        rm $place/node_modules
    done
}

@test "a dist holds what the manifest says, byte for byte" {
    put_function functions hello hi
    put_function functions echo ho
    build --env B,A,B --compat-date 2025-10-01 --compat-flag nodejs_zlib
    exits 0
    has hello
    manifest 'm.schema === 1 && m.functions.map((f) => f.name).join() === "echo,hello"'
    manifest 'm.env.join() === "A,B" && m.engine.compatibilityDate === "2025-10-01" && m.engine.compatibilityFlags.includes("nodejs_zlib")'
    node -e 'const m = JSON.parse(require("fs").readFileSync("dist/manifest.json"));
        for (const f of m.functions) console.log(f.bundleSha256 + "  " + f.bundleFile);
        for (const f of m.files) console.log(f.sha256 + "  " + f.path)' | (cd dist && sha256sum -c --strict --quiet)
    [ "$(find dist -type f | wc -l)" = "$(node -p 'const m = JSON.parse(require("fs").readFileSync("dist/manifest.json")); 1 + m.functions.length + m.files.length')" ]
    fails grep -rq "$BATS_TEST_TMPDIR" dist
    fails grep -rqE '20[0-9]{2}-[0-9]{2}-[0-9]{2}T' dist/manifest.json
}

@test "functions that share code get one chunk, and each names what it reaches" {
    for name in one two; do
        write "$name/index.ts" <<<"import { z } from 'zod'; export default () => Response.json(z.string().safeParse('$name'));"
    done
    put_function functions alone x
    build
    exits 0
    manifest 'm.functions.find((f) => f.name === "one").moduleFiles.some((path) => path.startsWith("chunks/chunk-"))'
    manifest '((all) => all("one").filter((path) => !all("alone").includes(path)).length === 1)((name) => m.functions.find((f) => f.name === name).moduleFiles)'
    build --no-splitting
    exits 0
    manifest 'm.files.length === 1 && m.functions.every((f) => f.moduleFiles.join() === "chunks/onetube.js") && m.builder.options.splitting === false'
}

@test "a project's files may be where the runtime is in a dist" {
    mkdir -p chunks functions/chunks
    echo 'export const found = "beside the functions";' >functions/chunks/onetube.js
    echo 'export const found = "above the functions";' >chunks/onetube.js
    write one/index.ts <<<"import { found } from '../chunks/onetube.js'; export default () => new Response(found);"
    write two/index.ts <<<"import { found } from '../../chunks/onetube.js'; export default () => new Response(found);"
    write waits/index.ts <<<"import { found } from '../chunks/onetube.js'; await null; export default () => new Response(found);"
    build
    exits 0
    fails grep -q 'import(' dist/functions/waits.js
    grep -q 'found = "beside the functions"' dist/functions/one.js
    grep -q 'found = "above the functions"' dist/functions/two.js
    manifest 'm.functions.every((f) => f.moduleFiles.includes("chunks/onetube.js"))'
    grep -q 'OnetubeIsolate' dist/chunks/onetube.js
}

@test "a source's own file at the runtime's path, where only that source sees it" {
    mkdir -p functions/one/chunks functions/one/lib
    echo 'export const found = "in the function";' >functions/one/chunks/onetube.js
    write one/lib/use.ts <<<"import { found } from '../chunks/onetube.js'; export default found;"
    write one/index.ts <<<"import found from './lib/use.ts'; await null; export default () => new Response(found);"
    write two/index.ts <<<"export default () => new Response('two');"
    build
    exits 0
    grep -q 'found = "in the function"' dist/functions/one.js
    fails grep -q 'import(' dist/functions/one.js
    manifest 'm.functions.every((f) => f.moduleFiles.includes("chunks/onetube.js"))'
}

@test "source maps: none, linked, inline" {
    put_function functions hello hi
    build --sourcemap linked
    manifest 'm.files.some((f) => f.path === "functions/hello.js.map") && m.builder.options.sourcemap === "linked"'
    [ -f dist/functions/hello.js.map ]
    build --sourcemap inline
    grep -q 'sourceMappingURL=data:' dist/functions/hello.js
    build
    [ -z "$(find dist -name '*.map')" ]
    build --sourcemap sideways
    exits 2
}

@test "--minify makes it smaller, --only takes some, old files do not survive" {
    put_function functions hello hi
    put_function functions other ho
    build
    plain=$(stat -c %s dist/functions/hello.js)
    build --minify
    exits 0
    [ "$(stat -c %s dist/functions/hello.js)" -lt "$plain" ]
    build --only hello
    exits 0
    [ ! -e dist/functions/other.js ]
    [ "$(find dist -type f | sort | tr '\n' ' ')" = "dist/chunks/onetube.js dist/functions/hello.js dist/manifest.json " ]
    build --only hello,othr
    exits 2
    has othr
    has other
}

@test "a syntax error is shown with its place and line, and the old dist stays whole" {
    put_function functions hello hi
    build
    before=$(sha256sum dist/manifest.json)
    write pay/index.ts <<<'export default () => {
  const x = ;
};'
    build
    exits 1
    has 'functions/pay/index.ts:2:13: '
    has 'const x = ;'
    [ "$(sha256sum dist/manifest.json)" = "$before" ]
    [ "$(ls -A | grep -c onetube)" = 0 ]
}

@test "what cannot be resolved says what to do" {
    write pay/index.ts <<<'import Stripe from "npm:twilio@5";
export default () => new Response(String(Stripe));'
    build
    exits 1
    has 'functions/pay/index.ts:1:20: cannot resolve "npm:twilio@5" (install it: npm install twilio@5, or onetube vendor --functions functions)'
    write pay/index.ts <<<'import x from "./missing.ts"; export default () => new Response(x);'
    build
    exits 1
    has 'functions/pay/index.ts:1:15: '
    has './missing.ts'
    write pay/index.ts <<<'import x from "https://example.com/x.ts"; export default () => new Response(x);'
    build
    exits 1
    has 'functions/pay/index.ts:1:15: '
    has 'https://example.com/x.ts'
}

@test "no handler, and two, are errors where the source shows it" {
    write none/index.ts <<<'console.log("nothing to serve");'
    build
    exits 1
    has 'functions/none/index.ts:1:1: '
    has 'no handler'
    rm -r functions/none
    write two/index.ts <<<'Deno.serve(() => new Response("a"));
export default () => new Response("b");'
    build
    exits 1
    has 'functions/two/index.ts:2:'
}

@test "1tube.json is read strictly" {
    put_function functions hello hi
    write hello/1tube.json <<<'{
  // a comment
  "public": true,
  "timeoutMS": 5
}'
    build
    exits 1
    has 'functions/hello/1tube.json:4:3: '
    has timeoutMs
    write hello/1tube.json <<<'{ "rpm": -5 }'
    build
    exits 1
    has 'functions/hello/1tube.json:1:10: '
    write hello/1tube.json <<<'{ "public": true, /* fine */ "rpm": 0, }'
    build
    exits 0
    manifest 'm.functions[0].config.public === true && m.functions[0].config.rpm === 0'
}

@test "public comes from 1tube.json or from the source, and only from there" {
    mkdir -p functions/_shared
    cp "$ROOT"/examples/functions/_shared/handler.ts functions/_shared/
    write open/index.ts <<<'import { serve } from "../_shared/handler.ts";
serve(() => new Response("x"), { public: true });'
    write closed/index.ts <<<'import { serve } from "../_shared/handler.ts";
serve(() => new Response("x")); // { public: true }'
    build
    exits 0
    manifest 'm.functions.find((f) => f.name === "open").config.public === true'
    manifest 'm.functions.find((f) => f.name === "closed").config.public === undefined'
}

@test "names are checked here and not at boot" {
    put_function functions hello hi
    put_function functions 1bad hi
    build
    exits 1
    has 1bad
    rm -r functions/1bad
    put_function functions Hello hi
    build
    exits 1
    has Hello
    rm -r functions/Hello
    mkdir functions/_private functions/x_shared functions/empty
    put_function functions internet hi
    build
    exits 0
    manifest 'm.functions.length === 2'
}

@test "options are checked" {
    put_function functions hello hi
    for words in "--target es1492" "--compat-date tomorrow" "--compat-flag Bad-Flag" "--env A-B" "--jobs many" "--nonsense"; do
        # shellcheck disable=SC2086
        build $words
        exits 2
    done
    run "$ONETUBE" build --functions functions
    exits 2
    has --out
    run "$ONETUBE" build --functions nowhere --out dist
    exits 1
    has nowhere
    build --esbuild /nonexistent/esbuild
    exits 4
    has /nonexistent/esbuild
    printf '#!/bin/sh\necho 0.1.2\n' >old && chmod +x old
    build --esbuild "$PWD/old"
    exits 4
    has 0.28.2
}

@test "--json reports on stdout, people are told on stderr" {
    put_function functions hello hi
    "$ONETUBE" build --functions functions --out dist --json >report.json 2>told
    node -e 'const r = JSON.parse(require("fs").readFileSync("report.json")); if (r.functions[0].name !== "hello") process.exit(1)'
}

@test "top-level await, CommonJS, JSON, text of Node built-ins, dynamic import all build and answer" {
    write tla/index.ts <<<'const x = await Promise.resolve("tla"); export default () => new Response(x);'
    write cjs/index.js <<<'const path = require("path"); module.exports = (request) => new Response("cjs " + path.basename("/a/b"));'
    write dyn/index.ts <<<'export default async () => new Response((await import("../_shared/late.ts")).late);'
    write _shared/late.ts <<<'export const late = "late";'
    write data/index.ts <<<'import data from "./data.json"; import { createHash } from "crypto"; export default () => new Response(data.x + createHash("sha256").update("").digest("hex").slice(0, 4));'
    write data/data.json <<<'{ "x": "json " }'
    for name in tla cjs dyn data; do write $name/1tube.json <<<'{ "public": true }'; done
    build
    exits 0
    make_keys release
    start_server dist --allow-unsigned
    [ "$(curl -sS "$URL/tla")" = tla ]
    [ "$(curl -sS "$URL/cjs")" = "cjs b" ]
    [ "$(curl -sS "$URL/dyn")" = late ]
    [ "$(curl -sS "$URL/data")" = "json e3b0" ]
    stop_server
}

@test "what is required inside a try and is not installed fails there, not in the build" {
    write soft/index.js <<<'let found = "yes";
try { require("not-installed-anywhere"); } catch { found = "no"; }
export default () => new Response("found " + found);'
    write soft/1tube.json <<<'{ "public": true }'
    build
    exits 0
    start_server dist --allow-unsigned
    [ "$(curl -sS "$URL/soft")" = "found no" ]
    stop_server
}
