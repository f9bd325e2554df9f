#!/usr/bin/env bash
# What a reader would object to and a compiler would not.
set -eu
cd "$(dirname "$0")/.."
failed=0

swift format lint --strict --recursive --parallel Sources Tests Package.swift || failed=1

report() {
    [ -z "$2" ] && return
    echo "$1" >&2
    echo "$2" | sed 's/^/    /' >&2
    failed=1
}
report "test functions without @Test never run:" \
    "$(grep -rnE '^\s*(public |private |internal )?func test[A-Z]' Tests --include='*.swift' || true)"
report "crashes waiting to happen:" \
    "$(grep -rnE 'try!|fatalError\(|as! ' Sources --include='*.swift' || true)"
report "tests that wait for time:" \
    "$(grep -rnE 'Task\.sleep|usleep\(|Thread\.sleep' Tests --include='*.swift' | grep -v 'sleep(for: *pollInterval' || true)"
report "unfinished places:" \
    "$(grep -rnE 'TODO|FIXME|XXX|not implemented' Sources Tests --include='*.swift' || true)"
exit $failed
