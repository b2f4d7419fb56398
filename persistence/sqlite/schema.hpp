#pragma once
// The tables, as numbered migrations. `PRAGMA user_version` says how far a store has come. Migrations are only ever added at the end.
#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {

/// The version that this program writes.
int schema_version();

/// Brings the store up to schema_version(), each step in its own transaction. Throws std::runtime_error where the store is newer than the program.
void migrate(database& db);

}  // namespace coreldove::persistence::sqlite
