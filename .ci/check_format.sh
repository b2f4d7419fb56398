#!/usr/bin/env bash
# check_format.sh [--fix]: every C++ file that git knows is as .clang-format says.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mode=(--dry-run -Werror)
[[ ${1:-} == --fix ]] && mode=(-i)
git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format "${mode[@]}"
