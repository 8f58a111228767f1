#!/usr/bin/env bats
# onetube vendor: modules from a real TLS server on this machine, packages by the real npm.
load helpers

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    make_certificate good "subjectAltName=DNS:localhost,IP:127.0.0.1" -days 2
    mkfifo hold
    mkdir web
    start_fetch_server good web
    export HTTPS=https://localhost:$SECURE SERVER_PID=$FETCH_SERVER
    export REQUESTS=$BATS_FILE_TMPDIR/requests.good WEB=$BATS_FILE_TMPDIR/web
}

teardown_file() {
    kill "$SERVER_PID"
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    # each test has a folder of its own on the server
    mkdir -p functions/f "$WEB/$BATS_TEST_NUMBER"
    AT=$HTTPS/$BATS_TEST_NUMBER
    : >"$REQUESTS"
}

teardown() {
    stop_server
}

# web PATH: a file on the server, from standard input
web() {
    mkdir -p "$(dirname "$WEB/$BATS_TEST_NUMBER/$1")"
    cat >"$WEB/$BATS_TEST_NUMBER/$1"
}

hash_of() {
    sha256sum <"$1" | cut -c-64
}

# A function that imports `a` from a module and answers with it.
use() {
    echo "import { a } from '$1'; Deno.serve(() => new Response(String(a)));" >functions/f/index.ts
}

vendor() {
    "$ONETUBE" vendor --functions functions --ca-file "$BATS_FILE_TMPDIR/good.pem" "$@"
}

build() {
    rm -rf dist
    "$ONETUBE" build --functions functions --out dist "$@"
}

# what vendoring made, to compare
state() {
    (cd functions && find onetube.lock.json .onetube -type f ! -name vendor.lock ! -path '.onetube/cache/*' -exec sha256sum {} + 2>/dev/null | sort -k2)
}

# answer NAME: what the function answers, booted from its dist
answer() {
    start_server dist --allow-unsigned
    curl -sS "$URL/$1"
    stop_server
}

@test "modules from the web: found, locked, bundled and answered; a build asks nobody" {
    web mod.ts <<<'import { deep } from "./lib/deep.ts?v=1"; import words from "../'"$BATS_TEST_NUMBER"'/words.json" with { type: "json" };
export const hello = (who: string): string => deep(who) + words.end + " " + import.meta.url;'
    web lib/deep.ts <<<'import { up } from "/'"$BATS_TEST_NUMBER"'/up.js"; export const deep = (s: string) => up(s);'
    web up.js <<<'export const up = (s) => s.toUpperCase();'
    web words.json <<<'{ "end": "!" }'
    web sub/up.js <<<'export default 7;'
    cat >functions/f/index.ts <<EOF
import { hello } from "$AT/mod.ts";
import seven from "mapped/up.js";
Deno.serve(async () => new Response(hello("you") + seven + typeof (await import("$AT/up.js")).up));
EOF
    echo "{ \"imports\": { \"mapped/\": \"$HTTPS/moved/$BATS_TEST_NUMBER/sub/\" } }" >functions/f/deno.json
    echo '{ "public": true }' >functions/f/1tube.json

    run build
    exits 1
    has "functions/f/index.ts:1:23: cannot resolve \"$AT/mod.ts\" (a build never uses the network; get it: onetube vendor --functions functions)"

    vendor --json >vendor.json
    grep -q '"changed": true' vendor.json
    valid vendor vendor.json
    valid onetube-lock functions/onetube.lock.json
    build
    [ "$(answer f)" = "YOU! $AT/mod.ts7function" ]
    # the module that was redirected to is locked once, and the redirect beside it
    node -e 'const { https, redirects } = JSON.parse(require("fs").readFileSync("functions/onetube.lock.json"));
        const [web, at] = process.argv.slice(1);
        const { deepStrictEqual } = require("assert");
        deepStrictEqual(redirects, { [`${web}/moved/${at}/sub/up.js`]: `${web}/${at}/sub/up.js` });
        const names = ["lib/deep.ts?v=1", "mod.ts", "sub/up.js", "up.js", "words.json"];
        deepStrictEqual(Object.keys(https), names.map((name) => `${web}/${at}/${name}`));' "$HTTPS" "$BATS_TEST_NUMBER"

    # nothing changes, and nobody is asked
    state >before
    : >"$REQUESTS"
    run vendor
    exits 0
    has "stays as it is"
    vendor --frozen >/dev/null
    build
    build --frozen >/dev/null
    [ ! -s "$REQUESTS" ]
    state | cmp - before

    # the lock alone makes the folder again; at another place the dist is the same
    mv dist first
    rm -rf functions/.onetube
    run build
    exits 1
    has "functions/f/index.ts:1:23: cannot resolve \"$AT/mod.ts\" (the vendor folder does not have it; get it: onetube vendor --functions functions)"
    mkdir elsewhere
    mv functions elsewhere/
    cd elsewhere
    vendor --frozen
    build
    diff -r dist ../first
}

