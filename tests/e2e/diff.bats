#!/usr/bin/env bats
# What differs between two payloads or dists.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p functions/pay functions/_shared functions/old
    printf 'import { round } from "../_shared/money.ts";\nDeno.serve(() => {\n  const sum = round(1.5);\n  return new Response("paid " + sum);\n});\n' >functions/pay/index.ts
    printf 'export const round = (sum: number) => {\n  return Math.round(sum);\n};\n' >functions/_shared/money.ts
    printf 'Deno.serve(() => new Response("old"));\n' >functions/old/index.ts
    printf '{ "public": true, "timeoutMs": 5000, "permissions": { "net": ["a.example"] } }\n' >functions/pay/1tube.json
}

# make OUT [OPTION...]
make() {
    local out=$1
    shift
    "$ONETUBE" build --functions functions --out "$out" "$@" >/dev/null 2>&1
}

# A dist's file, and its digest in the manifest
change_file() {
    local before after
    before=$(sha256sum <"$1/$2" | cut -c1-64)
    sed -i "$3" "$1/$2"
    after=$(sha256sum <"$1/$2" | cut -c1-64)
    [ "$before" != "$after" ]
    sed -i "s/$before/$after/" "$1/manifest.json"
}

change() {
    sed -i 's/paid /owed /' functions/pay/index.ts
    printf '{ "public": true, "timeoutMs": 9000, "permissions": { "net": ["b.example"] } }\n' >functions/pay/1tube.json
    rm -r functions/old
    mkdir -p functions/new
    printf 'Deno.serve(() => new Response("new"));\n' >functions/new/index.ts
}

# Without sizes, which are those of the runtime.
sizeless() {
    sed -E 's/[0-9.]+ (B|KB|MB)/SIZE/g'
}

report() {
    diff <(cat) <(sizeless <<<"$output")
}

@test "what both hold is the same: whatever names, numbers and signatures are" {
    make dist
    make_keys a b
    "$ONETUBE" package --in dist --out one.1tube --sign-key a.key.pem >/dev/null 2>&1
    "$ONETUBE" package --in dist --out two.1tube --sign-key b.key.pem --name shop --version 2 --sequence 9 >/dev/null 2>&1
    for pair in "dist dist" "dist one.1tube" "one.1tube two.1tube" "two.1tube dist"; do
        # shellcheck disable=SC2086
        run "$ONETUBE" diff $pair
        exits 0
    done
    run "$ONETUBE" diff one.1tube two.1tube
    report <<END
not verified: signatures were not checked
before  one.1tube: onetube $(sha256sum <dist/manifest.json | cut -c1-16), sequence 0, SIZE
after   two.1tube: shop 2, sequence 9, SIZE

the same: manifest $(sha256sum <dist/manifest.json | cut -c1-64)
END
}

@test "power, functions and modules, each by itself" {
    make before
    change
    make after --env STRIPE_KEY --compat-flag nodejs_als
    run "$ONETUBE" diff before after --lines
    exits 1
    report <<'END'
not verified: signatures were not checked
before  before, SIZE
after   after, SIZE

power
  other compatibilityFlag: nodejs_als, new
  more  env: STRIPE_KEY, new
  more  new: function: closed, new
  less  old: function: closed, gone
  more  pay: timeoutMs: 5000 -> 9000
  less  pay: permissions.net: a.example, gone
  more  pay: permissions.net: b.example, new

functions
  + new: SIZE
  - old: SIZE
  ~ pay: SIZE, 1 module

modules
  + new/index.ts +5 -0, in new
      @@ line 1 @@
      +var require_new = __commonJS({
      +  "new/index.ts"() {
      +    Deno.serve(() => new Response("new"));
      +  }
      +});
  - old/index.ts +0 -5, in old
      @@ line 1 @@
      -var require_old = __commonJS({
      -  "old/index.ts"() {
      -    Deno.serve(() => new Response("old"));
      -  }
      -});
  + onetube:new +6 -0, in new
      @@ line 1 @@
      +import { cell } from "../chunks/onetube.js";
      +import { OnetubeIsolate } from "../chunks/onetube.js";
      +var new_default = cell(
      +  { name: "new", file: "new/index.ts", public: null },
      +  () => require_new()
      +);
  - onetube:old +0 -6, in old
      @@ line 1 @@
      -import { cell } from "../chunks/onetube.js";
      -import { OnetubeIsolate } from "../chunks/onetube.js";
      -var old_default = cell(
      -  { name: "old", file: "old/index.ts", public: null },
      -  () => require_old()
      -);
  ~ pay/index.ts +1 -1, in pay
      @@ line 5 @@
           Deno.serve(() => {
             const sum = round(1.5);
      -      return new Response("paid " + sum);
      +      return new Response("owed " + sum);
           });
         }
