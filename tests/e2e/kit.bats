#!/usr/bin/env bats
# A release and its papers in one file, for a machine without a network.
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    "$ONETUBE" keygen release
    "$ONETUBE" keygen auditor
    put_function functions hello "one"
    "$ONETUBE" package --functions functions --out v1.1tube --sign-key release.key.pem --sequence 1 --sbom v1.cdx.json
    "$ONETUBE" rebuild v1.1tube --functions functions --attestation v1.rebuild.json --sign-key auditor.key.pem
    "$ONETUBE" kit v1.1tube --attestation v1.rebuild.json --sbom v1.cdx.json --out v1.1tube-kit
    put_function functions hello "two"
    "$ONETUBE" package --functions functions --out v2.1tube --sign-key release.key.pem --sequence 2
    "$ONETUBE" kit v2.1tube --out v2.1tube-kit
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    K=$BATS_FILE_TMPDIR
    PUB=$K/release.pub.pem
}

teardown() {
    stop_server
}

imports() {
    "$ONETUBE" import "$K/$1.1tube-kit" --into shop --trust "$PUB"
}

@test "a kit is an ordinary tar file, the same for the same parts; import installs them all" {
    tar -tf "$K/v1.1tube-kit" >list
    printf '%s\n' attestations/00.json payload.1tube sbom.cdx.json | cmp - list
    "$ONETUBE" kit "$K/v1.1tube" --attestation "$K/v1.rebuild.json" --sbom "$K/v1.cdx.json" --out again
    cmp "$K/v1.1tube-kit" again
    "$ONETUBE" import "$K/v1.1tube-kit" --into shop --trust "$PUB" --json >import.json
    valid import import.json
    jq -e '.sequence == 1 and .attestations == 1 and .sbom and (.provenance | not) and .trustVersion == 0' import.json
    cmp shop/payload.1tube "$K/v1.1tube"
    cmp shop/attestations/00.json "$K/v1.rebuild.json"
    cmp shop/sbom.cdx.json "$K/v1.cdx.json"
    start_server shop/payload.1tube --trust "$PUB"
    [ "$(curl -sS "$URL/hello")" = one ]
    # while it serves the next one takes the folder, with nothing of the old one
    imports v2
    find shop -type f >files
    [ "$(cat files)" = shop/payload.1tube ]
    cmp shop/payload.1tube "$K/v2.1tube"
    [ "$(curl -sS "$URL/hello")" = one ]
}

@test "what is refused changes nothing" {
    imports v1
    cp -r shop before
    run -3 "$ONETUBE" import "$K/v2.1tube-kit" --into shop --trust "$K/auditor.pub.pem"
    [[ $output == *E_UNTRUSTED* ]]
    run -3 "$ONETUBE" import "$K/v2.1tube-kit" --into shop --trust "$PUB" --min-sequence 3
    "$ONETUBE" kit "$K/v2.1tube" --attestation "$K/v1.rebuild.json" --out other
    run -3 "$ONETUBE" import other --into shop --trust "$PUB"
    [[ $output == *"of another release"* ]]
    run -3 "$ONETUBE" import "$K/v2.1tube" --into shop --trust "$PUB"
    [[ $output == *E_LAYOUT* ]]
    tar --format=ustar -cf strange -C "$K" v2.1tube
    run -3 "$ONETUBE" import strange --into shop --trust "$PUB"
    run -2 "$ONETUBE" import "$K/v2.1tube-kit" --into shop --trust "$PUB" --allow-unsigned
    diff -r before shop
    # only what was imported is ever replaced
    mkdir documents
    touch documents/letter
    run -1 "$ONETUBE" import "$K/v2.1tube-kit" --into documents --trust "$PUB"
    [ "$(ls -A documents)" = letter ]
    [ -z "$(find . -name '.*onetube*')" ]
}

@test "it works without a network" {
    confined="unshare --net"
    [ "$(id -u)" = 0 ] || confined="unshare --map-root-user --net"
    $confined true 2>/dev/null || confined=
    $confined "$ONETUBE" import "$K/v1.1tube-kit" --into shop --trust "$PUB"
    cmp shop/payload.1tube "$K/v1.1tube"
}

@test "killed at every system call of import: the folder is the old one or the new one" {
    imports v1
    cp -r shop old
    "$ONETUBE" import "$K/v2.1tube-kit" --into new --trust "$PUB"
    step=1
    [ "${OUT:-out}" = out ] || step=7
    changed=
    export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 # which does not work under ptrace
    for ((at = 1; ; at += step)); do
        rm -rf shop
        cp -r old shop
        status=0
        "$BUILD/tools/kill_at" "$at" "$ONETUBE" import "$K/v2.1tube-kit" --into shop --trust "$PUB" >log 2>&1 || status=$?
        [ "$status" = 0 ] || [ "$status" = 9 ] || { cat log; return 1; }
        if ! diff -r old shop >/dev/null; then
            diff -r new shop
            changed=${changed:-$at}
        fi
        [ "$status" = 0 ] || break
    done
    [ "$status" = 9 ]
    [ "$at" -gt 20 ]
    [ -n "$changed" ]
    echo "# $at system calls, the new one from $changed on" >&3
    # what the kills left goes with the next import
    imports v1
    [ -z "$(find . -maxdepth 1 -name '.shop.onetube-*')" ]
    diff -r old shop
}
