#!/usr/bin/env bats
# The cache: what changed is built again and nothing else, and the bytes are those of a build without it, whatever it holds.
load helpers

setup() {
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    mkdir "$XDG_STATE_HOME"
    cd "$BATS_TEST_TMPDIR"
}

put() {
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "${@:2}" >"$1"
}

# put_package FOLDER NAME TEXT
put_package() {
    put "$1/$2/package.json" "{ \"name\": \"$2\", \"version\": \"1.0.0\", \"main\": \"index.js\" }"
    put "$1/$2/index.js" "$3"
}

# Ten functions that have what functions have.
place() {
    local serve='Deno.serve(() => new Response('
    put functions/_shared/cors.ts 'export const cors = { "x-cors": "1" };' 'export const unused = 1;'
    put_package node_modules left 'exports.left = "left"; exports.more = require("./more");'
    put node_modules/left/more.js 'module.exports = 1;'
    put_package node_modules right 'exports.right = "right";'
    put packages/lib/x.ts 'export const x = "outside";'
    put functions/both/index.ts 'import { cors } from "../_shared/cors.ts";' 'import { left } from "left";' \
        'import { util } from "./util";' "$serve util + left, { headers: cors }));"
    put functions/both/util.ts 'export const util = "util";'
    put functions/mapped/index.ts 'import { cors } from "../_shared/cors.ts";' 'import { one } from "lib/one.ts";' "$serve one, { headers: cors }));"
    put functions/mapped/deno.json '{ "imports": { "lib/": "./own/" } }'
    put functions/mapped/own/one.ts 'export const one = "one";'
    put functions/mapped/other/one.ts 'export const one = "another";'
    put functions/npm/index.ts 'import { right } from "npm:right@1";' "$serve right));"
    put functions/outer/index.tsx 'import { x } from "../../packages/lib/x.ts";' 'function h(name: string) { return name + x; }' \
        '/** @jsx h */' "$serve <p />));"
    put functions/files/index.ts 'import data from "./data.json" with { type: "json" };' 'import page from "./page.html";' \
        "$serve data.marker + page + Deno.readTextFileSync(new URL(\"./note.txt\", import.meta.url))));"
    put functions/files/data.json '{ "marker": 1 }'
    put functions/files/page.html '<p>'
    put functions/files/note.txt 'a note'
    put functions/linked/index.ts 'import { y } from "./link.ts";' "$serve y));"
    put functions/_other/one.ts 'export const y = 1;'
    put functions/_other/two.ts 'export const y = 1;'
    ln -s ../_other/one.ts functions/linked/link.ts
    put functions/optional/index.ts 'let found = "nothing";' 'try { found = require("maybe"); } catch {}' "$serve found));"
    put functions/waits/index.ts 'const z = await Promise.resolve("z");' "$serve z));"
    put functions/hello/index.ts "$serve \"hello\"));"
    put functions/bye/index.ts 'try { require("never"); } catch {}' "$serve \"bye\"));"
}

ALL="both bye files hello linked mapped npm optional outer waits"
ONES="--functions functions"

# The functions that the last build bundled, in order.
built() {
    node -e '
        const report = JSON.parse(require("fs").readFileSync("build.json"));
        if (!report.ok) { console.error(report); process.exit(1); }
        console.log(report.functions.filter((one) => !one.cached).map((one) => one.name).sort().join(" "));'
}

build() {
    # what changed in the moment in which a build begins is not kept by it
    sleep 0.05
    # shellcheck disable=SC2086
    "$ONETUBE" build $ONES --out dist --json "$@" >build.json 2>told || { cat build.json told >&2; return 1; }
}

same_as_without() {
    # shellcheck disable=SC2086
    "$ONETUBE" build $ONES --out plain --no-cache --json "$@" >plain.json 2>/dev/null
    diff -r dist plain
    node -e '
        const [a, b] = ["build.json", "plain.json"].map((file) => JSON.parse(require("fs").readFileSync(file)));
        require("assert").deepStrictEqual(a.diagnostics, b.diagnostics);'
}

# expect WHAT-CHANGED FUNCTIONS [OPTIONS...]: builds, and these are bundled again
expect() {
    local found
    build "${@:3}"
    found=$(built)
    if [ "$found" != "$2" ]; then
        echo "$1: built \"$found\", expected \"$2\"" >&2
        return 1
    fi
    same_as_without "${@:3}"
}

