#!/usr/bin/env bash
# Breaks the scheduler's core on purpose, one way at a time, and shows that the simulator notices: a rule that no mutant
# breaks may judge nothing. Each mutant is a patch of scripts/mutants; the tree itself is not touched.
set -euo pipefail
cd "$(dirname "$0")/.."

seeds=${1:-500}
copy=.build/mutants
mkdir -p "$copy"
rm -rf "${copy:?}"/{Sources,Tests,Examples,Package.swift,Package.resolved}
cp -a Package.swift Sources Tests Examples "$copy"
# Before the first build there is none.
[ ! -f Package.resolved ] || cp -a Package.resolved "$copy"
build() { swift build --package-path "$copy" --product cryptoflow-simulate >"$copy/build.log" 2>&1; }

echo "mutants: building the core as it is"
build || { tail -20 "$copy/build.log"; exit 1; }
simulate=$copy/.build/debug/cryptoflow-simulate
"$simulate" --seeds "$seeds" >"$copy/run.log" || { cat "$copy/run.log"; echo "mutants: the core itself breaks a rule"; exit 1; }

missed=0
total=0
for mutant in scripts/mutants/*.patch; do
    name=$(basename "$mutant" .patch)
    total=$((total + 1))
    if ! patch -s -p1 -d "$copy" <"$mutant"; then
        echo "mutants: $mutant does not apply any more: mend it, the code it breaks has changed"
        exit 1
    fi
    build || { tail -20 "$copy/build.log"; echo "mutants: $name does not build"; exit 1; }
    if "$simulate" --seeds "$seeds" >"$copy/run.log" 2>&1; then
        missed=$((missed + 1))
        echo "$name: NOT caught within $seeds seeds ($(head -1 "$mutant"))"
    else
        echo "$name: caught, $(grep -m1 -E 'violation:|never|Fatal' "$copy/run.log" | cut -c1-150)"
    fi
    patch -s -R -p1 -d "$copy" <"$mutant"
done
echo "simulate-mutants: $total mutants, $((total - missed)) caught, $missed missed, $seeds seeds each"
[ "$missed" -eq 0 ]
