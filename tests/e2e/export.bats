#!/usr/bin/env bats
# onetube export: what Sigstore's verifier, OpenSSL and sha256sum make of it.
load helpers

setup() {
    make_keys release second other
    cd "$BATS_TEST_TMPDIR"
    put_function functions hello hi
    put_function functions there you
    "$ONETUBE" build --functions functions --out dist >/dev/null
    "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem --sign-key second.key.pem --name shop --version 1.4.0 >/dev/null
}

key_id() {
    openssl pkey -pubin -in "$1.pub.pem" -outform DER | sha256sum | cut -c-64
}

# Whether Sigstore's own verifier accepts a bundle, given these public keys: sigstore BUNDLE KEY...
sigstore() {
    NODE_PATH=$ROOT/node_modules node -e '
        const { bundleFromJSON } = require("@sigstore/bundle");
        const { toSignedEntity, Verifier } = require("@sigstore/verify");
        const { createHash, createPublicKey } = require("crypto");
        const fs = require("fs");
        const [file, ...names] = process.argv.slice(1);
        const keys = new Map(names.map((name) => {
            const key = createPublicKey(fs.readFileSync(name + ".pub.pem"));
            return [createHash("sha256").update(key.export({ type: "spki", format: "der" })).digest("hex"), key];
        }));
        const trust = {
            certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [],
            publicKey: (hint) => { if (!keys.has(hint)) throw new Error("unknown key " + hint); return { publicKey: keys.get(hint), validFor: () => true }; },
        };
        try {
            const bundle = bundleFromJSON(JSON.parse(fs.readFileSync(file, "utf8")));
            new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, tsaThreshold: 0 }).verify(toSignedEntity(bundle));
            process.stdout.write(bundle.content.dsseEnvelope.payload);
        } catch (error) { console.error(error.code ?? "", error.message); process.exit(1); }' "$@"
}

# changed FILE CODE: the JSON `j` of the file after the code, in broken.json
changed() {
    node -e "const j = JSON.parse(require('fs').readFileSync('$1', 'utf8')); $2; console.log(JSON.stringify(j));" >broken.json
}

@test "Sigstore's verifier accepts a bundle for each signature" {
    "$ONETUBE" export fw.1tube --sigstore --output bundles
    [ "$(wc -l <bundles)" = 2 ]
    split -l 1 bundles bundle.
    for bundle in bundle.aa bundle.ab; do
        sigstore $bundle release second >statement
        cmp statement <(tail -c +4609 fw.1tube | head -1 | tr -d '\n')
    done
    # each is of one key, and found by its hint
    [ "$(for bundle in bundle.a?; do for key in release second other; do if sigstore $bundle $key >/dev/null 2>&1; then echo $key; fi; done; done | sort | tr '\n' ' ')" = "release second " ]
    [ "$(node -p 'JSON.parse(require("fs").readFileSync("bundle.aa")).mediaType')" = application/vnd.dev.sigstore.bundle.v0.3+json ]
}

@test "Sigstore's verifier refuses what was changed" {
    "$ONETUBE" package --in dist --out one.1tube --sign-key release.key.pem >/dev/null
    "$ONETUBE" export one.1tube --sigstore >bundle
    sigstore bundle release >/dev/null
    refused() {
        changed bundle "$1"
        run sigstore broken.json release second
        exits 1
        has "$2"
    }
    refused 'j.dsseEnvelope.payload = Buffer.from(Buffer.from(j.dsseEnvelope.payload, "base64").toString().replace("onetube", "onetubE")).toString("base64")' SIGNATURE_ERROR
    refused 'j.dsseEnvelope.payloadType = "text/plain"' SIGNATURE_ERROR
    refused 'j.dsseEnvelope.signatures[0].sig = "AA" + j.dsseEnvelope.signatures[0].sig.slice(2)' SIGNATURE_ERROR
    refused "j.verificationMaterial.publicKey.hint = '$(key_id second)'" SIGNATURE_ERROR
    refused "j.verificationMaterial.publicKey.hint = '$(key_id other)'" "unknown key"
    refused 'j.dsseEnvelope.signatures.push(j.dsseEnvelope.signatures[0])' "invalid bundle"
    refused 'delete j.verificationMaterial.publicKey' "invalid bundle"
}

