#!/bin/sh
# smoke.sh BUILD_DIR [LIBFUZZER_OPTION...]: every fuzzer in BUILD_DIR, starting from tests/fuzz/corpus.
# The same inputs for the same program, unless an option says otherwise: to look for new ones,
# `smoke.sh build/fuzz -seed=0 -runs=-1 -max_total_time=300`.
# Fails when one finds something, and leaves the input behind in BUILD_DIR.
set -eu
build=$(cd "$1" && pwd)
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ran=0
for fuzzer in "$build"/fuzz_*; do
    [ -x "$fuzzer" ] || continue
    name=$(basename "$fuzzer" | sed 's/^fuzz_//')
    seeds="$here/corpus/$name"
    mkdir -p "$work/$name"
    [ -d "$seeds" ] || seeds="$work/$name"
    printf '%s: ' "$name"
    if "$fuzzer" -seed=1 -runs=20000 -max_len=4096 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="$build/crash-$name-" "$@" "$work/$name" "$seeds" >"$work/$name.log" 2>&1; then
        sed -n 's/^stat::number_of_executed_units: *\([0-9]*\)$/\1 inputs, nothing found/p' "$work/$name.log"
    else
        echo "FAILED"
        tail -40 "$work/$name.log"
        exit 1
    fi
    ran=$((ran + 1))
done
[ "$ran" -gt 0 ] || { echo "no fuzzers in $build: build the target 'fuzzers' of the preset 'fuzz'"; exit 1; }
