#include "persistence/open_store.hpp"

#include <filesystem>
#include <stdexcept>

#include "persistence/postgres/address.hpp"
#include "persistence/postgres/postgres.hpp"
#include "persistence/postgres/tools.hpp"
#include "persistence/sqlite/sqlite.hpp"
#include "persistence/sqlite/tools.hpp"

namespace coreldove::persistence {

bool is_postgres(std::string_view place) { return place.starts_with("postgresql://") || place.starts_with("postgres://"); }

std::string shown(const std::string& place) { return is_postgres(place) ? postgres::shown(place) : place; }

bool store_exists(const std::string& place) { return is_postgres(place) ? postgres::exists(place) : std::filesystem::exists(place); }

std::unique_ptr<opened_store> open_store(const store_options& o) {
  if (is_postgres(o.place)) return std::make_unique<postgres::postgres_store>(o);
  if (o.member) throw std::runtime_error("the nodes of a cluster need a PostgreSQL database");
  return std::make_unique<sqlite::sqlite_store>(
      sqlite::sqlite_options{.file = o.place, .readers = o.readers, .max_queued = o.max_queued, .on_commit = o.on_commit, .observe = o.observe});
}

std::unique_ptr<reading_store> open_for_reading(const std::string& place) {
  return is_postgres(place) ? postgres::open_reading(place) : sqlite::open_reading(place);
}

std::unique_ptr<audit_source> open_audit(const std::string& place) { return is_postgres(place) ? postgres::open_audit(place) : sqlite::open_audit(place); }

std::unique_ptr<sql::store_repair> open_repair(const std::string& place) {
  return is_postgres(place) ? postgres::open_repair(place) : sqlite::open_repair(place);
}

std::unique_ptr<api_keys> open_api_keys(const std::string& place) { return is_postgres(place) ? postgres::open_api_keys(place) : sqlite::open_api_keys(place); }

}  // namespace coreldove::persistence
