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
# No control socket where those of the user's are.
unset XDG_RUNTIME_DIR RUNTIME_DIRECTORY
# The key of the cache of builds: none of the user's.
export XDG_STATE_HOME=${BATS_RUN_TMPDIR:-/tmp}/state

# A key pair NAME.key.pem and NAME.pub.pem, made by OpenSSL, in the test's folder.
make_keys() {
    local name
    for name in "$@"; do
        openssl genpkey -algorithm ed25519 -out "$BATS_TEST_TMPDIR/$name.key.pem" 2>/dev/null
        openssl pkey -in "$BATS_TEST_TMPDIR/$name.key.pem" -pubout -out "$BATS_TEST_TMPDIR/$name.pub.pem"
    done
}

# As another user, who may not even enter the folder of this checkout: as_nobody ARGUMENTS of onetube...
as_nobody() {
    local public=$BATS_FILE_TMPDIR/public
    if [ ! -d "$public" ]; then
        mkdir -p "$public/bin" "$public/libexec/onetube"
        cp "$ONETUBE" "$public/bin/"
        cp "$ROOT"/node_modules/@esbuild/linux-*/bin/esbuild "$public/libexec/onetube/"
        chmod -R a+rX "$BATS_RUN_TMPDIR"
    fi
    setpriv --reuid 65534 --regid 65534 --clear-groups env XDG_STATE_HOME="$PWD/nobody/state" "$public/bin/onetube" "$@"
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

# Validates JSON with a validator that is not ours: valid SCHEMA FILE; with --lines every line of the file.
valid() {
    NODE_PATH=$ROOT/node_modules node -e '
        const Ajv = require("ajv/dist/2020.js").default;
        const fs = require("fs");
        const [schema, file, mode] = process.argv.slice(1);
        const text = fs.readFileSync(file, "utf8");
        const values = (mode === "--lines" ? text.trimEnd().split("\n") : [text]).map((one) => JSON.parse(one));
        const check = new Ajv({ strict: true, allErrors: true }).compile(JSON.parse(fs.readFileSync(schema)));
        for (const value of values)
            if (!check(value)) { console.error(file, value, check.errors); process.exit(1); }' \
        "$ROOT/schemas/$1.schema.json" "$2" "${3:-}"
}

# Starts `onetube serve` with these arguments on a free port and waits until it answers. Sets SERVER, BASE and URL; requests
# are logged to $REQUESTS, what it says goes to $LOG.
start_gateway() {
    LOG=$BATS_TEST_TMPDIR/gateway.log
    REQUESTS=$BATS_TEST_TMPDIR/requests.log
    local ready=$BATS_TEST_TMPDIR/ready.$RANDOM
    mkfifo "$ready"
    "$ONETUBE" serve --port 0 --ready-fd 4 "$@" 4>"$ready" >"$REQUESTS" 2>"$LOG" 3>&- &
    SERVER=$!
    read -r _ <"$ready" || { cat "$LOG" >&2; return 1; }
    URL=$(sed -n 's/.*listening on \(https*:[^ ]*\).*/\1/p' "$LOG" | head -1)
    BASE=${URL%"$PREFIX"}
}

# An HS256 token: make_token SECRET CLAIMS
make_token() {
    node -e '
        const { createHmac } = require("crypto");
        const [secret, claims] = process.argv.slice(1);
        const encode = (text) => Buffer.from(text).toString("base64url");
        const head = encode(JSON.stringify({ alg: "HS256", typ: "JWT" })) + "." + encode(claims);
        console.log(head + "." + createHmac("sha256", secret).update(head).digest("base64url"));' "$1" "$2"
}

# Waits up to 20 s until the command succeeds.
wait_until() {
    local _
    for _ in $(seq 200); do
        "$@" && return 0
        sleep 0.1
    done
    echo "never: $*" >&2
    return 1
}

# make_certificate NAME EXTENSION VALIDITY...: NAME.key and a self-signed NAME.pem
make_certificate() {
    local name=$1 extension=$2
    shift 2
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name.key" 2>/dev/null
    openssl req -new -key "$name.key" -subj /CN=test -out "$name.csr"
    case $1 in
    -days) openssl x509 -req -in "$name.csr" -key "$name.key" -days "$2" -extfile <(echo "$extension") -out "$name.pem" 2>/dev/null ;;
    *)
        : >"$name.db"
        printf '[ca]\ndefault_ca = c\n[c]\ndatabase = %s\nnew_certs_dir = .\nrand_serial = yes\ndefault_md = sha256\npolicy = p\n[p]\ncommonName = supplied\n' \
            "$name.db" >"$name.cnf"
        openssl ca -batch -config "$name.cnf" -selfsign -keyfile "$name.key" -in "$name.csr" -startdate "$2" -enddate "$4" \
            -extfile <(echo "$extension") -notext -out "$name.pem" 2>/dev/null
        ;;
    esac
}

# start_fetch_server CERTIFICATE [FOLDER]: in a folder with a FIFO named hold. Sets SECURE, PLAIN and FETCH_SERVER; what is
# asked for goes to requests.CERTIFICATE.
start_fetch_server() {
    node "$ROOT/tests/e2e/fetch_server.mjs" "$1.key" "$1.pem" ${2:+"$2"} <hold >"ports.$1" 2>"requests.$1" 3>&- &
    FETCH_SERVER=$!
    exec 9>hold
    until [ -s "ports.$1" ]; do
        kill -0 "$FETCH_SERVER"
        sleep 0.05
    done
    read -r SECURE PLAIN <"ports.$1"
}
