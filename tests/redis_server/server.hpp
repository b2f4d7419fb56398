#pragma once
// A real Redis server for one test, on a free port of loopback, with its data in a temporary folder.
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "persistence/redis/answer.hpp"
#include "persistence/redis/client.hpp"

namespace coreldove::redis_test {

using persistence::redis::answer;
using persistence::redis::command;

class redis_server {
public:
  /// Starts it with these settings besides, as on its command line ("--requirepass", "x"). Throws std::runtime_error with what it said where it does not start.
  explicit redis_server(std::vector<std::string> settings = {});
  ~redis_server();
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  /// On the port it had before, or the first time. Nothing of what it held is there again.
  void start();
  void kill();
  void signal(int number) const;  // SIGSTOP, SIGCONT
  std::uint16_t port() const { return port_; }
  persistence::redis::address address() const;
  /// On a connection of its own, with a password where one is given. Throws where no answer comes within five seconds.
  answer say(const command& what, const std::string& password = {}) const;

private:
  bool launch();

  std::vector<std::string> settings_;
  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

/// A port that nobody listens on.
std::uint16_t free_port();
/// Looks again and again, for at most so long.
bool comes_true(const std::function<bool()>& holds, std::chrono::milliseconds at_most = std::chrono::seconds{10});

struct entry {
  std::string id, position, stream, type, event;
};
/// All of the event stream.
std::vector<entry> entries_of(const redis_server& from, const std::string& password = {});

}  // namespace coreldove::redis_test
