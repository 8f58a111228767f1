#!/usr/bin/env bats
# Every JSON that crosses a boundary matches its schema, by a validator that is not ours.
load helpers

setup() {
    make_keys release
    cd "$BATS_TEST_TMPDIR"
}

@test "manifest, statement and every report match their schemas" {
    "$ONETUBE" keygen made --json >keygen.json
    "$ONETUBE" build --functions "$ROOT/examples/functions" --out dist --env A --sourcemap linked --json >build.json 2>/dev/null
    "$ONETUBE" package --in dist --out fw.1tube --sign-key release.key.pem --not-after 4102444800 --json >package.json 2>/dev/null
    "$ONETUBE" sign fw.1tube --sign-key made.key.pem --json >sign.json
    "$ONETUBE" verify fw.1tube --trust release.pub.pem --json >verify.json
    "$ONETUBE" verify fw.1tube --trust release.pub.pem --min-sequence 1 --json >refused.json || [ $? = 3 ]
    "$ONETUBE" inspect fw.1tube --json >inspect.json
    "$ONETUBE" unpack fw.1tube --trust release.pub.pem --out unpacked >/dev/null
    valid manifest unpacked/manifest.json
    valid statement unpacked/statement.json
    for report in keygen build package sign verify inspect; do valid $report $report.json; done
    valid verify refused.json
    node -e 'const r = JSON.parse(require("fs").readFileSync("refused.json")); if (r.code !== "E_ROLLBACK") { console.error(r); process.exit(1); }'
    "$ONETUBE" verify fw.1tube --trust release.pub.pem --json | grep -q '"threshold"'
}

@test "a failed build reports its diagnostics as JSON too" {
    mkdir -p functions/bad
    echo 'export default () => {' >functions/bad/index.ts
    "$ONETUBE" build --functions functions --out dist --json >build.json 2>/dev/null || [ $? = 1 ]
    valid build build.json
    node -e 'const r = JSON.parse(require("fs").readFileSync("build.json")); const d = r.diagnostics[0]; if (d.file !== "functions/bad/index.ts" || d.line !== 2) { console.error(d); process.exit(1); }'
}

@test "every 1tube.json of the examples matches the schema that editors use" {
    for file in "$ROOT"/examples/functions/*/1tube.json; do
        node -e 'console.log(JSON.stringify(JSON.parse(require("fs").readFileSync(process.argv[1], "utf8").replace(/^\s*\/\/.*$/gm, ""))))' "$file" >config.json
        valid 1tube config.json
    done
    echo '{ "public": true, "timeoutMS": 5 }' >wrong.json
    fails valid 1tube wrong.json
}
