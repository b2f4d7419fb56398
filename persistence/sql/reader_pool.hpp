#pragma once
// Reader threads, each with its own connection. Quick look-ups have a lane of their own: lists and reports never hold all readers.
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {

/// One thread's connection with the statements it has used.
class reader {
public:
  explicit reader(database db) : db_(std::move(db)) {}
  /// Prepared at the first use. Stays valid until the next call.
  statement& prepared(const std::string& sql);
  /// What `f` reads in several statements is one state of the store.
  template <class F>
  auto in_snapshot(F&& f) {
    const snapshot held(db_);
    return f();
  }

private:
  struct snapshot {
    explicit snapshot(database& d) : db(d) { db.execute("BEGIN"); }
    ~snapshot() { sqlite3_exec(db.handle(), "COMMIT", nullptr, nullptr, nullptr); }
    database& db;
  };
  database db_;
  std::unordered_map<std::string, statement> statements_;
};

enum class lane { quick, long_running };

class reader_pool {
public:
  /// Throws sqlite_error where the store cannot be opened.
  reader_pool(const std::filesystem::path& file, unsigned threads, std::size_t max_queued);
  ~reader_pool();

  /// Runs once: on a reader thread, or at once with nullptr where the queue is full or the pool has stopped.
  using work = std::function<void(reader*)>;
  void submit(lane l, work what);
  /// Finishes what is queued and closes the connections.
  void stop();

private:
  void run(reader& r);
  bool next(std::unique_lock<std::mutex>& lock, work& what, bool& is_long);

  std::size_t long_running_max_, max_queued_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<work> quick_, long_;
  std::size_t long_running_ = 0;
  bool stop_ = false;
  std::vector<reader> readers_;
  std::vector<std::thread> threads_;
};

}  // namespace coreldove::persistence::sqlite
