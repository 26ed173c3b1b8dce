#!/usr/bin/env bash
# What recording costs: tests/bench/run.sh BUILD_DIR [--pairs N] [--long]. Prints figures and judges none.
set -euo pipefail
exec python3 "$(dirname "$0")/bench.py" "$@"
