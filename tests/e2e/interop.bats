#!/usr/bin/env bats
# What programs that are not ours make of our files, and we of theirs: openssl, tar, bsdtar, sha256sum.
load helpers

setup() {
    make_keys release second
    cd "$BATS_TEST_TMPDIR"
    put_function functions hello hi
    put_function functions other there
    mkdir -p functions/_shared
    "$ONETUBE" build --functions functions --out dist >/dev/null 2>&1
    "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem --name shop --version 1.4.0 --sequence 7 >/dev/null
}

# The raw 64 bytes of the signature in the only line of a payload's page
signature_of() {
    tail -c +513 "$1" | head -1 | cut -d' ' -f4 | openssl base64 -d -A
}

key_id_of() {
    openssl pkey -pubin -in "$1" -outform DER | sha256sum | cut -c1-64
}

@test "openssl accepts our signature, and says no to another key or other bytes" {
    "$ONETUBE" pae fw.1tube >tbs
    signature_of fw.1tube >sig
    [ "$(stat -c %s sig)" = 64 ]
    openssl pkeyutl -verify -rawin -in tbs -pubin -inkey release.pub.pem -sigfile sig
    run openssl pkeyutl -verify -rawin -in tbs -pubin -inkey second.pub.pem -sigfile sig
    exits 1
    printf x >>tbs
    run openssl pkeyutl -verify -rawin -in tbs -pubin -inkey release.pub.pem -sigfile sig
    exits 1
}

@test "the bytes to sign are the DSSE encoding of the statement, made here with printf" {
    statement=$(tail -c +4609 fw.1tube | head -1)
    printf 'DSSEv1 28 application/vnd.in-toto+json %d %s' "${#statement}" "$statement" >expected
    "$ONETUBE" pae fw.1tube | cmp - expected
    [[ "$statement" == *'"name":"shop","version":"1.4.0","sequence":7'* ]]
    [[ "$statement" == *"$(sha256sum <dist/manifest.json | cut -c1-64)"* ]]
}

@test "we accept a signature that openssl made, in each spelling" {
    "$ONETUBE" package --in dist --out plain.1tube --unsigned >/dev/null
    "$ONETUBE" pae plain.1tube >tbs
    openssl pkeyutl -sign -rawin -in tbs -inkey release.key.pem -out sig
    "$ONETUBE" package --in dist --out expected.1tube --sign-key release.key.pem >/dev/null
    for spelling in "@sig" "$(openssl base64 -A -in sig)" "$(od -An -tx1 -v sig | tr -d ' \n')"; do
        cp plain.1tube attached.1tube
        "$ONETUBE" sign attached.1tube --keyid "$(key_id_of release.pub.pem)" --signature "$spelling" >/dev/null
        "$ONETUBE" verify attached.1tube --trust release.pub.pem >/dev/null
        cmp attached.1tube expected.1tube
        cp plain.1tube attached.1tube
        "$ONETUBE" sign attached.1tube --trust release.pub.pem --signature "$spelling" >/dev/null
        cmp attached.1tube expected.1tube
    done
    cp plain.1tube attached.1tube
    run "$ONETUBE" sign attached.1tube --trust second.pub.pem --signature @sig
    exits 1
    cmp attached.1tube plain.1tube
}

@test "a signing program signs: openssl behind --signer" {
    cat >signer <<'END'
#!/bin/sh
set -e
cat >"$TBS"
openssl pkeyutl -sign -rawin -in "$TBS" -inkey second.key.pem
END
    chmod +x signer
    TBS=$PWD/tbs "$ONETUBE" package --in dist --out kms.1tube --signer ./signer --signer-key second.pub.pem >/dev/null
    "$ONETUBE" verify kms.1tube --trust second.pub.pem >/dev/null
    TBS=$PWD/tbs run "$ONETUBE" sign fw.1tube --signer ./signer --signer-key release.pub.pem
    exits 1
    has "has signed it already"
    TBS=$PWD/tbs "$ONETUBE" sign fw.1tube --signer ./signer --signer-key second.pub.pem >/dev/null
    "$ONETUBE" verify fw.1tube --trust release.pub.pem --trust second.pub.pem --threshold 2 >/dev/null
    run "$ONETUBE" package --in dist --out none.1tube --signer ./signer
    exits 2
    has --signer-key
}

@test "adding a signature changes the first 4,096 bytes alone" {
    before=$(tail -c +4097 fw.1tube | sha256sum | cut -c1-64)
    "$ONETUBE" sign fw.1tube --sign-key second.key.pem >/dev/null
    [ "$(tail -c +4097 fw.1tube | sha256sum | cut -c1-64)" = "$before" ]
    "$ONETUBE" package --in dist --out both.1tube --sign-key second.key.pem --sign-key release.key.pem \
        --name shop --version 1.4.0 --sequence 7 --json | grep -q "\"releaseSha256\": \"$before\""
    cmp both.1tube fw.1tube
}

