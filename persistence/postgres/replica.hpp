#pragma once
// A streaming replica of the database, for reports that may be a little old. It may be away, at the start or later; whoever asks goes to the primary then.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "persistence/postgres/connection.hpp"
#include "persistence/sql/reader_pool.hpp"
#include "persistence/store.hpp"

namespace coreldove::persistence::postgres {

struct replica_options {
  std::string primary, address;       // as in DATABASE_URL
  std::chrono::milliseconds bound{};  // a replica that is older than this is not asked
  unsigned readers = 1;
  std::size_t max_queued = 1'000;
  std::chrono::milliseconds look_every{500};
  /// After each look, on the replica's own thread: how old it is where it may be asked, else why not.
  std::function<void(std::optional<std::chrono::milliseconds> behind, const std::string& problem)> seen;
};

/// Knows how old the replica is by itself: it notes where the primary's log ends, and when; what the replica has replayed up to there is as new as that note.
/// So no clock but this machine's has a part in it, and a primary that has nothing to do does not look like a replica that has fallen behind.
class replica {
public:
  explicit replica(replica_options options);
  ~replica();
  replica(const replica&) = delete;
  replica& operator=(const replica&) = delete;

  /// How old at most what it shows is; nothing where it must not be asked. From any thread.
  std::optional<std::chrono::milliseconds> behind() const;
  /// Asks the replica, whatever its age: `done` runs once, with `unavailable` where it does not answer.
  void performance(domain::time_point from, domain::time_point to, reply<domain::performance> done);

private:
  using clock = std::chrono::steady_clock;
  struct note {
    clock::time_point at;
    std::int64_t log_end;
  };

  void run();
  void look();
  void note_primary();
  std::int64_t replayed();
  void open_readers();
  std::shared_ptr<sql::reader_pool> readers();

  const replica_options options_;
  std::unique_ptr<connection> primary_, replica_;
  std::string primary_identity_;
  std::deque<note> notes_;  // oldest first; the first is what the replica has replayed, where it has that far
  std::atomic<clock::rep> fresh_at_{clock::time_point::min().time_since_epoch().count()};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::shared_ptr<sql::reader_pool> readers_;  // from the first time that it was there
  std::thread thread_;
};

}  // namespace coreldove::persistence::postgres
