#!/usr/bin/env bats
# onetube serve around its functions: how it starts, swaps and stops, what it guards, tells and logs.
load helpers

SECRET=0f3b9c5e7d1a42689b0c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192
KEY=an-internal-key

setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR make_keys release
    "$ONETUBE" package --functions "$ROOT/examples/functions" --out "$BATS_FILE_TMPDIR/fw.1tube" --env GREETING \
        --sign-key "$BATS_FILE_TMPDIR/release.key.pem" --name shop --version 1.4.0 --sequence 7 >/dev/null 2>&1
}

setup() {
    FW=$BATS_FILE_TMPDIR/fw.1tube
    PUB=$BATS_FILE_TMPDIR/release.pub.pem
    unset JWT_SECRET SUPABASE_SERVICE_ROLE_KEY PORT FUNCTIONS_PATH
    export INTERNAL_KEY=$KEY
}

teardown() {
    stop_server
}

serve_examples() {
    JWT_SECRET=$SECRET start_gateway --prebuilt "$FW" --trust "$PUB" "$@"
}

# A signed payload of one function: make_release FILE TEXT
make_release() {
    rm -rf "$BATS_TEST_TMPDIR/one"
    put_function "$BATS_TEST_TMPDIR/one" hello "$2"
    "$ONETUBE" package --functions "$BATS_TEST_TMPDIR/one" --out "$1" --sign-key "$BATS_FILE_TMPDIR/release.key.pem" >/dev/null 2>&1
}

status_of() {
    curl -sS -o /dev/null -w '%{http_code}' --max-time 20 "$@"
}

says() {
    grep -q -- "$1" "$LOG"
}

# The text of the function is this: answers TEXT
answers() {
    [ "$(curl -sS --max-time 10 "$URL/hello")" = "$1" ]
}

# A member of the detailed health: health EXPRESSION
health() {
    curl -sS --max-time 10 -H "Authorization: Bearer $KEY" "$BASE/health" |
        node -e 'const h = JSON.parse(require("fs").readFileSync(0)); console.log(eval(process.argv[1]));' "$1"
}

metric() {
    curl -sS --max-time 10 -H "Authorization: Bearer $KEY" "$BASE/metrics" | grep -F "$1 " | sed '/^#/d; s/.* //'
}

@test "the examples answer through it" {
    serve_examples
    says "shop 1.4.0 sequence 7"
    [ "$(curl -sS "$URL/hello" | node -p 'JSON.parse(require("fs").readFileSync(0)).message')" = "hello, hello" ]
    curl -sS -X POST "$URL/echo?x=1&y=2" -H 'x-test: abc' -H 'content-type: application/json' -d '{"a":[1,"é"]}' >"$BATS_TEST_TMPDIR/echo"
    node -e '
        const e = JSON.parse(require("fs").readFileSync(process.argv[1]));
        require("assert").deepEqual([e.method, e.path, e.query, e.body, e.headers["x-test"]],
            ["POST", "/echo", { x: "1", y: "2" }, { a: [1, "é"] }, "abc"]);' "$BATS_TEST_TMPDIR/echo"
    [ "$(curl -sSN "$URL/stream?n=5&gap=20" | wc -l)" = 5 ]
    [ "$(status_of "$URL/no-such-function")" = 404 ]
    [ "$(status_of "$URL/slow?ms=20")" = 200 ]
    [ "$(status_of "$URL/slow?ms=5000")" = 504 ]
}

@test "whoami: nobody without a token, somebody with a real one" {
    serve_examples
    [ "$(status_of "$URL/whoami")" = 401 ]
    [ "$(status_of -H 'Authorization: Bearer a.b.c' "$URL/whoami")" = 401 ]
    # identity comes from the token alone
    [ "$(status_of -H 'x-1tube-auth-user: root' "$URL/whoami")" = 401 ]
    token=$(make_token "$SECRET" "{\"sub\":\"u-1\",\"email\":\"a@b.c\",\"role\":\"authenticated\",\"exp\":$(($(date +%s) + 60))}")
    curl -sS -H "Authorization: Bearer $token" "$URL/whoami" >"$BATS_TEST_TMPDIR/who"
    node -e '
        const who = JSON.parse(require("fs").readFileSync(process.argv[1]));
        require("assert").deepEqual([who.userId, who.email, who.payload.role], ["u-1", "a@b.c", "authenticated"]);' "$BATS_TEST_TMPDIR/who"
    [ "$(status_of -H "Authorization: Bearer $(make_token "$SECRET" '{"sub":"u-1","exp":1}')" "$URL/whoami")" = 401 ]
    [ "$(status_of -H "Authorization: Bearer $(make_token "${SECRET}x" '{"sub":"u-1","exp":4102444800}')" "$URL/whoami")" = 401 ]
}

