#!/usr/bin/env bats
# A payload is what its sources give; where it is not, the planted cause is named first.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p functions/pay functions/_shared functions/list
    printf 'import { round } from "../_shared/money.ts";\nDeno.serve(() => {\n  const sum = round(1.5);\n  return new Response("paid " + sum);\n});\n' >functions/pay/index.ts
    printf 'export const round = (sum: number) => {\n  return Math.round(sum);\n};\n' >functions/_shared/money.ts
    printf '{ "public": true, "timeoutMs": 5000 }\n' >functions/pay/1tube.json
    printf 'Deno.serve(() => new Response("list"));\n' >functions/list/index.ts
}

# make OUT [OPTION...]
make() {
    local out=$1
    shift
    "$ONETUBE" build --functions functions --out "$out" "$@" >/dev/null 2>"told" || { cat told >&2; return 1; }
}

# put_package VERSION TEXT: the package "dep", and what npm says that it installed
put_package() {
    mkdir -p node_modules/dep
    printf '{ "name": "dep", "version": "%s", "main": "index.js" }\n' "$1" >node_modules/dep/package.json
    printf '%s\n' "$2" >node_modules/dep/index.js
}

# lock_package FILE VERSION INTEGRITY
lock_package() {
    printf '{ "name": "shop", "lockfileVersion": 3, "requires": true, "packages": { "": { "name": "shop" }, "node_modules/dep": { "version": "%s", "integrity": "sha512-%s" } } }\n' "$2" "$3" >"$1"
}

use_package() {
    put_package 1.0.0 'exports.dep = "one";'
    sed -i '1i import { dep } from "npm:dep"; console.log(dep);' functions/list/index.ts
}

# cause FIRST-LINE [OPTION...]: what `rebuild` says first of the dist "dist"
cause() {
    local wanted=$1
    shift
    run "$ONETUBE" rebuild dist --functions functions "$@"
    exits 1
    has "not equal: $wanted"
    [ "${lines[0]}" = "not equal: $wanted" ]
    local text=$output
    run "$ONETUBE" rebuild dist --functions functions "$@" --json
    exits 1
    valid rebuild <(echo "$output")
    output=$text
}

# Changes the dist as somebody would who builds with other programs: in_manifest EXPRESSION on `m`
in_manifest() {
    node -e 'const fs = require("fs"); const m = JSON.parse(fs.readFileSync("dist/manifest.json")); eval(process.argv[1]); fs.writeFileSync("dist/manifest.json", JSON.stringify(m, null, 2) + "\n");' "$1"
}

# in_bundle NAME SED-SCRIPT: and the manifest agrees
in_bundle() {
    sed -i "$2" "dist/functions/$1.js"
    in_manifest "const f = m.functions.find((f) => f.name === '$1'), b = fs.readFileSync('dist/' + f.bundleFile); f.bundleBytes = b.length; f.bundleSha256 = require('crypto').createHash('sha256').update(b).digest('hex')"
}

@test "another runtime is named as what it is, where it is minified, too" {
    for options in --minify "--minify --sourcemap linked" "--sourcemap inline"; do
        # shellcheck disable=SC2086
        make dist $options
        sed -i 's/Internal server error/Internal server errox/' dist/chunks/onetube.js
        in_manifest "m.files.find((f) => f.path === 'chunks/onetube.js').sha256 = require('crypto').createHash('sha256').update(fs.readFileSync('dist/chunks/onetube.js')).digest('hex')"
        cause "another onetube: its own code in the bundles differs, though both say $("$ONETUBE" --version | grep -o '[0-9.]*$')"
    done
}

