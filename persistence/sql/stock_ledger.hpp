#pragma once
// The stock ledger, read off the events of a store. Runs on a reader thread, or in `verify`.
#include <cstdint>

#include "domain/result.hpp"
#include "persistence/sql/connection.hpp"
#include "persistence/stock_chain.hpp"

namespace coreldove::persistence::sql {

/// As store::stock_ledger. Throws error.
domain::result<stock_ledger_page> stock_ledger(connection& r, std::uint64_t after, std::uint64_t until);

}  // namespace coreldove::persistence::sql
