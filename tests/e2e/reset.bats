#!/usr/bin/env bats
# What a trust file says of a machine's past: resets of its state, power that grows, older trust files.
load helpers

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR make_keys root1 root2 root3 a b
    "$ONETUBE" trust init trust.json --root-key root1.pub.pem --root-key root2.pub.pem --root-key root3.pub.pem --root-threshold 2 \
        --release-key a.pub.pem --release-key b.pub.pem >/dev/null
    signs trust.json root1 root2
    make_release v7 7 seven a
    make_release far 9000 far a
    make_release v8 8 eight a
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    cp "$BATS_FILE_TMPDIR"/* . 2>/dev/null || true
    LATER=$(($(date +%s) + 86400))
}

teardown() {
    stop_server
}

# signs FILE KEY...
signs() {
    local file=$1 key
    shift
    for key in "$@"; do "$ONETUBE" trust sign "$file" --sign-key "$key.key.pem" >/dev/null; done
}

# make_release NAME SEQUENCE TEXT KEYS [OPTIONS...]
make_release() {
    local key keys=()
    for key in $4; do keys+=(--sign-key "$key.key.pem"); done
    put_function "src-$1" hello "$3"
    "$ONETUBE" package --functions "src-$1" --out "$1.1tube" "${keys[@]}" --name shop --sequence "$2" "${@:5}" >/dev/null 2>&1
}

manifest_of() {
    tar -xOf "$1" manifest.json | sha256sum | cut -c1-64
}

# boots NAME TRUST OPTIONS...
boots() {
    start_server "$1.1tube" --trust "$2" --state state "${@:3}"
    stop_server
    [ "$SERVER_STATUS" = 0 ]
}

# refuses CODE NAME TRUST OPTIONS...
refuses() {
    run "$SERVE" "$2.1tube" --trust "$3" --state state --listen 127.0.0.1:0 "${@:4}"
    exits 3
    has "onetube-serve: $1: "
}

floor() {
    sed -n '2s/.*"floor":\([0-9]*\).*/\1/p' state
}

# The trust file after the release that went too far was found: trust-2.json
revoke_far() {
    "$ONETUBE" trust revoke trust.json --payload far.1tube --out trust-2.json >/dev/null
    signs trust-2.json root1 root2
}

@test "a reset lets a machine back that was sent too far, once" {
    boots v7 trust.json
    boots far trust.json
    refuses E_ROLLBACK v8 trust.json
    # the roots make it of a copy of the machine's state, once the release is revoked
    cp state copy
    run "$ONETUBE" trust reset copy --to 8 --expires "$LATER" --trust trust.json --sign-key root1.key.pem --out back.json
    exits 1
    has "does not revoke the manifest $(manifest_of far.1tube)"
    revoke_far
    run "$ONETUBE" trust reset copy --to 8 --expires "$LATER" --trust trust-2.json --sign-key a.key.pem --out back.json
    exits 2
    has "is no root key"
    run "$ONETUBE" trust reset copy --to 8 --expires "$LATER" --trust trust-2.json --sign-key root1.key.pem --out back.json
    exits 0
    has "reset 1 of shop: floor 9000 to 8, trust file version 2 or newer"
    has "not enough yet"
    refuses E_UNTRUSTED v8 trust-2.json --reset back.json
    run "$ONETUBE" trust reset back.json --trust trust-2.json --sign-key root3.key.pem
    exits 0
    [[ "$output" != *"not enough yet"* ]]
    valid reset back.json
    refuses E_TRUST v8 trust.json --reset back.json
    refuses E_ROLLBACK v7 trust-2.json --reset back.json
    refuses E_POLICY far trust-2.json --reset back.json
    refuses E_EXPIRED v8 trust-2.json --reset back.json --now $((LATER + 1))
    # one that does not answer does not use it up
    run "$SERVE" v8.1tube --trust trust-2.json --state state --reset back.json --listen 127.0.0.1:0 --engine /bin/false
    exits 4
    [ "$(floor)" = 9000 ]
    boots v8 trust-2.json --reset back.json
    grep -q "the floor is 8 now, it was 9000" "$LOG"
    sed -n 2p state >line
    valid state line
    grep -q '"reset":1,"trust":{"version":2,' line
    # it may stay in the unit file: it changes nothing any more, also when it has expired
    boots v8 trust-2.json --reset back.json --now $((LATER + 1))
    refuses E_ROLLBACK v7 trust-2.json --reset back.json
    [ "$(floor)" = 8 ]
}

