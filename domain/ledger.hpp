#pragma once
// The money of one order in double entry, read off its events: pure, and never stored, so it cannot drift from what happened.
//
// Every entry's postings add up to zero. Amounts are minor units of the order's currency: above zero debits the account, below zero credits it.
//   buyer, authorized_hold   what the buyer's bank has set aside for the order, and whose it is; both end at zero once nothing is held
//   gateway:<name>           what the gateway owes us
//   revenue, refunds         what was earned, and given back
//   disputed, chargebacks    what a gateway keeps back while a dispute is open, and what lost disputes have cost
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "domain/order.hpp"

namespace coreldove::domain {

enum class account : std::uint8_t { buyer, authorized_hold, gateway, revenue, refunds, disputed, chargebacks };
std::string_view to_string(account);

struct posting {
  account to{};
  std::string gateway;  // account::gateway: which one
  minor_units amount = 0;
};

/// "buyer", "gateway:stripe".
std::string account_name(const posting& p);

struct ledger_entry {
  std::string what, reference;  // "capture", the gateway's id
  std::vector<posting> postings;
};

/// What one event books; no postings: it moves no money. `before` is the state just before it.
ledger_entry entry_of(const order& before, const event& e);

using ledger_balances = std::map<std::string, minor_units>;  // by account_name
void add_to(ledger_balances& balances, const ledger_entry& e);

/// Where the books and the order's figures do not agree; empty where they do.
std::string disagreement(const ledger_balances& balances, const order& o);

}  // namespace coreldove::domain
