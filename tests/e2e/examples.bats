#!/usr/bin/env bats
# Every example, built, signed, verified and booted, answers over HTTP as examples/README.md says.
load helpers

setup_file() {
    export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    make_keys release
    "$ONETUBE" build --functions "$ROOT/examples/functions" --out "$BATS_FILE_TMPDIR/dist" \
        --env OPENAI_API_KEY,POSTHOG_HOST,WORKERD_E2E_FLAG
    "$ONETUBE" package --in "$BATS_FILE_TMPDIR/dist" --out "$BATS_FILE_TMPDIR/fw.1tube" \
        --sign-key "$BATS_FILE_TMPDIR/release.key.pem"
    OPENAI_API_KEY=sk-test POSTHOG_HOST='' NOT_NAMED=secret LOG=$BATS_FILE_TMPDIR/serve.log \
        start_server "$BATS_FILE_TMPDIR/fw.1tube" --trust "$BATS_FILE_TMPDIR/release.pub.pem" \
        --env OPENAI_API_KEY,POSTHOG_HOST,NOT_NAMED
    export SERVER URL
}

teardown_file() {
    stop_server
}

# ask PATH [curl arguments]: status in $status, body in $output, headers in $headers
ask() {
    local path=$1
    shift
    status=$(curl -sS --max-time 10 -o "$BATS_TEST_TMPDIR/body" -D "$BATS_TEST_TMPDIR/head" -w '%{http_code}' "$@" "$URL$path")
    output=$(cat "$BATS_TEST_TMPDIR/body")
    headers=$(tr -d '\r' <"$BATS_TEST_TMPDIR/head" | tr '[:upper:]' '[:lower:]')
}

# Evaluates a JavaScript expression over the body as `b`; it must be true.
json() {
    node -e 'const b = JSON.parse(process.argv[1]); if (!(eval(process.argv[2]))) { console.error(process.argv[2], process.argv[1]); process.exit(1); }' "$output" "$1"
}

@test "hello greets, keeps the rest of the path, and takes any method" {
    ask /hello
    exits 200
    json 'b.message === "hello, hello" && b.method === "GET" && !isNaN(Date.parse(b.at))'
    ask /hello/world
    json 'b.message === "hello, hello/world"'
    ask /hello -X DELETE
    json 'b.method === "DELETE"'
}

@test "echo answers with method, path, query, headers and parsed body" {
    ask '/echo?x=1&y=2' -H 'x-test: abc' -H 'content-type: application/json' -d '{"a":[1,2]}'
    exits 200
    json 'b.method === "POST" && b.path === "/echo" && b.query.x === "1" && b.query.y === "2"'
    json 'b.headers["x-test"] === "abc" && b.body.a[1] === 2'
    ask '/echo?x=1&x=2' -H 'content-type: text/plain' -d 'not json'
    json 'b.body === "not json" && b.query.x === "2"'
    ask /echo
    json 'b.body === null && b.method === "GET"'
}

@test "a client cannot hand in an identity or any other x-1tube header" {
    ask /echo -H 'x-1tube-auth-user: admin' -H 'X-1Tube-Auth-Payload: {}' -H 'x-1tube-else: 1'
    json '!Object.keys(b.headers).some((name) => name.startsWith("x-1tube-"))'
    ask /whoami -H 'x-1tube-auth-user: admin' -H 'x-1tube-auth-email: a@b'
    exits 401
}

@test "whoami is closed: 401 without an identity" {
    ask /whoami
    exits 401
    json 'b.error === "Unauthorized" && Object.keys(b).length === 1'
    ask /whoami -H 'authorization: Bearer abc.def.ghi'
    exits 401
}

@test "slow sleeps as long as asked" {
    ask '/slow?ms=300' -w '%{http_code} %{time_total}'
    [[ "$status" == "200 "* ]]
    node -e 'process.exit(Number(process.argv[1].split(" ")[1]) >= 0.3 ? 0 : 1)' "$status"
    json 'b.slept === 300'
    ask '/slow?ms=abc'
    json 'b.slept === null'
    ask '/slow?ms=-5'
    json 'b.slept === 0'
}

