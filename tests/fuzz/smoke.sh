#!/bin/sh
# smoke.sh BUILD_DIR SECONDS: every fuzzer in BUILD_DIR for SECONDS, starting from tests/fuzz/corpus.
# Fails when one finds something, and leaves the input behind in BUILD_DIR.
set -eu
build=$(cd "$1" && pwd)
seconds=$2
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
    if "$fuzzer" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$build/crash-$name-" "$work/$name" "$seeds" \
        >"$work/$name.log" 2>&1; then
        sed -n 's/^stat::number_of_executed_units: *\([0-9]*\)$/\1 inputs, nothing found/p' "$work/$name.log"
    else
        echo "FAILED"
        tail -40 "$work/$name.log"
        exit 1
    fi
    ran=$((ran + 1))
done
[ "$ran" -gt 0 ] || { echo "no fuzzers in $build: build the target 'fuzzers' of the preset 'fuzz'"; exit 1; }
