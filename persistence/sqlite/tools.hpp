#pragma once
// A SQLite store as the command line's tools open it.
#include <filesystem>
#include <memory>

#include "persistence/open_store.hpp"
#include "persistence/sql/repair.hpp"

namespace coreldove::persistence::sqlite {

std::unique_ptr<reading_store> open_reading(const std::filesystem::path& file);
/// One read-only snapshot, without the writer's lock, so that a server may be running. Throws std::runtime_error where the store cannot be opened or has
/// another schema than this program's.
std::unique_ptr<audit_source> open_audit(const std::filesystem::path& file);
/// Throws std::runtime_error where another process is using the store, or it cannot be written.
std::unique_ptr<sql::store_repair> open_repair(const std::filesystem::path& file);
/// Creates the store where there is none yet. Throws std::runtime_error.
std::unique_ptr<api_keys> open_api_keys(const std::filesystem::path& file);

}  // namespace coreldove::persistence::sqlite
