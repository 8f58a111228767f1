#!/usr/bin/env bats
# onetube-serve around the engine: where it runs, how it starts and ends, what it says when something is wrong.
load helpers

setup() {
    make_keys release
    put_function "$BATS_TEST_TMPDIR/functions" hello "hello there"
    put_function "$BATS_TEST_TMPDIR/functions" other "the other"
    "$ONETUBE" package --functions "$BATS_TEST_TMPDIR/functions" --out "$BATS_TEST_TMPDIR/fw.1tube" \
        --sign-key "$BATS_TEST_TMPDIR/release.key.pem" --name shop --version 1.4.0 --sequence 7 >/dev/null 2>&1
    FW=$BATS_TEST_TMPDIR/fw.1tube
    KEY=$BATS_TEST_TMPDIR/release.pub.pem
}

teardown() {
    stop_server
}

@test "it answers, says what it serves, and stops cleanly" {
    start_server "$FW" --trust "$KEY"
    [ "$(curl -sS "$URL/hello")" = "hello there" ]
    [ "$(curl -sS "$URL/other/path?x=1")" = "the other" ]
    grep -q 'shop 1.4.0' "$LOG"
    engine=$(pgrep -P "$SERVER")
    stop_server
    [ "$SERVER_STATUS" = 0 ]
    [ ! -e "/proc/$engine" ]
}

@test "--function starts only what is named" {
    start_server "$FW" --trust "$KEY" --function hello
    [ "$(curl -sS "$URL/hello")" = "hello there" ]
    [ "$(curl -sS -o /dev/null -w '%{http_code}' "$URL/other")" = 404 ]
    run "$SERVE" "$FW" --trust "$KEY" --listen 127.0.0.1:0 --function helo
    exits 2
    has helo
}

@test "--route-prefix moves the functions" {
    start_server "$FW" --trust "$KEY" --route-prefix '//edge///v2//'
    base=${URL%%/edge*}
    [ "$(curl -sS "$base/edge/v2/hello")" = "hello there" ]
    [ "$(curl -sS -o /dev/null -w '%{http_code}' "$base/functions/v1/hello")" = 404 ]
}

@test "a dist folder boots like a payload, when it is signed or when that is waived" {
    "$ONETUBE" unpack "$FW" --trust "$KEY" --out "$BATS_TEST_TMPDIR/dist" >/dev/null
    start_server "$BATS_TEST_TMPDIR/dist" --trust "$KEY"
    [ "$(curl -sS "$URL/hello")" = "hello there" ]
    stop_server
    rm "$BATS_TEST_TMPDIR/dist/signatures" "$BATS_TEST_TMPDIR/dist/statement.json"
    run "$SERVE" "$BATS_TEST_TMPDIR/dist" --trust "$KEY"
    exits 3
    has E_UNTRUSTED
    has "it is not signed"
    start_server "$BATS_TEST_TMPDIR/dist" --allow-unsigned
    [ "$(curl -sS "$URL/hello")" = "hello there" ]
    grep -qi unsigned "$LOG"
}

@test "a Unix socket, and an inherited descriptor" {
    LOG=$BATS_TEST_TMPDIR/log start_server "$FW" --trust "$KEY" --listen "unix:$BATS_TEST_TMPDIR/s"
    [ "$(curl -sS --unix-socket "$BATS_TEST_TMPDIR/s" http://x$PREFIX/hello)" = "hello there" ]
    stop_server
    [ ! -e "$BATS_TEST_TMPDIR/s" ]
    # bound and listening before the program starts, and queued requests are answered
    perl -MIO::Socket::INET -e '
        $^F = 255;
        my $socket = IO::Socket::INET->new(Listen => 16, LocalAddr => "127.0.0.1") or die;
        open(my $out, ">", shift @ARGV) or die; print $out $socket->sockport, "\n"; close $out;
        exec @ARGV, "--listen", "fd:" . fileno($socket);' \
        "$BATS_TEST_TMPDIR/port" "$SERVE" "$FW" --trust "$KEY" 2>/dev/null 3>&- &
    SERVER=$!
    for _ in $(seq 100); do [ -s "$BATS_TEST_TMPDIR/port" ] && break; sleep 0.05; done
    [ "$(curl -sS --max-time 10 "http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")$PREFIX/hello")" = "hello there" ]
}

