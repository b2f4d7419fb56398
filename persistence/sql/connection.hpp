#pragma once
// What reading asks of a database, whichever it is: prepared statements with bound parameters, rows from the first to the last, snapshots, one exception type.
// The statements are written once, for both stores. Where the two databases differ, `dialect` says how; hints for SQLite's planner (INDEXED BY, NOT INDEXED,
// CROSS JOIN) stand in the text, and PostgreSQL's connection takes them out.
#include <array>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "persistence/hash_chain.hpp"

namespace coreldove::persistence::sql {

class error : public std::runtime_error {
public:
  enum class cause {
    store,       // anything not named below
    constraint,  // the statement asked for what the schema forbids
    value,       // a value that the database cannot hold
    lost,        // the connection is gone
  };
  error(const std::string& what, cause why) : std::runtime_error(what), cause_(why) {}
  cause why() const { return cause_; }
  bool is_constraint() const { return cause_ == cause::constraint; }
  /// The statement alone is at fault, not the store.
  bool is_the_statements_own() const { return cause_ == cause::constraint || cause_ == cause::value; }

private:
  cause cause_;
};

/// A parameter; NULL where it holds nothing. Texts and digests must live as long as the rows.
using value = std::variant<std::monostate, std::int64_t, std::string_view, const digest*>;

template <std::integral T>
value to_value(T v) {
  return static_cast<std::int64_t>(v);
}
inline value to_value(std::string_view v) { return v; }
inline value to_value(const digest& v) { return &v; }
template <class T>
value to_value(const std::optional<T>& v) {
  return v ? to_value(*v) : value{};
}

/// The rows of one statement, as a database hands them over.
class cursor {
public:
  virtual ~cursor() = default;
  virtual bool next() = 0;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;        // 0 for NULL
  virtual std::string_view text(int column) const = 0;       // valid until the next row; empty for NULL
  virtual digest hash(int column) const = 0;                 // zeros where there is none
  virtual std::vector<digest> hashes(int column) const = 0;  // stored one behind the other; none where it is anything else
};

/// The rows of a running statement; it is given back when this goes out of scope. One at a time for each statement.
class rows {
public:
  explicit rows(std::unique_ptr<cursor> c) : cursor_(std::move(c)) {}
  /// Moves to the next row; false after the last.
  bool next() { return cursor_->next(); }
  bool is_null(int column) const { return cursor_->is_null(column); }
  std::int64_t integer(int column) const { return cursor_->integer(column); }
  std::optional<std::int64_t> maybe_integer(int column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
  }
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  std::string_view text(int column) const { return cursor_->text(column); }
  std::string string(int column) const { return std::string(text(column)); }
  digest hash(int column) const { return cursor_->hash(column); }
  std::vector<digest> hashes(int column) const { return cursor_->hashes(column); }

private:
  std::unique_ptr<cursor> cursor_;
};

struct dialect {
  bool led_by_hand;            // its planner has no statistics: the query says by which index to begin
  const char* case_blind;      // a column in which letters' case does not count, {}
  const char* order_of_key;    // the order's id at the beginning of outbox.key
  const char* stray_listings;  // rows of order_skus that name what the order does not have
  const char* stray_parcels;   // rows of parcels that name what the order's document does not have
};

/// Belongs to one thread at a time. Every call throws `error`.
class connection {
public:
  virtual ~connection() = default;

  /// Prepared at the first use.
  template <class... Args>
  rows query(const std::string& sql, const Args&... args) {
    const std::array<value, sizeof...(Args)> values{to_value(args)...};
    return rows(start(sql, values));
  }
  /// For statements whose best plan depends on the values.
  virtual rows query_planned(const std::string& sql, std::span<const value> values) = 0;
  /// For many rows: they are fetched a few at a time. Inside a snapshot only.
  virtual rows query_many(const std::string& sql) = 0;
  /// The number of rows that were changed.
  template <class... Args>
  std::uint64_t execute(const std::string& sql, const Args&... args) {
    const std::array<value, sizeof...(Args)> values{to_value(args)...};
    return change(sql, values);
  }
  /// Statements without parameters, one or more.
  virtual void run(const std::string& sql) = 0;

  /// What `f` reads in several statements is one state of the store.
  template <class F>
  auto in_snapshot(F&& f) {
    const snapshot held(*this);
    return f();
  }
  virtual const dialect& words() const = 0;
  /// After an error of cause `lost`: whether the same statements may be tried again, on a new connection.
  virtual bool reconnect() = 0;

protected:
  virtual std::unique_ptr<cursor> start(const std::string& sql, std::span<const value> values) = 0;
  virtual std::uint64_t change(const std::string& sql, std::span<const value> values) = 0;
  virtual void begin_snapshot() = 0;
  virtual void end_snapshot() noexcept = 0;

private:
  struct snapshot {
    explicit snapshot(connection& c) : of(c) { of.begin_snapshot(); }
    ~snapshot() { of.end_snapshot(); }
    snapshot(const snapshot&) = delete;
    snapshot& operator=(const snapshot&) = delete;
    connection& of;
  };
};

}  // namespace coreldove::persistence::sql
