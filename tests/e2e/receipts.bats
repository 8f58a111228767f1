#!/usr/bin/env bats
# Boot receipts: one line for each boot, chained.
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    "$ONETUBE" keygen release
    put_function functions hello "hello there"
    put_function functions other "other"
    "$ONETUBE" package --functions functions --out fw.1tube --sign-key release.key.pem --sequence 3 --name shop --version 1.0
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    FW=$BATS_FILE_TMPDIR/fw.1tube
    PUB=$BATS_FILE_TMPDIR/release.pub.pem
    ENGINE=$(find "$ROOT"/node_modules/@cloudflare/workerd-linux-*/bin/workerd)
}

teardown() {
    stop_server
}

# One boot that writes to `receipts`, with more options
boot() {
    LOG=$BATS_TEST_TMPDIR/log start_server "$FW" --trust "$PUB" --receipts receipts "$@"
    stop_server
}

digest_of_line() {
    sed -n "$1p" receipts | tr -d '\n' | sha256sum | cut -d ' ' -f 1
}

@test "a receipt says what was booted, by whose keys, under which policy and with which engine" {
    boot --function hello
    [ "$(stat -c %a receipts)" = 600 ]
    node -e '
        const fs = require("fs");
        fs.writeFileSync("one.json", fs.readFileSync("receipts", "utf8").split("\n")[0]);'
    valid receipt one.json
    key=$(openssl pkey -pubin -in "$PUB" -outform DER | sha256sum | cut -d ' ' -f 1)
    policy=$(printf 'onetube-policy-v1\nthreshold 1\nmin-sequence 0\nkey %s\n' "$key" | sha256sum | cut -d ' ' -f 1)
    jq -e --arg key "$key" --arg policy "$policy" --arg engine "$(sha256sum "$ENGINE" | cut -d ' ' -f 1)" \
        --arg release "$(tail -c +4097 "$FW" | sha256sum | cut -d ' ' -f 1)" \
        --arg manifest "$(tar -xOf "$FW" manifest.json | sha256sum | cut -d ' ' -f 1)" '
        .release.sha256 == $release and .release.name == "shop" and .release.version == "1.0" and .release.sequence == 3 and
        .manifestSha256 == $manifest and .signers == [$key] and .policySha256 == $policy and .engineSha256 == $engine and
        .functions == ["hello"] and .program == "onetube-serve" and .previousSha256 == "0" * 64' one.json
    boot --threshold 1
    boot
    [ "$(wc -l <receipts)" = 3 ]
    [ "$(sed -n 2p receipts | jq -r .previousSha256)" = "$(digest_of_line 1)" ]
    [ "$(sed -n 3p receipts | jq -r .previousSha256)" = "$(digest_of_line 2)" ]
    run -0 "$ONETUBE" receipts verify receipts --head "$(digest_of_line 2)"
    [[ $output == *"intact, 3 receipts"* && $output == *"head $(digest_of_line 3)"* ]]
    "$ONETUBE" receipts verify receipts --json >report.json
    valid receipts report.json
    [ "$(jq -r '.verdict, .receipts' report.json | paste -sd ' ')" = "intact 3" ]
}

@test "what was changed, taken out, put in or cut off breaks the chain" {
    boot
    boot
    boot
    head=$(digest_of_line 3)
    cp receipts whole
    broken() {
        run -3 "$ONETUBE" receipts verify receipts "$@"
        [[ $output == *E_RECEIPT* ]]
        "$ONETUBE" receipts verify receipts --json "$@" >report.json || true
        valid receipts report.json
        [ "$(jq -r .verdict report.json)" = broken ]
        cp whole receipts
    }
    sed -i '2s/"sequence":3/"sequence":4/' receipts && broken
    sed -i 2d receipts && broken
    sed -i 1d receipts && broken
    sed -i 2p receipts && broken
    sed -i '1{h;d};2{G}' receipts && broken
    sed -i '2s/^/ /' receipts && broken
    sed -i '2i some words' receipts && broken
    # at the end only who knows a later receipt sees it
    sed -i 3d receipts
    "$ONETUBE" receipts verify receipts
    broken --head "$head"
    : >receipts
    broken --head "$head"
    "$ONETUBE" receipts verify receipts --head "$head"
    run -2 "$ONETUBE" receipts verify receipts --head x
    run -2 "$ONETUBE" receipts check receipts
    run -2 "$ONETUBE" receipts
}

