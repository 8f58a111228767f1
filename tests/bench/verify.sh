#!/bin/bash
# onetube verify of a 256 MB payload of 64 members against `openssl dgst -sha256` of the same file, warm cache.
set -eu
. "$(dirname "$0")/lib.bash"

KEY=$("$ROOT/out/tools/make_payload" 64 4194304 fw.1tube)

onetube() {
    "$ONETUBE" verify fw.1tube --trust "$KEY" >/dev/null
}

openssl_dgst() {
    openssl dgst -sha256 fw.1tube >/dev/null
}

compare "verify, 256 MB" 0.70 onetube openssl_dgst
