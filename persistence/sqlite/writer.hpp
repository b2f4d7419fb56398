#pragma once
// The batches of the journal, written to a SQLite file: one transaction each, synchronised to disk.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>

#include "persistence/group_commit.hpp"
#include "persistence/list_index.hpp"
#include "persistence/sqlite/checkpointer.hpp"
#include "persistence/sqlite/list_builder.hpp"
#include "persistence/sqlite/reserve.hpp"
#include "persistence/sqlite/transaction.hpp"

namespace coreldove::persistence::sqlite {

class writer final : public batch_writer {
public:
  /// What a client of this writer's lists sees; both outlive it.
  struct listing {
    list_index& index;
    list_builder& builder;
  };
  /// Opens the store for writing. Throws sqlite_error or std::runtime_error.
  writer(const std::filesystem::path& file, const commit_observers& observe, listing lists);

  void write(batch b) override;
  std::uint64_t position() const override { return connection_->tx.position(); }
  bool recover() override;
  std::chrono::milliseconds retry_after() const override { return std::chrono::seconds{1}; }
  void look_after_the_store(bool idle) override;
  /// Empties the write-ahead log.
  void close() override;

private:
  using outcome = domain::result<append_outcome>;
  /// The writing connection and its statements; dropped and opened anew after a fault of the store.
  struct connection {
    explicit connection(database opened);
    database db;
    transaction tx;
    std::int64_t page_size_bytes, log_pages = 0;  // of the write-ahead log after the last commit
  };

  /// All jobs in one transaction. False where one of them needs the careful way. Throws sqlite_error.
  bool commit_together(batch b);
  /// Each job behind a savepoint of its own, so that only the faulty ones fail. Throws sqlite_error.
  void commit_carefully(batch b);
  outcome apply(job& j);
  void commit();
  /// Gives the connection up.
  store_fault fault(const sqlite_error& e);
  void probe();
  void empty_the_log();

  const std::filesystem::path file_;
  const commit_observers observe_;
  const listing lists_;
  reserve reserve_;
  std::unique_ptr<connection> connection_;
  bool committing_ = false;        // COMMIT itself has been reached
  std::mutex mutex_;               // guards what follows
  bool log_nearly_empty_ = false;  // the background has done its part
  std::unique_ptr<checkpointer> checkpointer_;
};

}  // namespace coreldove::persistence::sqlite
