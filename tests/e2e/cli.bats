#!/usr/bin/env bats
# The command line itself: help, unknown words, man pages, completion, installation.
load helpers

@test "help is on stdout with 0 when asked for, usage errors on stderr with 2" {
    all=$("$ONETUBE" --help)
    for command in build package sign pae keygen verify inspect diff rebuild unpack serve; do
        [[ "$all" == *"$command"* ]]
        "$ONETUBE" "$command" --help >"$BATS_TEST_TMPDIR/help" 2>"$BATS_TEST_TMPDIR/errors"
        grep -q "Usage: onetube $command" "$BATS_TEST_TMPDIR/help"
        [ ! -s "$BATS_TEST_TMPDIR/errors" ]
        "$ONETUBE" help "$command" | cmp - "$BATS_TEST_TMPDIR/help"
        run "$ONETUBE" "$command" --no-such-option
        exits 2
        run "$ONETUBE" "$command" a b c d e
        exits 2
    done
    "$ONETUBE" >"$BATS_TEST_TMPDIR/out" 2>/dev/null || true
    run "$ONETUBE" biuld
    exits 2
    has "build"
    run "$ONETUBE" --version
    exits 0
    has 0.1.0
    run "$ONETUBE" --version 2
    exits 2
    has 'unexpected word "2"'
    run "$ONETUBE" build functions
    exits 2
    has 'unexpected word "functions"; this command takes options alone'
    run bash -c '"$1" --version >/dev/full' - "$ONETUBE"
    exits 1
    has "No space left on device"
}

@test "--env twins work, and bad ones are usage errors" {
    run env ONETUBE_TRUST="$VECTORS/a.pub.pem" "$ONETUBE" verify "$VECTORS/valid.1tube"
    exits 0
    run env 1TUBE_TRUST="$VECTORS/a.pub.pem" "$ONETUBE" verify "$VECTORS/valid.1tube"
    exits 0
    run env ONETUBE_TRUST="$VECTORS/a.pub.pem" ONETUBE_THRESHOLD=many "$ONETUBE" verify "$VECTORS/valid.1tube"
    exits 2
    has ONETUBE_THRESHOLD
}

@test "verify shows each check and one verdict line" {
    run "$ONETUBE" verify "$VECTORS/valid.1tube" --trust "$VECTORS/a.pub.pem"
    exits 0
    for check in file signatures statement manifest engine sequence expiry policy layout hashes; do has "$check"; done
    run "$ONETUBE" verify "$VECTORS/bundle-bit.1tube" --trust "$VECTORS/a.pub.pem"
    exits 3
    has E_HASH
    has functions/
}

@test "verify can be told which dates the engine in use knows" {
    run "$ONETUBE" verify "$VECTORS/valid.1tube" --trust "$VECTORS/a.pub.pem" --engine-date 2025-12-31
    exits 3
    has E_ENGINE
    run "$ONETUBE" verify "$VECTORS/valid.1tube" --trust "$VECTORS/a.pub.pem" --engine-date 2026-01-01
    exits 0
    run "$ONETUBE" verify "$VECTORS/valid.1tube" --trust "$VECTORS/a.pub.pem" --engine-date soon
    exits 2
}

@test "completion is valid shell and knows every command" {
    bash -n "$BUILD/completion/onetube"
    for command in build package sign pae keygen verify inspect diff rebuild unpack; do grep -q "^    $command)" "$BUILD/completion/onetube"; done
}

@test "completion offers commands, options behind a dash, and file names elsewhere" {
    # shellcheck source=/dev/null
    source "$BUILD/completion/onetube"
    completes() {
        local expected=$1
        shift
        COMP_WORDS=(onetube "$@") COMP_CWORD=$#
        COMPREPLY=()
        _onetube
        [ "${COMPREPLY[*]}" = "$expected" ] || { echo "$*: ${COMPREPLY[*]}" >&2; return 1; }
    }
    completes verify ver
    completes verify help ver
    completes --frozen build --fr
    completes "" package --in ""
    completes "" verify rel
}

