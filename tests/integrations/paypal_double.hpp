#pragma once
// A gateway in front of a scripted PayPal, and PayPal's objects as it writes them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "integrations/paypal/amounts.hpp"
#include "integrations/paypal/paypal.hpp"
#include "tests/integrations/loopback_server.hpp"
#include "tests/integrations/waiting.hpp"

namespace coreldove::paypal_test {

using namespace std::chrono_literals;
using namespace coreldove::integrations;
using namespace coreldove::testing;
using coreldove::domain::currency;
using coreldove::domain::operation_outcome;
using nlohmann::json;

inline const currency usd = *currency::find("USD");
inline constexpr std::string_view token_path = "/paypal/v1/oauth2/token", orders = "/paypal/v2/checkout/orders";

inline std::string token_answer(int n = 1) { return fmt::format(R"({{"access_token":"token-{}","token_type":"Bearer","expires_in":32400}})", n); }

inline json amount(std::string_view value = "59.98", std::string_view iso = "USD") { return {{"currency_code", iso}, {"value", value}}; }

inline json hold_object(std::string_view status = "CREATED", const json& money = amount(), const json& more = json::object()) {
  json out{{"id", "AUTH1"}, {"status", status}, {"amount", money}, {"invoice_id", "ord_1/authorize/1"}, {"custom_id", "ord_1"}};
  out["supplementary_data"]["related_ids"]["order_id"] = "ORDER1";
  out.update(more);
  return out;
}

inline json order_object(std::string_view status, const json& payments = nullptr, std::string_view rel = "payer-action") {
  json unit{{"amount", amount()}, {"invoice_id", "ord_1/authorize/1"}, {"custom_id", "ord_1"}};
  if (!payments.is_null()) unit["payments"] = payments;
  json links = json::array({{{"rel", "self"}, {"href", "https://api/v2/checkout/orders/ORDER1"}}});
  if (!rel.empty()) links.push_back({{"rel", rel}, {"href", "https://paypal.example/checkoutnow?token=ORDER1"}});
  return {{"id", "ORDER1"}, {"status", status}, {"update_time", "2026-01-02T03:04:05Z"}, {"purchase_units", {unit}}, {"links", links}};
}

inline json held(std::string_view status = "CREATED", const json& money = amount()) { return {{"authorizations", {hold_object(status, money)}}}; }

inline json capture_object(std::string_view id, std::string_view value, std::string_view invoice = "ord_1/capture/2", std::string_view status = "COMPLETED") {
  return {{"id", id}, {"status", status}, {"amount", amount(value)}, {"invoice_id", invoice}};
}

inline json refund_object(std::string_view capture, std::string_view value, std::string_view invoice = "ord_1/refund/3",
                          std::string_view status = "COMPLETED") {
  return {{"id", fmt::format("REFUND-{}", capture)},
          {"status", status},
          {"amount", amount(value)},
          {"invoice_id", invoice},
          {"links", {{{"rel", "up"}, {"href", fmt::format("https://api/v2/payments/captures/{}", capture)}}}}};
}

inline std::string error(std::string_view name, std::string_view issue = "", std::string_view link = "") {
  json out{{"name", name}, {"message", "Said so."}, {"debug_id", "90957fca61718"}};
  if (!issue.empty()) out["details"] = {{{"issue", issue}, {"description", "Because."}}};
  if (!link.empty()) out["links"] = {{{"rel", "redirect"}, {"href", link}}};
  return out.dump();
}
inline std::string unprocessable(std::string_view issue, std::string_view link = "") { return error("UNPROCESSABLE_ENTITY", issue, link); }

/// A gateway in front of a scripted PayPal; the token call answers by itself unless the script wants it.
struct paypal_double {
  explicit paypal_double(loopback_server::script s)
      : server{[s = std::move(s)](const seen_request& seen) { return seen.target == token_path ? answer(200, token_answer()) : s(seen); }},
        gateway{paypal::make_paypal({server.base() + "/paypal/", "id", "se:cret"}, client)} {}
  ~paypal_double() { client.stop(); }

  static call_context context(std::string key, bool repeat = false) { return {"ord_1", std::move(key), "0af7651916cd43dd8448eb211c80319c", 3s, repeat}; }
  outcome authorize(const charge& c, bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->authorize(c, context("ord_1/authorize/1", repeat), done); });
  }
  outcome capture(std::int64_t minor = 5998, bool last = true, bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->capture("AUTH1", minor, usd, last, context("ord_1/capture/2", repeat), done); });
  }
  outcome cancel(bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->void_authorization("AUTH1", context("ord_1/void_authorization/2", repeat), done); });
  }
  outcome refund(std::int64_t minor = 500, bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->refund("AUTH1", minor, usd, "it came broken", context("ord_1/refund/3", repeat), done); });
  }
  /// What was asked, the token calls left out.
  std::vector<seen_request> asked() const {
    std::vector<seen_request> out;
    for (auto& one : server.seen())
      if (one.target != token_path) out.push_back(std::move(one));
    return out;
  }

  loopback_server server;
  http::client client;
  std::shared_ptr<payment_gateway> gateway;
};

inline charge by_card(std::int64_t minor = 5998, const currency& c = usd) {
  charge out{minor, c, "tok_visa", "a@example.com"};
  out.method = "credit_card";
  return out;
}

inline charge by_buyer(std::string pending = {}) {
  charge out{5998, usd, "", "a@example.com"};
  out.method = "paypal";
  out.pending = std::move(pending);
  out.return_url = "https://shop.example/back";
  return out;
}

/// Answers the same to every call.
inline loopback_server::script always(int status, std::string body) {
  return [status, body = std::move(body)](const seen_request&) { return answer(status, body); };
}

/// What PayPal answers, and what that means for the operation.
struct mapping {
  int status;
  std::string body;
  operation_outcome kind;
  std::string code;
  bool soft = false;
};

}  // namespace coreldove::paypal_test
