#!/usr/bin/env bash
# Installs the built programs and what they load and read: <prefix>/bin, <prefix>/lib/cryptoflow and <prefix>/share/cryptoflow.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=$1
shift
install -d "$prefix/bin" "$prefix/share/cryptoflow"
for product in "$@"; do
    install -m 0755 ".build/release/$product" "$prefix/bin/$product"
    # What a debugger needs is nearly half of a program; the names of functions stay, for backtraces.
    if command -v strip >/dev/null; then strip --strip-debug "$prefix/bin/$product"; fi
done
install -d "$prefix/lib/cryptoflow"
install -m 0644 .build/release/libcryptoflow-forkserver.so "$prefix/lib/cryptoflow/"
# SwiftPM's resource bundles, if a target or a package has some, are looked for beside the program.
for bundle in .build/release/*.resources; do
    [ -d "$bundle" ] && cp -R "$bundle" "$prefix/bin/"
done
for folder in dags migrations Resources; do
    if [ -d "$folder" ]; then
        rm -rf "${prefix:?}/share/cryptoflow/$folder"
        cp -R "$folder" "$prefix/share/cryptoflow/$folder"
    fi
done
install -m 0644 LICENSE THIRD_PARTY.md "$prefix/share/cryptoflow/"
[ -f NOTICE ] && install -m 0644 NOTICE "$prefix/share/cryptoflow/"
echo "installed: ${*/#/$prefix/bin/}"
