#!/usr/bin/env bats
# The life of a trust file: begun, signed, replaced by its next version; and what both programs do under it.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR"
    make_keys root-a root-b root-c release next auditor second
    put_function functions hello "hello"
    if [ ! -e "$BATS_FILE_TMPDIR/fw.1tube" ]; then
        "$ONETUBE" build --functions functions --out "$BATS_FILE_TMPDIR/dist" >/dev/null 2>&1
    fi
    ln -s "$BATS_FILE_TMPDIR/dist" dist
    release fw.1tube release 7
}

teardown() {
    stop_server
}

# release FILE KEY SEQUENCE
release() {
    "$ONETUBE" package --in dist/ --out "$1" --sign-key "$2.key.pem" --name shop --version 1.4.0 --sequence "$3" >/dev/null 2>&1
}

# Version 1, trust.json: two of the roots a and b, one release key. begin OPTION...
begin() {
    "$ONETUBE" trust init trust.json --root-key root-a.pub.pem --root-key root-b.pub.pem --root-threshold 2 --release-key release.pub.pem "$@"
    "$ONETUBE" trust sign trust.json --sign-key root-a.key.pem --sign-key root-b.key.pem
}

# refused CODE COMMAND...: both what it exits with and what it says
refused() {
    local code=$1
    shift
    run "$@"
    exits 3
    has "$code"
}

# Both programs refuse fw.1tube, and onetube verify as well: both_refuse CODE OPTION...
both_refuse() {
    local code=$1
    shift
    refused "$code" "$ONETUBE" verify fw.1tube "$@"
    refused "$code" timeout 20 "$SERVE" fw.1tube --listen 127.0.0.1:0 "$@"
    refused "$code" timeout 20 "$ONETUBE" serve --prebuilt fw.1tube --port 0 "$@"
}

# Both programs serve fw.1tube: both_serve OPTION...
both_serve() {
    start_server fw.1tube "$@"
    [ "$(curl -s "$URL/hello")" = hello ]
    stop_server
    start_gateway --prebuilt fw.1tube "$@"
    [ "$(curl -s "$URL/hello")" = hello ]
    stop_server
}

@test "from the first draft to a file that both programs obey" {
    "$ONETUBE" trust init trust.json --root-key root-a.pub.pem --root-key root-b.pub.pem --root-threshold 2 --release-key release.pub.pem
    valid trust trust.json
    both_refuse E_UNTRUSTED --trust trust.json
    run "$ONETUBE" trust sign trust.json --sign-key root-a.key.pem
    has "1 of 2 root keys of version 1, 2 are needed"
    refused E_UNTRUSTED "$ONETUBE" trust verify trust.json
    # the same key does not count twice, and is told so
    run "$ONETUBE" trust sign trust.json --sign-key root-a.key.pem
    [ "$status" != 0 ]
    run "$ONETUBE" trust sign trust.json --sign-key release.key.pem
    exits 2
    has "is no root key"
    "$ONETUBE" trust sign trust.json --signer 'cat >tbs; openssl pkeyutl -sign -rawin -in tbs -inkey root-b.key.pem' --signer-key root-b.pub.pem
    run "$ONETUBE" trust verify trust.json
    exits 0
    has "accepted: version 1"
    valid trust trust.json
    both_serve --trust trust.json
    "$ONETUBE" verify fw.1tube --trust trust.json --json >verify.json
    valid verify verify.json
    grep -q '"version": 1' verify.json
    "$ONETUBE" unpack fw.1tube --trust trust.json --out unpacked >/dev/null
}

@test "what is signed is what OpenSSL says" {
    begin
    node -e '
        const fs = require("fs"), { createHash, createPublicKey, verify } = require("crypto");
        const text = fs.readFileSync("trust.json", "utf8");
        const unsigned = text.replace(/"signatures": \[[^\]]*\]/, "\"signatures\": []");
        const digest = createHash("sha256").update(unsigned).digest("hex");
        const tbs = "DSSEv1 32 application/vnd.onetube.trust.v1 64 " + digest;
        const lines = JSON.parse(text).signatures;
        for (const name of ["root-a", "root-b"]) {
            const key = createPublicKey(fs.readFileSync(name + ".pub.pem"));
            const id = createHash("sha256").update(key.export({ type: "spki", format: "der" })).digest("hex");
            const line = lines.find((one) => one.split(" ")[2] === id);
            if (!verify(null, Buffer.from(tbs), key, Buffer.from(line.split(" ")[3], "base64"))) process.exit(1);
        }'
}

