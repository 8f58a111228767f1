#!/usr/bin/env bats
# --sbom: what npm says of what is bundled, in the eyes of a validator that is not ours.
load helpers

# put_package NAME VERSION LICENSE DEPENDENCIES CODE: a package of the registry; its code says which one it is
put_package() {
    local dir=registry/${1//\//-}-$2
    mkdir -p "$dir"
    echo "{\"name\":\"$1\",\"version\":\"$2\",\"license\":$3,\"type\":\"module\",\"sideEffects\":false,\"dependencies\":$4}" >"$dir/package.json"
    printf 'export { me } from "./me.js"; import { me } from "./me.js";\n%s\n' "$5" >"$dir/index.js"
    printf 'export const me = "is %s %s";\n' "$1" "$2" >"$dir/me.js"
}

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    put_package alpha 1.0.0 '"MIT"' '{"dup":"^1.0.0","gone":"^1.0.0"}' \
        'import * as dup from "dup"; import { late } from "gone"; export const all = () => me + dup.me; export const never = () => late();'
    put_package beta 1.2.3-rc.1 '"(MIT OR Apache-2.0)"' '{"dup":"^2.0.0"}' 'export { me as deep } from "dup";'
    put_package dup 1.0.0 '"ISC"' '{}' ''
    put_package dup 2.0.0 '"SEE LICENSE IN LICENSE"' '{}' ''
    put_package gone 1.0.0 '"MIT"' '{"deeper":"1.0.0"}' 'import { me as other } from "deeper"; export const late = () => me + other;'
    put_package deeper 1.0.0 '"MIT"' '{}' ''
    put_package barrel 1.0.0 '"MIT"' '{"dup":"^2.0.0"}' 'export { me as through } from "dup";'
    put_package unused 1.0.0 '"MIT"' '{}' ''
    put_package @scope/odd 0.1.0 '{"type":"Zlib"}' '{"dup":"^1.0.0"}' 'import * as dup from "dup"; export const odd = me + dup.me;'
    mkfifo hold
    node "$ROOT/tests/e2e/registry.mjs" registry <hold >port 3>&- &
    echo $! >registry.pid
    exec 8>hold
    wait_until test -s port
    export npm_config_registry=http://127.0.0.1:$(cat port) npm_config_cache=$BATS_FILE_TMPDIR/cache
    mkdir -p project/functions/{one,two}
    cat >project/functions/one/index.ts <<'EOF'
import { all } from "alpha";
import { me, deep } from "beta";
import { greet } from "../greet.ts";
Deno.serve(() => new Response(greet(all() + me + deep)));
EOF
    echo 'export const greet = (text: string): string => "hello " + text;' >project/functions/greet.ts
    cat >project/functions/two/index.ts <<'EOF'
import { through } from "barrel";
import { odd } from "@scope/odd";
Deno.serve(() => new Response(through + odd));
EOF
    echo '{"private":true,"dependencies":{"alpha":"^1.0.0","beta":"1.2.3-rc.1","barrel":"1.0.0","unused":"1.0.0","@scope/odd":"0.1.0"}}' >project/package.json
    (cd project && npm install --no-audit --no-fund --loglevel=error >/dev/null)
}

teardown_file() {
    kill "$(cat "$BATS_FILE_TMPDIR/registry.pid")"
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    cp -r "$BATS_FILE_TMPDIR/project" .
}

build() {
    "$ONETUBE" build --functions project/functions --out dist --sbom sbom.json "$@" >/dev/null
}

# Whether CycloneDX's own library finds the file valid: cyclonedx FILE
cyclonedx() {
    NODE_PATH=$ROOT/node_modules node -e '
        const { Validation, Spec } = require("@cyclonedx/cyclonedx-library");
        new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(require("fs").readFileSync(process.argv[1], "utf8"))
            .then((error) => { if (error) { console.error(JSON.stringify(error).slice(0, 400)); process.exit(1); } });' "$1"
}

