#!/usr/bin/env bash
# check_contracts.sh SHARED: sends what the adapters say through servers made from the vendors' own documents in SHARED/contracts, and fails on
# every deviation. Without that folder there is nothing to check against.
set -euo pipefail
shared=${1:?the folder that holds contracts/}
contracts=$shared/contracts
[[ -x $contracts/stand-in ]] || { echo "contracts: $contracts is not here, nothing checked"; exit 0; }
contracts=$(realpath "$contracts")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

.ci/build.sh release test_integrations
log=$(mktemp)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$contracts/stand-in" stripe "$port" >"$log" 2>&1 &
stand_in=$!
trap 'kill "$stand_in" 2>/dev/null || true; rm -f "$log"' EXIT

# The first start installs the server's packages, which takes a while.
for _ in {1..240}; do
  if grep -q "is listening" "$log"; then break; fi
  kill -0 "$stand_in" 2>/dev/null || { cat "$log" >&2; echo "contracts: the stand-in did not start" >&2; exit 1; }
  sleep 0.5
done
grep -q "is listening" "$log" || { cat "$log" >&2; echo "contracts: the stand-in did not start in time" >&2; exit 1; }

STRIPE_API_BASE=http://127.0.0.1:$port STRIPE_DOCUMENT=$contracts/openapi/stripe.json \
  build/tests/test_integrations --gtest_filter='StripeContract.*'
if grep "Violation:" "$log"; then
  echo "contracts: the requests above deviate from Stripe's document" >&2
  exit 1
fi
echo "contracts: stripe ok"