@test "each kind of change builds again exactly what depends on it" {
    place
    expect "nothing is there" "$ALL"
    expect "nothing changed" ""
    touch -d 2001-01-01 functions/both/index.ts
    expect "a time" ""
    put functions/both/README.md "text"
    put notes.txt "text"
    mkdir -p functions/.hidden other
    expect "what nobody imports" ""

    echo '// a comment' >>functions/hello/index.ts
    expect "an entry" "hello"
    put functions/both/util.ts 'export const util = "other";'
    expect "a module of its own" "both"
    put functions/both/util.tsx 'export const util = "tsx";'
    expect "a module that is found before" "both"
    rm functions/both/util.tsx
    expect "which is gone again" "both"
    put functions/_shared/cors.ts 'export const cors = { "x-cors": "2" };' 'export const unused = 1;'
    expect "a shared module" "both mapped"
    put functions/both/index.ts 'import { cors } from "../_shared/cors.ts";' 'import { left } from "left";' \
        'import { util } from "./util";' 'Deno.serve(() => new Response("changed" + util + left, { headers: cors }));'
    expect "a user of shared modules" "both"

    put node_modules/left/more.js 'module.exports = 2;'
    expect "a package's file" "both"
    put_package functions/both/node_modules left 'exports.left = "nearer";'
    expect "a nearer package" "both"
    rm -r functions/both/node_modules
    expect "which is gone again" "both"
    put node_modules/left/package.json '{ "name": "left", "version": "1.0.0", "main": "more.js" }'
    put node_modules/left/more.js 'exports.left = "more";'
    expect "a package's main" "both"
    put node_modules/right/package.json '{ "name": "right", "version": "1.0.1", "main": "index.js", "sideEffects": false }'
    expect "a package's other settings" "npm"
    put_package node_modules maybe 'module.exports = "something";'
    expect "a package that could not be found" "optional"

    put functions/mapped/deno.json '{ "imports": { "lib/": "./other/" } }'
    expect "an import map" "mapped"
    put functions/mapped/deno.json '{ "imports": { "lib/": "./other/" }, "tasks": { "x": "y" } }'
    expect "what has no effect in it" ""
    put functions/npm/deno.json '{ "imports": { "npm:right@1": "./own.ts" } }'
    put functions/npm/own.ts 'export const right = "own";'
    expect "a new import map" "npm"
    rm functions/npm/deno.json
    expect "which is gone again" "npm"
    put functions/outer/deno.json '{ "compilerOptions": { "jsx": "react", "jsxFactory": "h" } }'
    expect "how JSX is read" "outer"
    put packages/lib/x.ts 'export const x = "changed";'
    expect "a module outside of the functions folder" "outer"
    put packages/package.json '{ "type": "module" }'
    expect "a package.json above it" "outer"
    put functions/hello/package.json '{ "type": "commonjs" }'
    expect "a package.json beside an entry" "hello"
    put functions/hello/tsconfig.json '{ "compilerOptions": { "experimentalDecorators": true } }'
    expect "a tsconfig.json" "hello"
    put functions/hello/1tube.json '{ "public": true }'
    expect "a function's own settings" "hello"

    put functions/files/data.json '{ "marker": 2 }'
    expect "JSON" "files"
    put functions/files/page.html '<div>'
    expect "a text" "files"
    put functions/files/note.txt 'another note'
    expect "a static file, which is no part of a bundle" ""
    grep -q another dist/files/files/note.txt
    ln -sfn ../_other/two.ts functions/linked/link.ts
    expect "where a link leads" "linked"
    echo '// x' >>functions/waits/index.ts
    expect "a function with top-level await" "waits"
    put functions/tsconfig.json '{ "compilerOptions": { "paths": { "left": ["./_other/left.ts"] } } }'
    expect "a tsconfig.json for all" "$ALL"
    put functions/_other/left.ts 'export const left = "by path";'
    expect "what its paths name" "both"
    grep -rq 'by path' dist
    put tsconfig.base.json '{ "compilerOptions": { "useDefineForClassFields": false } }'
    put functions/tsconfig.json '{ "extends": "../tsconfig.base.json" }'
    expect "one that extends another" "$ALL"
    put tsconfig.base.json '{ "compilerOptions": { "useDefineForClassFields": true } }'
    expect "which changes" "$ALL"
    put functions/deno.json '{ "imports": { "left": "./_other/left.ts" } }'
    expect "an import map for all" "$ALL"
    grep -rq 'by path' dist
    put package.json '{ "type": "module" }'
    expect "a package.json above all" "$ALL"
    put functions/more/index.ts 'Deno.serve(() => new Response("more"));'
    expect "a new function" "both bye files hello linked mapped more npm optional outer waits"
    rm -r functions/more
    expect "the functions of before" ""
}