@test "what is locked must come again, byte for byte" {
    web a.ts <<<'export const a = 1;'
    one=$(hash_of "$WEB/$BATS_TEST_NUMBER/a.ts")
    use "$AT/a.ts"
    vendor
    web a.ts <<<'export const a = 2;'
    two=$(hash_of "$WEB/$BATS_TEST_NUMBER/a.ts")
    rm functions/.onetube/vendor/https/*
    state >before
    run vendor
    exits 1
    has "functions/f/index.ts:1:19: $AT/a.ts: the server sends other bytes (SHA-256 $two) than onetube.lock.json has ($one); if that is right: onetube vendor --functions functions --update $AT/a.ts"
    state | cmp - before
    run vendor --update "$AT/b.ts"
    exits 2
    has "onetube.lock.json has nothing called \"$AT/b.ts\""
    vendor --update "$AT/a.ts"
    build
    grep -q "$two" functions/onetube.lock.json
    state >after

    # a changed file in the vendor folder
    echo 'export const a = 3;' >"functions/.onetube/vendor/https/$two"
    run build --no-cache
    exits 1
    has "functions/f/index.ts:1:19: cannot resolve \"$AT/a.ts\" (the vendor folder has other bytes than onetube.lock.json says"
    has "get it again: onetube vendor --functions functions)"
    vendor
    build
    state | cmp - after
}

@test "a deno.lock is kept to" {
    web a.ts <<<'export const a = 1;'
    use "$AT/a.ts"
    hash=$(hash_of "$WEB/$BATS_TEST_NUMBER/a.ts")
    zeros=$(printf '%064d' 0)
    echo "{\"version\":\"5\",\"remote\":{\"$AT/a.ts\":\"$zeros\"}}" >functions/deno.lock
    run vendor
    exits 1
    has "functions/f/index.ts:1:19: $AT/a.ts: the server sends other bytes (SHA-256 $hash) than deno.lock has ($zeros)"
    [ ! -e functions/onetube.lock.json ]
    echo "{\"version\":\"5\",\"remote\":{\"$AT/a.ts\":\"$hash\"}}" >functions/deno.lock
    vendor
    echo '{"version":"99"}' >functions/f/deno.lock
    run vendor
    exits 1
    has "functions/f/deno.lock: not a deno.lock of version 2 to 5"
}

@test "what cannot be had is told where it is imported, and nothing is changed" {
    web a.ts <<<'export const a = 1;'
    web page.html <<<'<html>'
    use "$AT/a.ts"
    vendor
    state >before
    for case in "missing=answered with status 404" "error=answered with status 500" "truncated=transfer closed" truncated-chunks= \
        "to-http=redirected to a URL that is not accepted" "to-file=redirected to a URL that is not accepted" "loop=more than 10 redirects"; do
        url=$HTTPS/${case%%=*}
        printf 'import "%s";\nimport "%s";\nDeno.serve(() => new Response());\n' "$AT/a.ts" "$url" >functions/f/index.ts
        run vendor
        exits 1
        has "functions/f/index.ts:2:8: cannot get $url: "
        has "${case#*=}"
        state | cmp - before
    done
    use "$AT/page.html"
    run vendor
    exits 1
    has 'its content type is "text/html", which is none of a module'
    use http://localhost:1/x.ts
    run vendor
    exits 1
    has "http is not safe; use https"
    state | cmp - before
}

@test "an endless body ends at 20 MiB" {
    use "$HTTPS/endless"
    run vendor
    exits 1
    has "functions/f/index.ts:1:19: cannot get $HTTPS/endless: larger than 20971520 bytes"
    [ ! -e functions/onetube.lock.json ]
}

@test "an error in a module from the web names its URL; it cannot import files of this machine" {
    use "$AT/bad.ts"
    web bad.ts <<<'import x from "left-pad"; export const a = x;'
    run vendor
    exits 1
    has "$AT/bad.ts:1:15: cannot resolve \"left-pad\" (a module from the web can import URLs, npm: and jsr: packages"
    web bad.ts <<<'import x from "file:///etc/passwd"; export const a = x;'
    run vendor
    exits 1
    has 'cannot resolve "file:///etc/passwd"'
    web bad.ts <<<'export const a: = 1;'
    run vendor
    exits 1
    has "$AT/bad.ts:1:17: "
}

@test "npm packages: versions side by side, locked, bundled and answered" {
    mkdir -p functions/g functions/_shared
    cat >functions/f/index.ts <<'EOF'
import now from "npm:ms@^2.1.0";
import old from "npm:ms@2.0.0";
import { hour } from "../_shared/hour.ts";
Deno.serve(() => new Response([now("2d"), old("1h"), hour, now === old].join(" ")));
EOF
    echo 'import ms from "https://esm.sh/ms@2.1.2"; export const hour = ms("3h");' >functions/_shared/hour.ts
    echo 'import ms from "ms"; export default { fetch: () => new Response(String(ms("4h"))) };' >functions/g/index.ts
    echo '{ "private": true, "dependencies": { "ms": "~2.1.1" } }' >functions/g/package.json
    echo 'import { customAlphabet } from "npm:nanoid@3.3.7"; export default { fetch: () => new Response(customAlphabet("a", 3)()) };' >functions/g/id.ts
    echo 'import "./id.ts";' >>functions/g/index.ts # a package with a program
    for name in f g; do echo '{ "public": true }' >functions/$name/1tube.json; done

    run build --only f
    exits 1
    has "functions/f/index.ts:1:17: cannot resolve \"npm:ms@^2.1.0\" (install it: npm install ms@^2.1.0, or onetube vendor --functions functions)"
    run vendor --frozen
    exits 1
    has "functions/f/index.ts:1:17: --frozen: onetube.lock.json does not have \"npm:ms@^2.1.0\" for f; lock it: onetube vendor --functions functions"
    run build --frozen
    exits 1
    has "--frozen: functions has no onetube.lock.json; make it: onetube vendor --functions functions"

    vendor --json >vendor.json
    valid vendor vendor.json
    valid onetube-lock functions/onetube.lock.json
    build --frozen
    [ "$(answer f)" = "172800000 3600000 10800000 false" ]
    [ "$(answer g)" = 14400000 ]
    grep -q '"npm:ms@2.0.0": "ms--2.0.0"' functions/onetube.lock.json
    state >before
    mv dist first

    # what is locked stays, with or without the folder; at another place the dist is the same
    run vendor
    has "stays as it is"
    rm -rf functions/.onetube
    run build
    exits 1
    has "functions/f/index.ts:1:17: cannot resolve \"npm:ms@^2.1.0\" (it is locked, but the vendor folder does not have it; get it: onetube vendor --functions functions)"
    mkdir elsewhere
    mv functions elsewhere/
    cd elsewhere
    vendor --frozen
    state | cmp - ../before
    build
    diff -r dist ../first

    # what is not needed any more leaves the lock
    rm -r functions/g
    run vendor --frozen
    exits 1
    has "--frozen: onetube.lock.json would change: nothing needs npm:ms@~2.1.1, npm:nanoid@3.3.7; write it: onetube vendor --functions functions"
    state | cmp - ../before
    vendor
    fails grep -q 'ms@~2.1.1' functions/onetube.lock.json
    vendor --update ms
    run vendor --update no-such-package
    exits 2
}

@test "a build refuses packages that were changed" {
    echo 'import ms from "npm:ms@2.1.3"; Deno.serve(() => new Response(String(ms("1h"))));' >functions/f/index.ts
    vendor
    package=functions/.onetube/vendor/npm/0/node_modules/ms
    build
    echo '// more' >>$package/index.js
    run build
    exits 1
    has "functions/.onetube/vendor/npm/0/node_modules/ms/index.js: the file is not the one that was locked (in packages of: f); get them again: onetube vendor --functions functions"
    vendor
    build
    sed -i 's/"main": "[^"]*"/"main": ".\/other"/' $package/package.json
    echo 'module.exports = () => "other";' >$package/other.js
    run build
    exits 1
    has "the package of this file is not the one that was locked"
    vendor
    mkdir -p $package/node_modules/dep
    echo 'module.exports = 1' >$package/node_modules/dep/index.js
    echo 'require("dep")' >>$package/index.js
    run build
    exits 1
    has "the file is not the one that was locked"
    vendor
    build
    rm -r functions/.onetube/vendor/index
    run build
    exits 1
    vendor
    build
}

@test "packages that npm does not have are told where they are imported" {
    printf 'import "npm:ms@2.1.3";\nimport "npm:ms@^99";\nDeno.serve(() => new Response());\n' >functions/f/index.ts
    run vendor
    exits 1
    has "functions/f/index.ts:2:8: cannot get \"npm:ms@^99\": npm: "
    has "No matching version found for ms@^99"
    printf 'import "npm:ms@99.0.0";\nDeno.serve(() => new Response());\n' >functions/f/index.ts
    run vendor
    exits 1
    has "functions/f/index.ts:1:8: cannot get \"npm:ms@99.0.0\": npm: "
    [ ! -e functions/onetube.lock.json ]
    PATH=/nowhere run "$ONETUBE" vendor --functions functions --esbuild "$(echo "$ROOT"/node_modules/@esbuild/linux-*/bin/esbuild)"
    exits 4
    has "npm is missing, which gets packages: install Node.js"
}

