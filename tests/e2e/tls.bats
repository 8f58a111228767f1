#!/usr/bin/env bats
# onetube serve over TLS: certificates, HTTP/1.1 and HTTP/2 to clients.
load helpers

# A certificate for localhost: make_certificate NAME [openssl options...]
make_certificate() {
    local name=$1
    shift
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" -out "$name.crt" \
        -subj "/CN=${name##*/}" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -days 30 "$@" 2>/dev/null
}

setup_file() {
    local dir=$BATS_FILE_TMPDIR
    make_certificate "$dir/one"
    make_certificate "$dir/two"
    mkdir -p "$dir/functions/hello"
    printf '{ "public": true }\n' >"$dir/functions/hello/1tube.json"
    cat >"$dir/functions/hello/index.ts" <<'END'
const seen = { made: 0, cancels: 0 };
const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
export default {
    async fetch(request: Request) {
        const url = new URL(request.url);
        const what = url.pathname.split("/")[2];
        const n = Number(url.searchParams.get("n"));
        if (what === "seen") return Response.json(seen);
        if (what === "headers") return Response.json([...request.headers]);
        if (what === "https") return Response.json(url.protocol);
        if (what === "echo") return new Response(request.body);
        if (what === "status") return new Response(null, { status: n });
        if (what === "ignore") { await wait(100000); return new Response("ignored"); }
        if (what === "wait") { await wait(Number(url.searchParams.get("ms"))); return new Response("waited"); }
        if (what === "big") {
            let left = n;
            return new Response(new ReadableStream({ pull(to) {
                const size = Math.min(left, 65536);
                left -= size;
                if (size > 0) to.enqueue(new Uint8Array(size)); else to.close();
            } }));
        }
        if (what === "endless") return new Response(new ReadableStream({ pull(to) {
            seen.made += 65536;
            to.enqueue(new Uint8Array(65536));
        } }));
        if (what === "drip") return new Response(new ReadableStream({
            async pull(to) { await wait(5); to.enqueue(new Uint8Array(1)); },
            cancel() { seen.cancels++; },
        }));
        if (what === "ws") {
            const [theirs, ours] = Object.values(new WebSocketPair());
            ours.accept();
            ours.addEventListener("message", (event) => ours.send(event.data));
            return new Response(null, { status: 101, webSocket: theirs });
        }
        return new Response(`${request.method} ${url.pathname}${url.search}`);
    },
};
END
    "$ONETUBE" build --functions "$dir/functions" --out "$dir/dist" >/dev/null 2>&1
}

setup() {
    CERT=$BATS_TEST_TMPDIR/tls.crt KEY=$BATS_TEST_TMPDIR/tls.key
    install -m 0644 "$BATS_FILE_TMPDIR/one.crt" "$CERT"
    install -m 0600 "$BATS_FILE_TMPDIR/one.key" "$KEY"
    unset JWT_SECRET SUPABASE_SERVICE_ROLE_KEY PORT FUNCTIONS_PATH
}

teardown() {
    stop_server
    # a sanitizer's
    [ "${SERVER_STATUS:-0}" != 99 ]
}

serve_tls() {
    start_gateway --prebuilt "$BATS_FILE_TMPDIR/dist" --allow-unsigned --no-rate-limit --tls-cert "$CERT" --tls-key "$KEY" "$@"
    AT=${BASE#https://}
}

get() {
    curl -sS --max-time 20 --cacert "$CERT" "$@"
}

s_client() {
    openssl s_client -connect "$AT" "$@" 2>&1
}

subject() {
    s_client </dev/null | sed -n 's/^subject=CN = //p'
}

check() {
    SERVER=$SERVER timeout 60 node "$ROOT/tests/e2e/http2_client.mjs" "$URL" "$CERT" "$1"
}

says() {
    grep -q -- "$1" "$LOG"
}

@test "HTTP/1.1 over TLS works as it does without" {
    serve_tls
    [ "$(get --http1.1 "$URL/hello/x?y=1")" = "GET /hello/x?y=1" ]
    head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/body"
    get --http1.1 --data-binary "@$BATS_TEST_TMPDIR/body" "$URL/hello/echo" -o "$BATS_TEST_TMPDIR/echo"
    cmp "$BATS_TEST_TMPDIR/body" "$BATS_TEST_TMPDIR/echo"
    get --http1.1 -T - "$URL/hello/echo" -X POST -o "$BATS_TEST_TMPDIR/echo" <"$BATS_TEST_TMPDIR/body"
    cmp "$BATS_TEST_TMPDIR/body" "$BATS_TEST_TMPDIR/echo"
    [ "$(get --http1.1 "$URL/hello/big?n=20000000" | wc -c)" = 20000000 ]
    [ "$(get --http1.1 "$URL/hello/https")" = '"https:"' ]
    # three requests over one connection
    [ "$(get --http1.1 -w '%{num_connects}' "$URL/hello/status?n=204" "$URL/hello/status?n=204" "$URL/hello/status?n=204")" = 100 ]
    # a WebSocket is accepted
    run curl -sS --max-time 2 --cacert "$CERT" --http1.1 -i -N -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
        -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' "$URL/hello/ws"
    has "101 Switching Protocols"
}

@test "TLS 1.2 and 1.3 with good ciphers, and nothing else" {
    serve_tls
    for version in tls1 tls1_1; do
        run s_client "-$version" -cipher 'ALL:@SECLEVEL=0' </dev/null
        has "alert protocol version"
    done
    for cipher in AES128-GCM-SHA256 AES256-SHA ECDHE-ECDSA-AES128-SHA256; do
        run s_client -tls1_2 -cipher "$cipher:@SECLEVEL=0" </dev/null
        has "alert handshake failure"
    done
    run s_client -tls1_2 </dev/null
    has "Compression: NONE"
    has "Cipher is ECDHE-ECDSA-"
    run s_client -tls1_3 </dev/null
    has "New, TLSv1.3"
}

@test "ALPN: h2 first, http/1.1, and nothing else" {
    serve_tls
    run s_client -alpn http/1.1,h2 </dev/null
    has "ALPN protocol: h2"
    run s_client -alpn http/1.1 </dev/null
    has "ALPN protocol: http/1.1"
    run s_client -alpn ftp </dev/null
    has "no application protocol"
    run s_client </dev/null
    has "No ALPN negotiated"
    [ "$(get --http2 -o /dev/null -w '%{http_version}' "$URL/hello")" = 2 ]
    [ "$(get --no-alpn -o /dev/null -w '%{http_version}' "$URL/hello")" = 1.1 ]
}

@test "nobody can renegotiate" {
    serve_tls
    run bash -c "(sleep 1; echo R; sleep 1) | openssl s_client -connect $AT -tls1_2 2>&1"
    has "RENEGOTIATING"
    has "no renegotiation"
}

@test "sessions are resumed" {
    serve_tls
    for version in tls1_2 tls1_3; do
        (printf 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'; sleep 1) |
            openssl s_client -connect "$AT" "-$version" -sess_out "$BATS_TEST_TMPDIR/$version" >/dev/null 2>&1
        run s_client "-$version" -sess_in "$BATS_TEST_TMPDIR/$version" </dev/null
        has "Reused, TLSv1."
    done
}

@test "who speaks plain HTTP to the port is told" {
    serve_tls
    for method in GET DELETE PRI; do
        [ "$(curl -sS --max-time 10 -X "$method" -o /dev/null -w '%{http_code}' "http://$AT/")" = 400 ]
    done
}

@test "a truncated answer is not taken for a whole one" {
    serve_tls --timeout 500
    # HTTP/1.0 has nothing but the connection's end to tell where an answer ends
    [ "$(get -0 "$URL/hello/x")" = "GET /hello/x" ]
    fails get -0 -o /dev/null "$URL/hello/drip"
    fails get --http1.1 -o /dev/null "$URL/hello/drip"
    fails get --http2 -o /dev/null "$URL/hello/drip"
}

@test "a handshake that stands still is given up" {
    serve_tls --header-timeout-ms 300
    run timeout 20 socat -u "TCP:$AT" -
    exits 0
    [ -z "$output" ]
}

@test "SIGHUP takes the new certificate; one that is not fit changes nothing" {
    serve_tls
    [ "$(subject)" = one ]
    # a connection from before goes on
    coproc OLD { openssl s_client -connect "$AT" -quiet -no_ign_eof 2>/dev/null; }
    printf 'GET /functions/v1/hello/before HTTP/1.1\r\nHost: h\r\n\r\n' >&"${OLD[1]}"
    read -r line <&"${OLD[0]}"
    [[ $line = "HTTP/1.1 200 "* ]]
    cp "$BATS_FILE_TMPDIR/two.crt" "$CERT"
    kill -HUP "$SERVER"
    wait_until says "the certificate stays as it was: $KEY: is not the key of the certificate"
    [ "$(subject)" = one ]
    cp "$BATS_FILE_TMPDIR/two.key" "$KEY"
    kill -HUP "$SERVER"
    is_two() { [ "$(subject)" = two ]; }
    wait_until is_two
    printf 'GET /functions/v1/hello/after HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' >&"${OLD[1]}"
    [[ $(cat <&"${OLD[0]}") = *"GET /hello/after"* ]]
}

@test "files that are not fit: named, with the reason" {
    refuses() {
        run timeout 20 "$ONETUBE" serve --prebuilt "$BATS_FILE_TMPDIR/dist" --allow-unsigned --port 0 --tls-cert "$1" --tls-key "$2"
        exits 78
        has "$3"
    }
    refuses "$CERT" "$BATS_FILE_TMPDIR/two.key" "two.key: is not the key of the certificate"
    refuses "$BATS_TEST_TMPDIR/none" "$KEY" "none: No such file"
    refuses "$CERT" "$BATS_TEST_TMPDIR/none" "none: No such file"
    refuses "$KEY" "$KEY" "tls.key: no certificate in PEM"
    refuses "$CERT" "$CERT" "tls.crt: no private key in PEM"
    openssl pkey -in "$KEY" -aes128 -passout pass:x -out "$BATS_TEST_TMPDIR/locked.key"
    refuses "$CERT" "$BATS_TEST_TMPDIR/locked.key" "locked.key: the private key is encrypted"
    (cat "$CERT"; sed '3s/[a-z]/A/g' "$BATS_FILE_TMPDIR/two.crt") >"$BATS_TEST_TMPDIR/broken.crt"
    refuses "$BATS_TEST_TMPDIR/broken.crt" "$KEY" "broken.crt: the chain is malformed"
    run "$ONETUBE" serve --prebuilt "$BATS_FILE_TMPDIR/dist" --allow-unsigned --tls-cert "$CERT"
    exits 2
    has "--tls-cert and --tls-key belong together"
}

@test "what is only doubtful is a warning" {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$BATS_TEST_TMPDIR/old.key" \
        -out "$BATS_TEST_TMPDIR/old.csr" -subj /CN=old 2>/dev/null
    openssl x509 -req -in "$BATS_TEST_TMPDIR/old.csr" -signkey "$BATS_TEST_TMPDIR/old.key" -days -1 \
        -out "$BATS_TEST_TMPDIR/old.crt" 2>/dev/null
    chmod 0644 "$BATS_TEST_TMPDIR/old.key"
    CERT=$BATS_TEST_TMPDIR/old.crt KEY=$BATS_TEST_TMPDIR/old.key serve_tls
    says "old.crt: the certificate has expired"
    says "old.key: the private key can be read by others"
}

@test "the chain behind the certificate is sent" {
    cd "$BATS_TEST_TMPDIR"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.crt -subj /CN=root -days 30 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout mid.key -out mid.csr -subj /CN=mid 2>/dev/null
    openssl x509 -req -in mid.csr -CA root.crt -CAkey root.key -CAcreateserial -out mid.crt -days 30 -extfile <(echo basicConstraints=CA:TRUE) 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf 2>/dev/null
    openssl x509 -req -in leaf.csr -CA mid.crt -CAkey mid.key -CAcreateserial -out leaf.crt -days 30 -extfile <(echo subjectAltName=IP:127.0.0.1) 2>/dev/null
    # key and chain in one file
    cat leaf.key leaf.crt mid.crt >all.pem
    chmod 0600 all.pem
    CERT=all.pem KEY=all.pem serve_tls
    [ "$(curl -sS --max-time 10 --cacert root.crt "$URL/hello/x")" = "GET /hello/x" ]
}

@test "a Unix socket stays plain" {
    serve_tls --listen "unix:$BATS_TEST_TMPDIR/s"
    [ "$(curl -sS --max-time 10 --unix-socket "$BATS_TEST_TMPDIR/s" "http://h$PREFIX/hello/x")" = "GET /hello/x" ]
    [ "$(get "$URL/hello/x")" = "GET /hello/x" ]
}

@test "HTTP/2: methods, fields, statuses" {
    serve_tls
    check basics
    check trailers
    check expectContinue
    # without TLS it is not spoken
    run curl -sS --max-time 10 --http2-prior-knowledge -o /dev/null "http://$AT/"
    [ "$status" != 0 ]
}

@test "HTTP/2: many streams, slow readers, cancelled requests" {
    serve_tls
    check many
    check slowReader
    check cancel
    check tooManyStreams
}

@test "HTTP/2: a function that reads nothing is sent nothing more" {
    serve_tls
    check backPressure
}

@test "HTTP/2: malformed requests, each with its exact outcome" {
    serve_tls
    check malformed
}

@test "HTTP/2: heads and bodies are bounded" {
    serve_tls --body-limit-mb 1
    check headBombs
    check tooLarge
}

@test "HTTP/2: floods end the connection, and nothing else" {
    serve_tls
    for flood in rapidReset madeYouReset floods continuations; do
        check "$flood"
    done
    [ "$(get --http2 "$URL/hello/x")" = "GET /hello/x" ]
}

@test "HTTP/2: what stands still is given up" {
    serve_tls --body-read-ms 300 --header-timeout-ms 300 --keepalive-ms 300
    check timers
}

@test "HTTP/2: SIGTERM lets requests finish" {
    serve_tls
    check drain
    SERVER_STATUS=0
    wait "$SERVER" || SERVER_STATUS=$?
    SERVER=
    [ "$SERVER_STATUS" = 0 ]
}