@test "a function that keeps failing rests, and health, metrics and log say so" {
    serve_examples --log-format json
    for _ in 1 2 3; do [ "$(status_of "$URL/boom")" = 500 ]; done
    [ "$(curl -sS -D "$BATS_TEST_TMPDIR/head" "$URL/boom" | node -p 'JSON.parse(require("fs").readFileSync(0)).reason')" = circuit_breaker_open ]
    grep -qiE '^retry-after: [1-5]' "$BATS_TEST_TMPDIR/head"
    [ "$(health h.supervisor.boom.breakerOpen)" = true ]
    [ "$(metric 'onetube_function_breaker_open{function="boom"}')" = 1 ]
    [ "$(metric 'onetube_function_error_rate{function="boom"}')" = 1.0000 ]
    [ "$(metric 'onetube_refusals_total{reason="circuit_breaker_open"}')" = 1 ]
    [ "$(status_of "$BASE/health")" = 200 ] # others can be served, and it will be tried again
    stop_server
    grep -q '"reason":"circuit_breaker_open"' "$REQUESTS"
}

@test "what it tells of itself, and to whom" {
    serve_examples
    [ "$(curl -sS "$BASE/")" = '{"status":"ok"}' ]
    [ "$(curl -sS "$BASE/health")" = '{"status":"ok"}' ]
    [ "$(curl -sS -H 'Authorization: Bearer wrong' "$BASE/health")" = '{"status":"ok"}' ]
    [ "$(curl -sS "$BASE/health?key=$KEY")" = '{"status":"ok"}' ]
    for path in /metrics "/metrics?key=$KEY"; do
        [ "$(status_of "$BASE$path")" = 403 ]
        [ "$(curl -sS "$BASE$path" | node -p 'JSON.parse(require("fs").readFileSync(0)).error')" = Forbidden ]
    done
    wait_until grep -q "reason=forbidden" "$REQUESTS"
    curl -sS "$URL/hello" >/dev/null
    curl -sS -H "Authorization: Bearer $KEY" "$BASE/health" >"$BATS_TEST_TMPDIR/health.json"
    valid health "$BATS_TEST_TMPDIR/health.json"
    [ "$(health h.function_count)" = "$(health h.functionList.length)" ]
    [ "$(health 'h.memory.rss_mb > 0')" = true ]
    [ "$(health h.functions.hello.invocations)" = 1 ]
    curl -sS "$BASE/health" >"$BATS_TEST_TMPDIR/health.json"
    valid health "$BATS_TEST_TMPDIR/health.json"
    curl -sS -D "$BATS_TEST_TMPDIR/head" -H "authorization: bearer $KEY" "$BASE/metrics" >"$BATS_TEST_TMPDIR/metrics"
    grep -qi '^content-type: text/plain; version=0.0.4; charset=utf-8' "$BATS_TEST_TMPDIR/head"
    grep -q '^onetube_function_invocations_total{function="hello"} 1$' "$BATS_TEST_TMPDIR/metrics"
    grep -q '^onetube_function_duration_seconds_count{function="hello"} 1$' "$BATS_TEST_TMPDIR/metrics"
    curl -sS "$BASE/1tube/warmup" | grep -q '"ready":true'
    # in production the names of functions are nobody's business
    fails grep -q hello <(curl -sS "$BASE/1tube/warmup")
    for path in / /health /metrics /1tube/warmup; do
        curl -sS -i -X POST "$BASE$path" >"$BATS_TEST_TMPDIR/refused"
        grep -q '405' "$BATS_TEST_TMPDIR/refused"
        grep -qi '^allow: GET, HEAD' "$BATS_TEST_TMPDIR/refused"
    done
    curl -sSI "$BASE/health" >"$BATS_TEST_TMPDIR/head"
    grep -q ' 200 ' "$BATS_TEST_TMPDIR/head"
    grep -qi '^content-length: 15' "$BATS_TEST_TMPDIR/head"
    [ "$(status_of "$BASE/1tube/other")" = 404 ]
    stop_server
    # without a key they are closed for everyone
    unset INTERNAL_KEY
    serve_examples
    [ "$(status_of -H 'Authorization: Bearer ' "$BASE/metrics")" = 403 ]
    [ "$(curl -sS -H 'Authorization: Bearer ' "$BASE/health")" = '{"status":"ok"}' ]
}

