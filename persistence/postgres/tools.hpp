#pragma once
// A PostgreSQL store as the command line's tools open it. `address`: as in DATABASE_URL. All throw std::runtime_error.
#include <memory>
#include <string>

#include "persistence/open_store.hpp"
#include "persistence/sql/repair.hpp"

namespace coreldove::persistence::postgres {

/// For a pool of readers.
std::unique_ptr<sql::connection> open_reader(const std::string& address);
bool exists(const std::string& address);
std::unique_ptr<reading_store> open_reading(const std::string& address);
std::unique_ptr<audit_source> open_audit(const std::string& address);
std::unique_ptr<sql::store_repair> open_repair(const std::string& address);
std::unique_ptr<api_keys> open_api_keys(const std::string& address);

}  // namespace coreldove::persistence::postgres
