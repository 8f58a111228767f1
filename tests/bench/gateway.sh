#!/bin/bash
# `onetube serve` with authentication, limits and logging on, against nginx that only proxies, in front of the same engine:
# requests a second and latency. Both run in turn, RUNS times (3) for SECONDS_EACH (10) each; the verdict is on the best run.
# shellcheck disable=SC2317 # functions are called by a trap
set -eu
. "$(dirname "$0")/lib.bash"

for tool in nginx wrk; do
    PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null || { echo "this benchmark needs $tool (Debian: nginx-light, wrk)"; exit 1; }
done
PIDS=
finish_all() {
    # shellcheck disable=SC2086 # a list
    [ -z "$PIDS" ] || kill -9 $PIDS 2>/dev/null || true
    [ ! -s nginx.pid ] || kill -QUIT "$(cat nginx.pid)" 2>/dev/null || true
    finish
}
trap finish_all EXIT

free_port() {
    node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

mkdir -p functions/hello functions/echo
echo 'export default { fetch() { return new Response("hello"); } };' >functions/hello/index.js
echo 'export default { async fetch(request) { return new Response(await request.arrayBuffer()); } };' >functions/echo/index.js
echo '{ "public": true }' | tee functions/hello/1tube.json >functions/echo/1tube.json
"$ONETUBE" build --functions functions --out dist 2>/dev/null

GATEWAY_PORT=$(free_port)
export JWT_SECRET
JWT_SECRET=$(openssl rand -hex 32)
# In the background only: it takes the place of the shell.
serve() {
    exec "$ONETUBE" serve --prebuilt dist --allow-unsigned --listen "127.0.0.1:$GATEWAY_PORT" \
        --default-rpm 1000000000 "$@"
}

# The very config that the gateway hands to a cell, for an engine behind nginx.
for name in hello echo; do
    printf '#!/bin/sh\nexec cat >%s/%s.config\n' "$WORK" "$name" >save
    chmod +x save
    serve --engine "$WORK/save" >/dev/null 2>&1 &
    pid=$!
    for _ in $(seq 100); do
        curl -s -o /dev/null -m 1 "http://127.0.0.1:$GATEWAY_PORT/functions/v1/$name" || true
        [ ! -s "$name.config" ] || break
        sleep 0.05
    done
    kill "$pid"
    wait "$pid" 2>/dev/null || true
    [ -s "$name.config" ]
    "$ENGINE" serve --binary "$name.config" --socket-addr "http=unix:$WORK/$name.sock" 2>/dev/null &
    PIDS="$PIDS $!"
done

NGINX_PORT=$(free_port)
cat >nginx.conf <<CONF
worker_processes ${THREADS:-2};
pid nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
    access_log off;
    client_max_body_size 64m;
    client_body_temp_path body;
    proxy_request_buffering off;
    proxy_buffering off;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host \$http_host;
    keepalive_requests 1000000000;
    upstream hello { server unix:$WORK/hello.sock; keepalive 1024; keepalive_requests 1000000000; }
    upstream echo { server unix:$WORK/echo.sock; keepalive 1024; keepalive_requests 1000000000; }
    server {
        listen 127.0.0.1:$NGINX_PORT backlog=4096;
        location /functions/v1/hello { proxy_pass http://hello/hello; }
        location /functions/v1/echo { proxy_pass http://echo/echo; }
    }
}
CONF
chmod 711 "$WORK" # nginx's workers may run as another user
PATH=$PATH:/usr/sbin nginx -p "$WORK" -c nginx.conf -g 'user root;' 2>/dev/null
serve >gateway.log 2>&1 &
PIDS="$PIDS $!"

# Every request carries a token, which the gateway checks and nginx passes on.
# shellcheck disable=SC2016 # JavaScript
token=$(node -e '
    const { createHmac } = require("crypto");
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "bench", exp: 4102444800 })}`;
    console.log(`${text}.${createHmac("sha256", process.env.JWT_SECRET).update(text).digest("base64url")}`);')
echo "wrk.headers['authorization'] = 'Bearer $token'" >get.lua
{ cat get.lua; echo 'wrk.method = "POST"; wrk.body = string.rep("x", 256)'; } >small.lua
{ cat get.lua; echo 'wrk.method = "POST"; wrk.body = string.rep("x", 1048576)'; } >large.lua

# "requests/s p50 p99 errors", times in microseconds
load() {
    wrk -t2 -c"$3" -d"${SECONDS_EACH:-10}s" --latency -s "$2" "http://127.0.0.1:$1" | awk '
        function us(text) { v = text + 0; return text ~ /us$/ ? v : text ~ /ms$/ ? v * 1000 : v * 1000000 }
        /^ *50%/ { p50 = us($2) }
        /^ *99%/ { p99 = us($2) }
        /Requests\/sec/ { rate = $2 }
        /Socket errors/ { gsub(",", ""); errors += $4 + $6 + $8 + $10 }
        /Non-2xx/ { errors += $NF }
        END { printf "%.0f %.0f %.0f %d\n", rate, p50, p99, errors }'
}

status=0
# against WHAT SCRIPT PATH CONNECTIONS
against() {
    local what=$1 script=$2 path=$3 connections=$4 ours="" theirs=""
    for port in "$GATEWAY_PORT" "$NGINX_PORT"; do
        curl -s -o /dev/null --retry 20 --retry-connrefused "http://127.0.0.1:$port$path"
    done
    for _ in $(seq "${RUNS:-3}"); do
        ours+=$(load "$GATEWAY_PORT$path" "$script" "$connections")$'\n'
        theirs+=$(load "$NGINX_PORT$path" "$script" "$connections")$'\n'
    done
    printf '%s\n--\n%s\n' "$ours" "$theirs" | awk -v what="$what, $connections connections" '
        BEGIN { side = 0 }
        /^--/ { side = 1; next }
        NF == 4 { if ($1 > best[side]) { best[side] = $1; p50[side] = $2; p99[side] = $3 } errors[side] += $4 }
        END {
            printf "%s: onetube %d/s (p50 %d us, p99 %d us, %d errors), nginx %d/s (p50 %d us, p99 %d us, %d errors), ratio %.2f (at least 0.95), p50 %+d us, p99 %+d us\n",
                what, best[0], p50[0], p99[0], errors[0], best[1], p50[1], p99[1], errors[1], best[0] / best[1], p50[0] - p50[1], p99[0] - p99[1]
            exit best[0] < 0.95 * best[1] || errors[0] > 0
        }' || status=1
}

for connections in ${CONNECTIONS:-64 1000}; do
    against "GET hello" get.lua /functions/v1/hello "$connections"
    against "POST echo 256 B" small.lua /functions/v1/echo "$connections"
    against "POST echo 1 MiB" large.lua /functions/v1/echo "$connections"
done
exit $status