@test "it works on a read-only file system, without /tmp, without network, unprivileged, with an empty environment" {
    chmod 644 "$FW" "$KEY"
    mkdir "$BATS_TEST_TMPDIR/sockets"
    chmod 777 "$BATS_TEST_TMPDIR/sockets"
    cat >"$BATS_TEST_TMPDIR/confine" <<'END'
#!/bin/bash
# everything read-only but the folder of the socket, and an empty read-only /tmp
set -eu
unprivileged=$5
mount --make-rprivate /
mkdir -p /run/onetube-test
mount -t tmpfs tmpfs /run/onetube-test
cp "$1" "$2" "$3" /run/onetube-test/
cp "$4" /run/onetube-test/engine
mkdir -m 777 /run/onetube-test/sockets
mount -t tmpfs tmpfs /run/onetube-test/sockets
chmod 777 /run/onetube-test/sockets
mount -t tmpfs -o ro tmpfs /tmp
mount -o remount,bind,ro /run/onetube-test 2>/dev/null || mount -o remount,ro /run/onetube-test
for at in /var/tmp /dev/shm; do mount -t tmpfs -o ro tmpfs $at; done
mount -o remount,bind,ro /
cd /run/onetube-test
$unprivileged env -i ./onetube-serve fw.1tube --trust release.pub.pem --engine ./engine --listen unix:sockets/s 3>&- &
server=$!
for _ in $(seq 100); do [ -S sockets/s ] && break; sleep 0.1; done
curl -sS --max-time 20 --unix-socket sockets/s http://x/functions/v1/hello
for at in /tmp /var/tmp / /run; do
    if touch $at/x 2>/dev/null; then echo "not read-only: $at"; fi
done
if grep -vE 'Inter|face|lo:' /proc/net/dev; then echo "has a network"; fi
kill $server
wait $server
END
    # without root the same in a user namespace, where there is no other user to become
    confined="unshare --mount --net"
    unprivileged="setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs"
    if [ "$(id -u)" != 0 ]; then
        confined="unshare --map-root-user --mount --net"
        unprivileged=
    fi
    engine=$(find "$ROOT/node_modules/@cloudflare" -name workerd -type f | head -1)
    # in a container that may not make namespaces only user and environment can be taken away
    if ! $confined true 2>/dev/null; then
        chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" 2>/dev/null || true
        # shellcheck disable=SC2086 # words
        $unprivileged env -i "$SERVE" "$FW" --trust "$KEY" --engine "$engine" --listen 127.0.0.1:0 >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
        SERVER=$!
        for _ in $(seq 100); do grep -q listening "$BATS_TEST_TMPDIR/log" && break; sleep 0.1; done
        URL=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$BATS_TEST_TMPDIR/log")
        [ "$(curl -sS "$URL/hello")" = "hello there" ]
        return 0
    fi
    # shellcheck disable=SC2086 # words
    run $confined bash "$BATS_TEST_TMPDIR/confine" "$FW" "$KEY" "$SERVE" "$engine" "$unprivileged"
    exits 0
    has "hello there"
    [[ "$output" != *"not read-only"* && "$output" != *"has a network"* ]]
}

