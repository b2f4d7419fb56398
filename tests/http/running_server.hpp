#pragma once
// A server on a free port with a fake engine behind it. The API keys "key-<role>" are known; "key-customer" belongs to cust_1.
#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.hpp"
#include "tests/http/fake_engine.hpp"
#include "tests/http/wire_client.hpp"

namespace coreldove::test {

inline const std::string jwt_secret = "a secret of more than thirty-two bytes";

struct running_server {
  explicit running_server(http::server_options options = {});
  ~running_server();

  std::uint16_t port() const { return server->port(); }
  /// As admin.
  wire_response get(const std::string& target, const std::string& fields = {}) const;
  wire_response send(const std::string& method, const std::string& target, std::string_view body, const std::string& fields = {}) const;

  fake_engine engine;
  runtime::metrics metrics;
  std::atomic<int> lookups{0};
  std::unique_ptr<http::server> server;
};

/// The contract's own example, with customer cust_1.
std::string order_body();
/// The same with one member's text put in place of `from`.
std::string order_body_with(std::string_view from, std::string_view to);

inline const std::string api = "/api/order-workflow";

}  // namespace coreldove::test
