#pragma once
// The api_keys table, as the command line and the server's readers both read it.
#include <memory>
#include <optional>
#include <string>

#include "persistence/api_keys.hpp"
#include "persistence/sql/connection.hpp"

namespace coreldove::persistence::sql {

/// Throws error.
std::optional<api_key> key_with_hash(connection& db, const std::string& hash);

std::unique_ptr<api_keys> keys_over(std::unique_ptr<connection> db);

}  // namespace coreldove::persistence::sql
