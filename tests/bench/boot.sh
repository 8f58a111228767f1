#!/bin/bash
# onetube-serve to its first response against bare workerd with the same modules and config: 50 functions of 100 KB.
set -eu
. "$(dirname "$0")/lib.bash"

node "$ROOT/tests/bench/make_dist.mjs" dist 50 102400
"$ONETUBE" keygen release >/dev/null
"$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem >/dev/null

# The very config that onetube-serve hands over, in a file for bare workerd.
printf '#!/bin/sh\nexec cat >%s/config\n' "$WORK" >save
chmod +x save
"$SERVE" fw.1tube --trust release.pub.pem --engine ./save --listen unix:s 2>/dev/null || true
[ -s config ]

# Microseconds from the start of a program to the answer of its last function, in TOOK.
first_answer() {
    local start=${EPOCHREALTIME/./}
    rm -f s
    "$@" 2>/dev/null &
    SERVER=$!
    until [ "$(curl -s --unix-socket s http://x/functions/v1/fn0049)" = fn0049 ]; do :; done
    TOOK=$((${EPOCHREALTIME/./} - start))
    kill "$SERVER"
    wait "$SERVER" 2>/dev/null || true
    SERVER=
}

onetube_serve() {
    first_answer "$SERVE" fw.1tube --trust release.pub.pem --listen unix:s
}

workerd() {
    first_answer "$ENGINE" serve --binary config --socket-addr http=unix:s
}

compare "boot to first response, 50 functions x 100 KB" 1.10 onetube_serve workerd

# The same with the engine in the payload, from sealed memory. Reading and hashing it is the price.
"$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem --with-engine >/dev/null
compare "boot with the engine in the payload" 3.00 onetube_serve workerd
