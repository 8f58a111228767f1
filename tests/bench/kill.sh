#!/bin/bash
# kill -9 of what belongs to a gateway under load, at random: engines, the helper that fetches its key set, the gateway itself (which the
# benchmark starts again, as a service manager would). Each time it must answer again within AGAIN_MS (2000), no function may fail but the one
# whose engine was killed, and in the end there may be no process, no file and no descriptor more. SECONDS_ALL (120), FUNCTIONS (20), RATE (200),
# SEED.
set -eu
. "$(dirname "$0")/lib.bash"

export FUNCTIONS=${FUNCTIONS:-20}
for i in $(seq "$FUNCTIONS"); do
    mkdir -p "functions/f$i"
    echo 'export default { fetch() { return new Response("fine"); } };' >"functions/f$i/index.js"
    echo '{ "public": true, "rpm": 0, "recycle": { "errorRate": 0 } }' >"functions/f$i/1tube.json"
done
"$ONETUBE" build --functions functions --out dist >/dev/null 2>&1
cp "$ENGINE" engine # engines that are ours can be told by this path
node "$ROOT/tests/bench/kill.mjs" "$ONETUBE" "$WORK"
