#pragma once
// An HTTP server on a free loopback port that a test scripts request by request. It is the other side's peculiarities that are tested here, so it is
// made by hand: it can answer half, late, twice, wrongly, or not at all.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace coreldove::testing {

struct seen_request {
  std::string method, target, head, body;
  std::size_t connection = 0;     // 1, 2, … in order of acceptance
  std::size_t on_connection = 0;  // 1, 2, … on that one
  std::string header(std::string_view name) const;
};

struct scripted_reply {
  std::string bytes = {};  // sent as they are
  bool close = false;      // afterwards
  bool hold = false;       // keep silent and open
};

/// A whole answer with Content-Length.
scripted_reply answer(int status, std::string_view body, std::string_view extra_headers = {});

class loopback_server {
public:
  using script = std::function<scripted_reply(const seen_request&)>;

  /// `certificate` and `key`: PEM; empty for plain TCP.
  explicit loopback_server(script s, std::string_view certificate = {}, std::string_view key = {});
  ~loopback_server();
  std::uint16_t port() const;
  std::string base() const;         // "http://127.0.0.1:port"
  std::size_t connections() const;  // accepted so far
  std::vector<seen_request> seen() const;
  void close_all_connections();  // returns once they are closed on this side

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// A loopback port that nobody listens on.
std::uint16_t closed_port();

}  // namespace coreldove::testing
