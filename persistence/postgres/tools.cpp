#include "persistence/postgres/tools.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "persistence/postgres/address.hpp"
#include "persistence/postgres/ownership.hpp"
#include "persistence/postgres/schema.hpp"
#include "persistence/sql/audit.hpp"
#include "persistence/sql/key_rows.hpp"
#include "persistence/sql/reading.hpp"

namespace coreldove::persistence::postgres {
namespace {

/// Lists and reports over many orders take their time, but not for ever.
constexpr session reading_session{.statement_timeout = std::chrono::seconds{30}};
constexpr session unhurried{};

/// `f`, with the address in front of what it complains about.
template <class F>
auto at(const std::string& address, F&& f) {
  try {
    return f();
  } catch (const std::exception& e) {
    throw std::runtime_error(fmt::format("{}: {}", shown(address), e.what()));
  }
}

void expect_this_schema(connection& db) {
  if (const auto version = stored_version(db); version != schema_version())
    throw std::runtime_error(fmt::format("it has schema version {}, this program's is {}: run coreldove migrate first", version, schema_version()));
}

}  // namespace

std::unique_ptr<sql::connection> open_reader(const std::string& address) { return std::make_unique<connection>(address, reading_session); }

bool exists(const std::string& address) {
  return at(address, [&] {
    connection db(address, reading_session);
    return stored_version(db) > 0;
  });
}

std::unique_ptr<reading_store> open_reading(const std::string& address) {
  return at(address, [&] {
    return std::make_unique<sql::reading>([&] {
      auto db = std::make_unique<connection>(address, reading_session);
      expect_this_schema(*db);
      return db;
    });
  });
}

std::unique_ptr<audit_source> open_audit(const std::string& address) {
  return at(address, [&] {
    auto db = std::make_unique<connection>(address, unhurried);
    expect_this_schema(*db);
    db->run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return sql::audit_over(std::move(db));
  });
}

std::unique_ptr<sql::store_repair> open_repair(const std::string& address) {
  return at(address, [&] {
    auto db = std::make_unique<connection>(address, unhurried);
    expect_this_schema(*db);
    const ownership owner(*db);  // its lock stays with the connection
    owner.begin(*db);
    return std::make_unique<sql::store_repair>(std::move(db), nullptr);
  });
}

std::unique_ptr<api_keys> open_api_keys(const std::string& address) {
  return at(address, [&] {
    auto db = std::make_unique<connection>(address, reading_session);
    migrate(*db);
    return sql::keys_over(std::move(db));
  });
}

}  // namespace coreldove::persistence::postgres
