#!/usr/bin/env bats
# onetube-fetch against a real TLS server on this machine.
load helpers

FETCH=$BUILD/onetube-fetch

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    make_certificate good "subjectAltName=DNS:localhost,IP:127.0.0.1" -days 2
    make_certificate wrong-name "subjectAltName=DNS:elsewhere.example" -days 2
    make_certificate expired "subjectAltName=DNS:localhost" -not_before 20200101000000Z -not_after 20200102000000Z
    mkfifo hold
    start_fetch_server good
    export HTTPS=https://localhost:$SECURE HTTP=http://127.0.0.1:$PLAIN
    export SERVERS=$FETCH_SERVER
    start_fetch_server wrong-name
    export WRONG_NAME=https://localhost:$SECURE
    SERVERS="$SERVERS $FETCH_SERVER"
    start_fetch_server expired
    export EXPIRED=https://localhost:$SECURE
    SERVERS="$SERVERS $FETCH_SERVER"
    cat good.pem wrong-name.pem expired.pem >all.pem
}

teardown_file() {
    # shellcheck disable=SC2086 # a list
    kill $SERVERS
}

# The body on standard output; fetch_both: the report in the file `report` too.
fetch() {
    "$FETCH" --ca-file "$BATS_FILE_TMPDIR/all.pem" --timeout-ms 20000 "$@" 3>&-
}

fetch_both() {
    "$FETCH" --ca-file "$BATS_FILE_TMPDIR/all.pem" "$@" >"$BATS_TEST_TMPDIR/body" 3>"$BATS_TEST_TMPDIR/report"
}

@test "the body goes to standard output, what is known of it to descriptor 3" {
    fetch_both "$HTTPS/ok"
    [ "$(cat "$BATS_TEST_TMPDIR/body")" = body ]
    [ "$(cat "$BATS_TEST_TMPDIR/report")" = "{\"url\":\"$HTTPS/ok\",\"status\":200,\"contentType\":\"text/x-test; a=b\",\"etag\":\"\\\"e1\\\"\"}" ]
    run fetch "$HTTPS/ok"
    exits 0
    [ "$output" = body ]
    run fetch "$HTTPS/empty"
    exits 0
    [ "$output" = "" ]
}

@test "certificates are verified: issuer, name and time" {
    run "$FETCH" "$HTTPS/ok" 3>&-
    exits 1
    has "SSL certificate problem"
    has "(SSL_CERT_FILE names certificates to trust)"
    run env SSL_CERT_FILE="$BATS_FILE_TMPDIR/good.pem" "$FETCH" "$HTTPS/ok" 3>&-
    exits 0
    run fetch "$WRONG_NAME/ok"
    exits 1
    has "no alternative certificate subject name matches"
    run fetch "$EXPIRED/ok"
    exits 1
    has "certificate has expired"
    [[ "$output" != *SSL_CERT_FILE* ]]
    run fetch --ca-file "$BATS_TEST_TMPDIR/missing.pem" "$HTTPS/ok"
    exits 1
}

@test "redirects are followed, but not too many and not to what is not safe" {
    fetch_both "$HTTPS/relative"
    [ "$(cat "$BATS_TEST_TMPDIR/body")" = body ]
    grep -q "\"url\":\"$HTTPS/ok\"" "$BATS_TEST_TMPDIR/report"
    run fetch "$HTTPS/relative" --max-redirects 1
    exits 0
    run fetch "$HTTPS/relative" --max-redirects 0
    exits 1
    has "more than 0 redirects"
    run fetch "$HTTPS/loop" --max-redirects 3
    exits 1
    has "more than 3 redirects"
    for path in to-http to-remote-http to-file to-user; do
        run fetch "$HTTPS/$path"
        exits 1
        has "redirected to a URL that is not accepted"
        [[ "$output" != *body* ]]
    done
    run fetch "$HTTPS/to-http" --allow-http-loopback
    exits 1
    has "from https to http"
    run fetch "$HTTPS/nowhere"
    exits 1
    has "a redirect (301) to nowhere"
}