@test "deno.lock's versions are taken, and its hashes of packages compared" {
    echo 'import ms from "npm:ms@^2.0.0"; Deno.serve(() => new Response(String(ms("1h"))));' >functions/f/index.ts
    echo '{"version":"5","specifiers":{"npm:ms@^2.0.0":"2.1.1"}}' >functions/deno.lock
    vendor
    grep -q '"version": "2.1.1"' functions/onetube.lock.json
    rm -r functions/onetube.lock.json functions/.onetube
    echo '{"version":"5","specifiers":{"npm:ms@^2.0.0":"2.1.1"},"npm":{"ms@2.1.1":{"integrity":"sha512-other"}}}' >functions/deno.lock
    run vendor
    exits 1
    has "ms@2.1.1: npm's registry has sha512-"
    has "but deno.lock has sha512-other"
}

@test "a package that only import.meta.resolve names is got, too, and its files are found" {
    cat >functions/f/index.ts <<<'const text = await Deno.readTextFile(new URL("package.json", import.meta.resolve("npm:ms@2.1.1")));
Deno.serve(() => new Response(`${JSON.parse(text).name} ${import.meta.resolve("npm:ms@2.1.1")}`));'
    echo '{ "public": true }' >functions/f/1tube.json
    run vendor
    exits 0
    has "1 package of npm"
    build --frozen
    [ "$(answer f)" = "ms file:///bundle/files/_package/ms/2.1.1/index.js" ]
}

