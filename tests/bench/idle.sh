#!/bin/bash
# Idle connections: CONNECTIONS (10,000) of them that have each been answered once, and what the gateway keeps resident meanwhile.
set -eu
. "$(dirname "$0")/lib.bash"

COUNT=${CONNECTIONS:-10000}
ulimit -n $((COUNT + 1000)) || { echo "this benchmark needs ulimit -n $((COUNT + 1000))"; exit 1; }

mkdir -p functions/hello
echo 'export default { fetch() { return new Response("hello"); } };' >functions/hello/index.js
echo '{ "public": true, "rpm": 0 }' >functions/hello/1tube.json
"$ONETUBE" build --functions functions --out dist >/dev/null 2>&1
mkfifo ready
"$ONETUBE" serve --prebuilt dist --allow-unsigned --port 0 --ready-fd 4 --log-format none --keepalive-ms 0 \
    --max-connections-per-address 0 4>ready 2>log &
SERVER=$!
read -r _ <ready
PORT=$(sed -n 's/.*listening on http:[^ ]*:\([0-9]*\).*/\1/p' log)

cat >idle.mjs <<'END'
// Opens the connections, asks once on each, says so, and holds them until standard input ends.
import net from "node:net";
const [port, count] = process.argv.slice(2).map(Number);
const sockets = [];
let answered = 0;
const open = () => new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write("GET /functions/v1/hello HTTP/1.1\r\nHost: x\r\n\r\n"));
    socket.once("data", (data) => (answered += String(data).startsWith("HTTP/1.1 200 ") ? 1 : 0, resolve()));
    socket.once("error", reject);
    sockets.push(socket);
});
for (let i = 0; i < count; i += 50) await Promise.all(Array.from({ length: Math.min(50, count - i) }, open));
console.log(answered);
process.stdin.on("end", () => process.exit()).resume();
END
coproc node idle.mjs "$PORT" "$COUNT"
CLIENT=$COPROC_PID
read -r answered <&"${COPROC[0]}"
sleep 1
resident=$(awk '/^VmRSS/ { print $2 }' "/proc/$SERVER/status")
open=$(find "/proc/$SERVER/fd" -lname 'socket:*' | wc -l)
kill "$CLIENT"
awk -v count="$COUNT" -v answered="$answered" -v open="$open" -v resident="$resident" 'BEGIN {
    printf "%d idle connections: %d answered, %d sockets open, %.1f MiB resident (at most 64)\n", count, answered, open, resident / 1024
    exit answered != count || open < count || resident > 64 * 1024
}'