@test "a root key and the release key are replaced; what the old one signed is refused" {
    begin
    run "$ONETUBE" trust add trust.json --release-key next.pub.pem
    exits 2
    has "--out NEW"
    "$ONETUBE" trust add trust.json --out trust-2.json --root-key root-c.pub.pem --release-key next.pub.pem
    run "$ONETUBE" trust revoke trust-2.json --key root-a.pub.pem --key release.pub.pem
    exits 0
    has "0 of 2 root keys of version 2, 2 are needed"
    # roots b and c are enough for version 2, but not for version 1
    "$ONETUBE" trust sign trust-2.json --sign-key root-b.key.pem --sign-key root-c.key.pem
    "$ONETUBE" trust verify trust-2.json
    refused E_UNTRUSTED "$ONETUBE" trust verify trust.json trust-2.json
    run "$ONETUBE" trust sign trust-2.json --previous trust.json --sign-key root-a.key.pem
    exits 0
    has "2 of 2 root keys of version 1"
    "$ONETUBE" trust verify trust.json trust-2.json
    both_refuse E_UNTRUSTED --trust trust-2.json
    has "revoked key"
    release fw.1tube next 8
    both_refuse E_UNTRUSTED --trust trust.json
    both_serve --trust trust-2.json
    # a revoked key never comes back by accident
    run "$ONETUBE" trust add trust-2.json --out trust-3.json --release-key release.pub.pem
    exits 1
    has "is revoked and has a role"
    refused E_ROLLBACK "$ONETUBE" trust verify trust-2.json trust.json
}

@test "chains: a version left out, a fork, a changed byte, an expired end" {
    begin
    for n in 2 3; do
        "$ONETUBE" trust add "trust${last:-}.json" --out "trust-$n.json" --sequence-floor "$n" --expires 2100-01-01T00:00:00Z
        "$ONETUBE" trust sign "trust-$n.json" --sign-key root-a.key.pem --sign-key root-b.key.pem
        last=-$n
    done
    "$ONETUBE" trust verify trust.json trust-2.json trust-3.json
    refused E_TRUST "$ONETUBE" trust verify trust.json trust-3.json
    "$ONETUBE" trust add trust.json --out fork.json --sequence-floor 9
    "$ONETUBE" trust sign fork.json --sign-key root-a.key.pem --sign-key root-b.key.pem
    refused E_TRUST "$ONETUBE" trust verify trust.json trust-2.json fork.json
    has "a fork"
    refused E_EXPIRED "$ONETUBE" trust verify trust.json trust-2.json trust-3.json --now 2100-01-01T00:00:01Z
    sed 's/"minSequence": 3/"minSequence": 4/' trust-3.json >changed.json
    refused E_SIGNATURE "$ONETUBE" trust verify changed.json
    sed 's/^  "version"/   "version"/' trust-3.json >spelt.json
    refused E_TRUST "$ONETUBE" trust verify spelt.json
    both_refuse E_TRUST --trust spelt.json
    both_refuse E_EXPIRED --trust trust-3.json --now 2100-01-01T00:00:01Z
    "$ONETUBE" verify fw.1tube --trust trust-3.json >/dev/null
}

@test "a sequence floor, a revoked payload, targets" {
    begin --sequence-floor 8
    both_refuse E_ROLLBACK --trust trust.json
    "$ONETUBE" trust revoke trust.json --out revoked.json --payload fw.1tube --sequence-floor 0
    "$ONETUBE" trust sign revoked.json --sign-key root-a.key.pem --sign-key root-b.key.pem
    both_refuse E_POLICY --trust revoked.json
    release fw.1tube release 9 # the same functions again
    both_refuse E_POLICY --trust revoked.json
    "$ONETUBE" trust add trust.json --out targets.json --allow edge=shop,blog --allow office=blog
    "$ONETUBE" trust sign targets.json --sign-key root-a.key.pem --sign-key root-b.key.pem
    both_refuse E_POLICY --trust targets.json --trust-target office
    both_refuse E_POLICY --trust targets.json --trust-target moon
    both_serve --trust targets.json --trust-target edge
    run "$ONETUBE" verify fw.1tube --trust targets.json
    exits 2
    has "--trust-target"
}

@test "nothing starts before enough others have built it again" {
    begin --rebuild-key auditor.pub.pem --rebuild-key second.pub.pem --rebuild-threshold 2
    both_refuse E_REBUILD --trust trust.json
    for key in auditor second release; do
        "$ONETUBE" rebuild fw.1tube --functions functions --attestation "$key.json" --sign-key "$key.key.pem" >/dev/null
    done
    both_refuse E_REBUILD --trust trust.json --attestation auditor.json
    both_refuse E_REBUILD --trust trust.json --attestation auditor.json --attestation auditor.json
    both_refuse E_REBUILD --trust trust.json --attestation auditor.json --attestation release.json
    both_serve --trust trust.json --attestation auditor.json --attestation second.json
    both_refuse E_REBUILD --trust trust.json --attestation auditor.json --attestation second.json --revoked second.pub.pem
    # of another release
    put_function functions hello "other"
    rm dist
    "$ONETUBE" build --functions functions --out dist >/dev/null 2>&1
    release fw.1tube release 8
    both_refuse E_REBUILD --trust trust.json --attestation auditor.json --attestation second.json
}

