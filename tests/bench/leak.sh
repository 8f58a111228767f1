#!/bin/bash
# Rounds of load against one gateway: resident memory and descriptors must be level after half of the ROUNDS (10). Authentication,
# limits and logging are on; each round has answered requests, refused ones, and ones whose client goes away.
set -eu
. "$(dirname "$0")/lib.bash"

command -v wrk >/dev/null || { echo "this benchmark needs wrk"; exit 1; }
mkdir -p functions/echo functions/closed
echo 'export default { async fetch(request) { return new Response(await request.arrayBuffer()); } };' >functions/echo/index.js
cp functions/echo/index.js functions/closed
echo '{ "public": true }' >functions/echo/1tube.json
"$ONETUBE" build --functions functions --out dist >/dev/null 2>&1
mkfifo ready
JWT_SECRET=$(openssl rand -hex 32) "$ONETUBE" serve --prebuilt dist --allow-unsigned --port 0 --ready-fd 4 \
    --default-rpm 1000000000 4>ready >requests.log 2>log &
SERVER=$!
read -r _ <ready
URL=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' log)

echo 'wrk.method = "POST"; wrk.body = string.rep("x", 4096)' >post.lua
echo 'wrk.headers["Authorization"] = "Bearer " .. string.rep("x", 200) .. ".e30.e30"' >refused.lua
ROUNDS=${ROUNDS:-10}
status=0
for round in $(seq "$ROUNDS"); do
    wrk -t2 -c100 -d"${SECONDS_EACH:-2}s" -s post.lua "$URL/echo" >wrk.out
    wrk -t2 -c100 -d1s -s refused.lua "$URL/closed" >/dev/null
    # clients that go away in the middle
    wrk -t2 -c200 -d5s -s post.lua "$URL/echo" >/dev/null &
    sleep 0.5
    { kill -9 $! && wait $!; } 2>/dev/null || true
    : >requests.log
    if grep -E 'Socket errors|Non-2xx' wrk.out; then status=1; fi
    # idle connections to the engine are kept for a while
    [ $((round * 2 % ROUNDS)) != 0 ] || sleep 7
    resident=$(awk '/^VmRSS/ { print $2 }' "/proc/$SERVER/status")
    open=$(find "/proc/$SERVER/fd" -mindepth 1 | wc -l)
    echo "round $round: $(awk '/Requests\/sec/ { print $2 }' wrk.out) requests/s, $resident KiB resident, $open descriptors"
    [ $((round * 2 % ROUNDS)) != 0 ] || echo "$resident $open" >>levels
done
awk 'NR == 1 { memory = $1; files = $2 }
    END {
        printf "growth over the second half: %d KiB (at most 2048), %d descriptors (none)\n", $1 - memory, $2 - files
        exit $1 - memory > 2048 || $2 > files
    }' levels || status=1
exit $status
