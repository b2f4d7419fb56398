#pragma once
// A store that `verify` may put right: all of it in one transaction that is kept as a whole or not at all. No server may be running.
#include <memory>

#include "persistence/sql/connection.hpp"
#include "persistence/verify.hpp"

namespace coreldove::persistence::sql {

class store_repair {
public:
  /// `db` has begun a transaction that writes; `lock` keeps others away from the store meanwhile.
  store_repair(std::unique_ptr<connection> db, std::shared_ptr<void> lock);
  ~store_repair();
  store_repair(const store_repair&) = delete;
  store_repair& operator=(const store_repair&) = delete;

  /// Sees what has been repaired so far.
  audit_source& source();
  repair_target& target();
  /// Without it nothing has happened. Throws error.
  void keep();

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace coreldove::persistence::sql
