#!/bin/bash
# onetube package of a 256 MB dist against `openssl dgst -sha256` and `cp` of the same bytes. What onetube wrote is on disk when
# it ends, so the copy is flushed too.
set -eu
. "$(dirname "$0")/lib.bash"

node "$ROOT/tests/bench/make_dist.mjs" dist 64 4194304
"$ONETUBE" keygen release >/dev/null
cat dist/functions/*.js >same-bytes

onetube() {
    "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem >/dev/null
}

openssl_and_cp() {
    openssl dgst -sha256 same-bytes >/dev/null
    rm -f copy
    cp same-bytes copy
    sync copy
}

compare "package, 256 MB" 1.20 onetube openssl_and_cp
