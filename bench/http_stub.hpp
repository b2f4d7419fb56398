#pragma once
// The smallest HTTP/1.1 server there can be: one thread, one epoll, answers made by a function. It shows what sockets alone allow on a machine,
// and stands in for a server in tests. It believes what clients say; never for the outside.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

namespace coreldove::bench {

class http_stub {
public:
  /// The raw bytes of the answer to one request; empty: close the connection without one. A final "!close" is cut off and closes it afterwards.
  using handler = std::function<std::string(std::string_view head, std::string_view body)>;

  /// Listens on a free port of 127.0.0.1. Throws std::system_error.
  explicit http_stub(handler answer);
  ~http_stub();
  http_stub(const http_stub&) = delete;
  http_stub& operator=(const http_stub&) = delete;

  std::uint16_t port() const { return port_; }
  /// What its thread has used so far.
  double cpu_seconds();

private:
  void run();
  void accept_all();
  /// False: the connection is done with.
  bool serve(int fd, std::string& pending);
  bool answer_all(int fd, std::string& pending);
  void drop(int fd);

  handler answer_;
  int listener_ = -1, epoll_ = -1, stop_ = -1;
  std::uint16_t port_ = 0;
  std::unordered_map<int, std::string> pending_;  // by connection: bytes not answered yet
  std::jthread thread_;
};

/// "HTTP/1.1 STATUS …" with a JSON body and its length.
std::string stub_answer(int status, std::string_view body);

}  // namespace coreldove::bench