@test "http is for this machine, and only where it is allowed" {
    run fetch "$HTTP/ok"
    exits 2
    has "use https"
    run fetch "$HTTP/ok" --allow-http-loopback
    exits 0
    [ "$output" = body ]
    run fetch "$HTTP/to-https" --allow-http-loopback
    exits 0
    [ "$output" = body ]
    # not by way of a proxy
    run env http_proxy=http://127.0.0.1:1 "$FETCH" "$HTTP/ok" --allow-http-loopback 3>&-
    exits 0
    for url in http://192.0.2.1/ http://127.0.0.1.example/ http://localhost.example/ http://127.1/ http://2130706433/; do
        run fetch "$url" --allow-http-loopback
        exits 2
    done
    for url in ftp://localhost/ file:///etc/passwd /etc/passwd "https://a:b@localhost/" "https://" "https:///x" \
        "https://localhost:0/" "https://localhost:99999/" 'https://localhost\@x/' "https://local host/"; do
        run fetch "$url"
        exits 2
    done
}

@test "bodies that break off, never end or come too slowly are failures" {
    run fetch "$HTTPS/truncated"
    exits 1
    has "transfer closed"
    run fetch "$HTTPS/truncated-chunks"
    exits 1
    run fetch "$HTTPS/endless" --max-bytes 200000
    exits 1
    [ "${#output}" -lt 200200 ]
    has "larger than 200000 bytes"
    run fetch "$HTTPS/declared-large" --max-bytes 1000
    exits 1
    has "larger than 1000 bytes"
    run fetch "$HTTPS/exact" --max-bytes 1000
    exits 0
    [ "${#output}" = 1000 ]
    run fetch "$HTTPS/exact" --max-bytes 999
    exits 1
    for path in slow never; do
        run fetch "$HTTPS/$path" --timeout-ms 400
        exits 1
        has "timed out"
    done
    run fetch "$HTTPS/endless-redirect" --max-bytes 200000
    exits 1
    has "larger than 200000 bytes"
    run fetch "$HTTPS/huge-header"
    exits 1
    has "header is larger"
}

@test "any status but 200 is a failure, and its body is not shown" {
    for answer in missing=404 error=500 partial=206 none=204; do
        run fetch "$HTTPS/${answer%=*}"
        exits 1
        has "$HTTPS/${answer%=*}: the server answered with status ${answer#*=}"
        [[ "$output" != *stack* && "$output" != *"no such"* ]]
    done
    run fetch "https://localhost:1/ok"
    exits 1
    has "https://localhost:1/ok: "
}

@test "header fields go to the first origin only, cookies and .netrc nowhere" {
    run fetch "$HTTPS/same-origin" --header "Authorization: Bearer t" --header "X-Two: 2"
    exits 0
    has '"authorization":"Bearer t"'
    has '"x-two":"2"'
    run fetch "$HTTPS/other-origin" --header "Authorization: Bearer t" --header "X-Two: 2"
    exits 0
    [[ "$output" == *'"host"'* && "$output" != *"Bearer t"* && "$output" != *x-two* ]]
    run fetch "$HTTPS/cookie"
    exits 0
    [[ "$output" != *cookie* ]]
    echo "machine localhost login a password b" >"$BATS_TEST_TMPDIR/.netrc"
    HOME=$BATS_TEST_TMPDIR run fetch "$HTTPS/headers"
    exits 0
    [[ "$output" != *authorization* ]]
    for field in "no colon" ": empty name" "bad name: x" $'X: a\r\nY: b' $'X: a\nY: b'; do
        run fetch "$HTTPS/headers" --header "$field"
        exits 2
        has "--header"
    done
}

@test "a proxy that the environment names is used, and wrong words are usage errors" {
    run env https_proxy=http://127.0.0.1:1 "$FETCH" https://jwks.example/x
    exits 1
    has "127.0.0.1 port 1"
    run fetch "$HTTPS/ok" --timeout-ms 0
    exits 2
    run fetch "$HTTPS/ok" --max-bytes many
    exits 2
    run fetch
    exits 2
    run fetch --no-such "$HTTPS/ok"
    exits 2
    "$FETCH" --help | grep -q "Usage: onetube-fetch URL"
    run bash -c '"$0" --ca-file "$1" "$2" >/dev/full' "$FETCH" "$BATS_FILE_TMPDIR/all.pem" "$HTTPS/ok"
    exits 1
    has "standard output"
}