@test "stream sends its lines one by one, unbuffered" {
    ask '/stream?n=3&gap=0'
    exits 200
    [[ "$headers" == *"content-type: application/x-ndjson"* ]]
    [[ "$headers" == *"x-accel-buffering: no"* ]]
    [[ "$headers" == *"cache-control: no-store"* ]]
    [ "$(wc -l <"$BATS_TEST_TMPDIR/body")" = 3 ]
    # the first line is there before the last was made
    run node -e '
        const started = Date.now();
        const response = await fetch(process.argv[1]);
        const stamps = [];
        for await (const chunk of response.body)
            for (const line of Buffer.from(chunk).toString().trim().split("\n"))
                stamps.push([JSON.parse(line).i, Date.now() - started]);
        const order = stamps.map(([i]) => i).join();
        if (order !== "0,1,2,3,4" || stamps[4][1] - stamps[0][1] < 250) { console.log(stamps); process.exit(1); }
        ' --input-type=module "$URL/stream?n=5&gap=80"
    exits 0
}

@test "boom fails on purpose" {
    ask /boom
    exits 500
    json 'b.error === "boom"'
}

@test "env-probe sees what manifest and operator both name, and nothing else" {
    ask /env-probe
    exits 200
    json 'b.OPENAI_API_KEY === "sk-test" && b.POSTHOG_HOST === "" && b.WORKERD_E2E_FLAG === null'
    [[ "$output" != *secret* ]]
}

@test "zod-deps validates with the npm package" {
    ask /zod-deps -d '{"name":"alice","age":30,"extra":1}'
    exits 200
    json 'b.ok === true && b.person.name === "alice" && b.person.age === 30 && b.person.extra === undefined'
    ask /zod-deps -d '{"name":"","age":-1}'
    exits 400
    json 'b.error === "validation failed" && b.issues.length >= 1'
    ask /zod-deps -d 'not json'
    exits 400
    json 'b.error === "invalid JSON"'
    ask /zod-deps
    exits 405
    json 'b.error === "POST only"'
}

@test "the other handler styles answer: hono, fetch export, Deno.serve, assets" {
    for name in hono-app fetch-export deno-serve assets; do
        ask "/$name"
        exits 200
        [ -n "$output" ]
    done
    ask '/assets?item=tea&item=cake'
    json 'b.cents === 660'
    ask '/assets?item=gold'
    exits 404
}

@test "ws-echo upgrades and echoes" {
    run node -e '
        const http = require("http"), crypto = require("crypto");
        const url = new URL(process.argv[1]);
        const request = http.get({ host: url.hostname, port: url.port, path: url.pathname, headers: {
            connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13",
            "sec-websocket-key": crypto.randomBytes(16).toString("base64") } });
        request.on("upgrade", (response, socket) => {
            const text = Buffer.from("round trip"), mask = crypto.randomBytes(4);
            const masked = Buffer.from(text.map((byte, i) => byte ^ mask[i % 4]));
            socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length]), mask, masked]));
            let got = Buffer.alloc(0);
            socket.on("data", (data) => {
                got = Buffer.concat([got, data]);
                if (got.includes("round trip")) { console.log("echoed"); process.exit(0); }
            });
        });
        request.on("response", (response) => { console.log("status", response.statusCode); process.exit(1); });
        setTimeout(() => process.exit(2), 5000);' "$URL/ws-echo"
    exits 0
    has echoed
}

@test "an unknown function is 404, with its name" {
    ask /no-such-fn
    exits 404
    [ "$output" = '{"error":"Function \"no-such-fn\" not found"}' ]
    ask /hello%2fworld
    exits 404
    curl -sS -o /dev/null -w '%{http_code}' "${URL%/functions/v1}/elsewhere" | grep -q 404
}

@test "HEAD and OPTIONS reach the function" {
    ask /echo -I
    exits 200
    ask /hello -X OPTIONS
    json 'b.method === "OPTIONS"'
}
