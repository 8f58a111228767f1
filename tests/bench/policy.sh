#!/bin/bash
# What each step of a request's policy costs, in nanoseconds, on one thread. Printed only: what counts is the gateway as a whole.
set -eu
. "$(dirname "$0")/lib.bash"

"$ROOT/out/tools/time_policy"
