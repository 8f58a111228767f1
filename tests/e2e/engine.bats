#!/usr/bin/env bats
# A payload that carries its engine: one file, executed from sealed memory.
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    "$ONETUBE" keygen release
    put_function functions hello "hello there"
    "$ONETUBE" build --functions functions --out dist
    "$ONETUBE" package --in dist --out plain.1tube --sign-key release.key.pem --sequence 3
    "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem --sequence 3 --with-engine
}

setup() {
    cd "$BATS_FILE_TMPDIR"
    ENGINE=$(find "$ROOT"/node_modules/@cloudflare/workerd-linux-*/bin/workerd)
}

teardown() {
    stop_server
}

@test "the engine is one more member, named with size, digest and architecture; nothing else changes" {
    tar -xf fw.1tube --one-top-level=unpacked
    cmp unpacked/engine/workerd "$ENGINE"
    sha256=$(sha256sum "$ENGINE" | cut -d ' ' -f 1)
    "$ONETUBE" inspect fw.1tube --json | jq -e --arg sha256 "$sha256" --arg machine "$(uname -m)" \
        '.engine.binary | .path == "engine/workerd" and .sha256 == $sha256 and .architecture == $machine'
    jq 'del(.engine.binary)' unpacked/manifest.json >without.json
    jq . dist/manifest.json | cmp - without.json
    "$ONETUBE" inspect fw.1tube --json >inspect.json
    valid inspect inspect.json
    valid manifest unpacked/manifest.json
    # without it the bytes are those they were
    "$ONETUBE" package --in dist --out again.1tube --sign-key release.key.pem --sequence 3
    cmp plain.1tube again.1tube
    "$ONETUBE" package --in dist --out again.1tube --sign-key release.key.pem --sequence 3 --with-engine
    cmp fw.1tube again.1tube
    rm -rf unpacked again.1tube
}

@test "an engine that was changed is not verified" {
    size=$(stat -c %s fw.1tube)
    at=$((size / 2))
    cp fw.1tube changed.1tube
    printf 'x' | dd of=changed.1tube bs=1 seek=$at conv=notrunc status=none
    run -3 "$SERVE" changed.1tube --trust release.pub.pem --listen 127.0.0.1:0
    [[ $output == *E_HASH*engine/workerd* ]]
    rm changed.1tube
}