@test "warm-up can be polled by pages of allowed origins, and --warm starts every engine" {
    serve_examples --warm --cors-origin https://app.example
    wait_until eval 'curl -sS "$BASE/1tube/warmup" | grep -q "\"ready\":true"'
    [ "$(health 'h.cells.every((cell) => cell.state === "ready")')" = true ]
    [ "$(curl -sS "$BASE/1tube/warmup" | node -p 'const w = JSON.parse(require("fs").readFileSync(0)); w.loaded === w.total && w.total > 5')" = true ]
    curl -sS -o /dev/null -D - -H 'Origin: https://app.example' "$BASE/1tube/warmup" | grep -qi '^access-control-allow-origin: https://app.example'
    fails grep -qi '^access-control-allow-origin' <(curl -sS -o /dev/null -D - -H 'Origin: https://evil.example' "$BASE/1tube/warmup")
    stop_server
    serve_examples --isolation shared
    [ "$(status_of "$URL/hello")" = 200 ]
    [ "$(status_of "$URL/zod-deps")" = 405 ]
    [ "$(status_of "$URL/whoami")" = 401 ]
    [ "$(health 'h.cells.length')" = 1 ]
}

@test "health is degraded while a function's engine is down, and ok again when it is back" {
    serve_examples
    curl -sS "$URL/hello" >/dev/null
    # the first end is made good at once, the next ones after a while
    kill -9 "$(health 'h.cells.find((c) => c.name === "hello").pid')"
    wait_until answers_hello
    kill -9 "$(health 'h.cells.find((c) => c.name === "hello").pid')"
    wait_until is_degraded
    [ "$(curl -sS "$BASE/health")" = '{"status":"degraded"}' ]
    [ "$(health 'h.unavailable.join()')" = hello ]
    [ "$(metric 'onetube_workerd_up')" = 0 ]
    [ "$(status_of "$URL/echo")" = 200 ]
    wait_until answers_hello
    wait_until is_ok
}

is_degraded() { [ "$(status_of "$BASE/health")" = 503 ]; }
is_ok() { [ "$(status_of "$BASE/health")" = 200 ]; }
answers_hello() { [ "$(status_of "$URL/hello")" = 200 ]; }

@test "every line of the JSON log is as its schema says, and tells nothing that is secret" {
    serve_examples --log-format json
    token=$(make_token "$SECRET" '{"sub":"somebody-else","exp":4102444800}')
    id=$(curl -sS -o /dev/null -D - -H "Authorization: Bearer $token" "$URL/hello?password=hunter2" | tr -d '\r' | sed -n 's/^x-1tube-invocation-id: //ip')
    curl -sS -o /dev/null "$URL/whoami"
    curl -sS -o /dev/null "$URL/no-such-function"
    curl -sS -o /dev/null "$BASE/health"
    curl -sS -o /dev/null -X POST -d 'a body' "$URL/echo"
    kill -HUP "$SERVER"
    wait_until says "generation 2"
    stop_server
    [ "$SERVER_STATUS" = 0 ]
    valid log "$REQUESTS" --lines
    valid log "$LOG" --lines
    grep '"path":"/functions/v1/hello"' "$REQUESTS" | grep -q "\"id\":\"$id\""
    grep '"path":"/functions/v1/echo"' "$REQUESTS" | grep -q '"bytesIn":6'
    grep '"path":"/functions/v1/whoami"' "$REQUESTS" | grep -q '"reason":"unauthorized"'
    fails grep -qE "hunter2|somebody-else|a body|$token|$SECRET|$KEY" "$REQUESTS" "$LOG"
}

