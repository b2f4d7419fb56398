#pragma once
// One connection to a Redis server, by hiredis, that never waits: whoever owns it polls its descriptor. Not thread-safe.
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "persistence/redis/answer.hpp"

struct redisContext;

namespace coreldove::persistence::redis {

/// The connection is of no use any more; one sentence.
class fault : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

class connection {
public:
  /// Begins to connect to a numeric address; writable once it is there. Throws fault.
  connection(const std::string& ip, std::uint16_t port);

  int descriptor() const;
  /// Once writable for the first time. Throws fault where nobody listens there.
  void finish_connecting() const;
  /// Puts a command behind those that are to be sent. Throws fault.
  void append(const command& what);
  /// Sends what the socket takes. Throws fault.
  void flush();
  bool unsent() const { return unsent_; }
  /// Reads what has come. Throws fault, also where the other side has closed.
  void read();
  /// The next whole answer out of that, if there is one. Throws fault.
  std::optional<answer> next();

private:
  struct closer {
    void operator()(redisContext* c) const;
  };
  std::unique_ptr<redisContext, closer> context_;
  bool unsent_ = false;
};

}  // namespace coreldove::persistence::redis