@test "a torn line is told by the next boot, which names it; the chain goes on" {
    boot
    boot
    for keep in 1 100 -1; do
        boot
        size=$(stat -c %s receipts)
        first=$(head -n -1 receipts | wc -c)
        [ "$keep" = -1 ] && keep=$((size - first - 1))
        truncate -s $((first + keep)) receipts
        run -0 "$ONETUBE" receipts verify receipts
        boot
        if [ "$keep" -lt $((size - first - 1)) ]; then
            [[ $output == *"last one is torn"* ]]
            grep "receipt is torn" log
            [ "$(tail -n 1 receipts | jq -r .tornSha256)" = "$(tail -n 2 receipts | head -n 1 | sha256sum | cut -d ' ' -f 1)" ]
        else
            # only its newline was missing
            run ! grep "receipt is torn" log
        fi
        run -0 "$ONETUBE" receipts verify receipts
        [[ $output != *"last one is torn"* ]]
    done
    "$ONETUBE" receipts verify receipts --json | jq -e '.tornBefore == 2 and (.tornLast | not)'
    # what was left there is bound to the chain, too
    sed -i 's/^{$/[/' receipts
    run -3 "$ONETUBE" receipts verify receipts
}

@test "no boot without a receipt" {
    run -78 "$SERVE" "$FW" --trust "$PUB" --listen 127.0.0.1:0 --receipts missing/receipts
    mkdir folder
    run -78 "$SERVE" "$FW" --trust "$PUB" --listen 127.0.0.1:0 --receipts folder
    ln -s elsewhere link
    run -78 "$SERVE" "$FW" --trust "$PUB" --listen 127.0.0.1:0 --receipts link
    [ ! -e elsewhere ]
    if [ -e /dev/full ]; then
        run -78 "$SERVE" "$FW" --trust "$PUB" --listen 127.0.0.1:0 --receipts /dev/full
    fi
    # refused: not booted
    run -3 "$SERVE" "$FW" --trust "$PUB" --listen 127.0.0.1:0 --receipts receipts --min-sequence 4
    [ ! -s receipts ]
}

@test "killed at every system call of its writing: the next boot goes on, and the chain is whole" {
    boot
    step=1
    [ "${OUT:-out}" = out ] || step=5
    for ((at = 1; ; at += step)); do
        status=0
        "$BUILD/tools/kill_at" "$at" "$SERVE" "$FW" --trust "$PUB" --receipts receipts --listen 127.0.0.1:0 >log 2>&1 3>&- || status=$?
        [ "$status" = 0 ] || [ "$status" = 9 ] || { cat log; return 1; }
        "$ONETUBE" receipts verify receipts
        [ "$status" = 0 ] || break
    done
    [ "$status" = 9 ]
    [ "$at" -gt 3 ]
    boot
    "$ONETUBE" receipts verify receipts
}

@test "a gateway writes one for each payload that it serves; two programs take turns" {
    start_gateway --prebuilt "$FW" --trust "$PUB" --receipts receipts
    wait_until grep -q '"program":"onetube"' receipts
    kill -HUP "$SERVER"
    wait_until grep -q "generation 2 serves now" "$LOG"
    [ "$(wc -l <receipts)" = 2 ]
    [ "$(jq -rs '.[0].functions | join(" ")' receipts)" = "hello other" ]
    stop_server
    boot
    run -0 "$ONETUBE" receipts verify receipts
    [[ $output == *"3 receipts"* ]]
    run -2 "$ONETUBE" serve --functions "$BATS_FILE_TMPDIR/functions" --receipts receipts
}

