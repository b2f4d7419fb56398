#pragma once
// The tables, as numbered migrations. `PRAGMA user_version` says how far a store has come. Migrations are only ever added at the end.
#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {

/// The version that this program writes.
int schema_version();

/// Brings the store up to schema_version(), each step in its own transaction. Throws std::runtime_error where the store is newer than the program.
void migrate(database& db);

// `orders.no` is the order of all lists: the order's creation time in milliseconds, shifted left, plus a number that tells apart the orders of one
// millisecond. Every index of `orders` ends in it, so each filter by itself gives its rows in the order of the list.
inline constexpr int no_shift = 20;
constexpr std::int64_t first_no(std::int64_t created_ms) { return created_ms << no_shift; }
constexpr std::int64_t created_ms_of(std::int64_t no) { return no >> no_shift; }

}  // namespace coreldove::persistence::sqlite
