#!/usr/bin/env bats
# The same source gives the same bytes, whatever surrounds the build.
load helpers

setup() {
    export TMP=$BATS_TEST_TMPDIR
    make_keys release
    place "$TMP/base"
}

# The examples and what they import, copied to $1/functions, so that no path leads out of it.
place() {
    mkdir -p "$1/node_modules"
    cp -R "$ROOT/examples/functions" "$1/functions"
    cp -R "$ROOT/node_modules/zod" "$ROOT/node_modules/hono" "$1/node_modules/"
}

# pack DIR [VAR=VALUE...]: the digest of the payload built from DIR/functions
pack() {
    local dir=$1
    shift
    rm -rf "$TMP/result" "$TMP/result.1tube"
    env "$@" "$ONETUBE" package --functions "$dir/functions" --out "$TMP/result.1tube" \
        --sign-key "$TMP/release.key.pem" --env B_NAME,A_NAME ${JOBS:+--jobs $JOBS} >/dev/null 2>&1
    sha256sum <"$TMP/result.1tube"
}

same() {
    local digest
    digest=$("$@")
    [ -n "$digest" ]
    [ "$digest" = "$WANTED" ]
}

@test "two builds, and twelve variations of where and how, give one digest" {
    WANTED=$(pack "$TMP/base")
    [ -n "$WANTED" ]
    same pack "$TMP/base"
    # another absolute path, deeper
    place "$TMP/somewhere/much deeper/than before"
    same pack "$TMP/somewhere/much deeper/than before"
    # current directory
    cd /
    same pack "$TMP/base"
    cd "$TMP/base"
    same pack .
    # user
    if [ "$(id -u)" = 0 ]; then
        chmod 755 "$TMP" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" 2>/dev/null || true
        digest=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$ONETUBE" build --functions "$TMP/base/functions" \
            --out /dev/shm/onetube-as-nobody.$$ >/dev/null 2>&1 && sha256sum <"/dev/shm/onetube-as-nobody.$$/manifest.json")
        rm -rf "/dev/shm/onetube-as-nobody.$$"
        "$ONETUBE" build --functions "$TMP/base/functions" --out "$TMP/as-root" >/dev/null 2>&1
        [ "$digest" = "$(sha256sum <"$TMP/as-root/manifest.json")" ]
    fi
    # environment
    same pack "$TMP/base" LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8
    same pack "$TMP/base" TZ=Asia/Kathmandu
    same pack "$TMP/base" HOME=/nonexistent USER=other HOSTNAME=other NODE_ENV=development NODE_PATH="$ROOT/node_modules"
    # clock
    place "$TMP/touched"
    find "$TMP/touched" -exec touch -d '2001-02-03 04:05:06' {} +
    same pack "$TMP/touched"
    # umask
    (umask 077 && same pack "$TMP/base")
    (umask 000 && same pack "$TMP/base")
    # processors
    JOBS=1 same pack "$TMP/base"
    JOBS=7 same pack "$TMP/base"
}

@test "the order of a directory does not matter" {
    WANTED=$(pack "$TMP/base")
    # the same files made in the opposite order
    mkdir -p "$TMP/reversed/functions" "$TMP/reversed/node_modules"
    (cd "$TMP/base/functions" && find . -type f | sort -r) | while read -r file; do
        mkdir -p "$TMP/reversed/functions/$(dirname "$file")"
        cp "$TMP/base/functions/$file" "$TMP/reversed/functions/$file"
    done
    cp -R "$TMP/base/node_modules/hono" "$TMP/base/node_modules/zod" "$TMP/reversed/node_modules/"
    same pack "$TMP/reversed"
}

@test "twenty builds by parallel processes give one digest" {
    "$ONETUBE" build --functions "$TMP/base/functions" --out "$TMP/first" >/dev/null 2>&1
    for i in $(seq 10); do
        "$ONETUBE" build --functions "$TMP/base/functions" --out "$TMP/a$i" >/dev/null 2>&1 &
        "$ONETUBE" build --functions "$TMP/base/functions" --out "$TMP/b$i" >/dev/null 2>&1
        wait $!
        cmp "$TMP/first/manifest.json" "$TMP/a$i/manifest.json"
        cmp "$TMP/first/manifest.json" "$TMP/b$i/manifest.json"
    done
}

@test "a changed source changes the digest" {
    before=$(pack "$TMP/base")
    echo '// changed' >>"$TMP/base/functions/hello/index.ts"
    echo 'console.log("changed");' >>"$TMP/base/functions/hello/index.ts"
    [ "$(pack "$TMP/base")" != "$before" ]
}
