#pragma once
// The files of one store: opened, checked and locked. Refuses, in words for an operator, what could lose or spoil orders.
#include <filesystem>

#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {

/// Held for the life of the process that writes the store; the kernel lets go of it when that process dies.
class store_lock {
public:
  /// Throws std::runtime_error where another process holds it.
  explicit store_lock(const std::filesystem::path& store);
  store_lock(const store_lock&) = delete;
  store_lock& operator=(const store_lock&) = delete;
  ~store_lock();

private:
  int descriptor_;
};

/// Throws std::runtime_error: on a network file system, where SQLite's locks and shared memory cannot be trusted; or where the store exists and is corrupt.
void check_store(const std::filesystem::path& file);

/// The writing connection: write-ahead log, every commit on disk before it returns, schema brought up to date. Throws sqlite_error.
database open_for_writing(const std::filesystem::path& file);
database open_for_reading(const std::filesystem::path& file);

}  // namespace coreldove::persistence::sqlite
