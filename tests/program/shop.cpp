#include "tests/program/shop.hpp"

#include <gtest/gtest.h>

#include <boost/system/system_error.hpp>
#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace coreldove::program_test {

using nlohmann::json;
using namespace std::chrono_literals;

json an_order(const std::string& sku, int quantity, const std::string& unit_price) {
  const json address{{"name", "A. Buyer"}, {"line1", "1 Main St"}, {"city", "Springfield"}, {"state", "IL"}, {"postal_code", "62701"}, {"country", "US"}};
  return {{"customer_id", "cust_123"},
          {"currency", "USD"},
          {"items", {{{"product_id", "prod_456"}, {"sku", sku}, {"name", "Premium Widget"}, {"quantity", quantity}, {"unit_price", unit_price}}}},
          {"billing_address", address},
          {"shipping_address", address},
          {"payment_method", "credit_card"},
          {"payment_token", "tok_visa"},
          {"payment_gateway", "stripe"},
          {"shipping_method", "standard"}};
}

void shop::start_world() {
  std::filesystem::create_directories(folder() / "world");
  world_.emplace(folder() / "world", arguments{"sandbox", "--port", "0", "--webhooks", ""});
  const auto mail = world_->wait_for_line("mail on");
  world_port_ = port_in(world_->wait_for_line("sandbox listening on"));
  if (world_port_ == 0) throw std::runtime_error("no sandbox: " + world_->wait(0s).err);
  variables_ = {{"SANDBOX_URL", "http://127.0.0.1:" + std::to_string(world_port_)}, {"SMTP_API_BASE", "smtp" + mail.substr(mail.find("://"))}};
}

void shop::launch(const environment& more) {
  auto variables = more;
  variables.insert(variables_.begin(), variables_.end());
  variables.emplace("PORT", std::to_string(port_));
  server_.emplace(folder(), arguments{"serve"}, std::move(variables));
}

bool shop::listens() {
  const auto port = port_in(server_->wait_for_line("listening on", 60s));
  if (port != 0) port_ = port;
  if (port != 0 && !world_) world_port_ = port_in(server_->wait_for_line("Sandbox", 5s));
  if (port == 0 && server_->running()) throw std::runtime_error("the server neither listens nor ends");
  return port != 0;
}

void shop::start(const environment& more) {
  launch(more);
  if (!listens()) throw std::runtime_error("no server: " + server_->wait(0s).err);
}

ended shop::stop(int signal, std::chrono::seconds at_most) {
  server_->signal(signal);
  return server_->wait(at_most);
}

web_answer shop::call(const std::string& method, const std::string& path, const json& body, std::map<std::string, std::string> fields,
                      std::chrono::seconds at_most) const {
  fields.emplace("X-API-Key", "dev-admin-key");
  if (!body.is_null()) fields.emplace("Content-Type", "application/json");
  return ask(port_, method, api + path, fields, body.is_null() ? std::string{} : body.dump(), at_most);
}

json shop::order(const std::string& id) const { return json::parse(call("GET", "/orders/" + id).body); }

json shop::until(const std::string& id, const std::string& field, const std::string& value) const {
  json o;
  for (int i = 0; i < 200; ++i) {
    o = order(id);
    if (o.value(field, "") == value) break;
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_EQ(o.value(field, ""), value) << o.dump();
  return o;
}

std::vector<json> shop::ledger(const std::string& query) const {
  std::vector<json> out;
  for (const auto& line : lines_of(ask(world_port_, "GET", "/ledger" + query).body)) out.push_back(json::parse(line));
  return out;
}

std::uint64_t shop::count(const std::string& filter) const {
  return json::parse(call("GET", "/orders?limit=1&" + filter).body).at("total").get<std::uint64_t>();
}

json shop::stock(const std::string& sku) const { return json::parse(call("GET", "/inventory/" + sku).body); }

int shop::readiness() const {
  try {
    return ask(port_, "GET", "/health/ready", {}, {}, 5s).status;
  } catch (const boost::system::system_error&) {
    return 0;
  }
}

void stock_watch::look(const shop& in) {
  for (; !stop_; std::this_thread::sleep_for(2ms)) {
    try {
      const auto answer = in.call("GET", "/inventory?limit=100");
      if (answer.status != 200) continue;
      ++looks_;
      const auto page = json::parse(answer.body);
      for (const auto& row : page.at("items"))
        for (const auto& at : row.at("warehouses"))
          if (at.at("reserved") > at.at("on_hand") || at.at("reserved") < 0) oversold_.push_back(row.dump());
    } catch (const boost::system::system_error&) {
      std::this_thread::sleep_for(20ms);
    }
  }
}

}  // namespace coreldove::program_test
