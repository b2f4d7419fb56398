#pragma once
// The journal of every store: one thread that takes everything queued while the last commit was on its way, and has it committed as one transaction. What a
// transaction does to the tables is the batch_writer's business.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "persistence/hash_chain.hpp"
#include "persistence/journal.hpp"

namespace coreldove::persistence {

/// Called on the writer thread; any may be empty.
struct commit_observers {
  std::function<void()> before_commit, after_commit;  // COMMIT itself; nobody has been told yet
  std::function<void(double)> commit_seconds;         // of the whole transaction, from taking the batch to the end of COMMIT
  std::function<void(std::size_t)> batch_size;        // appends
  std::function<void(std::size_t)> fenced = {};       // appends that were refused because their orders belong to another node of the cluster
};

struct append_job {
  append item;
  std::vector<digest> hashes;  // of a new stream: computed on the caller's thread
  append_done done;
};
struct adjust_job {
  stock_adjustment item;
  append_done done;
};
struct import_job {
  catalog items;
  plain_done done;
};
struct outbox_job {
  std::vector<std::string> keys;
  plain_done done;
};
struct keep_job {
  std::vector<kept_notice> notices;
  plain_done done;
};
struct set_job {
  setting item;
  append_done done;
};
struct job {
  std::variant<append_job, adjust_job, import_job, outbox_job, keep_job, set_job> what;
  std::size_t size_bytes = 0;
  domain::result<append_outcome> result = append_outcome{};
};
using batch = std::span<job>;  // the jobs of one transaction

/// The store could not be written; no single job is at fault.
class store_fault : public std::runtime_error {
public:
  store_fault(const std::string& what, bool outcome_unknown) : std::runtime_error(what), outcome_unknown_(outcome_unknown) {}
  /// The commit itself failed in a way that may have left the batch in the store.
  bool outcome_unknown() const { return outcome_unknown_; }

private:
  bool outcome_unknown_;
};

/// The store behind a group commit. All calls come from its one thread.
class batch_writer {
public:
  virtual ~batch_writer() = default;
  /// All jobs in one transaction, which is durable afterwards; sets each job's result. A job at fault fails alone. Throws store_fault.
  virtual void write(batch b) = 0;
  /// Of the last event in the store.
  virtual std::uint64_t position() const = 0;
  /// After a fault: whether the store can be written again. Otherwise asked again after retry_after().
  virtual bool recover() = 0;
  virtual std::chrono::milliseconds retry_after() const = 0;
  /// After each transaction, and about every second while there are none: then a store that has gone is found out before somebody needs it. Throws
  /// store_fault.
  virtual void look_after_the_store(bool idle) = 0;
  /// Nothing comes afterwards.
  virtual void close() = 0;
};

class group_commit final : public journal {
public:
  /// `max_queued`: beyond so many appends the answer is `unavailable` at once. `on_commit` runs on the writer thread, after the answers.
  group_commit(std::unique_ptr<batch_writer> writer, std::size_t max_queued, std::function<void(std::uint64_t)> on_commit, commit_observers observe);
  ~group_commit() override;

  void append(persistence::append item, append_done done) override;
  void adjust(stock_adjustment item, append_done done) override;
  void import(persistence::catalog items, plain_done done) override;
  void outbox_done(std::vector<std::string> keys, plain_done done) override;
  void keep(std::vector<kept_notice> notices, plain_done done) override;
  void set(setting item, append_done done) override;
  std::size_t queued() const override { return appends_queued_.load(std::memory_order_relaxed); }
  /// Also false while a transaction does not come to its end: a disk that hangs, a lock that somebody else holds, a server that does not answer.
  bool healthy() const override { return usable() && !stalled(); }

  /// Commits what is queued, closes the writer and refuses what comes later.
  void stop();

private:
  bool usable() const { return healthy_.load(std::memory_order_relaxed); }
  bool stalled() const;
  void enqueue(job j);
  void run();
  /// What has queued up; nothing where nothing came for a while. False: stopped, and nothing left to do.
  bool wait(std::vector<job>& taken);
  void process(batch b);
  void look_after_the_idle_store();
  void fault(batch b, const store_fault& why);
  void recover();
  void answer(batch b);

  const std::unique_ptr<batch_writer> writer_;  // writer thread only
  const std::size_t max_queued_;
  const std::function<void(std::uint64_t)> on_commit_;
  const commit_observers observe_;
  std::chrono::steady_clock::time_point retry_at_{};  // writer thread only: when a store at fault is tried again
  std::atomic<bool> healthy_{true};
  std::atomic<std::int64_t> busy_since_ms_{0};  // by the steady clock; 0: no transaction is under way
  std::atomic<std::size_t> appends_queued_{0};
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::vector<job> queue_;
  bool idle_ = false, stop_ = false;
  std::thread thread_;
};

}  // namespace coreldove::persistence
