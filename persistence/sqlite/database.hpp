#pragma once
// A thin skin over the SQLite C API: connections and prepared statements that clean up after themselves, and one exception type that keeps the code.
// Not for use outside persistence/sqlite. A connection and its statements belong to one thread at a time.
#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/hash_chain.hpp"
#include "persistence/sql/connection.hpp"

namespace coreldove::persistence::sqlite {

class sqlite_error : public sql::error {
public:
  sqlite_error(sqlite3* db, int code);
  /// SQLite's extended result code.
  int code() const { return code_; }

private:
  int code_;
};

/// The rows of a running query; the statement is reset, and its snapshot let go, when this goes out of scope.
class rows {
public:
  explicit rows(sqlite3_stmt* s) : statement_(s) {}
  rows(const rows&) = delete;
  rows& operator=(const rows&) = delete;
  ~rows() { sqlite3_reset(statement_); }

  /// Moves to the next row; false after the last.
  bool next();
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::optional<std::int64_t> maybe_integer(int column) const;
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  /// Valid until the next row.
  std::string_view text(int column) const;
  std::string string(int column) const { return std::string(text(column)); }
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  digest hash(int column) const;
  std::vector<digest> hashes(int column) const;  // one behind the other; none where it is anything else
  int columns() const { return sqlite3_column_count(statement_); }

private:
  sqlite3_stmt* statement_;
};

class statement {
public:
  statement() = default;
  statement(sqlite3* db, std::string_view sql);

  explicit operator bool() const { return statement_ != nullptr; }

  /// Binds from the first parameter on and runs to the end. Texts and digests must outlive the call. Throws sqlite_error.
  template <class... Args>
  void run(const Args&... args) {
    start(args...);
    finish(false);
  }
  /// Like run, but a violated constraint is an answer: false, and the statement has changed nothing.
  template <class... Args>
  bool try_run(const Args&... args) {
    start(args...);
    return finish(true);
  }
  /// Texts and digests must outlive the rows.
  template <class... Args>
  rows query(const Args&... args) {
    start(args...);
    return rows(statement_.get());
  }
  // For statements whose parameters are bound one by one.
  rows started() { return rows(statement_.get()); }
  void run_started() { finish(false); }

  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);
  void bind(int index, const digest& value);
  void bind(int index, std::span<const digest> values);
  void bind(int index, std::nullopt_t);
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    if (value)
      bind(index, *value);
    else
      bind(index, std::nullopt);
  }
  template <std::integral T>
  void bind(int index, T value) {
    bind(index, static_cast<std::int64_t>(value));
  }

private:
  template <class... Args>
  void start(const Args&... args) {
    int index = 0;
    (bind(++index, args), ...);
  }
  bool finish(bool constraint_is_an_answer);
  void check(int code);

  struct finalize {
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
  };
  std::unique_ptr<sqlite3_stmt, finalize> statement_;
};

enum class access { read, write };

class database {
public:
  /// Throws sqlite_error. Waits up to five seconds for a lock that another process holds.
  database(const std::filesystem::path& file, access how);

  void execute(const std::string& sql);
  statement prepare(std::string_view sql) { return {db_.get(), sql}; }
  /// Rows changed by the last statement.
  int changes() const { return sqlite3_changes(db_.get()); }
  sqlite3* handle() const { return db_.get(); }
  std::int64_t pragma(std::string_view name);

private:
  struct close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, close> db_;
};

}  // namespace coreldove::persistence::sqlite
