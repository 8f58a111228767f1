#!/usr/bin/env bats
# Tokens that another library made.
load helpers

@test "tokens of every algorithm, good and bad, are judged as they should be" {
    run node "$ROOT/tests/e2e/tokens.mjs" "$BUILD/tools/check_tokens" "$BATS_TEST_TMPDIR"
    exits 0
    has ", 0 differ"
}