@test "what a function logs comes out under its name, with its request" {
    mkdir -p "$BATS_TEST_TMPDIR/f/talk"
    echo '{ "public": true }' >"$BATS_TEST_TMPDIR/f/talk/1tube.json"
    echo 'Deno.serve(() => { console.warn("said\n2026 GET /forged 200"); return new Response("x"); });' >"$BATS_TEST_TMPDIR/f/talk/index.ts"
    start_gateway --functions "$BATS_TEST_TMPDIR/f"
    id=$(curl -sS -o /dev/null -D - "$URL/talk" | tr -d '\r' | sed -n 's/^x-1tube-invocation-id: //ip')
    stop_server
    grep -q "\[talk\] warn: id=$id said" "$REQUESTS"
    fails grep -q '^2026 GET /forged' "$REQUESTS"
    start_gateway --functions "$BATS_TEST_TMPDIR/f" --log-format json
    id=$(curl -sS -o /dev/null -D - "$URL/talk" | tr -d '\r' | sed -n 's/^x-1tube-invocation-id: //ip')
    stop_server
    valid log "$REQUESTS" --lines
    grep '"type":"console"' "$REQUESTS" | grep -F '"level":"warn","message":"said\n2026 GET /forged 200"' | grep -q "\"id\":\"$id\""
    start_gateway --functions "$BATS_TEST_TMPDIR/f" --log-format none
    curl -sS -o /dev/null "$URL/talk"
    stop_server
    grep -q 'said' "$REQUESTS"
    fails grep -q 'GET /functions' "$REQUESTS"
}

@test "SIGTERM lets a request in flight finish, a second signal does not" {
    serve_examples
    curl -sS --max-time 20 "$URL/slow?ms=1500" >"$BATS_TEST_TMPDIR/answer" 3>&- &
    asked=$!
    wait_until in_flight slow
    stop_server
    wait $asked
    [ "$(cat "$BATS_TEST_TMPDIR/answer")" = '{"slept":1500}' ]
    [ "$SERVER_STATUS" = 0 ]
    says stopping
    mkdir -p "$BATS_TEST_TMPDIR/f/wait"
    echo '{ "public": true }' >"$BATS_TEST_TMPDIR/f/wait/1tube.json"
    echo 'Deno.serve(() => new Promise((done) => setTimeout(() => done(new Response("late")), 8000)));' >"$BATS_TEST_TMPDIR/f/wait/index.ts"
    start_gateway --functions "$BATS_TEST_TMPDIR/f"
    curl -sS --max-time 20 "$URL/wait" >"$BATS_TEST_TMPDIR/answer" 2>/dev/null 3>&- &
    asked=$!
    wait_until in_flight wait
    engines=$(pgrep -P "$SERVER")
    kill "$SERVER"
    sleep 0.7 # the same signal twice at once is one
    stop_server
    wait $asked || true
    grep -q '"reason":"stopping"' "$BATS_TEST_TMPDIR/answer"
    [ "$SERVER_STATUS" = 1 ]
    says "before every request was answered"
    for engine in $engines; do [ ! -e "/proc/$engine" ]; done
}

in_flight() { [ "$(health "h.functions.$1.openRequests")" = 1 ]; }

@test "SIGHUP serves the next payload, and not one request fails" {
    make_release "$BATS_TEST_TMPDIR/fw.1tube" one
    start_gateway --prebuilt "$BATS_TEST_TMPDIR/fw.1tube" --trust "$PUB" --no-rate-limit
    answers one
    make_release "$BATS_TEST_TMPDIR/fw.1tube" two
    local clients=()
    for _ in 1 2 3; do
        (while [ ! -e "$BATS_TEST_TMPDIR/enough" ]; do curl -sS --max-time 10 -w ' %{http_code}\n' "$URL/hello" || echo failed; done >>"$BATS_TEST_TMPDIR/answers.$BASHPID") 3>&- &
        clients+=($!)
    done
    sleep 0.3
    kill -HUP "$SERVER"
    wait_until says "generation 2 serves now"
    sleep 0.3
    touch "$BATS_TEST_TMPDIR/enough"
    wait "${clients[@]}" # a connection without a request yet may be closed by the stop
    wait_until answers two
    stop_server
    [ "$SERVER_STATUS" = 0 ]
    cat "$BATS_TEST_TMPDIR"/answers.* >"$BATS_TEST_TMPDIR/answers"
    grep -q '^one 200$' "$BATS_TEST_TMPDIR/answers"
    grep -q '^two 200$' "$BATS_TEST_TMPDIR/answers"
    fails grep -vE '^(one|two) 200$' "$BATS_TEST_TMPDIR/answers"
}

