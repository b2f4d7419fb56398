#pragma once
// The journal over SQLite: one writer thread that takes everything queued while the last commit was on its way and commits it as one transaction.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <variant>
#include <vector>

#include "persistence/sqlite/checkpointer.hpp"
#include "persistence/sqlite/reserve.hpp"
#include "persistence/sqlite/sqlite.hpp"
#include "persistence/sqlite/transaction.hpp"

namespace coreldove::persistence::sqlite {

class group_commit final : public journal {
public:
  /// Opens the store for writing. Throws sqlite_error or std::runtime_error.
  explicit group_commit(const sqlite_options& options);
  ~group_commit() override;

  void append(persistence::append item, append_done done) override;
  void adjust(stock_adjustment item, append_done done) override;
  void import(persistence::catalog items, plain_done done) override;
  void outbox_done(std::vector<std::string> keys, plain_done done) override;
  void keep(std::vector<kept_notice> notices, plain_done done) override;
  void set(setting item, append_done done) override;
  std::size_t queued() const override { return appends_queued_.load(std::memory_order_relaxed); }
  /// Also false while a transaction does not come to its end: a disk that hangs, a lock that somebody else holds.
  bool healthy() const override { return usable() && !stalled(); }

  /// Commits what is queued, empties the log and refuses what comes later.
  void stop();

private:
  struct append_job {
    persistence::append item;
    std::vector<digest> hashes;
    append_done done;
  };
  struct adjust_job {
    stock_adjustment item;
    append_done done;
  };
  struct import_job {
    persistence::catalog items;
    plain_done done;
  };
  struct outbox_job {
    std::vector<std::string> keys;
    plain_done done;
  };
  struct set_job {
    setting item;
    append_done done;
  };
  struct keep_job {
    std::vector<kept_notice> notices;
    plain_done done;
  };
  using outcome = domain::result<append_outcome>;
  struct job {
    std::variant<append_job, adjust_job, import_job, outbox_job, keep_job, set_job> what;
    std::size_t size_bytes = 0;
    outcome result = append_outcome{};
  };
  using batch = std::span<job>;  // the jobs of one transaction
  /// The writing connection and its statements; dropped and opened anew after a fault of the store.
  struct connection {
    explicit connection(database opened);
    database db;
    transaction tx;
    std::int64_t page_size_bytes, log_pages = 0;  // of the write-ahead log after the last commit
  };

  bool usable() const { return healthy_.load(std::memory_order_relaxed); }
  bool stalled() const;
  void enqueue(job j);
  void run();
  /// What has queued up; nothing where nothing came for a second. False: stopped, and nothing left to do.
  bool wait(std::vector<job>& taken);
  void process(batch b);
  /// All jobs in one transaction. False where one of them needs the careful way. Throws sqlite_error.
  bool commit_together(batch b);
  /// Each job behind a savepoint of its own, so that only the faulty ones fail. Throws sqlite_error.
  void commit_carefully(batch b);
  outcome apply(job& j);
  void commit();
  void fault(batch b, const sqlite_error& e);
  void recover();
  void empty_the_log();
  void answer(batch b);
  void look_after_the_log(bool idle);

  const sqlite_options options_;
  reserve reserve_;                                   // writer thread only
  std::unique_ptr<connection> connection_;            // writer thread only
  bool committing_ = false;                           // writer thread only: COMMIT itself has been reached
  std::chrono::steady_clock::time_point retry_at_{};  // writer thread only: when a store at fault is tried again
  std::atomic<bool> healthy_{true};
  std::atomic<std::int64_t> busy_since_ms_{0};  // by the steady clock; 0: no transaction is under way
  std::atomic<std::size_t> appends_queued_{0};
  std::mutex mutex_;  // guards what follows, up to the checkpointer
  std::condition_variable wake_;
  std::vector<job> queue_;
  bool idle_ = false, stop_ = false;
  bool log_nearly_empty_ = false;  // the background has done its part
  std::unique_ptr<checkpointer> checkpointer_;
  std::thread thread_;
};

}  // namespace coreldove::persistence::sqlite
