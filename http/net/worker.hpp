#pragma once
// One thread with its own event loop and its own connections. Answers from other threads come through a mailbox that wakes the loop once for many.
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

#include "http/response.hpp"

namespace coreldove::http::net {

class connection;

class worker {
public:
  /// `tick`: how often connections look at their clocks.
  explicit worker(std::chrono::milliseconds tick);
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  void start();
  void stop();  // waits for the thread; connections are closed, later letters dropped
  bool runs_here() const { return std::this_thread::get_id() == thread_.get_id(); }
  boost::asio::io_context& io() { return io_; }

  /// From any thread.
  void deliver(std::shared_ptr<connection> to, std::uint64_t slot, response r);
  /// From any thread: every connection closes as soon as nothing is under way on it; also later ones.
  void drain();

  // On the worker's own thread.
  void add(std::shared_ptr<connection> c);
  void remove(const std::shared_ptr<connection>& c);
  bool draining() const { return draining_; }
  /// Somebody was refused for want of room: until it is better, requests are gathered for a moment and answered together. Waking up for each of them would
  /// take from the accepted ones almost twice what saying no costs.
  void turned_away() { turned_away_ = true; }

private:
  struct letter {
    std::shared_ptr<connection> to;
    std::uint64_t slot = 0;
    response what;
  };
  void run();
  void empty_mailbox();
  void arm_tick();

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  boost::asio::steady_timer timer_{io_};
  std::chrono::milliseconds tick_;
  std::thread thread_;
  std::unordered_set<std::shared_ptr<connection>> connections_;
  bool draining_ = false, turned_away_ = false;
  bool stopped_ = false;  // under mutex_
  std::mutex mutex_;
  std::vector<letter> letters_;
  std::vector<letter> open_;  // being delivered; kept for its room
};

}  // namespace coreldove::http::net
