#!/usr/bin/env bats
# Wrong, missing, unreadable, oversized, raced or killed: a clear error, the right exit code, nothing half-written.
load helpers

setup() {
    make_keys release other
    cd "$BATS_TEST_TMPDIR"
    put_function functions hello hi
    "$ONETUBE" build --functions functions --out dist >/dev/null 2>&1
    "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem >/dev/null 2>&1
}

@test "a payload that is missing, a folder, a FIFO, a link, empty, too large" {
    mkfifo fifo
    ln -s fw.1tube link
    mkdir empty-folder
    : >empty
    run "$ONETUBE" verify nowhere --trust release.pub.pem
    exits 1
    has nowhere
    run timeout 10 "$ONETUBE" verify fifo --trust release.pub.pem
    exits 3
    has "not a regular file"
    run "$ONETUBE" verify link --trust release.pub.pem
    exits 3
    has "symbolic link"
    run "$ONETUBE" verify empty --trust release.pub.pem
    exits 3
    has E_LAYOUT
    run "$ONETUBE" verify empty-folder --trust release.pub.pem
    exits 3
    has E_UNTRUSTED
    run "$ONETUBE" verify fw.1tube --trust release.pub.pem --max-size 100
    exits 3
    has "at most 100"
    run "$ONETUBE" verify /dev/zero --trust release.pub.pem
    exits 3
}

@test "keys of every wrong kind" {
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
    openssl genpkey -algorithm X25519 -out x25519.pem 2>/dev/null
    openssl pkey -in release.key.pem -aes256 -passout pass:x -out encrypted.pem
    head -c 20 release.key.pem >cut.pem
    mkfifo fifo
    for key in rsa.pem x25519.pem encrypted.pem cut.pem release.pub.pem /nonexistent fifo functions env:UNSET 1234; do
        run timeout 10 "$ONETUBE" package --in dist --out new.1tube --sign-key "$key"
        exits 2
        [ ! -e new.1tube ]
    done
    for key in rsa.pem release.key.pem cut.pem /nonexistent fifo functions env:UNSET \
        0000000000000000000000000000000000000000000000000000000000000000; do
        run timeout 10 "$ONETUBE" verify fw.1tube --trust "$key"
        exits 2
    done
    # no error repeats a secret
    secret=$(openssl pkey -in release.key.pem -outform DER | tail -c 32 | od -An -tx1 -v | tr -d ' \n')
    run "$ONETUBE" package --in dist --out new.1tube --sign-key "${secret}0"
    exits 2
    [[ "$output" != *"$secret"* ]]
}

@test "a dist that was altered is not signed" {
    echo '// one more' >>dist/functions/hello.js
    run "$ONETUBE" package --in dist --out new.1tube --sign-key release.key.pem
    exits 3
    has E_LAYOUT
    has functions/hello.js
    [ ! -e new.1tube ]
    [ -z "$(find . -name '.new.1tube*')" ]
}

@test "a dist with an extra file, a missing file, a link is not signed" {
    echo x >dist/functions/extra.js
    run "$ONETUBE" package --in dist --out new.1tube --sign-key release.key.pem
    exits 3
    has E_LAYOUT
    has extra.js
    rm dist/functions/extra.js
    mv dist/functions/hello.js kept
    run "$ONETUBE" package --in dist --out new.1tube --sign-key release.key.pem
    exits 3
    has E_LAYOUT
    has hello.js
    ln -s ../../kept dist/functions/hello.js
    run "$ONETUBE" package --in dist --out new.1tube --sign-key release.key.pem
    exits 3
    has E_LAYOUT
    [ ! -e new.1tube ]
}

@test "an out file that is being read stays whole for its reader" {
    exec 5<fw.1tube
    before=$(sha256sum <fw.1tube)
    put_function functions more text
    "$ONETUBE" package --functions functions --out fw.1tube --sign-key release.key.pem >/dev/null 2>&1
    [ "$(sha256sum <&5)" = "$before" ]
    [ "$(sha256sum <fw.1tube)" != "$before" ]
    exec 5<&-
}

@test "package replaces a payload, and nothing else" {
    before=$(sha256sum release.key.pem)
    run "$ONETUBE" package --in dist --out release.key.pem --sign-key release.key.pem
    exits 1
    has "is not a payload"
    [ "$(sha256sum release.key.pem)" = "$before" ]
    : >empty
    "$ONETUBE" package --in dist --out empty --sign-key release.key.pem >/dev/null
    "$ONETUBE" package --in dist --out empty --sign-key other.key.pem >/dev/null
    "$ONETUBE" verify empty --trust other.pub.pem >/dev/null
}