@test "closed standard streams are /dev/null for it and for its engine" {
    for closed in '<&- >&-' '<&- >&- 2>&-'; do
        rm -f "$BATS_TEST_TMPDIR/ready"
        mkfifo "$BATS_TEST_TMPDIR/ready"
        eval '"$SERVE" "$FW" --trust "$KEY" --listen "unix:$BATS_TEST_TMPDIR/s" --ready-fd 4 2>"$BATS_TEST_TMPDIR/log" \
            4>"$BATS_TEST_TMPDIR/ready" 3>&-' "$closed" '&'
        SERVER=$!
        read -r _ <"$BATS_TEST_TMPDIR/ready"
        [ "$(curl -sS --max-time 10 --unix-socket "$BATS_TEST_TMPDIR/s" http://x$PREFIX/hello)" = "hello there" ]
        [ "$(readlink "/proc/$SERVER/fd/0")" = /dev/null ]
        [ "$(readlink "/proc/$SERVER/fd/1")" = /dev/null ]
        [ "$(readlink "/proc/$(pgrep -P "$SERVER")/fd/1")" = /dev/null ]
        stop_server
        [ "$SERVER_STATUS" = 0 ]
    done
}

@test "readiness is told to NOTIFY_SOCKET" {
    socat -u "UNIX-RECV:$BATS_TEST_TMPDIR/n" - >"$BATS_TEST_TMPDIR/told" 3>&- &
    reader=$!
    for _ in $(seq 50); do [ -S "$BATS_TEST_TMPDIR/n" ] && break; sleep 0.1; done
    NOTIFY_SOCKET=$BATS_TEST_TMPDIR/n start_server "$FW" --trust "$KEY"
    stop_server
    sleep 0.2
    kill $reader 2>/dev/null || true
    grep -q READY=1 "$BATS_TEST_TMPDIR/told"
    grep -q STOPPING=1 "$BATS_TEST_TMPDIR/told"
}

@test "SIGTERM lets a request in flight finish" {
    mkdir -p "$BATS_TEST_TMPDIR/functions/wait"
    echo '{ "public": true }' >"$BATS_TEST_TMPDIR/functions/wait/1tube.json"
    echo 'Deno.serve(async () => { await new Promise((done) => setTimeout(done, 1500)); return new Response("finished"); });' \
        >"$BATS_TEST_TMPDIR/functions/wait/index.ts"
    "$ONETUBE" package --functions "$BATS_TEST_TMPDIR/functions" --out "$FW" --sign-key "$BATS_TEST_TMPDIR/release.key.pem" >/dev/null 2>&1
    start_server "$FW" --trust "$KEY"
    curl -sS --max-time 10 "$URL/wait" >"$BATS_TEST_TMPDIR/answer" 3>&- &
    asked=$!
    sleep 0.5
    stop_server
    wait $asked
    [ "$(cat "$BATS_TEST_TMPDIR/answer")" = finished ]
    [ "$SERVER_STATUS" = 0 ]
}

@test "it ends with the engine, and the engine ends with it" {
    start_server "$FW" --trust "$KEY"
    engine=$(pgrep -P "$SERVER")
    kill -9 "$engine"
    SERVER_STATUS=0
    wait "$SERVER" || SERVER_STATUS=$?
    SERVER=
    [ "$SERVER_STATUS" = 4 ]
    grep -q 'signal 9' "$LOG"
    start_server "$FW" --trust "$KEY"
    engine=$(pgrep -P "$SERVER")
    kill -9 "$SERVER"
    wait "$SERVER" || true
    SERVER=
    for _ in $(seq 50); do [ -e "/proc/$engine" ] || break; sleep 0.1; done
    [ ! -e "/proc/$engine" ] || [ "$(cut -d' ' -f3 <"/proc/$engine/stat")" = Z ]
}

@test "the engine missing, not executable, dying at start: one clear error each" {
    run "$SERVE" "$FW" --trust "$KEY" --engine /nonexistent/workerd --listen 127.0.0.1:0
    exits 4
    has /nonexistent/workerd
    touch "$BATS_TEST_TMPDIR/plain"
    run "$SERVE" "$FW" --trust "$KEY" --engine "$BATS_TEST_TMPDIR/plain" --listen 127.0.0.1:0
    exits 4
    printf '#!/bin/sh\ncat >/dev/null\necho "first line" >&2\necho "cannot go on: no teapot" >&2\nexit 3\n' >"$BATS_TEST_TMPDIR/dies"
    chmod +x "$BATS_TEST_TMPDIR/dies"
    run "$SERVE" "$FW" --trust "$KEY" --engine "$BATS_TEST_TMPDIR/dies" --listen 127.0.0.1:0
    exits 4
    has "no teapot"
    has "exited with code 3"
}

