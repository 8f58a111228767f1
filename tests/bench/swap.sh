#!/bin/bash
# Swaps under load: SWAPS (20) SIGHUPs, evenly over at least REQUESTS (100,000) requests, of which not one may fail.
set -eu
. "$(dirname "$0")/lib.bash"

command -v wrk >/dev/null || { echo "this benchmark needs wrk"; exit 1; }
mkdir -p functions/hello
echo '{ "public": true, "rpm": 0 }' >functions/hello/1tube.json
for number in 1 2; do
    echo "export default { fetch() { return new Response('$number'); } };" >functions/hello/index.js
    "$ONETUBE" build --functions functions --out "dist$number" >/dev/null 2>&1
done
cp -r dist1 dist
mkfifo ready
INTERNAL_KEY=key "$ONETUBE" serve --prebuilt dist --allow-unsigned --port 0 --ready-fd 4 --log-format none 4>ready 2>log &
SERVER=$!
read -r _ <ready
URL=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' log)
requests() {
    curl -s -H 'Authorization: Bearer key' "${URL%/functions/v1}/metrics" |
        awk '/^onetube_requests_total / { print $2 }'
}

wrk -t2 -c"${CONNECTIONS:-64}" -d600s "$URL/hello" >wrk.out &
WRK=$!
SWAPS=${SWAPS:-20}
for swap in $(seq "$SWAPS"); do
    while [ "$(requests)" -lt $((swap * ${REQUESTS:-100000} / SWAPS)) ]; do sleep 0.05; done
    mv dist old
    cp -r "dist$((swap % 2 + 1))" dist
    rm -r old
    kill -HUP "$SERVER"
    while ! grep -q "generation $((swap + 1)) serves now" log; do sleep 0.02; done
done
kill -INT "$WRK"
wait "$WRK" || true
failed=$(awk '/Socket errors/ { gsub(",", ""); n += $4 + $6 + $8 + $10 } /Non-2xx/ { n += $NF } END { print n + 0 }' wrk.out)
total=$(awk '/requests in/ { print $1 }' wrk.out)
echo "$SWAPS swaps during $total requests: $failed failed (none may), $(awk '/Requests\/sec/ { print $2 }' wrk.out) requests/s"
[ "$failed" = 0 ] && [ "$total" -ge "${REQUESTS:-100000}" ]