@test "equal: with every option that the payload records" {
    use_package
    make_keys release
    for options in "" "--minify --sourcemap linked" "--sourcemap inline --no-splitting --target es2022" "--env B,A --compat-flag nodejs_als --compat-date 2026-02-01"; do
        # shellcheck disable=SC2086
        make dist $options
        "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem >/dev/null 2>&1
        for file in dist fw.1tube; do
            run "$ONETUBE" rebuild $file --functions functions
            exits 0
            [ "$output" = "equal: $file is what functions gives
manifest sha256 $(sha256sum <dist/manifest.json | cut -c1-64)" ]
        done
    done
    run "$ONETUBE" rebuild fw.1tube --functions functions --json
    exits 0
    valid rebuild <(echo "$output")
    # nothing of the surroundings counts, and nothing is left
    mkdir tmp
    ONETUBE_MINIFY=1 ONETUBE_ENV=C TMPDIR=$PWD/tmp "$ONETUBE" rebuild fw.1tube --functions functions --jobs 1
    [ -z "$(ls -A tmp)" ]
    # some functions alone
    make dist --only list
    run "$ONETUBE" rebuild dist --functions functions --only list --out kept
    exits 0
    cmp dist/manifest.json kept/manifest.json
}

@test "equal: an attestation is signed, which the statement's own tools can check" {
    make dist
    make_keys release auditor
    "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem --name shop --version 1.4.0 >/dev/null 2>&1
    run "$ONETUBE" rebuild fw.1tube --functions functions --attestation fw.rebuild.json --sign-key auditor.key.pem
    exits 0
    has "attestation     fw.rebuild.json"
    # with OpenSSL and the DSSE encoding written out here
    node -e '
        const fs = require("fs"), { createHash, createPublicKey, verify } = require("crypto");
        const envelope = JSON.parse(fs.readFileSync("fw.rebuild.json"));
        const text = Buffer.from(envelope.payload, "base64");
        const pae = Buffer.concat([Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${text.length} `), text]);
        const statement = JSON.parse(text);
        const manifest = createHash("sha256").update(fs.readFileSync("dist/manifest.json")).digest("hex");
        const good = verify(null, pae, createPublicKey(fs.readFileSync("auditor.pub.pem")), Buffer.from(envelope.signatures[0].sig, "base64"))
            && statement.predicateType === "urn:onetube:rebuild:v1" && statement.subject[0].digest.sha256 === manifest
            && statement.predicate.name === "shop" && statement.predicate.version === "1.4.0";
        if (!good) { console.error(statement); process.exit(1); }'
    # of what is not equal nothing is attested
    echo '// more' >>functions/list/index.ts
    echo 'console.log(1);' >>functions/list/index.ts
    run "$ONETUBE" rebuild fw.1tube --functions functions --attestation other.json --sign-key auditor.key.pem
    exits 1
    [ ! -e other.json ]
    for wrong in "--attestation a.json" "--sign-key auditor.key.pem" "--built dist --attestation a.json --sign-key auditor.key.pem" "--built dist --out x"; do
        # shellcheck disable=SC2086
        run "$ONETUBE" rebuild fw.1tube --functions functions $wrong
        exits 2
    done
}

@test "a changed source file" {
    make dist
    sed -i 's/paid /payed /' functions/pay/index.ts
    cause "a changed source file: pay/index.ts"
    [ "$output" = 'not equal: a changed source file: pay/index.ts

the smallest difference: function pay, functions/pay.js, module pay/index.ts
  @@ line 5 @@
       Deno.serve(() => {
         const sum = round(1.5);
  -      return new Response("paid " + sum);
  +      return new Response("payed " + sum);
       });
     }' ]
    sed -i 's/payed /paid /; s/sum/total/' functions/_shared/money.ts functions/pay/index.ts
    cause "a changed source file: _shared/money.ts"
    has "also: a changed source file: pay/index.ts"
}

@test "a source file that only comments and blanks tell apart, seen by the source map" {
    make dist --sourcemap linked
    sed -i '1i // what it costs' functions/_shared/money.ts
    cause "a changed source file: _shared/money.ts"
    has "+// what it costs"
}

@test "a moved source file" {
    make dist
    mv functions/_shared/money.ts functions/_shared/cash.ts
    sed -i 's/money/cash/' functions/pay/index.ts
    cause "a moved source file: _shared/cash.ts was _shared/money.ts"
}

@test "a missing and an extra function" {
    make dist
    mkdir functions/more
    cp functions/list/index.ts functions/more/
    cause "an extra function: the sources have more, the payload does not (was it built with --only?)"
    make dist
    rm -r functions/more
    cause "a missing function: the payload has more, the sources do not"
}

@test "changed settings of a function" {
    make dist
    sed -i 's/5000/6000/' functions/pay/1tube.json
    cause "changed settings of pay (its 1tube.json, or what stands for it): timeoutMs was 5000, here it is 6000"
}

@test "a dependency that is not what its lock says" {
    use_package
    lock_package package-lock.json 1.0.0 one
    make dist
    put_package 1.1.0 'exports.dep = "two";'
    cause "a dependency: dep 1.1.0 is installed, but package-lock.json says 1.0.0: node_modules does not match its lock"
    has "module node_modules/dep/index.js"
}

@test "a dependency with another integrity" {
    use_package
    lock_package package-lock.json 1.0.0 one
    make dist
    put_package 1.0.0 'exports.dep = "two";'
    lock_package node_modules/.package-lock.json 1.0.0 two
    cause "a dependency: dep 1.0.0 was installed with another integrity than package-lock.json says: other bytes under the same version"
}

@test "a dependency whose lock was changed, or whose files were" {
    use_package
    lock_package package-lock.json 1.0.0 one
    make dist
    put_package 1.1.0 'exports.dep = "two";'
    lock_package package-lock.json 1.1.0 two
    cause "a dependency: dep 1.1.0 is installed, as package-lock.json says, but the payload has another one: an older lock, or files in node_modules that were changed"
}

@test "a dependency without a lock" {
    use_package
    make dist
    put_package 1.1.0 'exports.dep = "two";'
    cause "a dependency: dep 1.1.0 is installed, not the one that the payload has, and no lock file says which it should be"
}

@test "a dependency that is not what deno.lock says" {
    use_package
    make dist
    put_package 1.1.0 'exports.dep = "two";'
    printf '{ "version": "5", "specifiers": { "npm:dep@*": "1.0.0" }, "npm": { "dep@1.0.0": { "integrity": "sha512-one" } } }\n' >functions/deno.lock
    cause "a dependency: dep 1.1.0 is installed, but deno.lock says 1.0.0: node_modules does not match its lock"
}

# lock_web TEXT: https://x.example/mod.ts as locked and vendored
lock_web() {
    local sum
    sum=$(printf '%s' "$1" | sha256sum | cut -c1-64)
    mkdir -p functions/.onetube/vendor/https
    printf '%s' "$1" >"functions/.onetube/vendor/https/$sum"
    node -e '
        const [url, sha256, bytes] = process.argv.slice(1);
        const lock = { schema: 1, npm: [], redirects: {}, https: { [url]: { sha256, bytes: +bytes, contentType: "application/typescript" } } };
        require("fs").writeFileSync("functions/onetube.lock.json", JSON.stringify(lock, null, 2) + "\n");' https://x.example/mod.ts "$sum" "${#1}"
}

@test "an https module that is not what onetube.lock.json says, or whose lock was changed" {
    sed -i '1i import { web } from "https://x.example/mod.ts"; console.log(web);' functions/list/index.ts
    lock_web 'export const web: number = 1;'
    make dist
    lock_web 'export const web: number = 2;'
    cause "a dependency: https://x.example/mod.ts has other bytes than in the payload (the vendor folder is as the lock says, so the lock was changed)"
    lock_web 'export const web: number = 1;'
    for file in functions/.onetube/vendor/https/*; do echo 'export const web = 3;' >"$file"; done
    run "$ONETUBE" rebuild dist --functions functions
    exits 1
    [[ "${lines[0]}" = "not equal: a dependency: "*"onetube.lock.json"* ]]
}

@test "line endings: of a text that is imported, of a static file, of a source in a map" {
    printf 'one\ntwo\n' >functions/list/a.txt
    sed -i '1i import text from "./a.txt" with { type: "text" }; console.log(text);' functions/list/index.ts
    make dist
    sed -i 's/$/\r/' functions/list/a.txt
    cause "line endings: list/a.txt has others (CR LF for LF, or the other way round)"
    sed -i '1d' functions/list/index.ts
    printf '{ "files": ["a.txt"] }\n' >functions/list/1tube.json
    sed -i 's/\r//' functions/list/a.txt
    make dist
    sed -i 's/$/\r/' functions/list/a.txt
    cause "line endings: files/list/a.txt has others (CR LF for LF, or the other way round)"
    make dist --sourcemap inline
    sed -i 's/$/\r/' functions/pay/index.ts
    cause "line endings: pay/index.ts has others (CR LF for LF, or the other way round)"
}

@test "a static file that was changed, or is missing" {
    mkdir functions/list/data
    echo one >functions/list/data/a.txt
    echo two >functions/list/data/b.txt
    printf '{ "files": ["data/*"] }\n' >functions/list/1tube.json
    make dist
    echo three >functions/list/data/a.txt
    cause "a changed file: files/list/data/a.txt"
    has "byte 1
  -one
  +three"
    echo one >functions/list/data/a.txt
    rm functions/list/data/b.txt
    cause "a missing file: files/list/data/b.txt"
}

@test "a path of the machine in generated code" {
    printf 'export const root = "/home/ann/shop/functions";\n' >functions/_shared/generated.ts
    sed -i '1i import { root } from "../_shared/generated.ts"; console.log(root);' functions/list/index.ts
    make dist
    printf 'export const root = "%s";\n' "$PWD/functions" >functions/_shared/generated.ts
    cause "a path of this machine: it is in the code of _shared/generated.ts"
}

@test "how JSX is compiled" {
    mkdir -p node_modules/preact
    printf '{ "name": "preact", "version": "1.0.0", "exports": { "./jsx-runtime": "./jsx.js" } }\n' >node_modules/preact/package.json
    printf 'export const jsx = () => 1;\n' >node_modules/preact/jsx.js
    printf 'const React = { createElement: () => 1 };\nDeno.serve(() => new Response(<b>1</b>));\nconsole.log(React);\n' >functions/list/index.tsx
    rm functions/list/index.ts
    printf '{ "imports": { "preact/jsx-runtime": "npm:preact/jsx-runtime" } }\n' >functions/deno.json
    make dist
    printf '{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "preact" }, "imports": { "preact/jsx-runtime": "npm:preact/jsx-runtime" } }\n' >functions/deno.json
    run "$ONETUBE" rebuild dist --functions functions
    exits 1
    has 'another setting: how JSX is compiled ("jsx" in deno.json or tsconfig.json), to judge by list/index.tsx'
}

@test "how class fields are compiled" {
    printf 'class A { a = 1; }\nDeno.serve(() => new Response(JSON.stringify(new A())));\n' >functions/list/index.ts
    make dist
    printf '{ "compilerOptions": { "target": "ES2020", "useDefineForClassFields": false } }\n' >functions/tsconfig.json
    sed -i '1i declare class B {}' functions/list/index.ts
    run "$ONETUBE" rebuild dist --functions functions
    exits 1
    [[ "${lines[0]}" = "not equal: "*"list/index.ts" ]]
}

@test "an import map that leads elsewhere" {
    printf 'export const round = (sum: number) => {\n  return Math.ceil(sum);\n};\n' >functions/_shared/up.ts
    sed -i 's,"../_shared/money.ts","money",' functions/pay/index.ts
    printf '{ "imports": { "money": "./_shared/money.ts" } }\n' >functions/deno.json
    for options in "" "--sourcemap linked"; do
        printf '{ "imports": { "money": "./_shared/money.ts" } }\n' >functions/deno.json
        # shellcheck disable=SC2086
        make dist $options
        printf '{ "imports": { "money": "./_shared/up.ts" } }\n' >functions/deno.json
        run "$ONETUBE" rebuild dist --functions functions
        exits 1
        [[ "${lines[0]}" = "not equal: another setting: what "*" _shared/money.ts, here it is _shared/up.ts ("* ]]
    done
}

@test "variables and flags of a wrangler project" {
    mkdir -p functions/worker
    printf 'export default { fetch(request, env) { return new Response(env.MODE); } };\n' >functions/worker/index.ts
    printf 'main = "index.ts"\nname = "worker"\ncompatibility_date = "2026-01-01"\n' >functions/worker/wrangler.toml
    make dist
    printf 'compatibility_flags = ["nodejs_als"]\n' >>functions/worker/wrangler.toml
    cause "another compatibility flag: compatibilityFlag has nodejs_als here"
}

@test "another build: its options, dates, flags and names" {
    make dist --env A
    for pair in \
        "--env A --minify|another option: minify was no, here it is yes" \
        "--env A --target es2022|another option: target was es2024, here it is es2022" \
        "--env A --no-splitting|another option: splitting was yes, here it is no" \
        "--env A --sourcemap linked|another option: sourcemap was none, here it is linked" \
        "--env A --compat-date 2026-01-02|another compatibility date: compatibilityDate was 2026-04-15, here it is 2026-01-02" \
        "--env B|other environment names: A is only in the payload"; do
        # shellcheck disable=SC2086
        make theirs ${pair%%|*}
        cause "${pair#*|}" --built theirs
    done
}

@test "another esbuild, another onetube" {
    make dist
    in_manifest 'm.builder.esbuild = "0.27.0"'
    cause "another esbuild: the payload was built with 0.27.0, here it is 0.28.2"
    in_manifest 'm.builder.esbuild = "0.28.2"; m.builder.onetube = "0.0.9"'
    cause "another onetube: the payload was built with 0.0.9, here it is 0.1.0"
}

@test "what no source of the project says: onetube's code, the bundler's, the manifest's form" {
    make dist
    cp -r dist whole
    in_bundle list 's/public: null/public: true/'
    cause "another onetube: its own code in the bundles differs, though both say 0.1.0"
    rm -r dist
    cp -r whole dist
    in_bundle list '1i console.log("planted");'
    cause "code around the modules of functions/list.js: the payload's is not what esbuild writes here"
    has '-console.log("planted");'
    rm -r dist
    cp -r whole dist
    sed -i 's/^  "schema"/   "schema"/' dist/manifest.json
    cause "the manifest's text: it says the same in another form, which this onetube does not write"
}

@test "sources that do not build" {
    make dist
    echo 'const a = ;' >>functions/list/index.ts
    run "$ONETUBE" rebuild dist --functions functions
    exits 1
    [[ "${lines[0]}" = "not equal: the sources do not build here: functions/list/index.ts:2:11: "* ]]
    run "$ONETUBE" rebuild dist --functions functions --json
    exits 1
    valid rebuild <(echo "$output")
    run "$ONETUBE" rebuild dist --functions missing
    exits 1
    run "$ONETUBE" rebuild dist --functions functions --esbuild /bin/true
    exits 4
}

@test "names in a payload do nothing to a terminal, and lead nowhere" {
    make dist
    printf '\n// node_modules/../../secret/x.js\nx\n\n// \033[31mred\342\200\256.ts\ny\n' >>dist/functions/list.js
    in_bundle list ''
    run "$ONETUBE" rebuild dist --functions functions
    exits 1
    fails grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\xaa-\xae]' <<<"$output"
    run "$ONETUBE" rebuild dist --functions functions --json
    valid rebuild <(echo "$output")
}