@test "a reset is of one state only" {
    boots far trust.json
    revoke_far
    "$ONETUBE" trust reset state --to 8 --expires "$LATER" --trust trust-2.json --sign-key root1.key.pem --sign-key root2.key.pem --out back.json
    rm state
    make_release further 9500 further a
    boots further trust-2.json
    refuses E_ROLLBACK v8 trust-2.json --reset back.json
    rm state
    make_release same 9000 same a
    boots same trust-2.json --reset back.json
    refuses E_ROLLBACK v8 trust-2.json --reset back.json
    run "$SERVE" v8.1tube --trust a.pub.pem --state state --reset back.json
    exits 2
    has "--reset needs a trust file"
    run "$SERVE" v8.1tube --trust trust-2.json --reset back.json
    exits 2
    has "--reset needs --state"
    "$ONETUBE" unpack far.1tube --trust trust.json --out far >/dev/null
    refuses E_LAYOUT v8 trust-2.json --reset far/statement.json
}

@test "killed at every system call while a reset is used: used or not, never half" {
    step=1
    [[ "$BUILD" != */san ]] || step=9
    boots far trust.json
    revoke_far
    "$ONETUBE" trust reset state --to 8 --expires "$LATER" --trust trust-2.json --sign-key root1.key.pem --sign-key root2.key.pem --out back.json
    cp state before
    for ((at = 1; ; at += step)); do
        cp before state
        status=0
        "$BUILD/tools/kill_at" "$at" "$SERVE" v8.1tube --trust trust-2.json --state state --reset back.json --listen 127.0.0.1:0 >log 2>&1 3>&- || status=$?
        [ "$status" = 0 ] || [ "$status" = 9 ] || { cat log; return 1; }
        [ "$(floor)" = 8 ] || cmp state before
        "$ONETUBE" verify v8.1tube --trust trust-2.json --state state --reset back.json >/dev/null
        fails "$ONETUBE" verify v7.1tube --trust trust-2.json --state state --reset back.json >/dev/null 2>&1
        [ "$status" = 0 ] || break
    done
    [ "$at" -gt 15 ]
    [ "$(floor)" = 8 ]
    boots v8 trust-2.json
}

@test "onetube serve takes a reset, too" {
    boots far trust.json
    revoke_far
    "$ONETUBE" trust reset state --to 8 --expires "$LATER" --trust trust-2.json --sign-key root1.key.pem --sign-key root2.key.pem --out back.json
    start_gateway --prebuilt v8.1tube --trust trust-2.json --state state --reset back.json
    wait_until grep -q "the floor is 8 now, it was 9000" "$LOG"
    kill -HUP "$SERVER"
    wait_until grep -q "generation 2 serves now" "$LOG"
    [ "$(floor)" = 8 ]
}

@test "an older trust file, or another one of the same version, is refused once a newer one was used" {
    boots v7 trust.json
    revoke_far
    boots v8 trust-2.json
    refuses E_ROLLBACK v8 trust.json
    has "the trust file's version is 1, the state file remembers version 2"
    "$ONETUBE" trust add trust.json --sequence-floor 1 --out fork.json >/dev/null
    signs fork.json root1 root2
    refuses E_TRUST v8 fork.json
    has fork
    boots v8 trust-2.json
}

@test "what may do more than the release before needs more signatures, where the trust file says so" {
    "$ONETUBE" trust add trust.json --growth-threshold 2 --out trust-2.json >/dev/null
    signs trust-2.json root1 root2
    "$ONETUBE" trust show trust-2.json | grep -q "growth *2 release keys"
    valid trust trust-2.json
    mkdir -p src-env/hello
    make_release env 8 eight a --env STRIPE_KEY
    # nothing to compare with
    boots env trust-2.json
    rm state
    boots v7 trust-2.json
    # new code alone
    make_release code 8 "other code" a
    "$ONETUBE" verify code.1tube --trust trust-2.json --state state >/dev/null
    refuses E_POLICY env trust-2.json
    has "it may do more than sequence 7 did"
    has "env STRIPE_KEY"
    has "signed by 1, at least 2"
    [ "$(floor)" = 7 ]
    run "$ONETUBE" verify env.1tube --trust trust-2.json --state state
    exits 3
    "$ONETUBE" sign env.1tube --sign-key b.key.pem >/dev/null
    boots env trust-2.json
    # less than before
    make_release less 9 nine a
    boots less trust-2.json
    # with keys alone
    make_release more 10 ten a --env A
    run "$SERVE" more.1tube --trust a.pub.pem --trust b.pub.pem --state state --growth-threshold 2 --listen 127.0.0.1:0
    exits 3
    has E_POLICY
    run "$SERVE" more.1tube --trust a.pub.pem --growth-threshold 2
    exits 2
    has "--growth-threshold needs --state"
}
