#!/usr/bin/env bats
# --state: nothing older than what has answered once, whatever happens in between.
load helpers

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR make_keys release
    make_release v7 7 seven
    make_release v8 8 eight
    make_release fork 8 "not eight"
    make_release v9 9 nine
    make_release other 9 other --name blog
    make_release broken 10 broken --compat-flag no_such_flag
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    R=$BATS_FILE_TMPDIR
    PUB=$R/release.pub.pem
    unset JWT_SECRET SUPABASE_SERVICE_ROLE_KEY PORT FUNCTIONS_PATH
}

teardown() {
    stop_server
    if mountpoint -q "$BATS_TEST_TMPDIR/small" 2>/dev/null; then umount "$BATS_TEST_TMPDIR/small"; fi
}

# make_release NAME SEQUENCE TEXT OPTIONS...
make_release() {
    put_function "src-$1" hello "$3"
    "$ONETUBE" package --functions "src-$1" --out "$1.1tube" --sign-key release.key.pem --name shop --sequence "$2" "${@:4}" >/dev/null 2>&1
}

# Boots it until it answers, and stops it: boots NAME
boots() {
    start_server "$R/$1.1tube" --trust "$PUB" --state state
    stop_server
    [ "$SERVER_STATUS" = 0 ]
}

# refuses CODE NAME
refuses() {
    run "$SERVE" "$R/$2.1tube" --trust "$PUB" --state state --listen 127.0.0.1:0
    exits 3
    has "onetube-serve: $1: "
}

floor() {
    sed -n '2s/.*"floor":\([0-9]*\).*/\1/p' state
}

checks() {
    "$ONETUBE" verify "$R/$1.1tube" --trust "$PUB" --state state >/dev/null 2>&1
}

says() {
    grep -q -- "$1" "$LOG"
}

@test "the floor rises when a release has answered, and never falls" {
    boots v7
    says "state: is not there yet"
    says "made for the releases of shop; the floor is 7"
    [ "$(head -1 state)" = "onetube-state-v1 $(tail -n +2 state | sha256sum | cut -c1-64)" ]
    sed -n 2p state >line
    valid state line
    tail -n +3 state >manifest
    tar -xOf "$R/v7.1tube" manifest.json | cmp - manifest
    [ "$(stat -c %a state)" = 600 ]
    boots v7
    fails says floor
    boots v8
    says "state: the floor is 8 now, it was 7"
    refuses E_ROLLBACK v7
    has "the floor is 8"
    refuses E_ROLLBACK fork
    has "another manifest"
    refuses E_STATE other
    has "called blog"
    [ "$(floor)" = 8 ]
    checks v8
    fails checks v7
    fails compgen -G '.state.onetube-*'
}

@test "a release that does not answer changes nothing" {
    boots v7
    cp state before
    run "$SERVE" "$R/v9.1tube" --trust "$PUB" --state state --listen 127.0.0.1:0 --engine /bin/false
    exits 4
    run "$SERVE" "$R/broken.1tube" --trust "$PUB" --state state --listen 127.0.0.1:0
    exits 78
    cmp state before
    boots v7
    cmp state before
}

@test "unsigned releases have no sequence that anybody vouches for" {
    "$ONETUBE" package --functions "$R/src-v7" --out plain.1tube --unsigned --name shop --sequence 99 2>/dev/null
    run "$SERVE" plain.1tube --allow-unsigned --state state --listen 127.0.0.1:0
    exits 3
    has E_ROLLBACK
    [ ! -e state ]
    run "$ONETUBE" serve --functions "$R/src-v7" --dev --state state
    exits 2
    has "--state belongs to --prebuilt"
}

@test "a state file that cannot be believed is never taken for none" {
    boots v7
    cp state good
    damage() { printf x | dd of=state bs=1 seek="$1" conv=notrunc status=none; }
    for harm in 'damage 30' 'damage 100' 'truncate -s -1 state' 'truncate -s 0 state' 'echo >>state' 'chmod g+w state' 'chmod o+w state' \
        'ln -sf good state' 'rm state; ln -s nothing state' 'rm state; mkdir state' 'rm state; mkfifo state' 'sed -i s/7/6/ state'; do
        eval "$harm"
        refuses E_STATE v8
        run "$ONETUBE" verify "$R/v8.1tube" --trust "$PUB" --state state
        exits 3
        has E_STATE
        rm -rf state
        cp good state
    done
    chmod 775 .
    refuses E_STATE v8
    has "chmod go-w"
    chmod 755 .
    boots v8
}

@test "a place that cannot be written to is told before the engine starts" {
    printf '#!/bin/sh\ntouch "%s/started"\n' "$PWD" >engine
    chmod 755 engine .
    mkdir -m 755 ro
    cp "$SERVE" "$R/v7.1tube" "$PUB" .
    chmod 644 v7.1tube release.pub.pem
    chmod a+rX "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
    nobody=
    [ "$(id -u)" != 0 ] || nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
    [ "$(id -u)" = 0 ] || chmod 555 ro
    # shellcheck disable=SC2086 # words
    run $nobody ./onetube-serve v7.1tube --trust release.pub.pem --state ro/state --engine ./engine --listen 127.0.0.1:0
    exits 78
    has "--state ro/state: cannot write in its folder: Permission denied"
    run "$SERVE" v7.1tube --trust release.pub.pem --state missing/state --engine ./engine --listen 127.0.0.1:0
    exits 1
    has "missing/state: cannot open its folder: No such file"
    [ ! -e started ]
    chmod 755 ro
}

