#include "persistence/postgres/ownership.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <thread>

#include "persistence/postgres/schema.hpp"

namespace coreldove::persistence::postgres {
namespace {

constexpr auto patience = std::chrono::seconds{3};

bool lock(connection& db) { return db.rows_of(fmt::format("SELECT pg_try_advisory_lock({})", writer_lock))[0][0].as<bool>(); }

}  // namespace

ownership::ownership(connection& db) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!lock(db)) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error("another server is using it");
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  migrate(db);
  epoch_ = db.rows_of("UPDATE ownership SET epoch=epoch+1 RETURNING epoch")[0][0].as<std::int64_t>();
}

bool ownership::take_again(connection& db) {
  if (!lock(db)) return false;
  // Waits for a transaction of the old session that is still on its way, and so for its outcome.
  const auto now = db.rows_of(fmt::format("UPDATE ownership SET epoch=epoch+1 WHERE epoch={} RETURNING epoch", epoch_));
  if (now.empty()) throw taken_over();
  epoch_ = now[0][0].as<std::int64_t>();
  return true;
}

turn ownership::begin(connection& db) const {
  if (db.rows_of(fmt::format("BEGIN; SELECT 1 FROM ownership WHERE epoch={} FOR SHARE", epoch_)).empty()) throw taken_over();
  return {};
}

void ownership::check(connection& db) const {
  begin(db);
  db.run("ROLLBACK");
}

}  // namespace coreldove::persistence::postgres
