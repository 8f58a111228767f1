#!/usr/bin/env bats
# --provenance: the envelope in the eyes of OpenSSL, the statement in those of its schema.
load helpers

setup() {
    make_keys release second other
    cd "$BATS_TEST_TMPDIR"
    put_function functions hello hi
    echo 'export const word: string = "shared";' >functions/shared.ts
    mkdir -p functions/other node_modules/dep
    echo '{"name":"dep","version":"1.2.0","license":"MIT"}' >node_modules/dep/package.json
    echo 'export default "from dep";' >node_modules/dep/index.js
    printf 'import dep from "dep"; import { word } from "../shared.ts";\nDeno.serve(() => new Response(dep + word));\n' >functions/other/index.ts
}

build() {
    "$ONETUBE" build --functions functions --out dist --provenance dist.intoto.jsonl --sign-key release.key.pem "$@" >/dev/null
}

# Takes the envelope FILE apart: statement.json, pae, sig.KEYID
open_envelope() {
    node -e '
        const fs = require("fs");
        const text = fs.readFileSync(process.argv[1], "utf8");
        const envelope = JSON.parse(text);
        if (text !== JSON.stringify(envelope) + "\n" || Object.keys(envelope).join() !== "payloadType,payload,signatures") throw new Error("not one line");
        const statement = Buffer.from(envelope.payload, "base64");
        fs.writeFileSync("statement.json", statement);
        fs.writeFileSync("pae", Buffer.concat([Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${statement.length} `), statement]));
        for (const { keyid, sig } of envelope.signatures) fs.writeFileSync("sig." + keyid, Buffer.from(sig, "base64"));' "$1"
}

key_id() {
    openssl pkey -pubin -in "$1.pub.pem" -outform DER | sha256sum | cut -c-64
}

signed_by() {
    openssl pkeyutl -verify -rawin -pubin -inkey "$1.pub.pem" -sigfile "sig.$(key_id "$1")" -in pae
}

# said EXPRESSION: what JavaScript makes of the statement `s`
said() {
    node -p "const s = JSON.parse(require('fs').readFileSync('statement.json')), p = s.predicate; const d = (name) => p.buildDefinition.resolvedDependencies.find((one) => (one.name ?? one.uri) === name)?.digest; $1"
}

sha256() {
    sha256sum <"$1" | cut -c-64
}

@test "OpenSSL accepts the envelope, the schema its statement, which says what was built of what" {
    build --minify --env A,B --compat-flag nodejs_als --sign-key second.key.pem --sbom sbom.json
    open_envelope dist.intoto.jsonl
    signed_by release
    signed_by second
    [ "$(ls sig.* | wc -l)" = 2 ]
    valid provenance statement.json
    [ "$(said 's.subject[0].digest.sha256')" = "$(sha256 dist/manifest.json)" ]
    [ "$(said 'd("other/index.ts").sha256')" = "$(sha256 functions/other/index.ts)" ]
    [ "$(said 'd("shared.ts").sha256')" = "$(sha256 functions/shared.ts)" ]
    [ "$(said 'd("pkg:npm/dep@1.2.0").dirHash1')" = "$(cd node_modules/dep && sha256sum index.js | sha256sum | cut -c-64)" ]
    [ "$(said 'p.runDetails.byproducts[0].digest.sha256')" = "$(sha256 sbom.json)" ]
    [ "$(said 'p.buildDefinition.resolvedDependencies.length')" = 5 ]
    [ "$(said 'JSON.stringify(p.buildDefinition.externalParameters)')" = '{"functions":["hello","other"],"minify":true,"sourcemap":"none","target":"es2024","splitting":true,"compatibilityDate":"2026-04-15","compatibilityFlags":["nodejs_compat","enable_request_signal","nodejs_als"],"env":["A","B"]}' ]
    [ "$(said 'p.runDetails.builder.version.esbuild')" = "$(node -p 'require(process.argv[1]).dependencies.esbuild' "$ROOT/package.json")" ]
}

@test "what is changed is refused: by OpenSSL and by the schema" {
    build
    open_envelope dist.intoto.jsonl
    signed_by release
    cp "sig.$(key_id release)" "sig.$(key_id other)"
    fails signed_by other
    cp pae whole
    sed -i 's/"minify":false/"minify":true /' pae
    fails cmp -s pae whole
    fails signed_by release
    broken() {
        node -e "const s = JSON.parse(require('fs').readFileSync('statement.json')); $1; console.log(JSON.stringify(s));" >broken.json
        fails valid provenance broken.json 2>/dev/null
    }
    broken 's.subject[0].digest.sha256 = "0"'
    broken 's.subject.push(s.subject[0])'
    broken 'delete s.predicate.runDetails.builder.id'
    broken 's.predicate.buildDefinition.buildType = "urn:other"'
    broken 's.predicate.buildDefinition.resolvedDependencies[0].digest.md5 = "0"'
    broken 'delete s.predicate.buildDefinition.externalParameters.env'
    broken 's.predicateType = "https://slsa.dev/provenance/v0.2"'
    broken 's.predicate.runDetails.metadata = { finishedOn: "now" }'
}

@test "the same sources give the same bytes; a time only where one is given" {
    build
    mkdir -p "else where"
    cp -r functions node_modules release.key.pem "else where"
    (cd "else where" && TZ=Asia/Tokyo build --no-cache)
    cmp dist.intoto.jsonl "else where/dist.intoto.jsonl"
    mv dist.intoto.jsonl first
    SOURCE_DATE_EPOCH=1700000000 build
    open_envelope dist.intoto.jsonl
    signed_by release
    valid provenance statement.json
    [ "$(said 'p.runDetails.metadata.startedOn')" = 2023-11-14T22:13:20Z ]
    fails cmp -s first dist.intoto.jsonl
}

@test "package writes it beside the payload, signed by the payload's keys" {
    "$ONETUBE" package --functions functions --out without.1tube --sign-key release.key.pem >/dev/null
    cat >signer <<'EOF'
#!/bin/sh
cat >message.$$
exec openssl pkeyutl -sign -rawin -inkey second.key.pem -in message.$$
EOF
    chmod +x signer
    "$ONETUBE" package --functions functions --out fw.1tube --sign-key release.key.pem --signer ./signer --signer-key second.pub.pem \
        --provenance fw.intoto.jsonl --sbom fw.cdx.json >/dev/null
    cmp <(tail -c +4097 without.1tube) <(tail -c +4097 fw.1tube)
    open_envelope fw.intoto.jsonl
    signed_by release
    signed_by second
    valid provenance statement.json
    [ "$(said 's.subject[0].digest.sha256')" = "$(tar -xOf fw.1tube manifest.json | sha256sum | cut -c-64)" ]
}

@test "what cannot be is said before anything is built" {
    run "$ONETUBE" build --functions functions --out dist --provenance p
    exits 2
    has "--provenance needs a key: --sign-key, or --signer with --signer-key"
    run "$ONETUBE" build --functions functions --out dist --sign-key release.key.pem
    exits 2
    has "--sign-key signs what --provenance writes, which is missing"
    run "$ONETUBE" package --functions functions --out fw.1tube --unsigned --provenance p
    exits 2
    has "--provenance needs a key"
    run "$ONETUBE" build --functions functions --out dist --provenance p --sbom p --sign-key release.key.pem
    exits 2
    has "--sbom and --provenance are the same file"
    run "$ONETUBE" build --functions functions --out dist --provenance p --signer false --signer-key release.pub.pem
    exits 4
    [ ! -e p ] && [ ! -e fw.1tube ]
    # a key in the environment is for others
    ONETUBE_SIGN_KEY=/nowhere "$ONETUBE" build --functions functions --out dist >/dev/null
    run "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem --provenance p
    exits 2
    has "--provenance belongs to --functions: a dist does not tell what it was made of, its build does (onetube build --provenance)"
}
