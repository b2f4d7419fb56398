#pragma once
// Razorpay: orders, the buyer's Checkout, payments with their captures and refunds; Razorpay's idempotency of refunds and its webhooks.
//
// Differences on purpose: a refund is processed at once; a payment that nobody captures stays authorized, its expiry period does not run here; the decline
// fault makes Razorpay refuse an order, a capture or a refund; a payment carries the notes of its order.
#include <chrono>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "domain/money.hpp"
#include "integrations/sandbox/world.hpp"

namespace coreldove::integrations::world {

class razorpay final : public vendor {
public:
  explicit razorpay(world& w);
  std::string_view name() const override { return "razorpay"; }
  std::span<const operation> operations() const override;
  void answer(const request& rq, reply& out) override;
  void restore(const simdjson::dom::element& line) override;
  /// `reference`: of an order that is not paid yet.
  std::optional<domain::result<decided_payment>> decide(std::string_view reference, bool approve) override;

private:
  using json = nlohmann::json;
  using entities = std::map<std::string, json, std::less<>>;
  struct kept_order {
    json face;
    std::string email, contact, return_url;  // what Checkout was given
    std::vector<std::string> payments;       // the buyer's attempts
  };
  struct kept_refund {
    std::string body, refund;
    std::chrono::steady_clock::time_point busy_until{};
  };
  /// What a change did, for the books.
  struct done {
    operation op{};
    std::string key, reference;
    domain::minor_units amount = 0;
  };

  bool authorized(const request& rq, reply& out) const;
  void route(const request& rq, reply& out);
  static void show(const json* entity, reply& out);
  void list_payments(std::string_view order, reply& out);
  void create_order(const request& rq, reply& out);
  void capture(const request& rq, std::string_view id, reply& out);
  void refund(const request& rq, std::string_view id, reply& out);
  void make_refund(const request& rq, const json& body, json& payment, reply& out);
  void show_checkout(const request& rq, reply& out);
  void press_button(const request& rq, std::string_view order, reply& out);

  // state.cpp
  const json& pay(kept_order& order, bool approve);
  bool is_held(const kept_order& order) const;
  std::string make_id(std::string_view prefix);
  /// A changed object into the state file, and what that did into the books. `refund_key`, `refund_body`: see kept_refund.
  void record(const json& entity, const std::vector<done>& effects, std::string_view refund_key = {}, std::string_view refund_body = {});
  void book(const done& d, const json& entity, std::int64_t at_ms);
  /// `order`, `refund`: where the event tells of one besides the payment.
  void announce(std::string_view event, const json* order, const json& payment, const json* refund, operation cause);

  world& world_;
  std::mutex mutex_;
  std::map<std::string, kept_order, std::less<>> orders_;
  entities payments_, refunds_;
  std::map<std::string, kept_refund, std::less<>> refund_keys_;
  std::uint64_t last_id_;
};

}  // namespace coreldove::integrations::world