@test "packages that are installed already are used as they are, where they are of the version asked for" {
    mkdir -p functions/node_modules/ms
    echo '{ "name": "ms", "version": "2.5.0" }' >functions/node_modules/ms/package.json
    echo 'module.exports = () => "installed by hand";' >functions/node_modules/ms/index.js
    echo 'import ms from "npm:ms@^2.0.0"; Deno.serve(() => new Response(ms()));' >functions/f/index.ts
    run vendor
    has "0 packages of npm"
    build
    grep -rq "installed by hand" dist
    echo 'import ms from "npm:ms@2.0.0"; Deno.serve(() => new Response(ms()));' >functions/f/index.ts
    run vendor
    has "1 package of npm"
    build
    fails grep -rq "installed by hand" dist
}

@test "a failed run is reported as JSON, too" {
    use "$HTTPS/missing"
    run vendor --json
    exits 1
    vendor --json >vendor.json 2>/dev/null || [ $? = 1 ]
    valid vendor vendor.json
    node -e 'const { ok, diagnostics } = JSON.parse(require("fs").readFileSync("vendor.json"));
        const [{ file, line, column }] = diagnostics;
        require("assert").deepStrictEqual([ok, file, line, column], [false, "functions/f/index.ts", 1, 19]);'
}

@test "a broken lock is no lock" {
    use "$AT/a.ts"
    echo '{ "schema": 2 }' >functions/onetube.lock.json
    for command in vendor build; do
        run $command
        exits 1
        has "functions/onetube.lock.json:1:13: another onetube wrote this lock"
    done
    run "$ONETUBE" vendor --functions functions ms
    exits 2
    has "names are for --update"
    run vendor --update --frozen
    exits 2
}

@test "one run at a time, and a killed one leaves nothing" {
    web a.ts <<<'export const a = 1;'
    use "$AT/a.ts"
    vendor
    state >before
    printf 'import "%s";\nDeno.serve(() => new Response());\n' "$HTTPS/never" >functions/f/index.ts
    "$ONETUBE" vendor --functions functions --ca-file "$BATS_FILE_TMPDIR/good.pem" >/dev/null 2>&1 3>&- &
    first=$!
    wait_until grep -q /never "$REQUESTS"
    kill -9 $first
    wait $first || true
    state | grep -v "/\.vendor\.onetube-" | cmp - before
    use "$AT/a.ts"
    web a.ts <<<'export const a = 2;'
    vendor --update >/dev/null 3>&- &
    one=$!
    vendor --update >/dev/null 3>&- &
    two=$!
    wait $one
    wait $two
    build
    [ -z "$(find functions/.onetube -maxdepth 1 -name '.vendor*')" ]
}
