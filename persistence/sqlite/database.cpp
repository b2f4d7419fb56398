#include "persistence/sqlite/database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "persistence/sqlite/wal_buffer.hpp"

namespace coreldove::persistence::sqlite {
namespace {

/// One connection per thread and no memory statistics: both would cost a process-wide mutex on the order path.
void configure_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
  });
}

}  // namespace

sqlite_error::sqlite_error(sqlite3* db, int code)
    : error(db != nullptr ? fmt::format("{} ({})", sqlite3_errmsg(db), code) : std::string(sqlite3_errstr(code)),
            (code & 0xff) == SQLITE_CONSTRAINT ? cause::constraint : cause::store),
      code_(code) {}

bool rows::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto* db = sqlite3_db_handle(statement_);
  throw sqlite_error(db, sqlite3_extended_errcode(db));
}

std::optional<std::int64_t> rows::maybe_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::string_view rows::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

digest rows::hash(int column) const {
  digest out{};
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  if (sqlite3_column_bytes(statement_, column) == static_cast<int>(out.size())) std::copy_n(bytes, out.size(), out.begin());
  return out;
}

std::vector<digest> rows::hashes(int column) const {
  const auto* bytes = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  std::vector<digest> out(size % sizeof(digest) == 0 ? size / sizeof(digest) : 0);
  if (!out.empty()) std::memcpy(out.data(), bytes, size);
  return out;
}

statement::statement(sqlite3* db, std::string_view sql) {
  sqlite3_stmt* s = nullptr;
  const int code = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &s, nullptr);
  if (code != SQLITE_OK) throw sqlite_error(db, sqlite3_extended_errcode(db));
  statement_.reset(s);
}

void statement::check(int code) {
  if (code == SQLITE_OK) return;
  auto* db = sqlite3_db_handle(statement_.get());
  throw sqlite_error(db, sqlite3_extended_errcode(db));
}

bool statement::finish(bool constraint_is_an_answer) {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_DONE || code == SQLITE_ROW) {
    sqlite3_reset(statement_.get());
    return true;
  }
  auto* db = sqlite3_db_handle(statement_.get());
  const sqlite_error error(db, sqlite3_extended_errcode(db));
  sqlite3_reset(statement_.get());
  if (constraint_is_an_answer && error.is_constraint()) return false;
  throw error;
}

void statement::bind(int index, std::int64_t value) { check(sqlite3_bind_int64(statement_.get(), index, value)); }

void statement::bind(int index, std::string_view value) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* bytes = value.empty() ? "" : value.data();
  check(sqlite3_bind_text(statement_.get(), index, bytes, static_cast<int>(value.size()), SQLITE_STATIC));
}

void statement::bind(int index, const digest& value) {
  check(sqlite3_bind_blob(statement_.get(), index, value.data(), static_cast<int>(value.size()), SQLITE_STATIC));
}

void statement::bind(int index, std::span<const digest> values) {
  check(sqlite3_bind_blob(statement_.get(), index, values.data(), static_cast<int>(values.size_bytes()), SQLITE_STATIC));
}

void statement::bind(int index, std::nullopt_t) { check(sqlite3_bind_null(statement_.get(), index)); }

database::database(const std::filesystem::path& file, access how) {
  configure_library();
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (how == access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &db, flags, how == access::write ? wal_buffer_vfs() : nullptr);
  db_.reset(db);
  if (code != SQLITE_OK) throw sqlite_error(db, code);
  sqlite3_busy_timeout(db, 5'000);
}

void database::execute(const std::string& sql) {
  const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw sqlite_error(db_.get(), sqlite3_extended_errcode(db_.get()));
}

std::int64_t database::pragma(std::string_view name) {
  auto s = prepare(fmt::format("PRAGMA {}", name));
  auto r = s.query();
  return r.next() ? r.integer(0) : 0;
}

}  // namespace coreldove::persistence::sqlite
