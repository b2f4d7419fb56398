#!/usr/bin/env bash
# setup.sh [PACKAGE ...]: installs what is missing of .ci/packages and the named packages. Where nothing is missing it does nothing and needs no rights.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v apt-get >/dev/null; then
  echo "This is not Debian: the packages listed in .ci/packages have to be there already." >&2
  exit 0
fi

mapfile -t wanted < <(cat .ci/packages; printf '%s\n' "$@")
missing=()
for package in "${wanted[@]}"; do
  [[ -z $package ]] && continue
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=(env DEBIAN_FRONTEND=noninteractive)
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || { echo "Not root, and sudo is missing. Install first: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo "${as_root[@]}")
fi
echo "Installing: ${missing[*]}" >&2
apt=("${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "${missing[@]}"
