#!/bin/bash
# 50 functions under load at a fixed rate, while one of them in turn throws, exits, allocates without end, loops for ever, floods its log, never
# answers or streams for ever: no request of the others may fail, and their p99 may be at most twice that of the quiet time before.
# RATE requests a second (500) for SECONDS_EACH (3), quiet and troubled in turn, ROUNDS times (5) for each of TROUBLES.
set -eu
. "$(dirname "$0")/lib.bash"

for i in $(seq 50); do
    mkdir -p "functions/f$i"
    cp "$ROOT/tests/bench/chaos_function.js" "functions/f$i/index.js"
    echo '{ "public": true, "rpm": 0, "timeoutMs": 2000, "memoryMB": 64, "recycle": { "errorRate": 0 } }' >"functions/f$i/1tube.json"
done
"$ONETUBE" build --functions functions --out dist >/dev/null 2>&1
mkfifo ready
"$ONETUBE" serve --prebuilt dist --allow-unsigned --port 0 --ready-fd 4 --warm 4>ready >requests.log 2>log &
SERVER=$!
read -r _ <ready
node "$ROOT/tests/bench/chaos.mjs" "$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' log)" || { tail -n 20 log; exit 1; }
