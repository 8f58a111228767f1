#!/usr/bin/env bats
# Operating a running gateway: onetube ps, events, drain and stop, and the socket below them.
load helpers

setup_file() {
    put_function "$BATS_FILE_TMPDIR/functions" hello hi
    put_function "$BATS_FILE_TMPDIR/functions" slow ""
    echo 'export default { async fetch(request) {
        await new Promise((done) => setTimeout(done, Number(new URL(request.url).searchParams.get("ms"))));
        return new Response("late");
    } };' >"$BATS_FILE_TMPDIR/functions/slow/index.ts"
    "$ONETUBE" build --functions "$BATS_FILE_TMPDIR/functions" --out "$BATS_FILE_TMPDIR/dist" --no-cache >/dev/null 2>&1
}

setup() {
    SOCKET=$BATS_TEST_TMPDIR/c.sock
    unset ONETUBE_CONTROL_SOCKET
    cd "$BATS_TEST_TMPDIR"
}

teardown() {
    stop_server
}

serve() {
    start_gateway --prebuilt "$BATS_FILE_TMPDIR/dist" --allow-unsigned --no-rate-limit "$@"
}

# Sends these bytes and prints what comes until the gateway closes: raw BYTES
raw() {
    node -e '
        const socket = require("net").connect(process.argv[1]);
        socket.on("error", () => {}).pipe(process.stdout);
        socket.end(process.argv[2]);' "$SOCKET" "$1"
}

status_of() {
    curl -sS -o /dev/null -w '%{http_code}' --max-time 20 "$@"
}

# A member of a cell: cell NAME MEMBER
cell() {
    "$ONETUBE" ps --control-socket "$SOCKET" --json | node -p '
        JSON.parse(require("fs").readFileSync(0)).cells.find((cell) => cell.cell === process.argv[1])[process.argv[2]]' "$1" "$2"
}

# The events of these words follow each other: happened TEXT
happened() {
    "$ONETUBE" events --control-socket "$SOCKET" | grep -q -- "$1"
}

@test "ps shows what runs, and JSON matches its schema" {
    serve --control-socket "$SOCKET"
    [ "$(curl -sS "$URL/hello")" = hi ]
    [ "$(status_of "$URL/hello")" = 200 ]
    run "$ONETUBE" ps --control-socket "$SOCKET"
    exits 0
    has "serving, generation 1"
    [[ "$output" =~ hello\ +[0-9]+\ +ready\ +2\ +0\  ]]
    has "1 more have not been called yet"
    ONETUBE_CONTROL_SOCKET=$SOCKET run "$ONETUBE" ps --all
    [[ "$output" =~ slow\ +-\ +idle ]]
    "$ONETUBE" ps --control-socket "$SOCKET" --json >ps.json
    valid control ps.json
    kill -0 "$(cell hello pid)"
    [ "$(cell hello residentBytes)" -gt 1000000 ]
    [ "$(cell hello cpuMs)" -gt 0 ]
    [ "$(cell slow pid)" = null ]
    "$ONETUBE" events --control-socket "$SOCKET" --json >events.json
    valid control events.json --lines
}

@test "its file has mode 0600 whatever the umask, and goes with the gateway" {
    umask 000
    serve --control-socket "$SOCKET"
    [ "$(stat -c '%a %F' "$SOCKET")" = "600 socket" ]
    stop_server
    [ ! -e "$SOCKET" ]
}

@test "only its own user and root are answered" {
    [ "$(id -u)" = 0 ] || skip "needs root, to be somebody else"
    serve --control-socket "$SOCKET"
    as_nobody --version >/dev/null
    chmod a+rX "$BATS_TEST_TMPDIR"
    run as_nobody ps --control-socket "$SOCKET"
    exits 1
    has "Permission denied"
    chmod 666 "$SOCKET" # who can reach it is asked all the same
    run as_nobody ps --control-socket "$SOCKET"
    exits 1
    has "its own user and root"
}

@test "defaults: by port below XDG_RUNTIME_DIR; one is found, several are listed, none is an error" {
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
    mkdir "$XDG_RUNTIME_DIR"
    run "$ONETUBE" ps
    exits 1
    has "no running gateway was found"
    serve
    [ "$(stat -c %a "$XDG_RUNTIME_DIR/onetube")" = 700 ]
    [ -S "$XDG_RUNTIME_DIR/onetube/${BASE##*:}.sock" ]
    run "$ONETUBE" ps
    exits 0
    one=$SERVER
    serve
    two=$SERVER
    run "$ONETUBE" ps
    exits 1
    has "several gateways run"
    has "--control-socket $XDG_RUNTIME_DIR/onetube/"
    kill "$one" "$two"
    wait "$one" "$two"
    SERVER=
    serve --control-socket none
    [ -z "$(ls "$XDG_RUNTIME_DIR/onetube")" ]
    # one that cannot be made is done without; one that was asked for is not
    stop_server
    ln -s / "$XDG_RUNTIME_DIR/link"
    rmdir "$XDG_RUNTIME_DIR/onetube"
    ln -s link "$XDG_RUNTIME_DIR/onetube"
    serve
    grep -q "no control socket" "$LOG"
    run "$ONETUBE" serve --prebuilt "$BATS_FILE_TMPDIR/dist" --allow-unsigned --port 0 --control-socket "$XDG_RUNTIME_DIR/link"
    exits 78
    [ -L "$XDG_RUNTIME_DIR/link" ]
}

