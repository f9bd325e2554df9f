#!/usr/bin/env bash
# Builds and runs every test, and makes sure that a good number of them really ran.
set -eu -o pipefail
cd "$(dirname "$0")/.."
floor=200

echo "building the tests (the first time takes several minutes)"
swift build --build-tests
echo "running the tests"
output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
swift test --skip-build 2>&1 | tee "$output" || status=$?
[ "$status" -eq 0 ] || exit "$status"
ran=$(sed -n 's/.*Test run with \([0-9]*\) tests.*/\1/p' "$output" | tail -n 1)
if [ "${ran:-0}" -lt "$floor" ]; then
    echo "only ${ran:-0} tests ran; there should be $floor or more" >&2
    exit 1
fi