@test "an engine older than the compatibility date is told apart" {
    "$ONETUBE" package --functions "$BATS_TEST_TMPDIR/functions" --out "$FW" --compat-date 2099-01-01 \
        --sign-key "$BATS_TEST_TMPDIR/release.key.pem" >/dev/null 2>&1
    run "$SERVE" "$FW" --trust "$KEY" --listen 127.0.0.1:0
    exits 78
    has 2099-01-01
}

@test "a port that is taken is a clear error before anything is started" {
    start_server "$FW" --trust "$KEY"
    port=${URL#http://127.0.0.1:}
    port=${port%%/*}
    run "$SERVE" "$FW" --trust "$KEY" --listen "127.0.0.1:$port"
    exits 78
    has "127.0.0.1:$port"
}

@test "nothing trusted, unfit options, bad words" {
    run "$SERVE" "$FW" --listen 127.0.0.1:0
    exits 78
    has --trust
    run "$SERVE" "$FW" --trust "$KEY" --trust-identity-headers --listen 127.0.0.1:0
    exits 2
    run "$SERVE" "$FW" --trust "$KEY" --listen nowhere
    exits 2
    run "$SERVE" "$FW" --trust "$KEY" --lsten 127.0.0.1:0
    exits 2
    has --listen
    run "$SERVE" --help
    exits 0
    has --trust-identity-headers
    run "$SERVE" --version
    exits 0
    run "$SERVE" --version "$FW"
    exits 2
    has "unexpected word"
    for word in --help --version; do
        run bash -c '"$1" "$2" >/dev/full' - "$SERVE" "$word"
        exits 1
        has "No space left on device"
    done
}

@test "a usage error names the help, and nothing else does" {
    run "$SERVE" "$FW" --lsten 127.0.0.1:0
    exits 2
    has "Try: onetube-serve -h"
    run "$SERVE" "$FW" --trust "$KEY" --engine /nonexistent --listen 127.0.0.1:0
    exits 4
    [[ "$output" != *Try:* ]]
}

@test "--ready-fd takes neither a standard stream nor the socket" {
    for fd in 0 1 2; do
        run timeout 20 "$SERVE" "$FW" --trust "$KEY" --listen 127.0.0.1:0 --ready-fd $fd
        exits 2
        has "--ready-fd $fd: a number from 3"
    done
    run "$SERVE" "$FW" --trust "$KEY" --listen fd:9 --ready-fd 9
    exits 2
    has "--ready-fd 9: is the socket of --listen"
    run "$SERVE" "$FW" --trust "$KEY" --listen 127.0.0.1:0 --ready-fd 99
    exits 2
    has "Bad file descriptor"
}

@test "control characters in operands do not reach the terminal" {
    for word in $'no\e[31m\rsuch' $'no\xc2\x9b31m\rsuch'; do
        run "$SERVE" "$word" --trust "$KEY" --listen 127.0.0.1:0
        exits 1
        has 'no?'
        has '31m?such'
        run "$SERVE" "$FW" --trust "$KEY" --listen "$word"
        exits 2
        has '31m?such'
    done
    run "$SERVE" "nö-such" --trust "$KEY" --listen 127.0.0.1:0
    has "nö-such"
}

@test "a default trust folder that cannot be read is an unfit configuration" {
    cat >"$BATS_TEST_TMPDIR/confine" <<'END'
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /etc
mkdir /etc/onetube
touch /etc/onetube/trusted.d
exec "$@"
END
    UNSHARE="unshare --mount"
    [ "$(id -u)" = 0 ] || UNSHARE="unshare --map-root-user --mount"
    # in a container that may not make namespaces the unit tests of the trust options have to do
    $UNSHARE true 2>/dev/null || return 0
    run $UNSHARE bash "$BATS_TEST_TMPDIR/confine" "$SERVE" "$FW" --listen 127.0.0.1:0
    exits 78
    has /etc/onetube/trusted.d
    run $UNSHARE bash "$BATS_TEST_TMPDIR/confine" "$ONETUBE" verify "$FW"
    exits 2
    has /etc/onetube/trusted.d
}

@test "--trust-identity-headers passes an identity from a Unix socket" {
    mkdir -p "$BATS_TEST_TMPDIR/closed/_shared" "$BATS_TEST_TMPDIR/closed/whoami"
    cp "$ROOT/examples/functions/_shared/"* "$BATS_TEST_TMPDIR/closed/_shared/"
    cp "$ROOT/examples/functions/whoami/"* "$BATS_TEST_TMPDIR/closed/whoami/"
    "$ONETUBE" package --functions "$BATS_TEST_TMPDIR/closed" --out "$FW" --sign-key "$BATS_TEST_TMPDIR/release.key.pem" >/dev/null 2>&1
    start_server "$FW" --trust "$KEY" --listen "unix:$BATS_TEST_TMPDIR/s" --trust-identity-headers
    run curl -sS --unix-socket "$BATS_TEST_TMPDIR/s" -H 'x-1tube-auth-user: u-1' -H 'x-1tube-auth-email: a%40b.c' \
        -H 'x-1tube-auth-payload: %7B%22sub%22%3A%22u-1%22%7D' "http://x$PREFIX/whoami"
    has '"userId":"u-1"'
    has '"email":"a@b.c"'
    run curl -sS --unix-socket "$BATS_TEST_TMPDIR/s" "http://x$PREFIX/whoami"
    has Unauthorized
}

@test "one broken function does not hurt another, and its error stays in the log" {
    mkdir -p "$BATS_TEST_TMPDIR/functions/broken" "$BATS_TEST_TMPDIR/functions/none"
    echo '{ "public": true }' | tee "$BATS_TEST_TMPDIR/functions/broken/1tube.json" >"$BATS_TEST_TMPDIR/functions/none/1tube.json"
    echo 'throw new Error("secret detail"); export default () => new Response("x");' >"$BATS_TEST_TMPDIR/functions/broken/index.ts"
    echo 'import { z } from "zod"; z.string();' >"$BATS_TEST_TMPDIR/functions/none/index.ts"
    ln -s "$ROOT/node_modules" "$BATS_TEST_TMPDIR/node_modules"
    "$ONETUBE" package --functions "$BATS_TEST_TMPDIR/functions" --out "$FW" --sign-key "$BATS_TEST_TMPDIR/release.key.pem" >/dev/null
    start_server "$FW" --trust "$KEY"
    for name in broken none; do
        run curl -sS -w ' %{http_code}' "$URL/$name"
        [ "$output" = '{"error":"Internal server error"} 500' ]
    done
    [ "$(curl -sS "$URL/hello")" = "hello there" ]
    grep -q 'secret detail' "$LOG"
    grep -q 'none/index.ts' "$LOG"
}

@test "--env tells what a function would miss" {
    put_function "$BATS_TEST_TMPDIR/functions" hello "hello there"
    "$ONETUBE" package --functions "$BATS_TEST_TMPDIR/functions" --out "$FW" --env NAMED,UNSET \
        --sign-key "$BATS_TEST_TMPDIR/release.key.pem" >/dev/null 2>&1
    NAMED=x start_server "$FW" --trust "$KEY" --env NAMED,UNSET,OTHER
    grep -q -- '--env UNSET: the variable is not set' "$LOG"
    grep -q -- '--env OTHER: the payload does not name it' "$LOG"
    fails grep -q -- '--env NAMED' "$LOG"
    stop_server
    run "$SERVE" "$FW" --trust "$KEY" --listen 127.0.0.1:0 --env 'A B'
    exits 2
}

@test "the same signal twice at once is one request to stop" {
    start_server "$FW" --trust "$KEY"
    kill "$SERVER"
    kill "$SERVER" 2>/dev/null || true
    SERVER_STATUS=0
    wait "$SERVER" || SERVER_STATUS=$?
    SERVER=
    [ "$SERVER_STATUS" = 0 ]
}

@test "an identity is not taken from a TCP socket, however it was passed" {
    run perl -MIO::Socket::INET -e '
        $^F = 255;
        my $socket = IO::Socket::INET->new(Listen => 16, LocalAddr => "127.0.0.1") or die;
        exec @ARGV, "--listen", "fd:" . fileno($socket);' \
        "$SERVE" "$FW" --trust "$KEY" --trust-identity-headers
    exits 78
    has "no Unix socket"
}

@test "what functions log cannot stop them, and cannot steer the terminal" {
    mkdir -p "$BATS_TEST_TMPDIR/functions/loud"
    echo '{ "public": true }' >"$BATS_TEST_TMPDIR/functions/loud/1tube.json"
    cat >"$BATS_TEST_TMPDIR/functions/loud/index.ts" <<'END'
export default () => {
    console.error("\u001b]0;title\u0007");
    for (let i = 0; i < 3000; i++) console.error("x".repeat(1000));
    return new Response("logged");
};
END
    "$ONETUBE" package --functions "$BATS_TEST_TMPDIR/functions" --out "$FW" --sign-key "$BATS_TEST_TMPDIR/release.key.pem" >/dev/null 2>&1
    start_server "$FW" --trust "$KEY"
    [ "$(curl -sS --max-time 10 "$URL/loud")" = logged ]
    stop_server
    grep -q 'title' "$LOG"
    fails grep -q $'\x1b' "$LOG"
    # a reader who does not read
    mkfifo "$BATS_TEST_TMPDIR/stuck" "$BATS_TEST_TMPDIR/ready"
    sleep 60 <"$BATS_TEST_TMPDIR/stuck" 3>&- &
    reader=$!
    "$SERVE" "$FW" --trust "$KEY" --listen "unix:$BATS_TEST_TMPDIR/s" --ready-fd 4 4>"$BATS_TEST_TMPDIR/ready" 2>"$BATS_TEST_TMPDIR/stuck" >/dev/null 3>&- &
    SERVER=$!
    read -r _ <"$BATS_TEST_TMPDIR/ready"
    [ "$(curl -sS --max-time 10 --unix-socket "$BATS_TEST_TMPDIR/s" http://x$PREFIX/loud)" = logged ]
    [ "$(curl -sS --max-time 10 --unix-socket "$BATS_TEST_TMPDIR/s" http://x$PREFIX/hello)" = "hello there" ]
    kill $reader
}

@test "of two that find one stale socket, one serves" {
    perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die' "$BATS_TEST_TMPDIR/s"
    for i in 1 2; do
        "$SERVE" "$FW" --trust "$KEY" --listen "unix:$BATS_TEST_TMPDIR/s" >"$BATS_TEST_TMPDIR/log$i" 2>&1 3>&- &
        pids[i]=$!
    done
    for _ in $(seq 100); do grep -q "cannot listen" "$BATS_TEST_TMPDIR"/log[12] && grep -q "listening on" "$BATS_TEST_TMPDIR"/log[12] && break; sleep 0.05; done
    [ "$(curl -sS --max-time 10 --unix-socket "$BATS_TEST_TMPDIR/s" http://x$PREFIX/hello)" = "hello there" ]
    [ "$(cat "$BATS_TEST_TMPDIR"/log[12] | grep -c 'listening on')" = 1 ]
    kill "${pids[@]}" 2>/dev/null || true
    for i in 1 2; do wait "${pids[i]}" || true; done
}

@test "context isolate: what a function starts outlives its request; context request: it does not" {
    functions=$BATS_TEST_TMPDIR/ticking
    for context in isolate request; do
        mkdir -p "$functions/$context"
        printf 'import { env } from "cloudflare:workers";\nlet ticks = 0;\nsetInterval(() => ticks++, 10);
            Deno.serve(() => new Response([ticks, ...Object.keys(env)].join(" ")));\n' >"$functions/$context/index.ts"
        printf '{ "public": true, "context": "%s" }\n' "$context" >"$functions/$context/1tube.json"
    done
    GREETING=hi "$ONETUBE" build --functions "$functions" --out "$BATS_TEST_TMPDIR/dist" --env GREETING >/dev/null 2>&1
    [ "$(grep -c '"context"' "$BATS_TEST_TMPDIR/dist/manifest.json")" = 1 ]
    grep -q '"context": "isolate"' "$BATS_TEST_TMPDIR/dist/manifest.json"
    GREETING=hi start_server "$BATS_TEST_TMPDIR/dist" --allow-unsigned --env GREETING
    [ "$(curl -sS "$URL/isolate")" = "0 GREETING" ]
    [ "$(curl -sS "$URL/request")" = "0 GREETING" ]
    sleep 0.3
    ticks=$(curl -sS "$URL/isolate")
    [ "${ticks% *}" -ge 5 ]
    [ "$(curl -sS "$URL/request")" = "0 GREETING" ]
    # a timer that never ends holds nobody up
    stop_server
    [ "$SERVER_STATUS" = 0 ]
}

@test "with a source map, beside the bundle or in it, stacks in the log are those of the sources" {
    folder=$BATS_TEST_TMPDIR/mapped
    mkdir -p "$folder/_shared" "$folder/one" "$folder/two"
    printf 'interface Input { path: string }\n\nexport function explode(input: Input): never {\n    throw new TypeError(`no ${input.path}`);\n}\n' >"$folder/_shared/explode.ts"
    for name in one two; do
        printf 'import { explode } from "../_shared/explode.ts";\ntype Unused = string;\nexport default {\n    fetch: (request: Request) => explode({ path: new URL(request.url).pathname }),\n};\nconst said = (): void => console.error(new RangeError("said"));\nsaid();\n' >"$folder/$name/index.ts"
        echo '{ "public": true }' >"$folder/$name/1tube.json"
    done
    mkdir "$folder/three" "$folder/four"
    printf 'throw new URIError("early");\nexport default () => new Response("never");\n' >"$folder/four/index.ts"
    echo '{ "public": true }' >"$folder/four/1tube.json"
    printf 'Deno.serve({ onError: () => new Response("caught") }, async () => {\n    await Promise.resolve();\n    throw new EvalError("late");\n});\n' >"$folder/three/index.ts"
    echo '{ "public": true }' >"$folder/three/1tube.json"
    for kind in linked inline; do
        "$ONETUBE" build --functions "$folder" --out "$BATS_TEST_TMPDIR/$kind" --sourcemap "$kind" 2>/dev/null
        LOG=$BATS_TEST_TMPDIR/$kind.log
        start_server "$BATS_TEST_TMPDIR/$kind" --allow-unsigned --function two --function three --function four
        curl -sS -o /dev/null "$URL/four"
        [ "$(curl -sS "$URL/three")" = caught ]
        [ "$(curl -sS "$URL/two/x")" = '{"error":"Internal server error"}' ]
        wait_until grep -q 'TypeError: no /two/x' "$LOG"
        stop_server
        grep -q 'at explode (_shared/explode.ts:4:11)' "$LOG"
        grep -q '(two/index.ts:4:34)' "$LOG"
        grep -q 'URIError: early' "$LOG"
        grep -q '(four/index.ts:1:7)' "$LOG"
        grep -q '^EvalError: late' "$LOG"
        grep -q 'at three/index.ts:3:11' "$LOG"
        grep -q '^RangeError: said' "$LOG"
        grep -q 'at said (two/index.ts:6:40)' "$LOG"
        fails grep -q 'onetube-shim\|chunks/onetube.js\|onetube:four' "$LOG"
    done
}
