#pragma once
// The tables, as numbered migrations. The table schema_version says how far a database has come. Migrations are only ever added at the end.
#include "persistence/postgres/connection.hpp"

namespace coreldove::persistence::postgres {

/// The version that this program writes.
int schema_version();

/// Of the database; 0 where it holds no store.
int stored_version(connection& db);

/// Brings the database up to schema_version(), all of it or nothing, one program at a time. Throws std::runtime_error where it is newer than the program or
/// does not keep texts as UTF-8.
void migrate(connection& db);

}  // namespace coreldove::persistence::postgres
