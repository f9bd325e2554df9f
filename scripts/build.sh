#!/usr/bin/env bash
# Builds the named products for release: .build/release/<name>.
set -euo pipefail
cd "$(dirname "$0")/.."

for product in "$@"; do swift build -c release --product "$product"; done
