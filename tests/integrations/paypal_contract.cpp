// PayPal's adapter against the vendor's own OpenAPI document: .ci/check_contracts.sh starts a server that answers from it and says where it is.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "integrations/paypal/objects.hpp"
#include "integrations/paypal/outcomes.hpp"
#include "integrations/paypal/paypal.hpp"
#include "tests/integrations/loopback_server.hpp"
#include "tests/integrations/waiting.hpp"

namespace {

using namespace std::chrono_literals;
using namespace coreldove::integrations;
using namespace coreldove::testing;
using coreldove::domain::currency;
using coreldove::domain::operation_outcome;
using nlohmann::json;

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// A PayPal that lets everything go one step further, so that every call is made once at least.
scripted_reply next_step(const seen_request& seen) {
  const auto is = [&](std::string_view part) { return seen.target.find(part) != std::string::npos; };
  if (is("/oauth2/token")) return answer(200, R"({"access_token":"t","expires_in":32400})");
  if (seen.method == "GET" && is("/checkout/orders/"))
    return answer(200, R"({"id":"5O190127TN364715T","status":"APPROVED","update_time":"2026-01-02T03:04:05Z","purchase_units":[{"payments":{"captures":[
      {"id":"2GG279541U471931P","status":"COMPLETED","amount":{"currency_code":"USD","value":"5.00"}},
      {"id":"2GG279541U471932P","status":"COMPLETED","amount":{"currency_code":"USD","value":"5.00"}}]}}]})");
  if (seen.method == "GET") return answer(200, R"({"id":"0VF52814937998046","supplementary_data":{"related_ids":{"order_id":"5O190127TN364715T"}}})");
  if (is("/refund"))
    return answer(201, fmt::format(R"({{"id":"1JU08902781691411","status":"COMPLETED","amount":{}}})", json::parse(seen.body).at("amount").dump()));
  return answer(422, R"({"name":"UNPROCESSABLE_ENTITY","details":[{"issue":"ORDER_ALREADY_AUTHORIZED"}]})");
}

/// Everything the adapter ever sends but the token call, which the document leaves out.
std::vector<seen_request> all_requests() {
  loopback_server paypal_itself{next_step};
  http::client client;
  const auto gateway = paypal::make_paypal({paypal_itself.base(), "id", "secret"}, client);
  const auto usd = *currency::find("USD"), jpy = *currency::find("JPY");
  const auto context = [](const char* key) { return call_context{"ord_1", key, "0af7651916cd43dd8448eb211c80319c", 3s, true}; };
  const auto authorize = [&](std::string token, std::string method, std::string pending, const currency& c, const char* return_url) {
    charge what{5998, c, std::move(token), "a@example.com"};
    what.method = std::move(method);
    what.pending = std::move(pending);
    what.return_url = return_url;
    wait_for<outcome>([&](auto done) { gateway->authorize(what, context("ord_1/authorize/1"), done); });
  };
  authorize("tok_visa", "credit_card", "", usd, "https://shop.example/back");
  authorize("9n6724n5", "paypal", "", jpy, "");
  authorize("B-4DA74885NJ000001X", "paypal", "", usd, "https://shop.example/back");
  authorize("", "paypal", "", usd, "https://shop.example/back");
  authorize("", "credit_card", "", usd, "");
  authorize("", "paypal", "5O190127TN364715T", usd, "https://shop.example/back");
  wait_for<outcome>([&](auto done) { gateway->capture("0VF52814937998046", 1000, usd, false, context("ord_1/capture/2"), done); });
  wait_for<outcome>([&](auto done) { gateway->capture("0VF52814937998046", 60, jpy, true, context("ord_1/capture/2"), done); });
  wait_for<outcome>([&](auto done) { gateway->void_authorization("0VF52814937998046", context("ord_1/void_authorization/2"), done); });
  wait_for<outcome>([&](auto done) { gateway->refund("0VF52814937998046", 300, usd, "it came broken", context("ord_1/refund/3"), done); });
  wait_for<outcome>([&](auto done) { gateway->refund("0VF52814937998046", 800, usd, "", context("ord_1/refund/4"), done); });
  client.stop();
  std::vector<seen_request> out;
  for (auto& one : paypal_itself.seen())
    if (one.target != "/v1/oauth2/token") out.push_back(std::move(one));
  return out;
}