@test "a payload that is refused changes nothing" {
    make_release "$BATS_TEST_TMPDIR/fw.1tube" one
    start_gateway --prebuilt "$BATS_TEST_TMPDIR/fw.1tube" --trust "$PUB"
    answers one
    printf x | dd of="$BATS_TEST_TMPDIR/fw.1tube" bs=1 seek=4900 conv=notrunc status=none
    kill -HUP "$SERVER"
    wait_until says "generation 1 goes on: E_"
    answers one
    [ "$(metric 'onetube_swaps_total{result="failed"}')" = 1 ]
    rm "$BATS_TEST_TMPDIR/fw.1tube"
    kill -HUP "$SERVER"
    wait_until says "No such file"
    answers one
    make_release "$BATS_TEST_TMPDIR/fw.1tube" two
    kill -HUP "$SERVER"
    wait_until answers two
    [ "$(metric 'onetube_swaps_total{result="ok"}')" = 1 ]
    [ "$(health h.workerd.swaps)" = 1 ]
}

@test "--watch serves a payload that was put in place of the one before" {
    make_release "$BATS_TEST_TMPDIR/fw.1tube" one
    start_gateway --prebuilt "$BATS_TEST_TMPDIR/fw.1tube" --trust "$PUB" --watch
    answers one
    touch "$BATS_TEST_TMPDIR/neighbour"
    make_release "$BATS_TEST_TMPDIR/next.1tube" two
    mv "$BATS_TEST_TMPDIR/next.1tube" "$BATS_TEST_TMPDIR/fw.1tube"
    wait_until answers two
    stop_server
    [ "$(grep -c 'serves now' "$LOG")" = 1 ]
}

@test "--dev builds again when a file changes; a build that fails is shown and changes nothing" {
    put_function "$BATS_TEST_TMPDIR/functions" hello one
    start_gateway --functions "$BATS_TEST_TMPDIR/functions" --dev
    says "--dev is not for production"
    says "dev default"
    answers one
    echo 'export default () => {' >"$BATS_TEST_TMPDIR/functions/hello/index.ts"
    wait_until says "generation 1 goes on"
    says "index.ts:2:1: "
    answers one
    put_function "$BATS_TEST_TMPDIR/functions" hello two
    wait_until answers two
    put_function "$BATS_TEST_TMPDIR/functions" other new
    wait_until eval '[ "$(status_of "$URL/other")" = 200 ]'
    # with a public secret closed functions work in development
    echo '{}' >"$BATS_TEST_TMPDIR/functions/hello/1tube.json"
    wait_until eval '[ "$(status_of "$URL/hello")" = 401 ]'
    token=$(make_token super-secret-jwt-token-with-at-least-32-characters-long '{"sub":"u","exp":4102444800}')
    [ "$(curl -sS -H "Authorization: Bearer $token" "$URL/hello")" = two ]
    [ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'onetube-serve-*' -newer "$PUB")" ]
}

@test "a build that fails at the start ends it as onetube build does" {
    mkdir -p "$BATS_TEST_TMPDIR/functions/hello"
    echo 'import "npm:no-such-package"; export default () => {' >"$BATS_TEST_TMPDIR/functions/hello/index.ts"
    run "$ONETUBE" serve --functions "$BATS_TEST_TMPDIR/functions" --port 0
    exits 1
    has "hello/index.ts:"
    run "$ONETUBE" serve --functions "$BATS_TEST_TMPDIR/nowhere" --port 0
    exits 1
    has nowhere
}

