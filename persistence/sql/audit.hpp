#pragma once
// A store as `verify` reads it, over a connection that has begun a transaction: all of it is one state of the store.
#include <memory>

#include "persistence/sql/connection.hpp"
#include "persistence/verify.hpp"

namespace coreldove::persistence::sql {

/// The connection must outlive it.
std::unique_ptr<audit_source> audit_of(connection& db);
std::unique_ptr<audit_source> audit_over(std::unique_ptr<connection> db);

}  // namespace coreldove::persistence::sql
