#include "persistence/sqlite/tools.hpp"

#include <fmt/format.h>

#include "persistence/sql/audit.hpp"
#include "persistence/sql/key_rows.hpp"
#include "persistence/sql/reading.hpp"
#include "persistence/sqlite/reader.hpp"
#include "persistence/sqlite/schema.hpp"
#include "persistence/sqlite/store_file.hpp"

namespace coreldove::persistence::sqlite {

std::unique_ptr<reading_store> open_reading(const std::filesystem::path& file) {
  return std::make_unique<sql::reading>([&file] { return std::make_unique<reader>(open_for_reading(file)); });
}

std::unique_ptr<audit_source> open_audit(const std::filesystem::path& file) {
  auto db = open_for_reading(file);
  if (const auto version = db.pragma("user_version"); version != schema_version())
    throw std::runtime_error(
        fmt::format("{} has schema version {}, this program's is {}: run coreldove migrate first", file.string(), version, schema_version()));
  db.execute("BEGIN");
  return sql::audit_over(std::make_unique<reader>(std::move(db)));
}

std::unique_ptr<sql::store_repair> open_repair(const std::filesystem::path& file) {
  auto lock = std::make_shared<store_lock>(file);
  auto db = open_for_writing(file);
  db.execute("BEGIN IMMEDIATE");
  return std::make_unique<sql::store_repair>(std::make_unique<reader>(std::move(db)), std::move(lock));
}

std::unique_ptr<api_keys> open_api_keys(const std::filesystem::path& file) {
  try {
    return sql::keys_over(std::make_unique<reader>(open_for_writing(file)));
  } catch (const std::exception& e) {
    throw std::runtime_error(fmt::format("{}: {}", file.string(), e.what()));
  }
}

}  // namespace coreldove::persistence::sqlite
