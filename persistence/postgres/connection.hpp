#pragma once
// A connection to a PostgreSQL server, over libpqxx: what the reading code of all stores asks, and for the writer statements over whole columns. All library
// exceptions end here, as sql::error. It never connects anew by itself: whoever uses it must know that the session, its locks and its transaction are gone.
#include <chrono>
#include <memory>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "persistence/backoff.hpp"
#include "persistence/sql/connection.hpp"

namespace coreldove::persistence::postgres {

struct session {
  std::chrono::milliseconds statement_timeout{};  // 0: none
  /// Every row is found by an index, one by one. A plan that was made while the tables were small would read all of them when they have grown.
  bool by_index = false;
  /// After which the server ends a session that does nothing inside a transaction, and whose locks others may be waiting for.
  std::chrono::milliseconds idle_in_transaction{60'000};
};

class connection final : public sql::connection {
public:
  /// Connects. Throws sql::error.
  connection(std::string address, session how);
  ~connection() override;

  sql::rows query_planned(const std::string& text, std::span<const sql::value> values) override;
  sql::rows query_many(const std::string& text) override;
  void run(const std::string& text) override;
  const sql::dialect& words() const override;
  /// Soon after a failure it answers false without trying.
  bool reconnect() override;

  /// Statements without parameters, one or more; the rows of the last.
  pqxx::result rows_of(const std::string& text);
  /// A statement whose parameters are arrays, `$1` and so on; prepared at the first use.
  pqxx::result over(const std::string& text, const std::vector<pqxx::binarystring>& columns);

private:
  struct link;
  std::unique_ptr<sql::cursor> start(const std::string& text, std::span<const sql::value> values) override;
  std::uint64_t change(const std::string& text, std::span<const sql::value> values) override;
  void begin_snapshot() override;
  void end_snapshot() noexcept override;
  void open();
  link& linked();
  pqxx::result prepared(const std::string& text, std::span<const sql::value> values);
  const std::string& name_of(const std::string& text, bool translate);
  template <class F>
  auto guarded(F&& f);

  const std::string address_;
  const session session_;
  std::unique_ptr<link> link_;
  std::unordered_map<std::string, std::string> names_;  // of the statements that this session has prepared
  unsigned cursors_ = 0;
  backoff backoff_{std::chrono::milliseconds{250}};  // as long as reads are refused after the server is back
  std::chrono::steady_clock::time_point retry_at_{};
};

/// A statement written for both stores, as PostgreSQL reads it: `?` and `?N` become `$N`; hints for SQLite's planner go.
std::string to_postgres(std::string_view text);

}  // namespace coreldove::persistence::postgres
