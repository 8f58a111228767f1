# shellcheck shell=bash disable=SC2034 # loaded by the benchmarks
# What every benchmark loads: both sides run in turn, so that a busy moment hits both. The verdict is on the best run of each, which other
# work on the machine disturbs least; the medians are printed beside it.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ONETUBE=${ONETUBE:-$ROOT/out/onetube}
SERVE=$ROOT/out/onetube-serve
ESBUILD=$(echo "$ROOT"/node_modules/@esbuild/linux-*/bin/esbuild)
ENGINE=$(echo "$ROOT"/node_modules/@cloudflare/workerd-linux-*/bin/workerd)
WORK=$(mktemp -d)
SERVER=

finish() {
    [ -z "$SERVER" ] || { kill -9 "$SERVER" && wait "$SERVER"; } 2>/dev/null || true
    rm -rf "$WORK"
}
trap finish EXIT
cd "$WORK"

# Microseconds that a command takes, in TOOK. A command that times a part of itself sets TOOK on its own.
timed() {
    local start=${EPOCHREALTIME/./}
    TOOK=
    "$@"
    [ -n "$TOOK" ] || TOOK=$((${EPOCHREALTIME/./} - start))
}

# "best median" of the times in a file
summary() {
    sort -n "$1" | awk '{ all[NR] = $1 } END { print all[1], all[int((NR + 1) / 2)] }'
}

# compare WHAT BOUND OURS THEIRS: runs both functions RUNS times; fails when the ratio is above the bound.
compare() {
    local what=$1 bound=$2 ours=$3 theirs=$4
    "$ours"
    "$theirs"
    rm -f ours.times theirs.times
    for _ in $(seq "${RUNS:-15}"); do
        timed "$ours"
        echo "$TOOK" >>ours.times
        timed "$theirs"
        echo "$TOOK" >>theirs.times
    done
    awk -v what="$what" -v bound="$bound" -v us="$ours" -v them="$theirs" \
        -v ours="$(summary ours.times)" -v theirs="$(summary theirs.times)" 'BEGIN {
        split(ours, a, " "); split(theirs, b, " ")
        printf "%s: %s %.1f ms (median %.1f), %s %.1f ms (median %.1f), ratio %.2f (at most %.2f)\n",
            what, us, a[1] / 1000, a[2] / 1000, them, b[1] / 1000, b[2] / 1000, a[1] / b[1], bound
        exit a[1] > bound * b[1]
    }'
}