@test "drain finishes what runs and refuses the rest, and can be undone" {
    serve --control-socket "$SOCKET"
    curl -sS "$URL/slow?ms=1500" >late 3>&- &
    late=$!
    wait_until eval '[ "$(cell slow openRequests)" = 1 ]'
    "$ONETUBE" drain --control-socket "$SOCKET" --no-wait
    [ "$(curl -sS -D head "$URL/hello")" = '{"error":"Service is draining","reason":"draining"}' ]
    grep -q '^HTTP/1.1 503' head
    grep -qi '^retry-after: [1-9]' head
    [ "$(status_of "$BASE/health")" = 503 ]
    curl -sS "$BASE/health" >health.json
    valid health health.json
    "$ONETUBE" drain --control-socket "$SOCKET"
    wait "$late"
    [ "$(cat late)" = late ]
    [ "$(cell slow openRequests)" = 0 ]
    [ "$(cell slow pid)" = null ]
    [ "$(cell slow lastExit)" = drained ]
    "$ONETUBE" drain --control-socket "$SOCKET" --undo
    [ "$(curl -sS "$URL/hello")" = hi ]
    [ "$(status_of "$BASE/health")" = 200 ]
    happened undrain
}

@test "restart replaces the engine of a function, or all, and nobody else's" {
    serve --control-socket "$SOCKET"
    [ "$(curl -sS "$URL/hello")" = hi ]
    curl -sS "$URL/slow?ms=1500" >late 3>&- &
    late=$!
    wait_until eval '[ "$(cell slow openRequests)" = 1 ]'
    hello=$(cell hello pid)
    slow=$(cell slow pid)
    "$ONETUBE" restart hello --control-socket "$SOCKET"
    [ "$(cell slow pid)" = "$slow" ]
    "$ONETUBE" ps --control-socket "$SOCKET" | grep -q '^hello\.2 .* ready'
    wait_until happened "exit  *hello  pid $hello  restarted"
    "$ONETUBE" restart --all --control-socket "$SOCKET"
    wait "$late"
    [ "$(cat late)" = late ]
    wait_until happened "exit  *slow  pid $slow  restarted"
    [ "$(curl -sS "$URL/hello")" = hi ]
    raw '{"command":"restart","name":"hello"}
' >restarting.json
    valid control restarting.json
    run "$ONETUBE" restart nothing --control-socket "$SOCKET"
    exits 1
    has "no function or cell has the name nothing"
    for wrong in "" "--all hello" "a b" "../x"; do
        # shellcheck disable=SC2086 # words
        run "$ONETUBE" restart --control-socket "$SOCKET" $wrong
        exits 2
    done
}

@test "top shows what runs once, or again and again on a terminal" {
    serve --control-socket "$SOCKET"
    [ "$(curl -sS "$URL/hello")" = hi ]
    run "$ONETUBE" top --control-socket "$SOCKET" --interval-ms 100
    exits 0
    has "serving, generation 1"
    has "pool: 0.0% of 1 requests found an engine at once, 0 wait; 1 starts"
    [[ "$output" =~ CELL\ +PID\ +STATE\ +REQ/S ]]
    [[ "$output" =~ hello\ +[0-9]+\ +ready\ +0.0\ +0.0\ +0\  ]]
    [[ "$output" != *$'\033'* ]]
    "$ONETUBE" top --control-socket "$SOCKET" --json >top.json
    valid control top.json
    script -qec "timeout 2 '$ONETUBE' top --control-socket '$SOCKET' --interval-ms 200" /dev/null >screen </dev/null || true
    [ "$(grep -c "serving, generation 1" screen)" -ge 2 ]
    grep -q $'\033\\[H' screen
    run "$ONETUBE" top --control-socket "$SOCKET" --interval-ms 1
    exits 2
}

