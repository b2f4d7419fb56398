#pragma once
// One request at a time on one connection, for questions beside the load.
#include <chrono>
#include <string>
#include <string_view>

#include "bench/loop.hpp"

namespace coreldove::bench {

class plain_client {
public:
  struct answer {
    int status = 0;
    std::string body;
  };
  explicit plain_client(endpoint server, std::chrono::seconds timeout = std::chrono::seconds{30});
  ~plain_client();
  plain_client(const plain_client&) = delete;
  plain_client& operator=(const plain_client&) = delete;

  /// Sends the bytes of one request and waits for its answer; connects first where that is needed, and once more where a kept-alive
  /// connection turns out to be closed. Throws std::runtime_error with one sentence.
  answer ask(std::string_view request);

private:
  void connect();
  void disconnect();
  bool try_ask(std::string_view request, answer& out);

  endpoint server_;
  std::chrono::seconds timeout_;
  int fd_ = -1;
  bool used_ = false;
};

}  // namespace coreldove::bench