@test "inspect says that nothing was verified" {
    run "$ONETUBE" inspect "$VECTORS/wrong-key.1tube"
    exits 0
    [[ "${lines[0]}" == *"not verified"* ]]
    has hello
}

@test "no colour and no progress without a terminal" {
    put_function "$BATS_TEST_TMPDIR/functions" hello hi
    unset NO_COLOR
    "$ONETUBE" build --functions "$BATS_TEST_TMPDIR/functions" --out "$BATS_TEST_TMPDIR/dist" >"$BATS_TEST_TMPDIR/all" 2>&1
    fails grep -q $'\x1b' "$BATS_TEST_TMPDIR/all"
    fails grep -q $'\r' "$BATS_TEST_TMPDIR/all"
}

@test "the man pages name every command and option, and are clean" {
    for page in onetube onetube-serve; do
        groff -man -Tutf8 -P-cbou -ww "$BUILD/man/$page.1" >"$BATS_TEST_TMPDIR/$page.txt" 2>"$BATS_TEST_TMPDIR/warnings"
        [ ! -s "$BATS_TEST_TMPDIR/warnings" ] || { cat "$BATS_TEST_TMPDIR/warnings"; return 1; }
    done
    for command in build package sign pae keygen verify inspect diff rebuild unpack; do
        "$ONETUBE" "$command" --help | grep -oE -- '--[a-z][a-z-]+' | sort -u | while read -r option; do
            grep -q -- "$option" "$BATS_TEST_TMPDIR/onetube.txt" || { echo "$command $option is not in the man page"; exit 1; }
        done
    done
    "$SERVE" --help | grep -oE -- '--[a-z][a-z-]+' | sort -u | while read -r option; do
        grep -q -- "$option" "$BATS_TEST_TMPDIR/onetube-serve.txt" || { echo "$option is not in the man page"; exit 1; }
    done
}

@test "make install puts everything in its place, and it works from there" {
    [ -z "${SANITIZED:-}" ] || return 0
    make -s -C "$ROOT" install PREFIX=/usr DESTDIR="$BATS_TEST_TMPDIR/root" >/dev/null
    put_function "$BATS_TEST_TMPDIR/functions" hello installed
    make_keys release
    cd "$BATS_TEST_TMPDIR"
    env -i PATH=/usr/bin:/bin root/usr/bin/onetube package --functions functions --out fw.1tube --sign-key release.key.pem
    SERVE=root/usr/bin/onetube-serve start_server fw.1tube --trust release.pub.pem
    [ "$(curl -sS "$URL/hello")" = installed ]
    stop_server
    make -s -C "$ROOT" uninstall PREFIX=/usr DESTDIR="$BATS_TEST_TMPDIR/root" >/dev/null
    [ -z "$(find root -type f)" ]
}

@test "the boot program is static, stripped and small" {
    [ -z "${SANITIZED:-}" ] || return 0
    file=$SERVE
    [ "$(stat -c %s "$file")" -le 1500000 ]
    fails grep -q INTERP <(readelf -l "$file")
    [ -z "$(nm "$file" 2>/dev/null)" ]
}

# A dist and two key pairs in the test's folder.
make_dist() {
    cd "$BATS_TEST_TMPDIR"
    put_function functions open hi
    put_function functions shut hi
    echo '{}' >functions/shut/1tube.json
    make_keys release second
    "$ONETUBE" build --functions functions --out dist >build.txt
}

@test "package: a build option typed with --in is an error, one in the environment is not" {
    make_dist
    for option in "--env A" "--compat-date 2025-09-15" "--only open" --minify --no-splitting "--jobs 1"; do
        # shellcheck disable=SC2086
        run "$ONETUBE" package --in dist --out fw.1tube --unsigned $option
        exits 2
        has "${option%% *} belongs to --functions"
    done
    ONETUBE_ENV=A ONETUBE_MINIFY=1 "$ONETUBE" package --in dist --out fw.1tube --unsigned
    run env ONETUBE_IN=dist "$ONETUBE" package --functions functions --env A --out fw.1tube --unsigned
    exits 0
    run "$ONETUBE" package --in dist --functions functions --out fw.1tube --unsigned
    exits 2
    has "one is wanted"
}