class PaypalContract : public ::testing::Test {
protected:
  void SetUp() override {
    if (setting("PAYPAL_API_BASE").empty() || setting("PAYPAL_DOCUMENT").empty()) GTEST_SKIP() << "needs the vendor's document: .ci/check_contracts.sh";
  }
};

TEST_F(PaypalContract, EveryRequestIsAcceptedByAServerMadeFromTheDocument) {
  http::client client;
  std::set<std::string> paths;
  for (const auto& seen : all_requests()) {
    http::request r{.method = seen.method,
                    .url = setting("PAYPAL_API_BASE") + seen.target,
                    .body = seen.body,
                    .timeout = 60s};  // the document is compiled operation by operation, at the first call of each
    for (const auto* name : {"Authorization", "Content-Type", "PayPal-Request-Id", "Prefer"})
      if (const auto value = seen.header(name); !value.empty()) r.headers.add(name, value);
    const auto got = wait_for<http::response>([&](auto done) { client.send(r, done); }, 61s);
    EXPECT_EQ(got.status / 100, 2) << seen.method << " " << seen.target << "\n" << seen.body << "\n" << got.body;
    paths.insert(seen.method + seen.target);
  }
  EXPECT_EQ(paths.size(), 8U) << "orders made, read and authorized; authorizations read, captured and voided; two captures refunded";
}

/// Every issue that the document lists under a schema.
void collect_issues(const json& document, const json& at, std::set<std::string>& seen, std::set<std::string>& out) {
  if (at.is_object()) {
    if (at.contains("$ref")) {
      const auto name = at.at("$ref").get<std::string>();
      if (seen.insert(name).second) collect_issues(document, document.at(json::json_pointer{name.substr(1)}), seen, out);
      return;
    }
    if (at.contains("properties") && at.at("properties").contains("issue"))
      for (const auto& issue : at.at("properties").at("issue").value("enum", json::array())) out.insert(issue.get<std::string>());
  }
  if (at.is_structured())
    for (const auto& inner : at) collect_issues(document, inner, seen, out);
}

TEST_F(PaypalContract, EveryErrorOfTheDocumentIsUnderstood) {
  const auto document = json::parse(std::ifstream{setting("PAYPAL_DOCUMENT")});
  std::size_t understood = 0;
  for (const auto& [path, calls] : document.at("paths").items())
    for (const auto& [method, call] : calls.items()) {
      if (!call.is_object() || !call.contains("responses")) continue;
      for (const auto& [code, response] : call.at("responses").items()) {
        std::set<std::string> seen, issues;
        collect_issues(document, response, seen, issues);
        for (const auto& issue : issues) {
          http::response r;
          r.kind = http::reach::answered;
          r.status = std::stoi(code);
          r.body = json{{"name", "ERROR"}, {"details", {{{"issue", issue}, {"description", "why"}}}}}.dump();
          const auto got = paypal::trouble(r, paypal::read_error(r.body));
          EXPECT_EQ(got.code, issue);
          EXPECT_NE(got.kind, operation_outcome::done) << issue;
          EXPECT_EQ(got.kind == operation_outcome::unknown, r.status == 409 || issue == "ORDER_COMPLETION_IN_PROGRESS") << code << " " << issue;
          ++understood;
        }
      }
    }
  EXPECT_GT(understood, 200U);
}

TEST_F(PaypalContract, EveryStateOfTheDocumentHasAMeaning) {
  const auto document = json::parse(std::ifstream{setting("PAYPAL_DOCUMENT")});
  const auto states = [&](const char* schema) { return document.at("components").at("schemas").at(schema).at("properties").at("status").at("enum"); };
  const paypal::expectation want{100, *currency::find("USD"), "k"};
  const auto object = [](const std::string& status) {
    paypal::transaction t;
    t.id = "X";
    t.status = status;
    t.amount = {"1.00", "USD"};
    return t;
  };
  for (const auto& s : states("authorization_status"))
    EXPECT_EQ(paypal::authorization(object(s), want).kind == operation_outcome::unknown, s == "PENDING") << s;
  for (const auto& s : states("capture_status")) EXPECT_EQ(paypal::capture(object(s), want).kind == operation_outcome::unknown, s == "PENDING") << s;
  for (const auto& s : states("refund_status")) EXPECT_NE(paypal::refunded(object(s), 100, want.currency).kind, operation_outcome::unknown) << s;
}

}  // namespace