# The lines of first answers: function, status
answers() {
    jq -r 'select(.answer) | "\(.function) \(.status)"' receipts
}

has_answers() {
    [ "$(answers | wc -l)" = "$1" ]
}

@test "a gateway adds the first answer of each function and generation, and only that" {
    start_gateway --prebuilt "$FW" --trust "$PUB" --receipts receipts
    curl -sf "$URL/hello" >/dev/null
    wait_until has_answers 1
    curl -sf "$URL/hello?again" >/dev/null
    [ "$(curl -s -o answer -w '%{http_code}' "$URL/missing")" = 404 ]
    # what has answered before is not waited for: another one is
    curl -sf "$URL/other" >/dev/null
    wait_until has_answers 2
    [ "$(answers)" = "$(printf 'hello 200\nother 200')" ]
    valid receipt receipts --lines
    bundle=$(tar -xOf "$FW" manifest.json | jq -r '.functions[] | select(.name == "hello").bundleSha256')
    sed -n 2p receipts | jq -e --arg boot "$(digest_of_line 1)" --arg bundle "$bundle" '
        .bootSha256 == $boot and .previousSha256 == $boot and .bundleSha256 == $bundle and .afterMs < 60000'
    kill -HUP "$SERVER"
    wait_until grep -q "generation 2 serves now" "$LOG"
    curl -sf "$URL/hello" >/dev/null
    wait_until has_answers 3
    [ "$(sed -n 5p receipts | jq -r .bootSha256)" = "$(digest_of_line 4)" ]
    stop_server
    start_gateway --prebuilt "$FW" --trust "$PUB" --receipts receipts
    curl -sf "$URL/hello" >/dev/null
    wait_until has_answers 4
    stop_server
    [ "$(wc -l <receipts)" = 7 ]
    run -0 "$ONETUBE" receipts verify receipts --head "$(digest_of_line 5)"
    has "intact, 3 receipts, 4 first answers"
    "$ONETUBE" receipts verify receipts --json >report.json
    valid receipts report.json
    jq -e '.receipts == 3 and .answers == 4' report.json
    # a boot after it, by the other program, follows it
    boot
    "$ONETUBE" receipts verify receipts
    cp receipts whole
    for change in '2s/"status":200/"status":500/' '2s/"afterMs":/"afterMs":1/' 2d 2p '2s/"status":200/"status":20/' '1s/"sequence":3/"sequence":4/'; do
        sed -i "$change" receipts
        run -3 "$ONETUBE" receipts verify receipts
        has E_RECEIPT
        cp whole receipts
    done
    # one of a boot that is not in the file, however well it is chained
    node -e '
        const { createHash } = require("crypto"), fs = require("fs");
        const lines = fs.readFileSync("receipts", "utf8").trimEnd().split("\n").slice(0, 2);
        const answer = { ...JSON.parse(lines[1]), bootSha256: "1".repeat(64) };
        fs.writeFileSync("receipts", [lines[0], JSON.stringify(answer)].join("\n") + "\n");'
    run -3 "$ONETUBE" receipts verify receipts
    has "which is not before it"
}

@test "a first answer that cannot be written is said once, and the gateway serves on" {
    start_gateway --prebuilt "$FW" --trust "$PUB" --receipts receipts
    wait_until [ -s receipts ]
    # nothing that could be followed is left
    head -c 20000000 /dev/zero >receipts
    curl -sf "$URL/hello" >/dev/null
    wait_until grep -q "a first answer has no receipt" "$LOG"
    [ "$(curl -sf "$URL/other")" = other ]
    [ "$(curl -sf "$URL/hello")" = "hello there" ]
    stop_server
    [ "$SERVER_STATUS" = 0 ]
    [ "$(grep -c "no receipt:" "$LOG")" = 1 ]
}