@test "package: --unsigned and signers, the typed one wins" {
    make_dist
    run env ONETUBE_SIGN_KEY=release.key.pem "$ONETUBE" package --in dist --out fw.1tube --unsigned
    exits 0
    has unsigned
    run env ONETUBE_UNSIGNED=1 "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem
    exits 0
    has "signed by"
    run "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem --unsigned
    exits 2
    run env ONETUBE_UNSIGNED=1 ONETUBE_SIGN_KEY=release.key.pem "$ONETUBE" package --in dist --out fw.1tube
    exits 2
    has "--unsigned excludes"
}

@test "build and package say how many functions are closed" {
    make_dist
    tail -1 build.txt | grep -q '^1 of 2 functions is closed and answers 401 without an identity'
    run "$ONETUBE" package --in dist --out fw.1tube --unsigned
    has '1 of 2 functions is closed'
    echo '{ "public": true }' >functions/shut/1tube.json
    run "$ONETUBE" build --functions functions --out dist
    exits 0
    fails grep -q closed <<<"$output"
}

@test "the release's digest: package, sign and verify print the same, sign --release insists on it" {
    make_dist
    "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem >/dev/null
    release=$(tail -c +4097 fw.1tube | sha256sum | cut -c1-64)
    cp fw.1tube before.1tube
    run "$ONETUBE" sign fw.1tube --sign-key second.key.pem --release "${release/[0-9]/a}"
    exits 3
    has E_HASH
    has "$release"
    cmp fw.1tube before.1tube
    run "$ONETUBE" sign fw.1tube --sign-key second.key.pem --release abc
    exits 2
    run "$ONETUBE" sign fw.1tube --sign-key second.key.pem --release "${release^^}"
    exits 0
    has "release sha256 $release"
    run "$ONETUBE" verify fw.1tube --trust second.pub.pem --json
    exits 0
    has "\"releaseSha256\": \"$release\""
}

@test "sign gives up on a file that another process keeps locked" {
    make_dist
    "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem >/dev/null
    exec 5<fw.1tube
    flock -s 5
    run timeout 30 "$ONETUBE" sign fw.1tube --sign-key second.key.pem 5<&-
    exec 5<&-
    exits 1
    has "locked by another process"
    "$ONETUBE" sign fw.1tube --sign-key second.key.pem
}

@test "--revoked adds to ONETUBE_REVOKED" {
    run env ONETUBE_REVOKED="$VECTORS/a.pub.pem" "$ONETUBE" verify "$VECTORS/valid.1tube" --trust "$VECTORS/a.pub.pem" --revoked "$VECTORS/b.pub.pem"
    exits 3
    has E_UNTRUSTED
}

@test "a threshold that the keys cannot meet is a usage error" {
    run "$ONETUBE" verify "$VECTORS/valid.1tube" --trust "$VECTORS/a.pub.pem" --trust "$VECTORS/a.pub.pem" --threshold 2
    exits 2
    has "--threshold 2, but only 1 key is trusted"
    run "$ONETUBE" verify "$VECTORS/valid.1tube" --trust "$VECTORS/a.pub.pem" --trust "$VECTORS/b.pub.pem" --revoked "$VECTORS/b.pub.pem" --threshold 2
    exits 3
    has E_UNTRUSTED
}

@test "an empty value is a usage error that names the option" {
    run "$ONETUBE" build --functions functions --out ""
    exits 2
    has "--out is empty"
    run "$ONETUBE" verify "$VECTORS/valid.1tube" --trust=
    exits 2
    has "--trust is empty"
}
