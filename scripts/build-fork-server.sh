#!/usr/bin/env bash
# Builds what turns a shell into a fork server, into the folder that is named: programs look for it beside themselves.
# SwiftPM would link Swift's library into it, which a shell shall not load.
set -euo pipefail
cd "$(dirname "$0")/.."

self=scripts/build-fork-server.sh
source=Sources/CForkServer/forkserver.c
library=$1/libcryptoflow-forkserver.so
if [ ! "$library" -nt "$source" ] || [ ! "$library" -nt "$self" ]; then
    # In few pieces: each one costs every fork a little.
    clang -std=c11 -O2 -fPIC -shared -fvisibility=hidden -Wall -Wextra -Werror \
        -Wl,-z,now,-z,norelro -o "$library.new" "$source"
    mv "$library.new" "$library"
fi
