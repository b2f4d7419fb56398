#pragma once
// A SQLite store as `verify` reads it: one read-only snapshot, without the writer's lock, so that a server may be running.
#include <filesystem>
#include <memory>

#include "persistence/sqlite/database.hpp"
#include "persistence/verify.hpp"

namespace coreldove::persistence::sqlite {

/// Throws std::runtime_error where the store cannot be opened or has another schema than this program's.
std::unique_ptr<audit_source> open_audit(const std::filesystem::path& file);
/// The same over a connection that must outlive it.
std::unique_ptr<audit_source> audit_of(database& db);

}  // namespace coreldove::persistence::sqlite
