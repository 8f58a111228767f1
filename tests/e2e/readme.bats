#!/usr/bin/env bats
# The README's own commands, taken from its text.
load helpers

# The indented lines between two lines of the README
commands_between() {
    awk -v from="$1" -v to="$2" 'index($0, to) == 1 { on = 0 } on && /^    / { print substr($0, 5) } index($0, from) == 1 { on = 1 }' "$ROOT/README.md"
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    PATH=$BUILD:$PATH
    put_function supabase/functions hello hi
}

@test "the quick start with functions of your own" {
    commands_between "And with functions of your own:" "## Functions" >script
    grep -q onetube-serve script
    grep -v onetube-serve script >steps
    bash -eu steps
    start_server fw.1tube --trust release.pub.pem
    [ "$(curl -sS "$URL/hello")" = hi ]
    stop_server
}

@test "the commands of the commands section" {
    commands_between "## Commands" "**build**" >script
    onetube keygen release >/dev/null
    bash -eu script
    [ -f unpacked/manifest.json ]
}

@test "keys elsewhere" {
    onetube keygen release >/dev/null
    onetube build --functions supabase/functions --out dist >/dev/null 2>&1
    commands_between "**Keys elsewhere.**" "**verify**" >script
    cat >my-kms-sign <<'END'
#!/bin/sh
cat >message
exec openssl pkeyutl -sign -rawin -inkey release.key.pem -in message
END
    chmod +x my-kms-sign
    PATH=$PWD:$PATH bash -eu script
    onetube verify fw.1tube --trust release.pub.pem
}

@test "a second signature on the release that was looked at" {
    onetube keygen release >/dev/null
    onetube keygen second >/dev/null
    onetube package --functions supabase/functions --out fw.1tube --sign-key release.key.pem >/dev/null 2>&1
    commands_between "**sign** adds" "**onetube-serve**" >script
    bash -eu script
    onetube verify fw.1tube --trust release.pub.pem --trust second.pub.pem --threshold 2
}

@test "checking a signature and the files without onetube" {
    onetube keygen release >/dev/null
    onetube package --functions supabase/functions --out fw.1tube --sign-key release.key.pem >/dev/null 2>&1
    commands_between "Check a signature without onetube:" "| refusal" >script
    run bash -eu script
    exits 0
    has "Signature Verified Successfully"
    has "functions/hello.js: OK"
    # the digest that the statement names is the manifest's
    [ "$(grep -o '"sha256":"[0-9a-f]*"' unpacked/statement.json | cut -d'"' -f4)" = "$(sha256sum unpacked/manifest.json | cut -c1-64)" ]
    printf x | dd of=fw.1tube bs=1 seek=4900 conv=notrunc status=none
    rm -r unpacked
    fails bash -eu script
}
