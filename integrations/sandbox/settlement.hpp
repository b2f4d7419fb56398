#pragma once
// The gateways' settlement reports, in the form in which each of them gives its merchants one: all captures and refunds that the ledger has.
#include <functional>
#include <string>
#include <string_view>

#include "integrations/sandbox/ledger.hpp"

namespace coreldove::integrations::world {

/// "stripe, paypal, …"
std::string settlement_vendors();

/// Appends the report's next piece and returns false at its end, as ledger::read does; nothing where that vendor gives no report.
std::function<bool(std::string&)> settlement_report(const ledger& book, std::string_view vendor);

}  // namespace coreldove::integrations::world
