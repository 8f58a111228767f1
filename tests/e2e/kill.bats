#!/usr/bin/env bats
# What is killed: engines, the helper that fetches a key set, the gateway. The long version is a benchmark.
load helpers

@test "kill -9 at random under load: all comes back, no other request fails, and nothing is left behind" {
    export ONETUBE SECONDS_ALL=8 FUNCTIONS=6 RATE=50 AGAIN_MS=20000
    run "$ROOT/tests/bench/kill.sh"
    echo "$output"
    [ "$status" = 0 ]
}