@test "sources with errors leave the cache as it was" {
    place
    expect "nothing is there" "$ALL"
    mv functions/both/util.ts away
    run build
    exits 1
    mv away functions/both/util.ts
    expect "what was missing is there again" ""
    echo 'export default (' >>functions/bye/index.ts
    run build
    exits 1
    put functions/bye/index.ts 'Deno.serve(() => new Response("better"));'
    expect "what was wrong is right" "bye"
}

@test "warnings and notes are told again" {
    place
    put functions/hello/index.ts 'const x = { a: 1, a: 2 };' 'import { y } from "https://esm.sh/maybe@1";' 'Deno.serve(() => new Response(x.a + y));'
    put functions/optional/index.ts 'Deno.serve(() => new Response(""));'
    put_package node_modules maybe 'exports.y = 1;'
    expect "nothing is there" "$ALL"
    cp told first
    expect "nothing changed" ""
    cmp told first
    grep -q 'Duplicate key' build.json
    echo '//' >>functions/bye/index.ts
    expect "another function" "bye"
    grep -q 'Duplicate key' build.json
    put functions/hello/index.ts 'Deno.serve(() => new Response(""));'
    expect "the function with the warning" "hello"
    fails grep -q 'Duplicate key' build.json
}

@test "each set of options has its own, and all give what they give without a cache" {
    place
    expect "nothing is there" "$ALL"
    for options in "--minify" "--sourcemap linked" "--sourcemap inline" "--no-splitting" "--target es2022" "--minify --sourcemap linked --no-splitting"; do
        # shellcheck disable=SC2086
        expect "other options" "$ALL" $options
        # shellcheck disable=SC2086
        expect "the same options" "" $options
    done
    expect "the first options" ""
    expect "fewer functions" "both bye" --only both,bye
    # these change the manifest and no bundle
    expect "names of variables" "" --env A,B
    expect "a compatibility date" "" --compat-date 2025-10-01
    for options in "--minify" "--sourcemap linked" "--sourcemap inline" "--no-splitting"; do
        echo "// $options" >>functions/both/index.ts
        # shellcheck disable=SC2086
        expect "one function, with $options" "both" $options
        # shellcheck disable=SC2086
        expect "the same" "" $options
    done
}

@test "another esbuild is another build, and a script in its place gets no cache" {
    place
    expect "nothing is there" "$ALL"
    local esbuild
    esbuild=$(echo "$ROOT"/node_modules/@esbuild/linux-*/bin/esbuild)
    cp "$esbuild" other-esbuild
    expect "a copy" "$ALL" --esbuild "$PWD/other-esbuild"
    expect "the same copy" "" --esbuild "$PWD/other-esbuild"
    printf 'more' >>other-esbuild
    expect "a changed copy" "$ALL" --esbuild "$PWD/other-esbuild"
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$esbuild" >script
    chmod +x script
    expect "a script" "$ALL" --esbuild "$PWD/script"
    expect "the script again" "$ALL" --esbuild "$PWD/script"
    # one that is missing is an error, needed or not
    run "$ONETUBE" build --functions functions --out dist --esbuild "$PWD/missing"
    exits 4
}

@test "--no-cache neither uses nor fills it" {
    place
    expect "nothing is there" "$ALL" --no-cache
    [ ! -e functions/.onetube ]
    ONETUBE_NO_CACHE=1 expect "nothing is there" "$ALL"
    [ ! -e functions/.onetube ]
    expect "nothing is there" "$ALL"
    expect "with it there" "$ALL" --no-cache
    expect "with it there" ""
    # discovery and version control do not see it
    git init -q . && git add -A 2>/dev/null
    fails git ls-files --error-unmatch functions/.onetube/cache/records
    [ "$(git ls-files functions/.onetube)" = "" ]
}

# poison FILE HOW
poison() {
    case $2 in
    flip) node -e '
        const fs = require("fs"), file = process.argv[1], bytes = fs.readFileSync(file);
        const at = Math.floor(bytes.length * Number(process.argv[2]));
        bytes[Math.min(at, bytes.length - 1)] ^= 1;
        fs.writeFileSync(file, bytes);' "$1" "$3" ;;
    cut) truncate -s -1 "$1" ;;
    empty) truncate -s 0 "$1" ;;
    more) printf x >>"$1" ;;
    esac
}

