# What every end-to-end test loads. OUT is the build to test ("out" or "out/san").
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$ROOT/${OUT:-out}
ONETUBE=$BUILD/onetube
SERVE=$BUILD/onetube-serve
VECTORS=${VECTORS:-$ROOT/tests/vectors}
PREFIX=/functions/v1
# The sanitized programs report leaks and errors with a code of their own, which no test expects.
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99
export NO_COLOR=1

# A key pair NAME.key.pem and NAME.pub.pem, made by OpenSSL, in the test's folder.
make_keys() {
    local name
    for name in "$@"; do
        openssl genpkey -algorithm ed25519 -out "$BATS_TEST_TMPDIR/$name.key.pem" 2>/dev/null
        openssl pkey -in "$BATS_TEST_TMPDIR/$name.key.pem" -pubout -out "$BATS_TEST_TMPDIR/$name.pub.pem"
    done
}

# A function that answers with a text: put_function DIR NAME TEXT
put_function() {
    mkdir -p "$1/$2"
    printf 'export default { fetch() { return new Response("%s"); } };\n' "$3" >"$1/$2/index.ts"
    printf '{ "public": true }\n' >"$1/$2/1tube.json"
}

# Boots onetube-serve with these arguments on a free port and waits until it answers. Sets SERVER and URL;
# what it says goes to $LOG.
start_server() {
    LOG=${LOG:-$BATS_TEST_TMPDIR/serve.log}
    local ready=$BATS_TEST_TMPDIR/ready.$RANDOM
    mkfifo "$ready"
    "$SERVE" --listen 127.0.0.1:0 --ready-fd 4 "$@" 4>"$ready" >"$LOG" 2>&1 3>&- &
    SERVER=$!
    read -r _ <"$ready" || { cat "$LOG" >&2; return 1; }
    URL=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$LOG" | head -1)
}

stop_server() {
    [ -n "${SERVER:-}" ] || return 0
    kill "$SERVER" 2>/dev/null || true
    SERVER_STATUS=0
    wait "$SERVER" || SERVER_STATUS=$?
    SERVER=
}

# Fails with what was found when TEXT is not in the output of the last `run`.
has() {
    if [[ "$output" != *"$1"* ]]; then
        printf 'expected: %s\nfound: %s\n' "$1" "$output" >&2
        return 1
    fi
}

exits() {
    if [ "$status" != "$1" ]; then
        printf 'exit %s, expected %s: %s\n' "$status" "$1" "$output" >&2
        return 1
    fi
}

# Fails when the command succeeds. (A line that begins with `!` never fails a test.)
fails() {
    if "$@"; then
        echo "succeeded: $*" >&2
        return 1
    fi
}
