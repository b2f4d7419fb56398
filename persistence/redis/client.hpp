#pragma once
// The node's one connection to a Redis server, on a thread of its own: commands go out as they come, without waiting for the answers to earlier ones. It
// connects again by itself for as long as it lives, and whoever asks meanwhile is told at once. Nobody ever waits for it.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "persistence/backoff.hpp"
#include "persistence/redis/answer.hpp"

namespace coreldove::persistence::redis {

class connection;

struct address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string user, password;  // no password: no AUTH; no user: the default one
  unsigned database = 0;
};
/// For people: no user, no password.
std::string shown(const address& a);

enum class outcome : std::uint8_t { answered, refused, failed };  // refused: Redis said no; failed: the connection went before the answer came

/// Who uses the connection. All calls come on its thread, and must not wait.
class listener {
public:
  virtual ~listener() = default;
  /// After every new connection.
  virtual void connected() {}
  /// About every `client_options::tick` while connected.
  virtual void tick(std::chrono::steady_clock::time_point) {}
};

/// Called on the client's thread, but for `turned_away`; any may be empty.
struct client_observers {
  std::function<void(bool connected, const std::string& detail)> state;  // also where only the reason is another one
  std::function<void(outcome, double seconds)> answer;
  std::function<void()> turned_away;  // on any thread: a command found no connection, or no room
};

struct client_options {
  address where;
  std::chrono::milliseconds connect_timeout{1'000};  // for the look-up of the name, and again for the connection with its greeting
  std::chrono::milliseconds command_timeout{1'000};  // after that the connection is given up
  std::chrono::milliseconds retry_max{2'000};
  std::chrono::milliseconds tick{100};
  std::size_t max_queued = 1'000;  // commands without an answer
  client_observers observe = {};
};

class client {
public:
  explicit client(client_options options);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Before start(); must live until stop() has returned.
  void add(listener& l) { listeners_.push_back(&l); }
  void start();
  /// From any thread. `done`, which must be there, runs once, on the client's thread. False: not connected, or too much is queued; nothing is sent and `done`
  /// never runs.
  bool ask(command what, answer_done done);
  /// What is without an answer is told so; afterwards nothing runs any more.
  void stop();

private:
  using clock = std::chrono::steady_clock;
  struct question {
    command what;
    answer_done done;  // may be empty
  };
  struct sent {
    clock::time_point at;
    answer_done done;
  };

  void run();
  void open();
  void greet();
  void be_ready();
  void serve();
  void send(question q);
  void send_queued();
  void receive();
  void settle(answer a);
  void wait(int events);
  void look_after(clock::time_point now);
  clock::time_point deadline() const;
  void lose(const std::string& why);
  void tell(bool connected, std::string detail);
  void wake() const;

  const client_options options_;
  std::vector<listener*> listeners_;
  const int wake_;  // eventfd
  std::atomic<bool> stop_{false};

  // The client's thread only.
  enum class phase : std::uint8_t { away, connecting, greeting, ready } phase_ = phase::away;
  std::unique_ptr<connection> link_;
  std::deque<sent> sent_;
  std::size_t greetings_ = 0;  // not answered yet
  unsigned tries_ = 0;
  clock::time_point next_try_{}, next_tick_{}, opened_{}, ready_{}, heard_{};
  backoff backoff_;
  std::optional<std::string> told_;  // empty: that it is connected

  std::mutex mutex_;  // guards what follows
  std::vector<question> queue_;
  std::size_t unanswered_ = 0;
  bool open_ = false;

  std::thread thread_;
};

}  // namespace coreldove::persistence::redis