@test "a cache with any byte changed gives the same bytes" {
    place
    build
    cp -R functions/.onetube good
    cp -R dist first
    local how file
    # each file on its own
    while read -r file; do
        for how in "flip 0" "flip 0.5" "flip 1" cut empty more; do
            rm -rf functions/.onetube dist
            cp -R good functions/.onetube
            # shellcheck disable=SC2086
            poison "functions/.onetube/$file" $how
            build
            diff -r first dist
        done
    done < <(cd good && find cache -type f -path '*/[rb]*/*' | sort | awk 'NR % 3 == 1 || /records/')
    # the record's length, byte by byte of its head
    local at
    for at in $(seq 0 3 96); do
        rm -rf functions/.onetube dist
        cp -R good functions/.onetube
        node -e '
            const fs = require("fs"), file = process.argv[1], bytes = fs.readFileSync(file);
            bytes[Number(process.argv[2])] ^= 0x80;
            fs.writeFileSync(file, bytes);' functions/.onetube/cache/records/* "$at"
        build
        [ "$(built)" = "$ALL" ]
        diff -r first dist
    done
    # all blobs at once, and then it heals
    for file in functions/.onetube/cache/blobs/*; do poison "$file" flip 0.3; done
    build
    diff -r first dist
    build
    build
    [ "$(built)" = "" ]
    diff -r first dist
}

@test "files under each other's names are not taken" {
    place
    build
    build --minify
    cp -R dist minified
    local records=(functions/.onetube/cache/records/*)
    [ ${#records[@]} = 2 ]
    mv "${records[0]}" x
    mv "${records[1]}" "${records[0]}"
    mv x "${records[1]}"
    build --minify
    [ "$(built)" = "$ALL" ]
    diff -r minified dist
    local blobs=(functions/.onetube/cache/blobs/*)
    cp "${blobs[0]}" x
    cp "${blobs[1]}" "${blobs[0]}"
    cp x "${blobs[1]}"
    build --minify
    diff -r minified dist
}

@test "a cache that came from elsewhere is not used" {
    place
    build
    cp -R dist first
    # another user's key, or another machine's: as in a checkout
    XDG_STATE_HOME=$BATS_TEST_TMPDIR/elsewhere
    mkdir "$XDG_STATE_HOME"
    build
    [ "$(built)" = "$ALL" ]
    diff -r first dist
    build
    [ "$(built)" = "" ]
    # the same project at another place
    cp -R functions node_modules packages /dev/null "$BATS_TEST_TMPDIR/" 2>/dev/null || true
    mkdir there
    cp -R functions node_modules packages there/
    cd there
    build
    [ "$(built)" = "$ALL" ]
    diff -r ../first dist
}

@test "a key or a folder that others could change is not trusted" {
    place
    build
    [ "$(stat -c %a "$XDG_STATE_HOME/onetube/cache.key")" = 600 ]
    [ "$(stat -c %a functions/.onetube/cache)" = 700 ]
    local mode
    for mode in 770 707 777; do
        chmod $mode functions/.onetube/cache
        expect "a folder with mode $mode" "$ALL"
    done
    chmod 755 functions/.onetube/cache
    expect "a folder that others may read" ""
    for mode in 640 604 660; do
        chmod $mode "$XDG_STATE_HOME/onetube/cache.key"
        expect "a key with mode $mode" "$ALL"
    done
    chmod 600 "$XDG_STATE_HOME/onetube/cache.key"
    expect "a key of the user's own" ""
    mv "$XDG_STATE_HOME/onetube/cache.key" key
    ln -s "$PWD/key" "$XDG_STATE_HOME/onetube/cache.key"
    expect "a key that is a link" "$ALL"
    rm "$XDG_STATE_HOME/onetube/cache.key"
    printf short >"$XDG_STATE_HOME/onetube/cache.key"
    chmod 600 "$XDG_STATE_HOME/onetube/cache.key"
    expect "a short key" "$ALL"
    mv key "$XDG_STATE_HOME/onetube/cache.key"
    mv functions/.onetube/cache elsewhere
    ln -s "$PWD/elsewhere" functions/.onetube/cache
    expect "a folder that is a link" "$ALL"
    rm functions/.onetube/cache
    mv elsewhere functions/.onetube/cache
    expect "the folder itself" ""
    rm -r functions/.onetube
    printf x >functions/.onetube
    expect "a file in its place" "$ALL"
}

@test "a cache of somebody else's is not trusted, and one that cannot be written is used" {
    [ "$(id -u)" = 0 ] || skip "needs root, to be somebody else"
    place
    build
    chown -R 65534 functions/.onetube/cache
    expect "somebody else's folder" "$ALL"
    chown -R 0 functions/.onetube/cache
    chown 65534 functions/.onetube/cache/blobs
    expect "somebody else's blobs" "$ALL"
    chown 0 functions/.onetube/cache/blobs
    expect "our own" ""
    # as somebody who may only read: the same user on a file system that is mounted so would see the same
    cp -R dist first
    chmod -R a+rX "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
    mkdir nobody nobody/state
    chown -R 65534 nobody
    chown -R 65534 functions/.onetube
    chmod -R u-w,go-w functions/.onetube functions
    for _ in 1 2; do
        as_nobody build --functions functions --out nobody/dist --json >build.json 2>/dev/null
        [ "$(built)" = "$ALL" ]
        diff -r first nobody/dist
    done
}

@test "a record that may only be read still saves the work" {
    [ "$(id -u)" = 0 ] || skip "needs root, to be another user"
    place
    chmod -R a+rX "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
    mkdir nobody nobody/state
    chown -R 65534 nobody functions
    build_as_nobody() {
        sleep 0.05
        as_nobody build --functions functions --out nobody/dist --json >build.json 2>/dev/null
    }
    build_as_nobody
    [ "$(built)" = "$ALL" ]
    cp -R nobody/dist first
    chmod -R a-w functions
    build_as_nobody
    [ "$(built)" = "" ]
    diff -r first nobody/dist
    chmod u+w functions/hello/index.ts
    echo '// x' >>functions/hello/index.ts
    build_as_nobody
    [ "$(built)" = "hello" ]
    build_as_nobody
    [ "$(built)" = "hello" ]
    "$ONETUBE" build --functions functions --out plain --no-cache >/dev/null 2>&1
    diff -r nobody/dist plain
}

@test "builds at the same time share it" {
    place
    local i pids=()
    for i in $(seq 6); do
        "$ONETUBE" build --functions functions --out "dist$i" >/dev/null 2>&1 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    for i in $(seq 2 6); do diff -r dist1 "dist$i"; done
    echo '// x' >>functions/hello/index.ts
    pids=()
    for i in $(seq 6); do
        "$ONETUBE" build --functions functions --out "dist$i" >/dev/null 2>&1 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    for i in $(seq 2 6); do diff -r dist1 "dist$i"; done
    build
    same_as_without
    diff -r dist1 dist
    # nothing is left behind
    [ -z "$(find functions/.onetube -name 'new-*')" ]
}

@test "however many changes there were, the outputs are in few files" {
    place
    build
    for i in $(seq 18); do
        echo "Deno.serve(() => new Response(\"hello $i\"));" >functions/hello/index.ts
        build
        [ "$(built)" = hello ]
    done
    same_as_without
    # what is read is marked as used
    touch -d 2001-01-01 functions/.onetube/cache/blobs/*
    build
    [ -z "$(built)" ]
    same_as_without
    [ "$(find functions/.onetube/cache/blobs -type f -newermt 2001-01-02 | wc -l)" -le 16 ]
}

@test "a dist that is there already is not written again" {
    place
    build
    local before
    before=$(stat -c %i dist dist/manifest.json)
    build
    [ "$(stat -c %i dist dist/manifest.json)" = "$before" ]
    # unless it is not that
    echo >>dist/functions/hello.js
    build
    same_as_without
    echo >dist/functions/extra.js
    build
    same_as_without
    ln -sf hello.js dist/functions/bye.js
    build
    same_as_without
    [ ! -L dist/functions/bye.js ]
}

@test "what a dist has already is not written again, unless somebody else has it, too" {
    place
    build
    local before manifest
    before=$(stat -c %i dist/functions/*.js)
    manifest=$(stat -c %i dist/manifest.json)
    build --compat-flag nodejs_als
    [ "$(stat -c %i dist/manifest.json)" != "$manifest" ]
    [ "$(stat -c %i dist/functions/*.js)" = "$before" ]
    [ "$(stat -c %h dist/functions/*.js | sort -u)" = 1 ]
    # a copy by links, another mode, other bytes
    ln dist/functions/hello.js copy.js
    chmod 0600 dist/functions/bye.js
    echo >>dist/functions/npm.js
    build
    same_as_without
    [ "$(stat -c %h dist/functions/*.js | sort -u)" = 1 ]
    [ "$(stat -c %a dist/functions/*.js | sort -u)" = 644 ]
    [ "$(stat -c %h copy.js)" = 1 ]
}