END
    run "$ONETUBE" diff before after --json
    exits 1
    valid diff <(echo "$output")
}

@test "what changed for the fewest is told, not what moved with it" {
    put_function functions two "2"
    sed -i '1i import "../_shared/money.ts";' functions/two/index.ts
    make before
    sed -i 's/Math.round/Math.floor/' functions/_shared/money.ts
    make after
    run "$ONETUBE" diff before after
    exits 1
    has "~ _shared/money.ts +1 -1, in pay"
    fails grep -q "pay/index.ts" <<<"$output"
    fails grep -q "onetube" <<<"$output"
}

@test "source maps show the sources, also of minified bundles" {
    for kind in linked inline; do
        make before --minify --sourcemap $kind
        sed -i 's/Math.round/Math.floor/; s/Math.ceil/Math.round/' functions/_shared/money.ts
        make after --minify --sourcemap $kind
        run "$ONETUBE" diff before after --lines
        exits 1
        has "sources (by their source maps)"
        has "      -  return Math.round(sum);
      +  return Math.floor(sum);"
        sed -i 's/Math.floor/Math.round/' functions/_shared/money.ts
    done
    # comments are in the source alone
    sed -i '1i // said' functions/_shared/money.ts
    make after --minify --sourcemap inline
    run "$ONETUBE" diff before after
    has "~ _shared/money.ts +1 -0"
}

@test "the runtime has no map, and is compared all the same" {
    for kind in linked inline; do
        make before --minify --sourcemap $kind
        rm -rf after
        cp -r before after
        change_file after chunks/onetube.js 's/Internal server error/Internal server errox/'
        run "$ONETUBE" diff before after
        exits 1
        has "~ onetube-shim:onetube.js +1 -1, in "
        fails grep -q "only what the bundler writes" <<<"$output"
    done
}

@test "of minified bundles without maps it says that nothing can be told" {
    make before --minify
    sed -i 's/Math.round/Math.floor/' functions/_shared/money.ts
    make after --minify
    run "$ONETUBE" diff before after
    exits 1
    has "bundles are minified and have no source maps"
    has "~ pay: "
    has "~ functions/pay.js"
}

@test "files and modules that only have another name" {
    printf '{ "files": ["data/**"] }\n' >functions/old/1tube.json
    mkdir functions/old/data
    echo text >functions/old/data/a.txt
    make before
    mv functions/old/data/a.txt functions/old/data/b.txt
    mv functions/_shared/money.ts functions/_shared/cash.ts
    sed -i 's/money/cash/' functions/pay/index.ts
    make after
    run "$ONETUBE" diff before after
    exits 1
    has "> files/old/data/a.txt -> files/old/data/b.txt"
    has "> _shared/money.ts -> _shared/cash.ts, in pay"
}

# told EXPRESSION: what JavaScript makes of the report `d` of diff --json in the file report.json
told() {
    node -p "const d = JSON.parse(require('fs').readFileSync('report.json')); $1"
}

@test "a function of which only the power changes, and no other, and what it weighs with all that it needs" {
    put_function functions two "2"
    sed -i '1i import "../_shared/money.ts";' functions/two/index.ts
    make before
    sed -i 's/5000/6000/' functions/pay/1tube.json
    make after
    "$ONETUBE" diff before after --json >report.json || [ $? = 1 ]
    valid diff report.json
    [ "$(told 'd.functions.map((one) => [one.name, one.change, one.code, one.power, one.modules].join(" ")).join()')" = "pay changed false true 0" ]
    "$ONETUBE" inspect after --json >inspect.json
    [ "$(told 'd.functions[0].bytesAfter')" = "$(node -p 'JSON.parse(require("fs").readFileSync("inspect.json")).functions.find((one) => one.name === "pay").totalBytes')" ]
}

@test "what two functions share changes both" {
    put_function functions two "2"
    printf 'import { round } from "../_shared/money.ts";\nDeno.serve(() => new Response("two " + round(2)));\n' >functions/two/index.ts
    make before
    sed -i 's/Math.round/Math.floor/' functions/_shared/money.ts
    make after
    "$ONETUBE" diff before after --json >report.json || [ $? = 1 ]
    [ "$(told 'd.functions.map((one) => [one.name, one.change, one.code, one.power, one.modules].join(" ")).join()')" = "pay changed true false 1,two changed true false 1" ]
    [ "$(told 'd.modules.map((one) => one.after).join()')" = _shared/money.ts ]
}

