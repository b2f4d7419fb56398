#pragma once
// Reader threads, each with its own connection. Quick look-ups have a lane of their own: lists and reports never hold all readers.
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "persistence/sql/connection.hpp"

namespace coreldove::persistence::sql {

enum class lane { quick, long_running };

class reader_pool {
public:
  /// `open` is called once for each thread; what it throws comes through.
  reader_pool(const std::function<std::unique_ptr<connection>()>& open, unsigned threads, std::size_t max_queued);
  ~reader_pool();

  /// Runs once: on a reader thread, or at once with nullptr where the queue is full or the pool has stopped.
  using work = std::function<void(connection*)>;
  void submit(lane l, work what);
  /// Finishes what is queued and closes the connections.
  void stop();

private:
  void run(connection& r);
  bool next(std::unique_lock<std::mutex>& lock, work& what, bool& is_long);

  std::size_t long_running_max_, max_queued_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<work> quick_, long_;
  std::size_t long_running_ = 0;
  bool stop_ = false;
  std::vector<std::unique_ptr<connection>> readers_;
  std::vector<std::thread> threads_;
};

}  // namespace coreldove::persistence::sql
