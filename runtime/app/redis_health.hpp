#pragma once
// One component of /health out of what each user of the connection to Redis has to say. Never down: without Redis everything goes on. Thread-safe.
#include <mutex>
#include <string>

#include "runtime/health.hpp"

namespace coreldove::app {

class redis_health {
public:
  /// `place`: the server, for people.
  redis_health(runtime::health_board& board, std::string place) : board_(board), place_(std::move(place)) { show(); }

  // Each: one sentence, or nothing where there is no problem. The first of them is shown.
  void connection(const std::string& problem) { set(connection_, problem.empty() ? "" : place_ + ": " + problem); }
  void feed(const std::string& problem) { set(feed_, problem); }
  void limits(const std::string& problem) { set(limits_, problem); }

private:
  void set(std::string& which, std::string problem) {
    const std::lock_guard lock{mutex_};
    if (which == problem) return;
    which = std::move(problem);
    show();
  }
  void show() {
    const auto& problem = !connection_.empty() ? connection_ : !feed_.empty() ? feed_ : limits_;
    board_.set("redis", problem.empty() ? runtime::condition::up : runtime::condition::degraded, problem.empty() ? place_ : problem);
  }

  runtime::health_board& board_;
  const std::string place_;
  std::mutex mutex_;
  std::string connection_ = "not connected yet", feed_, limits_;
};

}  // namespace coreldove::app
