#!/usr/bin/env bats
# Payloads by an independent writer: each program gives each of them exactly its code.
load helpers

# One line a row: file, expected code, then the arguments
rows() {
    node -e '
        const dir = process.argv[1];
        for (const row of JSON.parse(require("fs").readFileSync(dir + "/vectors.json")).rows) {
            const args = ["--threshold", row.threshold];
            for (const key of row.trusted) args.push("--trust", dir + "/" + key);
            for (const key of row.revoked ?? []) args.push("--revoked", dir + "/" + key);
            if (row.minSequence !== undefined) args.push("--min-sequence", row.minSequence);
            console.log([row.file, row.expect, ...args].join("\t"));
        }' "$VECTORS"
}

# An engine that takes its config and listens: enough to tell that the payload was handed over.
fake_engine() {
    cat >"$BATS_TEST_TMPDIR/engine" <<'END'
#!/bin/sh
cat >/dev/null
echo handed over >&2
exit 9
END
    chmod +x "$BATS_TEST_TMPDIR/engine"
}

@test "onetube verify gives every vector its code" {
    local wrong=0 count=0
    while IFS=$'\t' read -r -a row; do
        count=$((count + 1))
        run "$ONETUBE" verify "$VECTORS/${row[0]}" "${row[@]:2}"
        case ${row[1]} in
        OK) [ "$status" = 0 ] && continue ;;
        *) [ "$status" = 3 ] && [[ "$output" == *"${row[1]}"* ]] && continue ;;
        esac
        echo "${row[0]}: expected ${row[1]}, exit $status: $output" >&2
        wrong=$((wrong + 1))
    done < <(rows)
    [ "$count" -ge 70 ]
    [ "$wrong" = 0 ]
}

@test "onetube-serve gives every vector its code, and starts an engine for the good ones only" {
    local wrong=0 count=0
    fake_engine
    while IFS=$'\t' read -r -a row; do
        count=$((count + 1))
        run "$SERVE" "$VECTORS/${row[0]}" --engine "$BATS_TEST_TMPDIR/engine" --listen 127.0.0.1:0 "${row[@]:2}"
        case ${row[1]} in
        OK) [ "$status" = 4 ] && [[ "$output" == *"handed over"* ]] && continue ;;
        *) [ "$status" = 3 ] && [[ "$output" == *"${row[1]}"* && "$output" != *"handed over"* ]] && continue ;;
        esac
        echo "${row[0]}: expected ${row[1]}, exit $status: $output" >&2
        wrong=$((wrong + 1))
    done < <(rows)
    [ "$count" -ge 70 ]
    [ "$wrong" = 0 ]
}

@test "onetube pae gives the signed bytes that the writer computed" {
    "$ONETUBE" pae "$VECTORS/valid.1tube" >"$BATS_TEST_TMPDIR/pae"
    cmp "$BATS_TEST_TMPDIR/pae" "$VECTORS/pae.bin"
}
