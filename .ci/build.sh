#!/usr/bin/env bash
# build.sh PRESET [TARGET ...]: configures and builds; as many jobs as there are cores, but one for each 2 GiB of memory at most.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=$1
shift

memory_kib=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
jobs=$(( memory_kib / (2 * 1024 * 1024) ))
cores=$(nproc)
(( jobs > cores )) && jobs=$cores
(( jobs < 1 )) && jobs=1

cmake --preset "$preset" --log-level=NOTICE
cmake --build --preset "$preset" -j "$jobs" --target "${@:-all}"
