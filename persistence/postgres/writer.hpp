#pragma once
// The batches of the journal, written to a PostgreSQL database: one transaction each, with one statement for each table.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "persistence/backoff.hpp"
#include "persistence/group_commit.hpp"
#include "persistence/postgres/memory.hpp"
#include "persistence/postgres/write_right.hpp"

namespace coreldove::persistence::postgres {

class writer final : public batch_writer {
public:
  /// Connects, and then has `claim` bring the schema up to date and get the right to write. Throws std::runtime_error.
  writer(std::string address, commit_observers observe, std::chrono::milliseconds longest_pause,
         const std::function<std::unique_ptr<write_right>(connection&)>& claim);

  void write(batch b) override;
  std::uint64_t position() const override { return memory_.position; }
  bool recover() override;
  std::chrono::milliseconds retry_after() const override { return retry_after_; }
  void look_after_the_store(bool idle) override;
  void close() override { db_.reset(); }

private:
  void learn();
  void learn_greatest();
  /// Begins a transaction, and forgets what is not true any more.
  void begin();
  /// All jobs in one transaction. False where one of them needs the careful way.
  bool commit_together(batch b);
  /// Halves behind savepoints, down to the jobs at fault, which fail alone.
  void commit_carefully(batch b);
  void apply_carefully(batch b);
  void purge_answers(std::size_t limit);
  void commit();
  /// Drops the connection.
  store_fault fault(const sql::error& e);

  const std::string address_;
  const commit_observers observe_;
  const session session_;
  std::unique_ptr<connection> db_;  // dropped after a fault
  std::unique_ptr<write_right> right_;
  memory memory_;
  turn now_, last_;          // the transaction under way, and the last one that was committed
  bool committing_ = false;  // COMMIT itself has been sent
  bool lost_ = false;        // another server is the owner now
  backoff backoff_{std::chrono::milliseconds{2'000}};
  std::chrono::milliseconds retry_after_{};
};

}  // namespace coreldove::persistence::postgres
