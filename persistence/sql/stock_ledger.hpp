#pragma once
// The stock ledger, read off the events of a SQLite store. Runs on a reader thread, or in `verify`.
#include <cstdint>

#include "domain/result.hpp"
#include "persistence/sqlite/reader_pool.hpp"
#include "persistence/stock_chain.hpp"

namespace coreldove::persistence::sqlite {

/// As store::stock_ledger. Throws sqlite_error.
domain::result<stock_ledger_page> stock_ledger(reader& r, std::uint64_t after, std::uint64_t until);

}  // namespace coreldove::persistence::sqlite