@test "production refuses what nobody or anybody could call" {
    refused() {
        run env "$@" "$ONETUBE" serve --prebuilt "$FW" --trust "$PUB" --port 0
        exits 78
    }
    refused A=b
    has "whoami"
    has "JWT_SECRET is not set"
    refused JWT_SECRET=super-secret-jwt-token-with-at-least-32-characters-long
    refused JWT_SECRET=short
    refused JWT_SECRET=
    # all public: no keys are needed
    make_release "$BATS_TEST_TMPDIR/fw.1tube" one
    start_gateway --prebuilt "$BATS_TEST_TMPDIR/fw.1tube" --trust "$PUB"
    answers one
    # and a next payload is held to the same rule
    rm -rf "$BATS_TEST_TMPDIR/one"
    put_function "$BATS_TEST_TMPDIR/one" hello two
    echo '{}' >"$BATS_TEST_TMPDIR/one/hello/1tube.json"
    "$ONETUBE" package --functions "$BATS_TEST_TMPDIR/one" --out "$BATS_TEST_TMPDIR/fw.1tube" --sign-key "$BATS_FILE_TMPDIR/release.key.pem" >/dev/null 2>&1
    kill -HUP "$SERVER"
    wait_until says "JWT_SECRET is not set"
    answers one
}

@test "only what is signed by trusted keys, unless that is waived" {
    run "$ONETUBE" serve --prebuilt "$FW" --port 0
    exits 78
    has --trust
    "$ONETUBE" unpack "$FW" --trust "$PUB" --out "$BATS_TEST_TMPDIR/dist" >/dev/null
    rm "$BATS_TEST_TMPDIR/dist/signatures" "$BATS_TEST_TMPDIR/dist/statement.json"
    run env JWT_SECRET="$SECRET" "$ONETUBE" serve --prebuilt "$BATS_TEST_TMPDIR/dist" --trust "$PUB" --port 0
    exits 3
    has E_UNTRUSTED
    JWT_SECRET=$SECRET start_gateway --prebuilt "$BATS_TEST_TMPDIR/dist" --allow-unsigned
    says "unsigned; --allow-unsigned permits it"
    [ "$(status_of "$URL/hello")" = 200 ]
}

@test "secrets come from files and the environment, and are not repeated" {
    echo "$SECRET" >"$BATS_TEST_TMPDIR/secret"
    token=$(make_token "$SECRET" '{"sub":"u","exp":4102444800}')
    start_gateway --prebuilt "$FW" --trust "$PUB" --jwt-secret "$BATS_TEST_TMPDIR/secret"
    [ "$(status_of -H "Authorization: Bearer $token" "$URL/whoami")" = 200 ]
    stop_server
    MY=$SECRET start_gateway --prebuilt "$FW" --trust "$PUB" --jwt-secret env:MY
    [ "$(status_of -H "Authorization: Bearer $token" "$URL/whoami")" = 200 ]
    stop_server
    ONETUBE_JWT_SECRET=$SECRET start_gateway --prebuilt "$FW" --trust "$PUB"
    [ "$(status_of -H "Authorization: Bearer $token" "$URL/whoami")" = 200 ]
    stop_server
    run "$ONETUBE" serve --prebuilt "$FW" --trust "$PUB" --jwt-secret "$SECRET" --port 0
    exits 78
    has env:NAME
    [[ "$output" != *"$SECRET"* ]]
    run "$ONETUBE" serve --prebuilt "$FW" --trust "$PUB" --jwt-secret env:NOT_SET_AT_ALL --port 0
    exits 78
    has NOT_SET_AT_ALL
}