@test "stop waits for the end and tells whether something was cut off" {
    serve --control-socket "$SOCKET"
    curl -sS "$URL/slow?ms=1000" >late 3>&- &
    late=$!
    wait_until eval '[ "$(cell slow openRequests)" = 1 ]'
    "$ONETUBE" stop --control-socket "$SOCKET"
    wait "$SERVER"
    SERVER=
    wait "$late"
    [ "$(cat late)" = late ]
    serve --control-socket "$SOCKET"
    curl -sS "$URL/slow?ms=30000" >/dev/null 2>&1 3>&- &
    late=$!
    wait_until eval '[ "$(cell slow openRequests)" = 1 ]'
    run "$ONETUBE" stop --control-socket "$SOCKET" --grace-ms 100
    exits 1
    has "before every request was answered"
    stop_server
    [ "$SERVER_STATUS" = 1 ]
    wait "$late" || true
    run "$ONETUBE" stop --control-socket "$SOCKET"
    exits 1
    has "no gateway answers"
}

@test "events are followed across the crash of an engine, to the end of the gateway" {
    serve --control-socket "$SOCKET"
    curl -sS "$URL/hello" >/dev/null
    "$ONETUBE" events --control-socket "$SOCKET" --follow --json >events.json 3>&- &
    follower=$!
    wait_until grep -q '"event":"ready"' events.json
    pid=$(cell hello pid)
    kill -9 "$pid"
    wait_until grep -q "\"event\":\"exit\".*\"pid\":$pid,\"reason\":\"crashed\"" events.json
    wait_until eval '[ "$(grep -c "\"event\":\"ready\"" events.json)" = 2 ]'
    "$ONETUBE" stop --control-socket "$SOCKET"
    wait "$follower"
    stop_server
    valid control events.json --lines
    grep -q '"event":"stop"' events.json
}

@test "a gateway that was killed leaves a file, which the next one replaces" {
    serve --control-socket "$SOCKET"
    kill -9 "$SERVER"
    wait "$SERVER" || true
    [ -S "$SOCKET" ]
    run "$ONETUBE" ps --control-socket "$SOCKET"
    exits 1
    has "no gateway answers"
    serve --control-socket "$SOCKET"
    run "$ONETUBE" ps --control-socket "$SOCKET"
    exits 0
    # one that runs is not replaced
    run "$ONETUBE" serve --prebuilt "$BATS_FILE_TMPDIR/dist" --allow-unsigned --port 0 --control-socket "$SOCKET"
    exits 78
    run "$ONETUBE" ps --control-socket "$SOCKET"
    exits 0
}

@test "requests that are malformed or too large are refused, and the next one is answered" {
    serve --control-socket "$SOCKET"
    raw $'nonsense\n\n{"command":"ps","more":1}\n{"command":"drain","undo":true}\nhalf' >answers.json
    valid control answers.json --lines
    [ "$(grep -c '"reason":"bad_request"' answers.json)" = 2 ]
    grep -q '"draining":false' answers.json
    raw "$(printf '%*s' 70000 x)" >answers.json
    grep -q '"reason":"too_large"' answers.json
    valid control answers.json --lines
    run "$ONETUBE" ps --control-socket "$SOCKET"
    exits 0
}

@test "fifty clients at once, and one that does not read" {
    serve --control-socket "$SOCKET"
    node -e '
        const net = require("net");
        const idle = net.connect(process.argv[1]);
        idle.write("{\"command\":\"ps\"}\n".repeat(3000)); // and reads nothing
        idle.pause();
        let done = 0;
        for (let i = 0; i < 50; i++) {
            let text = "";
            const client = net.connect(process.argv[1], () => client.end("{\"command\":\"ps\"}\n"));
            client.on("data", (bytes) => (text += bytes)).on("end", () => {
                if (JSON.parse(text).type !== "ps") process.exit(1);
                if (++done === 50) process.exit(0);
            });
        }
        setTimeout(() => process.exit(2), 20000);' "$SOCKET"
    run "$ONETUBE" ps --control-socket "$SOCKET"
    exits 0
    # more than there may be are told so
    node -e '
        const net = require("net");
        let told = 0, open = 0;
        for (let i = 0; i < 80; i++)
            net.connect(process.argv[1], () => open++).on("data", (bytes) => (told += String(bytes).includes("too_many_clients"))).on("error", () => {});
        setTimeout(() => process.exit(told === 16 ? 0 : 1), 1500);' "$SOCKET"
    wait_until "$ONETUBE" ps --control-socket "$SOCKET"
}

@test "what cannot be: wrong options" {
    for command in ps events drain stop; do
        run "$ONETUBE" $command -h
        exits 0
        run "$ONETUBE" $command extra
        exits 2
    done
    run "$ONETUBE" drain --undo --no-wait
    exits 2
    run "$ONETUBE" stop --grace-ms x
    exits 2
    run "$ONETUBE" ps --control-socket "$(printf '%0200d' 1)"
    exits 2
}
