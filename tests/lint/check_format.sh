#!/usr/bin/env bash
# Usage: check_format.sh ROOT    Fails when clang-format would change a C++ file.
set -euo pipefail
cd "$1"
find include src tests bench -name '*.[hc]pp' -print0 | xargs -0 -P "$(nproc)" -n 40 clang-format-19 --dry-run -Werror
