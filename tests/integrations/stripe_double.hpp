#pragma once
// A gateway in front of a scripted Stripe, and Stripe's objects as it writes them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "integrations/stripe/stripe.hpp"
#include "tests/integrations/loopback_server.hpp"
#include "tests/integrations/waiting.hpp"

namespace coreldove::stripe_test {

using namespace std::chrono_literals;
using namespace coreldove::integrations;
using namespace coreldove::testing;
using coreldove::domain::currency;
using coreldove::domain::operation_outcome;

inline const currency usd = *currency::find("USD");

inline std::string intent(std::string_view status, std::int64_t amount = 5998, std::int64_t received = 0, std::string_view key = "ord_1/authorize/1",
                          std::string_view iso = "usd", std::string_view more = "") {
  return fmt::format(R"({{"id":"pi_1","object":"payment_intent","amount":{},"amount_received":{},"currency":"{}","status":"{}",)"
                     R"("metadata":{{"order_id":"ord_1","idempotency_key":"{}"}}{}}})",
                     amount, received, iso, status, key, more);
}

inline std::string refund_object(std::string_view status, std::int64_t amount = 500, std::string_view key = "ord_1/refund/3", std::string_view more = "") {
  return fmt::format(R"({{"id":"re_1","object":"refund","amount":{},"currency":"usd","status":"{}","payment_intent":"pi_1",)"
                     R"("metadata":{{"order_id":"ord_1","idempotency_key":"{}"}}{}}})",
                     amount, status, key, more);
}

inline std::string error(std::string_view type, std::string_view code, std::string_view more = "") {
  return fmt::format(R"({{"error":{{"type":"{}","code":"{}","message":"Said so."{}}}}})", type, code, more);
}

inline std::string list_of(std::string_view items, bool more = false) { return fmt::format(R"({{"object":"list","data":[{}],"has_more":{}}})", items, more); }

inline std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out.push_back(static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16)));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

inline std::map<std::string, std::string> fields(const std::string& body) {
  std::map<std::string, std::string> out;
  std::string_view rest = body;
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    out[decoded(pair.substr(0, pair.find('=')))] = decoded(pair.substr(pair.find('=') + 1));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
  }
  return out;
}

using form = std::map<std::string, std::string>;

/// A gateway in front of a scripted Stripe.
struct stripe_double {
  explicit stripe_double(loopback_server::script s, stripe::options o = {}) : server{std::move(s)} {
    o.api_base = server.base() + "/stripe/";
    o.secret_key = "sk_test_x";
    gateway = stripe::make_stripe(o, client);
  }
  ~stripe_double() { client.stop(); }

  static call_context context(std::string key, bool repeat = false) { return {"ord_1", std::move(key), "0af7651916cd43dd8448eb211c80319c", 3s, repeat}; }
  outcome authorize(const charge& c = {5998, usd, "tok_visa", "a@example.com"}, bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->authorize(c, context("ord_1/authorize/1", repeat), done); });
  }
  outcome capture(std::int64_t amount = 5998, bool last = true, bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->capture("pi_1", amount, usd, last, context("ord_1/capture/2", repeat), done); });
  }
  outcome cancel(bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->void_authorization("pi_1", context("ord_1/void_authorization/2", repeat), done); });
  }
  outcome refund(const std::string& reason = "requested_by_customer", bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->refund("pi_1", 500, usd, reason, context("ord_1/refund/3", repeat), done); });
  }
  outcome check() {
    return wait_for<outcome>([&](auto done) { gateway->check(done); });
  }

  loopback_server server;
  http::client client;
  std::shared_ptr<payment_gateway> gateway;
};

/// What Stripe answers, and what that means for the operation.
struct mapping {
  int status;
  std::string body, headers;
  operation_outcome kind;
  std::string code;
};

}  // namespace coreldove::stripe_test