# sbom EXPRESSION: what JavaScript makes of the SBOM `s`, `by(purl)` is one of its components
sbom() {
    node -p "
        const s = JSON.parse(require('fs').readFileSync('sbom.json'));
        const by = (purl) => s.components.find((one) => one.purl === purl);
        const values = (one, name) => one.properties.filter((p) => p.name === 'onetube:' + name).map((p) => p.value).join();
        $1"
}

@test "the components are what npm ls says of what is bundled, with the lock's integrity" {
    build
    cyclonedx sbom.json
    (cd project && npm ls --all --json) >ls.json
    node -e '
        const fs = require("fs"), assert = require("assert");
        const read = (file) => JSON.parse(fs.readFileSync(file));
        const bundles = ["functions", "chunks"].filter((dir) => fs.existsSync("dist/" + dir))
            .flatMap((dir) => fs.readdirSync("dist/" + dir).map((file) => fs.readFileSync("dist/" + dir + "/" + file, "utf8"))).join();
        const installed = new Set();
        const walk = (node) => { for (const [name, one] of Object.entries(node.dependencies ?? {})) { installed.add(name + " " + one.version); walk(one); } };
        walk(read("ls.json"));
        const bundled = [...installed].filter((one) => bundles.includes("is " + one) ||
            bundles.includes(`// node_modules/${one.split(" ")[0]}/`)).sort(); // dup is there in both versions
        const found = read("sbom.json").components.filter((one) => one.purl.startsWith("pkg:npm/"));
        assert.deepEqual(found.map((one) => one.name + " " + one.version).sort(), bundled);
        // one is never imported, and two are imported in vain
        assert.deepEqual([...installed].filter((one) => !bundled.includes(one)).sort(), ["deeper 1.0.0", "gone 1.0.0", "unused 1.0.0"]);
        assert.deepEqual(bundled.filter((one) => one.startsWith("dup ")), ["dup 1.0.0", "dup 2.0.0"]);
        const locked = Object.entries(read("project/package-lock.json").packages);
        for (const one of found) {
            const [, entry] = locked.find(([path, entry]) => path.endsWith("node_modules/" + one.name) && entry.version === one.version);
            assert.deepEqual(one.hashes, [{ alg: "SHA-512", content: Buffer.from(entry.integrity.slice(7), "base64").toString("hex") }]);
        }'
    [ "$(sbom 'values(by("pkg:npm/dup@1.0.0"), "function")')" = one,two ] # it is there twice
    [ "$(sbom 'values(by("pkg:npm/dup@2.0.0"), "function")')" = one,two ]
    [ "$(sbom 'values(by("pkg:npm/%40scope/odd@0.1.0"), "function")')" = two ]
    [ "$(sbom 'JSON.stringify(by("pkg:npm/alpha@1.0.0").licenses)')" = '[{"license":{"id":"MIT"}}]' ]
    [ "$(sbom 'JSON.stringify(by("pkg:npm/beta@1.2.3-rc.1").licenses)')" = '[{"expression":"(MIT OR Apache-2.0)"}]' ]
    [ "$(sbom 'JSON.stringify(by("pkg:npm/dup@2.0.0").licenses)')" = '[{"license":{"name":"SEE LICENSE IN LICENSE"}}]' ]
    [ "$(sbom 'JSON.stringify(by("pkg:npm/%40scope/odd@0.1.0").licenses)')" = '[{"license":{"id":"Zlib"}}]' ]
    needs='Object.fromEntries(s.dependencies.map((one) => [one.ref, one.dependsOn.join()]))'
    [ "$(sbom "$needs['pkg:npm/alpha@1.0.0']")" = pkg:npm/dup@1.0.0 ]
    [ "$(sbom "$needs['pkg:npm/beta@1.2.3-rc.1']")" = pkg:npm/dup@2.0.0 ]
    [ "$(sbom "$needs.application")" = 'pkg:generic/onetube@0.1.0,pkg:npm/%40scope/odd@0.1.0,pkg:npm/alpha@1.0.0,pkg:npm/barrel@1.0.0,pkg:npm/beta@1.2.3-rc.1' ]
    [ "$(sbom 's.metadata.component.hashes[0].content')" = "$(sha256sum <dist/manifest.json | cut -c-64)" ]
}