@test "keys: openssl reads ours and writes them the same, we read its" {
    "$ONETUBE" keygen made >made.txt
    openssl pkey -in made.key.pem | cmp - made.key.pem
    openssl pkey -in made.key.pem -pubout | cmp - made.pub.pem
    grep -q "$(key_id_of made.pub.pem)" made.txt
    for key in made.key.pem "$(cat made.key.pem)" env:MADE - \
        "$(openssl pkey -in made.key.pem -outform DER | tail -c 32 | od -An -tx1 -v | tr -d ' \n')" \
        "$(openssl pkey -in made.key.pem -outform DER | tail -c 32 | openssl base64 -A)"; do
        MADE=$(cat made.key.pem) "$ONETUBE" package --in dist --out made.1tube --sign-key "$key" <made.key.pem >/dev/null
        "$ONETUBE" verify made.1tube --trust made.pub.pem >/dev/null
    done
    for key in made.pub.pem "$(cat made.pub.pem)" env:MADE \
        "$(openssl pkey -pubin -in made.pub.pem -outform DER | tail -c 32 | od -An -tx1 -v | tr -d ' \n')" \
        "$(openssl pkey -pubin -in made.pub.pem -outform DER | tail -c 32 | openssl base64 -A)"; do
        MADE=$(cat made.pub.pem) "$ONETUBE" verify made.1tube --trust "$key" >/dev/null
    done
}

@test "tar and bsdtar unpack a payload to exactly the dist" {
    "$ONETUBE" unpack fw.1tube --trust release.pub.pem --out ours >/dev/null
    for program in tar bsdtar; do
        mkdir "by-$program"
        $program -xf fw.1tube -C "by-$program" 2>"$program.errors"
        [ ! -s "$program.errors" ]
        diff -r ours "by-$program"
        $program -tf fw.1tube >"$program.list"
    done
    cmp tar.list bsdtar.list
    # in the order of the format: three fixed members, then paths bytewise
    [ "$(head -3 tar.list | tr '\n' ' ')" = "signatures statement.json manifest.json " ]
    tail -n +4 tar.list | LC_ALL=C sort -c
    rm ours/signatures ours/statement.json
    diff -r ours dist
}

@test "bsdtar makes the same archive of the same files" {
    mkdir by-tar
    tar -xf fw.1tube -C by-tar
    chmod -R u=rwX,go=rX by-tar
    tar -tf fw.1tube >list
    (cd by-tar && bsdtar -cf ../again.1tube --format ustar --uid 0 --gid 0 --uname '' --gname '' -b 1 --no-recursion \
        --mtime '@0' -T ../list 2>/dev/null) ||
        (cd by-tar && xargs touch -d @0 <../list &&
            bsdtar -cf ../again.1tube --format ustar --uid 0 --gid 0 --uname '' --gname '' -b 1 --no-recursion -T ../list)
    cmp again.1tube fw.1tube
}

@test "long paths keep their split between libarchive and us" {
    cp -r "$VECTORS" vectors
    mkdir by-tar
    tar -xf vectors/valid.1tube -C by-tar
    tar -tf vectors/valid.1tube >list
    [ "$(awk '{ if (length($0) > longest) longest = length($0) } END { print longest }' list)" -gt 150 ]
    (cd by-tar && chmod -R u=rwX,go=rX . && xargs touch -d @0 <../list &&
        bsdtar -cf ../again.1tube --format ustar --uid 0 --gid 0 --uname '' --gname '' -b 1 --no-recursion -T ../list)
    cmp again.1tube vectors/valid.1tube
    # and packaging what was unpacked gives the independent writer's file
    "$ONETUBE" package --in by-tar --out ours.1tube --sign-key vectors/a.key.pem --name vectors --version 1.0.0 --sequence 7 >/dev/null
    cmp ours.1tube vectors/valid.1tube
}

@test "sha256sum checks every member against the manifest" {
    mkdir by-tar
    tar -xf fw.1tube -C by-tar
    node -e '
        const manifest = JSON.parse(require("fs").readFileSync("by-tar/manifest.json"));
        for (const f of manifest.functions) console.log(f.bundleSha256 + "  " + f.bundleFile);
        for (const f of manifest.files) console.log(f.sha256 + "  " + f.path);' >SHA256SUMS
    [ "$(wc -l <SHA256SUMS)" -ge 2 ]
    (cd by-tar && sha256sum --strict --quiet -c ../SHA256SUMS)
    "$ONETUBE" inspect fw.1tube --json >inspect.json
    node -e '
        const r = JSON.parse(require("fs").readFileSync("inspect.json"));
        for (const f of [...r.functions, ...r.files]) console.log(f.sha256 + "  " + f.path);' | sort >inspected
    sort SHA256SUMS | cmp - inspected
}