@test "a key set from the web is read again when a token names a new key" {
    cat >"$BATS_TEST_TMPDIR/keys.mjs" <<'END'
// A key set at /, the next one after POST /; its tokens on standard output, one line each.
import { createServer } from "node:http";
import { generateKeyPairSync, sign } from "node:crypto";
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const keys = ["first", "second"].map((kid) => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const head = `${encode({ alg: "ES256", kid })}.${encode({ sub: kid, exp: 4102444800 })}`;
    const signature = sign("sha256", Buffer.from(head), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return { jwk: { ...publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" }, token: `${head}.${signature.toString("base64url")}` };
});
let known = 1;
const server = createServer((request, response) => {
    if (request.method === "POST") known = 2;
    response.end(JSON.stringify({ keys: keys.slice(0, known).map((key) => key.jwk) }));
});
server.listen(0, "127.0.0.1", () => console.log([server.address().port, ...keys.map((key) => key.token)].join("\n")));
END
    node "$BATS_TEST_TMPDIR/keys.mjs" >"$BATS_TEST_TMPDIR/told" 3>&- &
    keys=$!
    wait_until eval '[ "$(wc -l <"$BATS_TEST_TMPDIR/told")" = 3 ]'
    { read -r port; read -r first; read -r second; } <"$BATS_TEST_TMPDIR/told"
    start_gateway --prebuilt "$FW" --trust "$PUB" --jwks "http://127.0.0.1:$port/"
    [ "$(curl -sS -H "Authorization: Bearer $first" "$URL/whoami" | node -p 'JSON.parse(require("fs").readFileSync(0)).userId')" = first ]
    [ "$(status_of -H "Authorization: Bearer $second" "$URL/whoami")" = 401 ]
    curl -sS -X POST "http://127.0.0.1:$port/" >/dev/null
    kill -HUP "$SERVER" # what an operator does who cannot wait for the next refresh
    wait_until eval '[ "$(status_of -H "Authorization: Bearer $second" "$URL/whoami")" = 200 ]'
    kill $keys
    # the keys stay when they can no longer be fetched
    kill -HUP "$SERVER"
    wait_until says "key set stays"
    [ "$(status_of -H "Authorization: Bearer $second" "$URL/whoami")" = 200 ]
}

@test "a port that is taken is found before anything is started" {
    serve_examples
    run env JWT_SECRET="$SECRET" "$ONETUBE" serve --prebuilt "$FW" --trust "$PUB" --port "${BASE##*:}" --warm
    exits 78
    has "127.0.0.1:${BASE##*:}"
    has "in use"
}

@test "sockets: several, a Unix one, an inherited one, the service manager's" {
    JWT_SECRET=$SECRET start_gateway --prebuilt "$FW" --trust "$PUB" --listen "unix:$BATS_TEST_TMPDIR/s" --listen 127.0.0.1:0
    [ "$(curl -sS --unix-socket "$BATS_TEST_TMPDIR/s" http://x/)" = '{"status":"ok"}' ]
    [ "$(curl -sS "$BASE/")" = '{"status":"ok"}' ]
    stop_server
    [ ! -e "$BATS_TEST_TMPDIR/s" ]
    # bound before the program starts, as systemd does
    JWT_SECRET=$SECRET perl -MIO::Socket::INET -MPOSIX -e '
        $^F = 255;
        my $socket = IO::Socket::INET->new(Listen => 16, LocalAddr => "127.0.0.1") or die;
        open(my $out, ">", shift @ARGV) or die; print $out $socket->sockport, "\n"; close $out;
        POSIX::dup2(fileno($socket), 3) if fileno($socket) != 3;
        $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1;
        exec @ARGV;' \
        "$BATS_TEST_TMPDIR/port" "$ONETUBE" serve --prebuilt "$FW" --trust "$PUB" 2>"$BATS_TEST_TMPDIR/log" >/dev/null 3>&- &
    SERVER=$!
    wait_until test -s "$BATS_TEST_TMPDIR/port"
    [ "$(curl -sS --max-time 10 "http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")/")" = '{"status":"ok"}' ]
    [ "$(grep -c 'listening on' "$BATS_TEST_TMPDIR/log")" = 1 ]
}

@test "the service manager is told" {
    socat -u "UNIX-RECV:$BATS_TEST_TMPDIR/n" - >"$BATS_TEST_TMPDIR/told" 3>&- &
    reader=$!
    wait_until test -S "$BATS_TEST_TMPDIR/n"
    NOTIFY_SOCKET=$BATS_TEST_TMPDIR/n serve_examples
    wait_until grep -q READY=1 "$BATS_TEST_TMPDIR/told"
    kill -HUP "$SERVER"
    wait_until says "generation 2"
    stop_server
    wait_until grep -q STOPPING=1 "$BATS_TEST_TMPDIR/told"
    kill $reader
    grep -q RELOADING=1 "$BATS_TEST_TMPDIR/told"
    grep -qE '^MONOTONIC_USEC=[0-9]+' "$BATS_TEST_TMPDIR/told"
    [ "$(grep -c READY=1 "$BATS_TEST_TMPDIR/told")" = 2 ]
}

@test "unknown words, bad numbers and contradictions are usage errors" {
    bad() {
        local expected=$1
        shift
        run "$ONETUBE" serve "$@"
        exits 2
        has "$expected"
    }
    bad --prebuilt --prebuild x
    bad "--port" --prebuilt x --port abc
    bad "--port" --prebuilt x --port 65536
    bad "one is wanted" --prebuilt x --functions y
    bad "belongs to --functions" --prebuilt x --minify
    bad "--log-format" --prebuilt x --log-format xml
    bad "--isolation" --prebuilt x --isolation none
    bad "--trusted-proxy" --prebuilt x --trusted-proxy 10.0.0.0/33
    bad "--body-limit-mb" --prebuilt x --body-limit-mb 1.2345
    bad "at least 1" --prebuilt x --max-headers 0
    bad "--listen" --prebuilt x --listen nowhere
    bad "given twice" --prebuilt x --listen fd:9 --listen fd:9
    bad "unexpected word" --prebuilt x y
    cd "$BATS_TEST_TMPDIR"
    bad "supabase/functions"
    run env PORT=x "$ONETUBE" serve --prebuilt x
    exits 2
    has "PORT"
    run "$ONETUBE" serve --prebuilt x --engine /nonexistent/workerd --port 0
    exits 4
}

@test "the names that others use in the environment" {
    put_function "$BATS_TEST_TMPDIR/functions" hello "from there"
    env PORT=0 FUNCTIONS_PATH="$BATS_TEST_TMPDIR/functions" 1TUBE_ROUTE_PREFIX=/api FUNCTION_TIMEOUT_MS=900 1TUBE_DEFAULT_RPM=33 \
        "$ONETUBE" serve >/dev/null 2>"$BATS_TEST_TMPDIR/log" 3>&- &
    SERVER=$!
    wait_until grep -q 'listening on' "$BATS_TEST_TMPDIR/log"
    where=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$BATS_TEST_TMPDIR/log")
    [[ "$where" == */api ]]
    curl -sS -i "$where/hello" >"$BATS_TEST_TMPDIR/answer"
    grep -q "from there" "$BATS_TEST_TMPDIR/answer"
    grep -qi '^ratelimit-limit: 33' "$BATS_TEST_TMPDIR/answer"
}

# The answer to a preflight of the function: preflight NAME ORIGIN
preflight() {
    curl -sS --max-time 20 -X OPTIONS -i -H "Origin: $2" -H 'Access-Control-Request-Method: POST' "$URL/$1" | tr -d '\r'
}

@test "preflights are answered by whoever 1tube.json says" {
    folder=$BATS_TEST_TMPDIR/functions
    for name in open taken closed own; do
        mkdir -p "$folder/$name"
        cat >"$folder/$name/index.ts" <<'TS'
export default {
    fetch(request: Request) {
        const headers = { "access-control-allow-origin": "https://elsewhere.example", "x-by": "function" };
        const names = [...request.headers.keys()].filter((name) => name.startsWith("x-1tube-auth-"));
        return new Response(request.method + names.join(), { headers });
    },
};
TS
    done
    echo '{ "public": true }' >"$folder/open/1tube.json"
    echo '{ "public": true, "preflight": "gateway" }' >"$folder/taken/1tube.json"
    echo '{ "public": false }' >"$folder/closed/1tube.json"
    echo '{ "public": false, "preflight": "function" }' >"$folder/own/1tube.json"
    "$ONETUBE" build --functions "$folder" --out "$BATS_TEST_TMPDIR/dist" 2>/dev/null
    for isolation in function shared; do
        JWT_SECRET=$SECRET start_gateway --prebuilt "$BATS_TEST_TMPDIR/dist" --allow-unsigned --cors-origin https://app.example --isolation "$isolation"
        for name in open own; do
            output=$(preflight "$name" https://app.example)
            has 'x-by: function'
            has 'Access-Control-Allow-Origin: https://elsewhere.example'
            [ "${output##*$'\n'}" = OPTIONS ]
        done
        for name in taken closed; do
            output=$(preflight "$name" https://app.example)
            has 'HTTP/1.1 204'
            has 'access-control-allow-origin: https://app.example'
            fails grep -q 'x-by' <<<"$output"
        done
        # what is let through is the preflight alone, and nobody else can say that it is one
        [ "$(status_of -X OPTIONS "$URL/own")" = 401 ]
        [ "$(status_of -X OPTIONS -H 'x-1tube-auth-preflight: 1' "$URL/own")" = 401 ]
        [ "$(status_of -X POST -H 'Origin: https://app.example' -H 'Access-Control-Request-Method: POST' "$URL/own")" = 401 ]
        stop_server
    done
}
