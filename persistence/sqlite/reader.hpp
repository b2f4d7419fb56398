#pragma once
// A connection to a SQLite file as the reading code of all stores knows it, with the statements it has used.
#include <string>
#include <unordered_map>

#include "persistence/sql/connection.hpp"
#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {

class reader final : public sql::connection {
public:
  explicit reader(database db) : db_(std::move(db)) {}

  sql::rows query_planned(const std::string& text, std::span<const sql::value> values) override;
  sql::rows query_many(const std::string& text) override;
  void run(const std::string& text) override { db_.execute(text); }
  const sql::dialect& words() const override;
  bool reconnect() override { return false; }

private:
  std::unique_ptr<sql::cursor> start(const std::string& text, std::span<const sql::value> values) override;
  std::uint64_t change(const std::string& text, std::span<const sql::value> values) override;
  void begin_snapshot() override { db_.execute("BEGIN"); }
  void end_snapshot() noexcept override;
  statement& bound(const std::string& text, std::span<const sql::value> values);

  database db_;
  std::unordered_map<std::string, statement> statements_;
};

}  // namespace coreldove::persistence::sqlite
