#!/bin/bash
# onetube-serve itself: its size on disk, and what it keeps in memory after a 64 MB payload was handed over.
set -eu
. "$(dirname "$0")/lib.bash"

node "$ROOT/tests/bench/make_dist.mjs" dist 64 1048576
"$ONETUBE" keygen release >/dev/null
"$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem >/dev/null
mkfifo ready
"$SERVE" fw.1tube --trust release.pub.pem --listen unix:s --ready-fd 4 4>ready 2>log &
SERVER=$!
read -r _ <ready
[ "$(curl -s --unix-socket s http://x/functions/v1/fn0063)" = fn0063 ]
resident=$(awk '/^VmRSS/ { print $2 }' "/proc/$SERVER/status")
size=$(stat -c %s "$SERVE")
awk -v resident="$resident" -v size="$size" 'BEGIN {
    printf "onetube-serve: %.2f MB on disk (at most 1.5), %.1f MB resident after hand-over of 64 MB (at most 4)\n", size / 1e6, resident / 1024
    exit size > 1.5e6 || resident > 4096
}'
