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
stand_in=
stop() { [[ -z $stand_in ]] || kill "$stand_in" 2>/dev/null || true; }
trap 'stop; rm -f "$log"' EXIT

# check DOCUMENT NAME SUITE: the tests of SUITE get the server's address as NAME_API_BASE and the document as NAME_DOCUMENT.
check() {
  local document=$1 name=$2 suite=$3 port
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  "$contracts/stand-in" "$document" "$port" >"$log" 2>&1 &
  stand_in=$!
  # The first start installs the server's packages, which takes a while.
  for _ in {1..240}; do
    if grep -q "is listening" "$log"; then break; fi
    kill -0 "$stand_in" 2>/dev/null || { cat "$log" >&2; echo "contracts: the stand-in for $document did not start" >&2; exit 1; }
    sleep 0.5
  done
  grep -q "is listening" "$log" || { cat "$log" >&2; echo "contracts: the stand-in for $document did not start in time" >&2; exit 1; }

  env "${name}_API_BASE=http://127.0.0.1:$port" "${name}_DOCUMENT=$contracts/openapi/$document.json" \
    build/tests/test_integrations --gtest_filter="$suite.*"
  if grep "Violation:" "$log"; then
    echo "contracts: the requests above deviate from the document of $document" >&2
    exit 1
  fi
  stop
  wait "$stand_in" 2>/dev/null || true
  stand_in=
  echo "contracts: $document ok"
}

check stripe STRIPE StripeContract
check paypal PAYPAL PaypalContract
check razorpay RAZORPAY RazorpayContract
check payu-india PAYU PayuContract
