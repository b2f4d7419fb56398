#pragma once
// One asynchronous HTTP/1.1 client for all adapters: kept connections per origin, one deadline for a whole exchange, TLS with verified peers.
// It follows no redirects, keeps no cookies, and logs neither headers nor bodies.
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "integrations/http/message.hpp"

namespace coreldove::integrations::http {

struct client_options {
  std::size_t threads = 1;
  std::size_t connections_per_host = 64;           // over all threads
  std::size_t waiting_per_host = 10'000;           // more than these are refused: not_sent, "overloaded"
  std::chrono::milliseconds idle_timeout{30'000};  // a connection that nobody uses is closed
  std::size_t body_bytes_max = 1 << 20;            // of an answer; a larger one counts as no_answer, "too_large"
  std::string ca_file = {};                        // PEM; trusted besides the system's authorities
  std::string cert_file = {}, key_file = {};       // PEM; shown where the other side asks for a certificate
  bool system_authorities = true;                  // false: only what `ca_file` holds is trusted
  std::function<void()> before_call = {};          // may be empty: before anything of a request goes out, on the caller's thread
  std::function<void()> after_call = {};           // may be empty: an answer is there and nobody has seen it, on a thread of the client
};

class client {
public:
  /// Throws std::runtime_error where one of the files cannot be read.
  explicit client(client_options options = {});
  ~client();  // stops
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// From any thread; returns at once. `done` runs exactly once, on a thread of the client, shortly after the timeout at the latest; it must not
  /// block. Once stopped, it runs at once on the caller's own thread.
  void send(request r, on_response done);

  /// Fails what is under way ("stopped"), closes every connection and ends the threads. Not from within a `done`.
  void stop();

private:
  class loop;
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace coreldove::integrations::http