@test "OpenSSL accepts every signature of the in-toto envelope" {
    "$ONETUBE" export fw.1tube --intoto >fw.intoto.jsonl
    [ "$(wc -l <fw.intoto.jsonl)" = 1 ]
    valid attestation fw.intoto.jsonl
    node -e '
        const fs = require("fs");
        const { payload, payloadType, signatures } = JSON.parse(fs.readFileSync("fw.intoto.jsonl"));
        const statement = Buffer.from(payload, "base64");
        fs.writeFileSync("statement.json", statement);
        fs.writeFileSync("pae", Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${statement.length} `), statement]));
        for (const one of signatures) fs.writeFileSync("sig." + one.keyid, Buffer.from(one.sig, "base64"));'
    valid statement statement.json
    for key in release second; do
        openssl pkeyutl -verify -rawin -pubin -inkey $key.pub.pem -sigfile "sig.$(key_id $key)" -in pae
    done
    fails openssl pkeyutl -verify -rawin -pubin -inkey other.pub.pem -sigfile "sig.$(key_id release)" -in pae
    printf x >>pae
    fails openssl pkeyutl -verify -rawin -pubin -inkey release.pub.pem -sigfile "sig.$(key_id release)" -in pae
}

@test "sha256sum accepts the unpacked dist, and no other" {
    "$ONETUBE" unpack fw.1tube --trust release.pub.pem --out unpacked >/dev/null
    "$ONETUBE" export fw.1tube --sums --output SHA256SUMS
    (cd unpacked && sha256sum --strict -c ../SHA256SUMS)
    # every file but the signatures, which others may add to
    cmp <(cd unpacked && find . -type f ! -name signatures -printf '%P\n' | sort) <(grep -v '^#' SHA256SUMS | cut -c67- | sort)
    grep -qF "# release sha256 $(tail -c +4097 fw.1tube | sha256sum | cut -c-64), " SHA256SUMS
    "$ONETUBE" package --in dist --out less.1tube --sign-key release.key.pem --name shop --version 1.4.0 >/dev/null
    "$ONETUBE" export less.1tube --sums | cmp - SHA256SUMS
    "$ONETUBE" export unpacked --sums | cmp - <(grep -v '^#' SHA256SUMS)
    for file in manifest.json statement.json functions/hello.js; do
        rm -rf changed
        cp -r unpacked changed
        printf x >>changed/$file
        (cd changed && fails sha256sum --status -c ../SHA256SUMS)
    done
}

@test "what is not what its manifest says has no sums; what nobody signed no envelope" {
    offset=$(grep -abo 'new Response("hi")' fw.1tube | head -1 | cut -d: -f1)
    cp fw.1tube broken.1tube
    printf X | dd of=broken.1tube bs=1 seek="$offset" conv=notrunc status=none
    run "$ONETUBE" export broken.1tube --sums --output out
    exits 3
    has E_HASH
    [ ! -e out ]
    "$ONETUBE" package --in dist --out unsigned.1tube --unsigned >/dev/null
    for form in sigstore intoto; do
        for file in unsigned.1tube dist; do
            run "$ONETUBE" export $file --$form
            exits 1
            has "$file: there is no signature"
        done
    done
    "$ONETUBE" export dist --sums | (cd dist && sha256sum --strict --status -c)
    run "$ONETUBE" export fw.1tube
    exits 2
    has "one of --sigstore, --intoto and --sums is wanted"
    run "$ONETUBE" export fw.1tube --sums --intoto
    exits 2
    fails grep -q . <<<"$("$ONETUBE" export fw.1tube --sums --output here)"
    run "$ONETUBE" export fw.1tube --sums --output nowhere/here
    exits 1
}
