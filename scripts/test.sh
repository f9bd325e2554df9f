#!/usr/bin/env bash
# Builds and runs all tests (arguments go to `swift test`); the last line tells how many ran.
set -euo pipefail
cd "$(dirname "$0")/.."

# A test without @Test, or a target that fell out of the package, makes the number drop and nothing else fail.
floor=$(cat scripts/test-floor)

# The example's source is built as a target of this package; that its own manifest fits, and that the product it names
# exists, is only seen from there. Not while the manifest is trimmed to a few rooms: then there is no product.
if [ $# -eq 0 ] && [ -z "${CRYPTOFLOW_TESTS:-}" ]; then
    swift package --package-path Examples/SwiftTasks --scratch-path .build/example show-dependencies >/dev/null
fi

swift build --build-tests
scripts/build-fork-server.sh .build/debug
log=.build/test.log
started=$SECONDS
status=0
# More at once than this would only keep each other waiting, and time limits count from a test's start.
swift test --skip-build --parallel --experimental-maximum-parallelization-width 12 "$@" 2>&1 | tee "$log" || status=$?
seconds=$((SECONDS - started))
count=$(sed -n 's/.*Test run with \([0-9]*\) tests\{0,1\} .*/\1/p' "$log" | tail -n 1)
count=${count:-0}

if [ $status -ne 0 ]; then
    echo
    echo "failed:"
    grep -E '^.{0,3} ?Test .* failed after' "$log" || true
    echo "test: FAILED, $count tests ran in ${seconds} s (see $log)"
    exit $status
fi
if [ $# -eq 0 ] && [ "$count" -lt "$floor" ]; then
    echo "test: FAILED, only $count tests ran; at least $floor are expected (scripts/test-floor)"
    exit 1
fi
echo "test: $count tests passed in ${seconds} s"
