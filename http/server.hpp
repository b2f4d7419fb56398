#pragma once
// The front end: HTTP/1.1 on one port (plain, TLS, or both told apart by the first byte), every call of the contract behind one route table.
// No sockets in here: they live behind `impl`.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "actors/service.hpp"
#include "http/auth.hpp"
#include "runtime/clock.hpp"
#include "runtime/metrics.hpp"

namespace coreldove::http {

/// A page for buyers, and what its Content-Security-Policy lets it do.
struct payment_page {
  std::string html, policy;
};

/// Figures, and how old they may be; nothing where they are what is committed now.
using aged_reply = std::function<void(domain::result<domain::performance>, std::optional<std::chrono::milliseconds> age)>;
using aged_performance = std::function<void(domain::time_point from, domain::time_point to, aged_reply done)>;

struct server_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8001;  // 0: a free one
  unsigned threads = 2;
  std::string api_key_header = "X-API-Key";
  std::string jwt_secret;                  // empty: no tokens are taken
  bool dev_admin_key = false;              // takes the key "dev-admin-key" as admin
  unsigned rate_limit_per_minute = 0;      // per principal; 0: none
  unsigned rate_limit_burst = 0;           // 0: a minute's worth
  unsigned auth_failures_per_minute = 20;  // wrong credentials, per address; 0: any number
  unsigned auth_failures_burst = 60;
  bool require_https = false;               // plain requests to the API are refused
  std::string tls_cert_file, tls_key_file;  // PEM; both or none
  std::string tls_client_ca_file = {};      // PEM; with it only TLS is spoken, and only with clients whose certificates its authorities have signed
  std::string node_pass = {};               // with it this is no front end: other nodes of the cluster, who show it, send commands here
  std::size_t max_connections = 20'000;
  std::size_t max_in_flight = 20'000;  // requests handed to the engine and not answered; beyond: 503
  std::size_t max_pipelined = 64;      // per connection
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 1024 * 1024;
  std::size_t bulk_bytes_max = 256 * 1024 * 1024;
  std::uint64_t body_bytes_per_second_min = 1024;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};  // not for bulk, which only has to keep up the rate
  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds handler_timeout{30'000};                                            // on top of Prefer: wait
  std::chrono::milliseconds write_timeout{30'000};                                              // without any progress
  std::chrono::milliseconds heartbeat{15'000};                                                  // of event streams
  std::function<std::optional<http::payment_page>(std::string_view sealed)> payment_page = {};  // by what stands in the link; empty: there are none
  aged_performance performance = {};                                                            // where else than at the engine reports are read; may be empty
  std::string node, version;
  bool production = false;
};

class rate_limiter;

/// The limits that may be shared with other nodes; they live as long as their server.
struct server_limits {
  rate_limiter& callers;   // requests, by principal
  rate_limiter& failures;  // wrong credentials, by address
};

class server {
public:
  /// Everything given must outlive the server. Throws std::invalid_argument for options that can't be served with (require_https without a
  /// certificate, a certificate or key that can't be read).
  server(server_options options, actors::service& engine, runtime::metrics& metrics, api_key_lookup lookup, runtime::clock& clock);
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Opens the port and starts the threads. Throws std::runtime_error with one sentence where the address can't be had.
  void start();
  /// The port that is listened on.
  std::uint16_t port() const;
  server_limits limits();
  /// Takes no new connections, closes each connection after the answers it waits for, and returns when all are gone or `limit` is over. Final.
  void drain(std::chrono::milliseconds limit);

private:
  struct impl;
  std::shared_ptr<impl> impl_;  // also held by connections whose answers are still to come
};

}  // namespace coreldove::http
