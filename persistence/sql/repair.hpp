#pragma once
// A store that `verify` may put right: all of it in one transaction that is kept as a whole or not at all. No server may be running.
#include <filesystem>
#include <memory>

#include "persistence/verify.hpp"

namespace coreldove::persistence::sqlite {

class store_repair {
public:
  /// Throws std::runtime_error where another process is using the store, or it cannot be written.
  explicit store_repair(const std::filesystem::path& file);
  ~store_repair();
  store_repair(const store_repair&) = delete;
  store_repair& operator=(const store_repair&) = delete;

  /// Sees what has been repaired so far.
  audit_source& source();
  repair_target& target();
  /// Without it nothing has happened. Throws sqlite_error.
  void keep();

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace coreldove::persistence::sqlite