@test "outputs that cannot be written: a folder, a missing folder, a full disk" {
    mkdir folder
    run "$ONETUBE" package --in dist --out folder --sign-key release.key.pem
    exits 1
    has folder
    run "$ONETUBE" package --in dist --out nowhere/fw.1tube --sign-key release.key.pem
    exits 1
    has nowhere
    mkdir small
    # where nothing may be mounted, /dev/full stands for the full disk in the unit tests alone
    if mount -t tmpfs -o size=16k tmpfs small 2>/dev/null; then
        cp fw.1tube small/ 2>/dev/null || true
        head -c 20000 /dev/urandom >functions/hello/big.bin
        run "$ONETUBE" package --in dist --out small/new.1tube --sign-key release.key.pem
        left=$(ls -A small)
        run2=$status
        umount small
        [ "$run2" = 1 ]
        has "No space left"
        [[ "$left" != *new* ]]
    fi
}

@test "a folder of other things is never replaced by a dist" {
    mkdir precious
    echo work >precious/thesis.txt
    run "$ONETUBE" build --functions functions --out precious
    exits 1
    has precious
    [ "$(cat precious/thesis.txt)" = work ]
}

@test "a killed build leaves the old dist whole, and the next one cleans up" {
    before=$(sha256sum dist/manifest.json)
    for i in $(seq 12); do put_function functions "f$i" "text $i"; done
    for delay in 0.005 0.01 0.02 0.03 0.05 0.08; do
        "$ONETUBE" build --functions functions --out dist >/dev/null 2>&1 3>&- &
        sleep $delay
        kill -9 $! 2>/dev/null || true
        wait $! 2>/dev/null || true
        # old or new, but whole
        run "$ONETUBE" verify dist --allow-unsigned
        exits 0
    done
    "$ONETUBE" build --functions functions --out dist >/dev/null 2>&1
    [ -z "$(find . -maxdepth 1 -name '.dist.onetube-*')" ]
    [ "$(sha256sum dist/manifest.json)" != "$before" ]
    # killed after the new dist was in place, before the old one was removed: there is nothing left to write
    mkdir .dist.onetube-0123456789abcdef
    "$ONETUBE" build --functions functions --out dist >/dev/null 2>&1
    [ ! -e .dist.onetube-0123456789abcdef ]
}

@test "two builds into one output at once: one whole result" {
    for i in $(seq 8); do
        "$ONETUBE" build --functions functions --out both >/dev/null 2>&1 3>&- &
        first=$!
        "$ONETUBE" build --functions functions --out both --minify >/dev/null 2>&1
        wait $first
        run "$ONETUBE" verify both --allow-unsigned
        exits 0
    done
    [ -z "$(find . -maxdepth 1 -name '.both.onetube-*')" ]
}

@test "signing twice with one key, and signing what is not a payload, change nothing" {
    before=$(sha256sum fw.1tube)
    run "$ONETUBE" sign fw.1tube --sign-key release.key.pem
    exits 1
    [ "$(sha256sum fw.1tube)" = "$before" ]
    head -c 10000 /dev/urandom >noise
    cp noise noise2
    run "$ONETUBE" sign noise --sign-key release.key.pem
    exits 3
    has E_LAYOUT
    cmp noise noise2
    run "$ONETUBE" sign fw.1tube --signer 'head -c 64 /dev/zero' --signer-key other.pub.pem
    exits 4
    run "$ONETUBE" sign fw.1tube --signer 'exit 7' --signer-key other.pub.pem
    exits 4
    [ "$(sha256sum fw.1tube)" = "$before" ]
}

@test "unpack refuses what is not verified, and a folder that holds something" {
    printf X | dd of=fw.1tube bs=1 seek=11000 conv=notrunc status=none
    run "$ONETUBE" unpack fw.1tube --trust release.pub.pem --out unpacked
    exits 3
    [ ! -e unpacked ]
    "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem >/dev/null 2>&1
    mkdir unpacked
    echo x >unpacked/mine
    run "$ONETUBE" unpack fw.1tube --trust release.pub.pem --out unpacked
    exits 1
    [ "$(ls unpacked)" = mine ]
}

@test "keygen never overwrites, and leaves nothing behind when it cannot" {
    "$ONETUBE" keygen pair >/dev/null
    [ "$(stat -c %a pair.key.pem)" = 600 ]
    before=$(sha256sum pair.key.pem pair.pub.pem)
    run "$ONETUBE" keygen pair
    exits 1
    [ "$(sha256sum pair.key.pem pair.pub.pem)" = "$before" ]
    rm pair.key.pem
    run "$ONETUBE" keygen pair
    exits 1
    [ ! -e pair.key.pem ]
}