@test "a full disk: what cannot be remembered is not served, and what was remembered stays" {
    mkdir small
    mount -t tmpfs -o size=32k,mode=755 tmpfs small 2>/dev/null || skip "nothing may be mounted here"
    start_server "$R/v7.1tube" --trust "$PUB" --state small/state
    stop_server
    cp small/state before
    dd if=/dev/zero of=small/fill bs=4k 2>/dev/null || true
    run timeout 20 "$SERVE" "$R/v8.1tube" --trust "$PUB" --state small/state --listen 127.0.0.1:0
    exits 1
    has "No space left on device"
    cmp small/state before
    start_server "$R/v7.1tube" --trust "$PUB" --state small/state
    stop_server
    rm small/fill
    start_server "$R/v8.1tube" --trust "$PUB" --state small/state
    says "the floor is 8 now"
}

@test "killed at every system call from the lock on: the old one or the new one, never below" {
    step=1
    [[ "$BUILD" != */san ]] || step=9
    boots v7
    cp state before
    for ((at = 1; ; at += step)); do
        cp before state
        status=0
        "$BUILD/tools/kill_at" "$at" "$SERVE" "$R/v8.1tube" --trust "$PUB" --state state --listen 127.0.0.1:0 >log 2>&1 3>&- || status=$?
        [ "$status" = 0 ] || [ "$status" = 9 ] || { cat log; return 1; }
        case $(floor) in
        7) checks v7 ;;
        8) fails checks v7 ;;
        *) return 1 ;;
        esac
        checks v8
        [ "$status" = 0 ] || break
    done
    [ "$status" = 9 ]
    [ "$at" -gt 15 ]
    [ "$(floor)" = 8 ]
    # what the kills left beside it goes with the next that is remembered
    boots v9
    fails compgen -G '.state.onetube-*'
}

@test "two instances at once" {
    boots v7
    start_server "$R/v8.1tube" --trust "$PUB" --state state
    first=$SERVER
    start_server "$R/v9.1tube" --trust "$PUB" --state state
    stop_server
    kill "$first"
    wait "$first"
    [ "$(floor)" = 9 ]
    # one that was verified before another raised the floor is not served after it
    printf '#!/bin/sh\ntouch "%s/waiting"\nwhile [ ! -e "%s/go" ]; do sleep 0.05; done\nexec "%s" "$@"\n' "$PWD" "$PWD" \
        "$(find "$ROOT/node_modules/@cloudflare" -name workerd -type f | head -1)" >engine
    chmod 755 engine
    rm state
    "$SERVE" "$R/v7.1tube" --trust "$PUB" --state state --listen 127.0.0.1:0 --engine ./engine >slow 2>&1 3>&- &
    slow=$!
    wait_until test -e waiting
    boots v8
    touch go
    status=0
    wait "$slow" || status=$?
    [ "$status" = 3 ]
    grep -q E_ROLLBACK slow
    [ "$(floor)" = 8 ]
}

@test "onetube serve: remembered when its engines answer, and a swap that cannot be remembered is none" {
    cp "$R/v7.1tube" fw.1tube
    start_gateway --prebuilt fw.1tube --trust "$PUB" --state state
    wait_until says "made for the releases of shop; the floor is 7"
    swap() { cp "$R/$1.1tube" next && mv next fw.1tube && kill -HUP "$SERVER"; }
    swap v8
    wait_until says "generation 2 serves now"
    says "the floor is 8 now, it was 7"
    [ "$(curl -sS "$URL/hello")" = eight ]
    swap v7
    wait_until says "generation 2 goes on: E_ROLLBACK"
    swap broken
    wait_until says "generation 2 goes on: .*no_such_flag\|could not be started"
    [ "$(floor)" = 8 ]
    mv state aside && mkdir state
    swap v9
    wait_until says "generation 2 goes on: E_STATE"
    rmdir state && mv aside state
    [ "$(curl -sS "$URL/hello")" = eight ]
    swap v9
    wait_until says "the floor is 9 now"
    stop_server
    [ "$SERVER_STATUS" = 0 ]
    run "$ONETUBE" serve --prebuilt "$R/v8.1tube" --trust "$PUB" --state state --port 0
    exits 3
    has E_ROLLBACK
}

@test "onetube serve: what cannot be remembered at the start is not served" {
    mkdir small
    mount -t tmpfs -o size=16k,mode=755 tmpfs small 2>/dev/null || skip "nothing may be mounted here"
    dd if=/dev/zero of=small/fill bs=4k 2>/dev/null || true
    run timeout 20 "$ONETUBE" serve --prebuilt "$R/v7.1tube" --trust "$PUB" --state small/state --port 0
    exits 1
    has "small/state: No space left on device"
    [ ! -e small/state ]
    rm small/fill
    start_gateway --prebuilt "$R/v7.1tube" --trust "$PUB" --state small/state
    wait_until says "the floor is 7"
}

@test "onetube serve: no request has to come before a release is remembered, and --warm changes nothing" {
    for option in --warm --isolation=shared; do
        rm -f state
        start_gateway --prebuilt "$R/v7.1tube" --trust "$PUB" --state state "$option"
        wait_until says "the floor is 7"
        stop_server
    done
}
