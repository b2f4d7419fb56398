#pragma once
// PayU India: the payment page that takes a signed form, the buyer's decision there, and the postservice commands with their tokens and queue.
//
// Differences on purpose: what is queued has taken effect by the time that anybody can ask; equal refunds within five minutes are taken; PayU has no
// refusals and limits by HTTP status, so error_500 answers an error page and rate_limit_429 PayU's words for it with status 200.
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "domain/money.hpp"
#include "integrations/sandbox/form.hpp"
#include "integrations/sandbox/world.hpp"

namespace coreldove::integrations::world {

class payu final : public vendor {
public:
  explicit payu(world& w);
  std::string_view name() const override { return "payu"; }
  std::span<const operation> operations() const override;
  void answer(const request& rq, reply& out) override;
  void restore(const simdjson::dom::element& line) override;
  /// `reference`: the txnid, once the buyer's form has come, or PayU's own id.
  std::optional<domain::result<decided_payment>> decide(std::string_view reference, bool approve) override;

private:
  using json = nlohmann::json;
  /// A payment: the posted form's fields, `mihpayid`, `status` (PayU's unmappedstatus), `captured` and `refunded` in paise, `actions`.
  using payments = std::map<std::string, json, std::less<>>;
  struct command {
    std::string_view name, var1, var2, var3;
  };

  void show_page(const request& rq, reply& out);
  void press_button(const request& rq, std::string_view id, reply& out);
  void serve(const request& rq, reply& out);
  void verify(std::string_view txnids, reply& out) const;
  void check_payment(std::string_view id, reply& out) const;
  void check_actions(const command& c, reply& out) const;
  void capture(const command& c, bool declined, reply& out);
  void cancel_or_refund(const command& c, bool declined, reply& out);
  /// True where the token has been used for this payment; then that is the answer.
  static bool token_used(const command& c, const json& payment, reply& out);
  json* find(std::string_view id);
  operation operation_of(const command& c) const;

  // state.cpp
  void settle(json& payment, bool approve);
  /// Takes an action in: into the payment, the books and the state file. Returns its number.
  std::string act(json& payment, std::string_view kind, operation op, const command& c, domain::minor_units amount);
  std::string next_number();
  void record(const json& payment, std::optional<operation> op, domain::minor_units amount, std::string_view key, std::string_view reference);
  void book(const json& payment, operation op, domain::minor_units amount, std::string_view key, std::string_view reference, std::int64_t at_ms);
  /// What PayU posts about a payment, to the shop's page and as a webhook.
  std::vector<std::pair<std::string, std::string>> report(const json& payment) const;
  void announce(const json& payment, operation cause);
  void announce_refund(const json& payment, const json& action);

  world& world_;
  mutable std::mutex mutex_;
  payments by_id_;                                          // by mihpayid
  std::map<std::string, std::string, std::less<>> by_txn_;  // txnid to mihpayid
  std::uint64_t last_number_;
};

/// SHA-512 of what is joined by '|', in hex.
std::string payu_hash(std::initializer_list<std::string_view> parts);
std::string text_in(const nlohmann::json& object, std::string_view member);

}  // namespace coreldove::integrations::world
