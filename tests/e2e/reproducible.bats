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
        digest=$(as_nobody build --functions "$TMP/base/functions" --out /dev/shm/onetube-as-nobody.$$ >/dev/null 2>&1 &&
            sha256sum <"/dev/shm/onetube-as-nobody.$$/manifest.json")
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

@test "host name, a Turkish locale that is there, a fixed time, and other clocks give the same digest" {
    WANTED=$(pack "$TMP/base")
    mkdir "$TMP/locale"
    localedef -i tr_TR -f UTF-8 "$TMP/locale/tr_TR.UTF-8"
    [ "$(LOCPATH=$TMP/locale LC_ALL=tr_TR.UTF-8 locale charmap)" = UTF-8 ]
    same pack "$TMP/base" LOCPATH="$TMP/locale" LC_ALL=tr_TR.UTF-8
    same pack "$TMP/base" LC_ALL=C.UTF-8
    same pack "$TMP/base" SOURCE_DATE_EPOCH=1 TZ=Pacific/Kiritimati
    if [ "$(id -u)" = 0 ] && unshare --uts --time true; then
        digest=$(unshare --uts --time --boottime 1000000 --monotonic 1000000 sh -c 'hostname elsewhere.example && "$0" package --functions "$1" \
            --out "$2" --sign-key "$3" --env A_NAME,B_NAME >/dev/null 2>&1 && sha256sum <"$2"' \
            "$ONETUBE" "$TMP/base/functions" "$TMP/elsewhere.1tube" "$TMP/release.key.pem")
        [ "$digest" = "$WANTED" ]
    fi
    # and rebuild says so
    place "$TMP/a/far deeper/place"
    (umask 077 && cd / && HOME=/nonexistent LOCPATH="$TMP/locale" LC_ALL=tr_TR.UTF-8 TZ=Asia/Kathmandu "$ONETUBE" rebuild "$TMP/result.1tube" \
        --functions "$TMP/a/far deeper/place/functions" --jobs 1 >"$TMP/said")
    grep -q '^equal: ' "$TMP/said"
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
        "$ONETUBE" build --functions "$TMP/base/functions" --out "$TMP/a$i" >/dev/null 2>&1 3>&- &
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

# put_package FOLDER NAME TEXT
put_package() {
    mkdir -p "$1/$2"
    printf '{ "name": "%s", "version": "1.0.0", "main": "index.js" }\n' "$2" >"$1/$2/package.json"
    printf '%s\n' "$3" >"$1/$2/index.js"
}

# lay_out FOLDER INNER: the same project, with the package that another one needs in the folder INNER
lay_out() {
    local name
    for name in one two tla; do
        mkdir -p "$1/$4/$name"
        printf 'import { outer } from "npm:outer@1"; import { esm } from "npm:esm"; Deno.serve(() => new Response("%s" + outer + esm + import.meta.url));\n' $name >"$1/$4/$name/index.ts"
    done
    printf 'await 0; import { inner } from "npm:deep"; Deno.serve(() => new Response(inner));\n' >"$1/$4/tla/index.ts"
    put_package "$1/$3" outer '/*! a licence */ exports.outer = require("inner").inner + require("inner/index.js").inner;'
    put_package "$1/$3" esm 'import { inner } from "inner"; export const esm = inner + "esm";'
    put_package "$1/$3" deep 'exports.inner = require("inner").inner;'
    put_package "$1/$2" inner 'exports.inner = "inner";'
}

digest_of() {
    "$ONETUBE" build --functions "$1" --out "$TMP/laid" "${@:2}" >/dev/null 2>"$TMP/told" || cat "$TMP/told" >&2
    sha256sum <"$TMP/laid/manifest.json"
}

@test "packages give the same bytes wherever npm put them" {
    # deep and esm have inner from above, as it is hoisted
    lay_out "$TMP/hoisted" node_modules node_modules functions
    lay_out "$TMP/higher/up" ../node_modules ../node_modules supabase/functions
    lay_out "$TMP/near" functions/node_modules functions/node_modules functions
    for options in "" "--minify" "--sourcemap linked" "--sourcemap inline" "--no-splitting"; do
        # shellcheck disable=SC2086
        wanted=$(digest_of "$TMP/hoisted/functions" $options)
        # shellcheck disable=SC2086
        [ "$(digest_of "$TMP/higher/up/supabase/functions" $options)" = "$wanted" ]
        # shellcheck disable=SC2086
        [ "$(digest_of "$TMP/near/functions" $options)" = "$wanted" ]
    done
    fails grep -rqF "$TMP" "$TMP/laid"
    fails grep -rq '\.\./node_modules' "$TMP/laid"
}

@test "packages give the same bytes nested and hoisted" {
    lay_out "$TMP/hoisted" node_modules node_modules functions
    lay_out "$TMP/nested" node_modules/outer/node_modules node_modules functions
    # only outer needs inner here
    for place in hoisted nested; do
        for name in esm deep; do put_package "$TMP/$place/node_modules" $name "exports.$name = exports.inner = '$name';"; done
    done
    for options in "" "--minify" "--sourcemap linked" "--sourcemap inline"; do
        # shellcheck disable=SC2086
        wanted=$(digest_of "$TMP/hoisted/functions" $options)
        # shellcheck disable=SC2086
        [ "$(digest_of "$TMP/nested/functions" $options)" = "$wanted" ]
    done
    [ -n "$wanted" ]
}

@test "a package that is installed several times gives the bytes of one" {
    local name place
    lay_out "$TMP/hoisted" node_modules node_modules functions
    lay_out "$TMP/nested" node_modules/outer/node_modules node_modules functions
    lay_out "$TMP/mixed" node_modules node_modules functions
    for place in hoisted nested mixed; do
        printf 'import { inner } from "inner"; Deno.serve(() => new Response(inner));\n' >"$TMP/$place/functions/two/index.ts"
        put_package "$TMP/$place/node_modules" inner 'exports.inner = "inner" + require("leaf").leaf; exports.again = () => require("outer");'
        put_package "$TMP/$place/node_modules" leaf 'exports.leaf = "leaf";'
        sed -i 's/"main"/"dependencies": { "leaf": "1", "outer": "1" }, "main"/' "$TMP/$place/node_modules/inner/package.json"
    done
    # as npm's nested strategy has it, and one of many ways between
    rm -rf "$TMP/nested/node_modules/outer/node_modules"
    for name in outer esm deep; do
        mkdir -p "$TMP/nested/node_modules/$name/node_modules"
        cp -r "$TMP/nested/node_modules/inner" "$TMP/nested/node_modules/$name/node_modules"
        mkdir -p "$TMP/nested/node_modules/$name/node_modules/inner/node_modules"
        cp -r "$TMP/nested/node_modules/leaf" "$TMP/nested/node_modules/$name/node_modules/inner/node_modules"
    done
    digest_of "$TMP/mixed/functions" # a cache that knows of one copy only
    mkdir "$TMP/mixed/node_modules/esm/node_modules"
    cp -r "$TMP/mixed/node_modules/inner" "$TMP/mixed/node_modules/esm/node_modules"
    for options in "" "--minify" "--sourcemap linked" "--no-splitting"; do
        # shellcheck disable=SC2086
        wanted=$(digest_of "$TMP/hoisted/functions" $options)
        for place in nested mixed; do
            # shellcheck disable=SC2086
            [ "$(digest_of "$TMP/$place/functions" $options)" = "$wanted" ]
            # shellcheck disable=SC2086
            [ "$(digest_of "$TMP/$place/functions" --no-cache $options)" = "$wanted" ]
        done
    done
    # another leaf below one of them: no longer the same package
    put_package "$TMP/nested/node_modules/esm/node_modules/inner/node_modules" leaf 'exports.leaf = "other leaf";'
    wanted=$(digest_of "$TMP/hoisted/functions")
    [ "$(digest_of "$TMP/nested/functions")" != "$wanted" ]
    grep -rqF 'other leaf' "$TMP/laid"
}