@test "maps and minified code count only where both have them" {
    make plain
    make maps --sourcemap linked
    make small --minify
    for pair in "plain plain modules" "plain maps modules" "maps plain modules" "maps maps sources" "plain small none" "small plain none"; do
        read -r before after insight <<<"$pair"
        "$ONETUBE" diff $before $after --json >report.json || [ $? = 1 ]
        [ "$(told d.insight)" = "$insight" ] || { echo "$pair: $(told d.insight)" >&2; false; }
    done
}

@test "a file that the bundler names by a hash is the same file, whichever name comes first" {
    cp "$ROOT/examples/functions/assets/add.wasm" functions/old/
    printf 'import add from "./add.wasm";\nDeno.serve(() => new Response(String(add)));\n' >functions/old/index.ts
    make before
    printf '\x6c' | dd of=functions/old/add.wasm bs=1 seek=39 conv=notrunc status=none
    make after
    for pair in "before after" "after before"; do
        # shellcheck disable=SC2086
        "$ONETUBE" diff $pair --json >report.json || [ $? = 1 ]
        [ "$(told 'd.members.filter((one) => /wasm$/.test(one.before ?? one.after)).map((one) => one.change).join()')" = changed ]
    done
}

@test "another option is told as such" {
    make before
    make after --target es2022 --no-splitting
    run "$ONETUBE" diff before after
    exits 1
    has "built with
  target: es2024 -> es2022
  splitting: yes -> no"
}

@test "Markdown: names and lines are code, whatever is in them" {
    make before
    mkdir 'functions/_shared/a`b|<i>@x'
    printf 'export const a = "``` <b>[l](u) @team";\n' >'functions/_shared/a`b|<i>@x/m.ts'
    sed -i '1i import { a } from "../_shared/a`b|<i>@x/m.ts"; console.log(a);' functions/pay/index.ts
    make after
    run "$ONETUBE" diff before after --markdown --lines
    exits 1
    has '- ``_shared/a`b|<i>@x/m.ts`` added (+'
    has '  ````diff
'
    NODE_PATH=$ROOT/node_modules node -e '
        // outside of code nothing is left that means anything
        const text = require("fs").readFileSync(0, "utf8");
        const rest = text.replace(/^ *(`{3,})diff\n[^]*?\n *\1$/gm, "").replace(/(`+)(?!`)[^]*?[^`]\1(?!`)/g, "").replace("<details><summary>Bundles and files</summary>", "").replace("</details>", "");
        if (/[<@\[`|]/.test(rest)) { console.error(rest); process.exit(1); }' <<<"$output"
}

@test "nothing of a payload does anything to a terminal" {
    printf 'export const a = "\\u202Eabc";\n' >functions/_shared/evil.ts
    printf 'export const b = `\033]0;x\007\xe2\x80\xae`;\n' >>functions/_shared/evil.ts
    make before
    sed -i '1i import * as a from "../_shared/evil.ts"; console.log(a);' functions/pay/index.ts
    make after
    # a heading that esbuild would not write
    node -e '
        const fs = require("fs"), { createHash } = require("crypto");
        const file = "after/functions/pay.js", forged = "\n// \x1b[31mred\u202e.ts\nx\n";
        fs.appendFileSync(file, forged);
        const manifest = JSON.parse(fs.readFileSync("after/manifest.json"));
        const one = manifest.functions.find((f) => f.name === "pay"), bytes = fs.readFileSync(file);
        one.bundleBytes = bytes.length;
        one.bundleSha256 = createHash("sha256").update(bytes).digest("hex");
        fs.writeFileSync("after/manifest.json", JSON.stringify(manifest, null, 2) + "\n");'
    for form in "" --markdown; do
        # shellcheck disable=SC2086
        run "$ONETUBE" diff before after --lines $form
        exits 1
        has "?[31mred?.ts"
        fails grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\xaa-\xae]' <<<"$output"
    done
    run "$ONETUBE" diff before after --lines --json
    valid diff <(echo "$output")
}

@test "what is not as its manifest says is refused, and what is not there fails" {
    make before
    cp -r before after
    printf ' ' >>after/functions/pay.js
    run "$ONETUBE" diff before after
    exits 3
    has E_LAYOUT
    cp before/functions/pay.js after/functions/pay.js
    sed -i 's/paid/pAid/' after/functions/pay.js
    run "$ONETUBE" diff before after
    exits 3
    has E_HASH
    run "$ONETUBE" diff before missing
    exits 1
    has "missing"
    run "$ONETUBE" diff before
    exits 2
    run "$ONETUBE" diff before before --json --markdown
    exits 2
}
