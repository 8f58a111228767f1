#!/bin/bash
# Cells: the cold start of a function, from its request to its response, against a start of bare workerd with that module; first response of a
# payload of 400 functions, and memory with 10 of them in use, against bare workerd with all 400.
set -eu
. "$(dirname "$0")/lib.bash"

PREFIX=/functions/v1
SOCKET=$WORK/control.sock

"$ONETUBE" keygen release >/dev/null
head -c 32 /dev/urandom | base64 >secret
for count in 1 400; do
    node "$ROOT/tests/bench/make_dist.mjs" "dist$count" "$count" 102400
    "$ONETUBE" package --in "dist$count" --out "fw$count.1tube" --sign-key release.key.pem >/dev/null
done
# The very config that onetube hands over, in a file for bare workerd: of a cell with one function, and of an engine with all.
printf '#!/bin/sh\nexec cat >%s/config\n' "$WORK" >save
chmod +x save
"$SERVE" fw400.1tube --trust release.pub.pem --engine ./save --listen unix:s 2>/dev/null || true
mv config config400

gateway() {
    echo serve --trust release.pub.pem --jwt-secret secret --no-rate-limit --log-format none \
        --control-socket "$SOCKET" --listen "unix:$WORK/g" "$@"
}

# shellcheck disable=SC2046 # words
"$ONETUBE" $(gateway --prebuilt fw1.1tube --warm --engine ./save) 2>/dev/null &
SERVER=$!
until [ -s config ]; do sleep 0.05; done
{ kill "$SERVER" && wait "$SERVER"; } 2>/dev/null || true
mv config config1

# Sets TOOK: first SOCKET PATH [PROGRAM...]; the program's process becomes PID.
first() {
    read -r TOOK PID < <(node "$ROOT/tests/bench/first_answer.mjs" "$@")
}

end() {
    kill "$PID"
    while kill -0 "$PID" 2>/dev/null; do sleep 0.01; done
    rm -f s
}

cell() {
    "$ONETUBE" drain --control-socket "$SOCKET"
    "$ONETUBE" drain --control-socket "$SOCKET" --undo
    first g "$PREFIX/fn0000"
}

workerd() {
    first s /fn0000 "$ENGINE" serve --binary config1 --socket-addr http=unix:s
    end
}

onetube_400() {
    # shellcheck disable=SC2046 # words
    first g "$PREFIX/fn0007" "$ONETUBE" $(gateway --prebuilt fw400.1tube)
    end
}

workerd_400() {
    first s "$PREFIX/fn0007" "$ENGINE" serve --binary config400 --socket-addr http=unix:s
    end
}

# Kilobytes of a process and its children, each page counted once (proportional set size).
memory() {
    local pid
    for pid in "$1" $(cat /proc/"$1"/task/*/children); do
        awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup"
    done | awk '{ sum += $1 } END { print sum }'
}

# Memory of the program that first started, once functions 0 to 9 were called: use SOCKET PREFIX
use() {
    for i in 0 1 2 3 4 5 6 7 8 9; do
        [ "$(curl -s --unix-socket "$1" "http://x$PREFIX/fn000$i")" = "fn000$i" ]
    done
    memory "$PID"
    end
}

failed=0
# shellcheck disable=SC2046 # words
"$ONETUBE" $(gateway --prebuilt fw1.1tube) 2>/dev/null &
SERVER=$!
until [ -S g ]; do sleep 0.05; done
compare "cold start of a function, request to response" 1.3 cell workerd || failed=1
{ kill "$SERVER" && wait "$SERVER"; } 2>/dev/null || true
SERVER=
RUNS=5 compare "first response of a payload with 400 functions" 0.15 onetube_400 workerd_400 || failed=1

# shellcheck disable=SC2046 # words
first g "$PREFIX/fn0000" "$ONETUBE" $(gateway --prebuilt fw400.1tube)
ours=$(use g)
first s "$PREFIX/fn0000" "$ENGINE" serve --binary config400 --socket-addr http=unix:s
theirs=$(use s)
awk -v a="$ours" -v b="$theirs" 'BEGIN {
    printf "memory with 10 of 400 functions in use: onetube %.1f MB, workerd with all %.1f MB, ratio %.2f (at most 0.50)\n", a / 1024, b / 1024, a / b
    exit a > 0.5 * b
}' || failed=1
[ $failed = 0 ]