@test "only the engines that the trust file names are started" {
    local engine
    engine=$(echo "$ROOT"/node_modules/@cloudflare/workerd-linux-*/bin/workerd)
    begin --allow-engine "$(sha256sum fw.1tube | cut -c1-64)"
    "$ONETUBE" verify fw.1tube --trust trust.json >/dev/null
    refused E_ENGINE timeout 20 "$SERVE" fw.1tube --listen 127.0.0.1:0 --trust trust.json
    refused E_ENGINE timeout 20 "$ONETUBE" serve --prebuilt fw.1tube --port 0 --trust trust.json
    "$ONETUBE" trust add trust.json --out trust-2.json --allow-engine "$engine"
    "$ONETUBE" trust sign trust-2.json --sign-key root-a.key.pem --sign-key root-b.key.pem
    grep -q "$(sha256sum "$engine" | cut -c1-64)" trust-2.json
    both_serve --trust trust-2.json
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$engine" >wrapper
    chmod +x wrapper
    refused E_ENGINE timeout 20 "$SERVE" fw.1tube --listen 127.0.0.1:0 --trust trust-2.json --engine ./wrapper
    "$ONETUBE" trust revoke trust-2.json --out trust-3.json --revoke-engine "$engine"
    fails grep -q "$(sha256sum "$engine" | cut -c1-64)" trust-3.json
    # the list is not emptied, because an empty one allows every engine
    run "$ONETUBE" trust revoke trust-3.json --revoke-engine "$(sha256sum fw.1tube | cut -c1-64)"
    exits 1
    has "would allow every one"
}

@test "an engine that the payload carries must be one of the trust file's, too" {
    local engine
    engine=$(echo "$ROOT"/node_modules/@cloudflare/workerd-linux-*/bin/workerd)
    "$ONETUBE" package --in dist/ --out fw.1tube --with-engine --sign-key release.key.pem --name shop --version 1.4.0 --sequence 7 >/dev/null 2>&1
    begin --allow-engine "$(printf x | sha256sum | cut -c1-64)"
    refused E_ENGINE timeout 20 "$SERVE" fw.1tube --listen 127.0.0.1:0 --trust trust.json
    refused E_ENGINE timeout 20 "$ONETUBE" serve --prebuilt fw.1tube --port 0 --trust trust.json
    "$ONETUBE" trust add trust.json --out trust-2.json --allow-engine "$engine"
    "$ONETUBE" trust sign trust-2.json --sign-key root-a.key.pem --sign-key root-b.key.pem
    both_serve --trust trust-2.json
}

@test "a trust file that others may write to, with keys beside it, or with a way around it" {
    begin
    run "$SERVE" fw.1tube --listen 127.0.0.1:0 --trust trust.json --trust next.pub.pem
    exits 2
    run "$ONETUBE" verify fw.1tube --trust trust.json --allow-unsigned
    exits 2
    run "$ONETUBE" verify fw.1tube --trust release.pub.pem --attestation trust.json
    exits 2
    run "$ONETUBE" verify fw.1tube --trust release.pub.pem --trust-target edge
    exits 2
    chmod g+w trust.json
    run "$SERVE" fw.1tube --listen 127.0.0.1:0 --trust trust.json
    exits 2
    has "others may write to it"
}

@test "trust commands: help, usage, files that exist" {
    for command in init show add revoke sign verify; do
        "$ONETUBE" trust "$command" --help >help
        grep -q "Usage: onetube trust $command" help
        "$ONETUBE" help trust "$command" | cmp - help
        run "$ONETUBE" trust "$command"
        exits 2
        run "$ONETUBE" trust "$command" /nonexistent/trust.json
        [ "$status" = 1 ] || [ "$status" = 2 ]
    done
    "$ONETUBE" trust --help | grep -q "trust revoke"
    "$ONETUBE" help trust | grep -q "trust revoke"
    run "$ONETUBE" trust
    exits 2
    run "$ONETUBE" trust sing trust.json
    exits 2
    has "did you mean trust sign?"
    begin
    run "$ONETUBE" trust init trust.json --root-key root-a.pub.pem --release-key release.pub.pem
    exits 1
    has "trust.json"
    run "$ONETUBE" trust init new.json --root-key root-a.pub.pem --release-key root-a.pub.pem
    exits 1
    has "a key has one role"
    run "$ONETUBE" trust init new.json --root-key root-a.pub.pem
    exits 1
    has "the threshold of release is 1, but it has 0 keys"
    [ ! -e new.json ]
    run "$ONETUBE" trust init trust --root-key root-a.pub.pem --release-key release.pub.pem
    exits 2
    has "FILE.json"
    run "$ONETUBE" trust show trust.json
    exits 0
    has "root       2 of 2 keys"
    # shellcheck source=/dev/null
    source "$BUILD/completion/onetube"
    COMP_WORDS=(onetube trust ver) COMP_CWORD=2
    _onetube
    [ "${COMPREPLY[*]}" = verify ]
    COMP_WORDS=(onetube trust sign --prev) COMP_CWORD=3
    _onetube
    [ "${COMPREPLY[*]}" = --previous ]
}