@test "onetube-serve executes the payload's engine from memory, with no other on the machine" {
    mkdir bin
    cp "$SERVE" bin/
    printf '#!/bin/sh\nPATH=/nonexistent exec %s/bin/onetube-serve "$@"\n' "$PWD" >alone
    chmod +x alone
    SERVE=$PWD/alone LOG=$BATS_TEST_TMPDIR/log start_server fw.1tube --trust release.pub.pem
    [ "$(curl -sS "$URL/hello")" = "hello there" ]
    engine=$(pgrep -P "$SERVER")
    [ "$(readlink "/proc/$engine/exe")" = "/memfd:workerd (deleted)" ]
    cmp "/proc/$engine/exe" "$ENGINE"
    # nobody can change it
    run -1 dd if=/dev/zero of="/proc/$engine/exe" bs=1 count=1 conv=notrunc status=none
    # neither of the two holds the payload any more: less than half of the engine
    [ "$(awk '/^Rss(Anon|Shmem)/ { kb += $2 } END { print kb }' "/proc/$SERVER/status")" -lt 65536 ]
    for fd in "/proc/$SERVER/fd"/* "/proc/$engine/fd"/*; do [[ $(readlink "$fd") != *memfd* ]]; done
    run ! grep -q "program executable" "$BATS_TEST_TMPDIR/log"
    stop_server
    [ "$SERVER_STATUS" = 0 ]
}

@test "the signed engine wins over --engine, unless --replace-engine says it shall not" {
    LOG=$BATS_TEST_TMPDIR/log start_server fw.1tube --trust release.pub.pem --engine /bin/false
    grep "the payload's own engine runs" "$BATS_TEST_TMPDIR/log"
    [ "$(curl -sS "$URL/hello")" = "hello there" ]
    stop_server
    run -4 "$SERVE" fw.1tube --trust release.pub.pem --listen 127.0.0.1:0 --engine /bin/false --replace-engine
    [[ $output == *"/bin/false exited with code 1"* ]]
    LOG=$BATS_TEST_TMPDIR/log start_server fw.1tube --trust release.pub.pem --engine "$ENGINE" --replace-engine
    [ "$(readlink "/proc/$(pgrep -P "$SERVER")/exe")" = "$(realpath "$ENGINE")" ]
}

@test "an engine for another machine is refused by name; what is no program is not packaged" {
    other=aarch64 machine='\xb7'
    [ "$(uname -m)" = x86_64 ] || { other=x86_64 machine='\x3e'; }
    head -c 4096 "$ENGINE" >other
    printf "$machine"'\x00' | dd of=other bs=1 seek=18 conv=notrunc status=none
    chmod +x other
    "$ONETUBE" package --in dist --out other.1tube --sign-key release.key.pem --with-engine --engine ./other
    "$ONETUBE" verify other.1tube --trust release.pub.pem
    run -78 "$SERVE" other.1tube --trust release.pub.pem --listen 127.0.0.1:0
    [[ $output == *"engine is for $other, this machine is $(uname -m)"* ]]
    printf '#!/bin/sh\n' >script
    chmod +x script
    run -1 "$ONETUBE" package --in dist --out no.1tube --sign-key release.key.pem --with-engine --engine ./script
    [[ $output == *"no program for x86_64 or aarch64"* ]]
    [ ! -e no.1tube ]
    run -2 "$ONETUBE" package --in dist --out no.1tube --sign-key release.key.pem --engine "$ENGINE"
    tar -xf fw.1tube --one-top-level=carrying
    run -1 "$ONETUBE" package --in carrying --out no.1tube --sign-key release.key.pem --with-engine
    rm -rf carrying
}

@test "onetube serve executes it, too, also from an unpacked dist, and after a swap" {
    "$ONETUBE" unpack fw.1tube --out unpacked --trust release.pub.pem
    start_gateway --prebuilt unpacked --trust release.pub.pem --warm
    [ "$(curl -sS "$URL/hello")" = "hello there" ]
    engine=$(pgrep -P "$SERVER")
    [ "$(readlink "/proc/$engine/exe")" = "/memfd:workerd (deleted)" ]
    "$ONETUBE" unpack plain.1tube --out plain --trust release.pub.pem
    rm -r unpacked
    mv plain unpacked
    kill -HUP "$SERVER"
    for _ in $(seq 100); do grep -q "generation 2 serves now" "$LOG" && break; sleep 0.1; done
    [ "$(curl -sS "$URL/hello")" = "hello there" ]
    for _ in $(seq 100); do [ -e "/proc/$engine" ] || break; sleep 0.1; done
    [ "$(readlink "/proc/$(pgrep -P "$SERVER")/exe")" = "$(realpath "$ENGINE")" ]
}

@test "a build with --with-engine, and what is written beside it, are of the same manifest" {
    "$ONETUBE" package --functions functions --out built.1tube --sign-key release.key.pem --sequence 3 --with-engine \
        --sbom built.cdx.json
    cmp built.1tube fw.1tube
    grep -q "$("$ONETUBE" inspect fw.1tube --json | jq -r .statement.manifestSha256)" built.cdx.json
}

@test "rebuild compares it with the one that is installed; diff names it" {
    "$ONETUBE" rebuild fw.1tube --functions functions
    cp "$ENGINE" newer
    printf 'x' >>newer
    run -1 "$ONETUBE" rebuild fw.1tube --functions functions --engine ./newer
    [[ ${lines[0]} == *"another engine"* ]]
    run -1 "$ONETUBE" diff plain.1tube fw.1tube
    [[ $output == *"$(sha256sum "$ENGINE" | cut -d ' ' -f 1)"* ]]
}
