#!/usr/bin/env bash
# Builds the named products for release: .build/release/<name>.
set -euo pipefail
cd "$(dirname "$0")/.."

# With Swift's libraries inside, where the toolchain has them for that: less memory, and a program that runs without Swift.
options=(-c release)
resources=$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
if [ -d "${resources%/*}/swift_static" ]; then options+=(--static-swift-stdlib -Xswiftc -use-ld=lld); fi

for product in "$@"; do swift build "${options[@]}" --product "$product"; done
scripts/build-fork-server.sh .build/release