@test "the validator refuses what is not CycloneDX" {
    build
    broken() {
        node -e "const s = JSON.parse(require('fs').readFileSync('sbom.json')); $1; console.log(JSON.stringify(s));" >broken.json
        run cyclonedx broken.json
        exits 1
    }
    broken 's.components[0].licenses[0].license = { id: "Mit" }'
    broken 's.components[0].hashes[0].content += "0"'
    broken 's.components[0].type = "package"'
    broken 'delete s.components[0].name'
    broken 's.components.push(s.components[0])'
    broken 's.dependencies[0].needs = []'
    broken 's.metadata.timestamp = "yesterday"'
}

@test "every license that is called by its identifier has it in SPDX's list" {
    node -e '
        const fs = require("fs");
        const known = JSON.parse(fs.readFileSync(process.argv[1] + "/node_modules/@cyclonedx/cyclonedx-library/res/schema/spdx.SNAPSHOT.schema.json")).enum;
        const source = fs.readFileSync(process.argv[1] + "/build/license.c", "utf8");
        const table = (name) => [...source.match(new RegExp(name + "\\[\\] = \\{([^}]*)\\}"))[1].matchAll(/"([^"]+)"/g)].map((one) => one[1]);
        const ours = [...table("licenses"), ...table("exceptions")];
        if (ours.length < 60 || ours.some((one) => !known.includes(one))) { console.error(ours.filter((one) => !known.includes(one))); process.exit(1); }' "$ROOT"
}

@test "without a lock the hash is over the files that are in bundles" {
    mv project/package-lock.json kept.json
    build
    cyclonedx sbom.json
    [ "$(sbom 'values(by("pkg:npm/alpha@1.0.0"), "hash")')" = files ]
    [ "$(sbom 'by("pkg:npm/alpha@1.0.0").hashes[0].content')" = "$(cd project/node_modules/alpha && sha256sum index.js me.js | sha256sum | cut -c-64)" ]
    [ "$(sbom 'by("pkg:npm/dup@1.0.0").hashes[0].content')" = "$(cd "$(dirname "$(grep -l '"1.0.0"' project/node_modules/{,alpha/node_modules/}dup/package.json)")" && sha256sum index.js me.js | sha256sum | cut -c-64)" ]
    # a lock of another installation says nothing
    sed 's/"version": "1.0.0"/"version": "1.0.1"/' kept.json >project/package-lock.json
    build
    [ "$(sbom 'values(by("pkg:npm/alpha@1.0.0"), "hash")')" = files ]
    [ "$(sbom 'values(by("pkg:npm/dup@2.0.0"), "hash")')" = integrity ]
    # one whose integrity is no digest neither
    sed 's/sha512-[^"]*/sha512-AAAA/' kept.json >project/package-lock.json
    build
    [ "$(sbom 'values(by("pkg:npm/dup@2.0.0"), "hash")')" = files ]
}

@test "what onetube vendor locked: packages by integrity, modules from the web by their bytes" {
    make_certificate good "subjectAltName=DNS:localhost,IP:127.0.0.1" -days 2
    mkfifo hold
    mkdir web
    start_fetch_server good web
    echo 'export const answer = "from the web";' >web/mod.ts
    echo "import { answer } from 'https://localhost:$SECURE/mod.ts'; import { all } from 'npm:alpha@^1'; Deno.serve(() => new Response(answer + all()));" >project/functions/two/index.ts
    rm -r project/node_modules project/functions/one
    "$ONETUBE" vendor --functions project/functions --ca-file good.pem >/dev/null
    kill "$FETCH_SERVER"
    build --frozen
    cyclonedx sbom.json
    sum=$(sha256sum <web/mod.ts | cut -c-64)
    purl="pkg:generic/mod.ts?checksum=sha256:$sum&download_url=https://localhost:$SECURE/mod.ts"
    [ "$(sbom "by('$purl').name")" = "https://localhost:$SECURE/mod.ts" ]
    [ "$(sbom "by('$purl').hashes[0].content")" = "$sum" ]
    [ "$(sbom 'values(by("pkg:npm/alpha@1.0.0"), "hash")')" = integrity ]
    [ "$(sbom 's.components.filter((one) => one.purl.startsWith("pkg:npm/")).map((one) => one.purl).join()')" = 'pkg:npm/alpha@1.0.0,pkg:npm/dup@1.0.0' ]
    rm project/package-lock.json
    mv sbom.json before.json
    build --frozen
    cmp before.json sbom.json
}

