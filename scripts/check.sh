#!/usr/bin/env bash
# Checks format and documentation (swift format) and the rules that grep can see. Every finding is printed; any one fails.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=no
# pattern, what is wrong, where (folders). A line that needs an exception says why in a comment: "check: allow".
forbid() {
    local pattern=$1 message=$2
    shift 2
    local hits
    hits=$(grep -rnE --include='*.swift' --include='*.c' --include='*.h' --include='*.sql' --include='*.yaml' \
        -e "$pattern" -- "$@" 2>/dev/null | grep -vF 'check: allow')
    [ -z "$hits" ] && return
    printf '%s\n' "$hits" | sed "s|\$|  <- $message|"
    failed=yes
}

forbid 'func test[A-Z_]' 'a test is marked @Test and its name has no prefix; without @Test it never runs' Tests
forbid '\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b' 'open work belongs into an issue' Sources Tests Package.swift
forbid '\btry!' 'handle the error' Sources Tests
forbid '\bfatalError\(' 'throw, or use precondition for a bug of ours' Sources Tests
forbid '\bTask\.sleep\b|\busleep\(' 'wait for an event, not for time' Tests
forbid 'import (XCTest|Foundation)$' 'Swift Testing, and FoundationEssentials' Sources Tests

# Databases have had them: a released migration is never changed, and a new one adds its line here when it is released.
if ! hits=$(cd migrations && sha256sum --check --quiet SHA256SUMS 2>&1); then
    printf '%s\n' "$hits" | sed 's|$|  <- a released migration does not change: write a new one|'
    failed=yes
fi

swift format lint --strict --parallel --recursive Sources Tests Package.swift || failed=yes

if [ $failed = yes ]; then
    echo "check: FAILED" >&2
    exit 1
fi
echo "check: all is well"
