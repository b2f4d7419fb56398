#include "tests/http/running_server.hpp"

#include <stdexcept>

#include "http/conditions.hpp"

namespace coreldove::test {

running_server::running_server(http::server_options options) {
  options.host = "127.0.0.1";
  options.port = 0;
  options.dev_admin_key = true;
  options.jwt_secret = jwt_secret;
  options.version = "1.2.3";
  options.node = "test-node";
  const auto lookup = [this](std::string digest, std::function<void(domain::result<std::optional<http::api_key_owner>>)> done) {
    ++lookups;
    for (const std::string name : {"customer", "operator", "manager", "admin"})
      if (digest == http::sha256_hex("key-" + name))
        return done(std::optional{http::api_key_owner{name == "customer" ? "cust_1" : "ak_" + name, *http::role_from(name)}});
    if (digest == http::sha256_hex("key-broken")) return done(domain::failure{domain::errc::unavailable, "The store does not answer."});
    done(std::optional<http::api_key_owner>{});
  };
  server = std::make_unique<http::server>(options, engine, metrics, lookup, runtime::system_clock());
  server->start();
}

running_server::~running_server() { server.reset(); }

wire_response running_server::get(const std::string& target, const std::string& fields) const {
  return ask(port(), "GET " + target + " HTTP/1.1\r\nX-API-Key: dev-admin-key" + (fields.empty() ? "" : "\r\n" + fields));
}

wire_response running_server::send(const std::string& method, const std::string& target, std::string_view body, const std::string& fields) const {
  return ask(port(), method + " " + target + " HTTP/1.1\r\nX-API-Key: dev-admin-key" + (fields.empty() ? "" : "\r\n" + fields), body);
}

std::string order_body() {
  return R"({"customer_id": "cust_1", "customer_email": "a@example.com", "currency": "USD",
 "items": [{"product_id": "prod_456", "sku": "WIDGET-001", "name": "Premium Widget", "quantity": 2, "unit_price": "29.99", "total_price": "59.98"}],
 "billing_address": {"name": "A. Buyer", "line1": "1 Main St", "line2": "", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US",
                     "phone": "+12175550100"},
 "shipping_address": {"name": "A. Buyer", "line1": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US"},
 "payment_method": "credit_card", "payment_token": "tok_visa", "payment_gateway": "stripe",
 "shipping_method": "standard", "shipping_cost": "5.00", "tax": "0.00", "discount": "0.00", "metadata": {}})";
}

std::string order_body_with(std::string_view from, std::string_view to) {
  auto body = order_body();
  const auto at = body.find(from);
  if (at == std::string::npos) throw std::invalid_argument{"the body has no such text"};
  return body.replace(at, from.size(), to);
}

}  // namespace coreldove::test