@test "the same sources give the same bytes: cached, in part, elsewhere, at another time" {
    build --no-cache
    mv sbom.json first.json
    build
    cmp first.json sbom.json
    build
    cmp first.json sbom.json
    mkdir -p "other place/deeper"
    cp -r project "other place/deeper/"
    (cd "other place/deeper" && TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME=/ "$ONETUBE" build --functions "$PWD/project" --out dist --sbom sbom.json --jobs 1 >/dev/null)
    cmp first.json "other place/deeper/sbom.json"
    # one of two functions changes
    echo 'import { through as me } from "barrel"; Deno.serve(() => new Response(me));' >project/functions/two/index.ts
    build
    mv sbom.json part.json
    build --no-cache
    cmp part.json sbom.json
    fails cmp -s first.json sbom.json
    [ "$(sbom 'by("pkg:npm/%40scope/odd@0.1.0")')" = undefined ]
    # and a time only where one is given
    [ "$(sbom 's.metadata.timestamp + s.serialNumber')" = NaN ]
    SOURCE_DATE_EPOCH=1700000000 build
    cyclonedx sbom.json
    [ "$(sbom 's.metadata.timestamp')" = 2023-11-14T22:13:20Z ]
    SOURCE_DATE_EPOCH=tomorrow run build
    exits 2
    has 'SOURCE_DATE_EPOCH: "tomorrow" is not seconds since 1970'
}

@test "an SBOM is beside the payload, and names the release" {
    make_keys release
    "$ONETUBE" package --functions project/functions --out without.1tube --sign-key release.key.pem --name shop --version 1.4.0 >/dev/null
    "$ONETUBE" package --functions project/functions --out fw.1tube --sign-key release.key.pem --name shop --version 1.4.0 --sbom sbom.json >/dev/null
    cmp without.1tube fw.1tube
    cyclonedx sbom.json
    [ "$(sbom 's.metadata.component.name + " " + s.metadata.component.version')" = "shop 1.4.0" ]
    [ "$(sbom 's.metadata.component.hashes[0].content')" = "$(tar -xOf fw.1tube manifest.json | sha256sum | cut -c-64)" ]
    build
    run "$ONETUBE" package --in dist --out other.1tube --sign-key release.key.pem --sbom other.json
    exits 2
    has "--sbom belongs to --functions: a dist does not tell what it was made of, its build does (onetube build --sbom)"
    for place in dist/sbom.json dist/functions/sbom.json dist/../dist/x; do
        run "$ONETUBE" build --functions project/functions --out dist --sbom $place
        exits 2
        has "--sbom: $place is written beside dist, not in it"
    done
    run "$ONETUBE" package --functions project/functions --out fw.1tube --sign-key release.key.pem --sbom fw.1tube
    exits 2
    run "$ONETUBE" build --functions project/functions --out dist --sbom nowhere/sbom.json
    exits 1
    has "--sbom: nowhere"
}

@test "a build that fails leaves the SBOM of the last one whole" {
    build
    cp sbom.json before.json
    echo 'import "nothing";' >>project/functions/one/index.ts
    run build
    exits 1
    cmp before.json sbom.json
    [ "$(find . -maxdepth 1 -name '.*onetube*' | wc -l)" = 0 ]
}
