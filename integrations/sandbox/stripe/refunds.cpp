// Giving money back: never more than was captured.
#include <fmt/format.h>

#include "integrations/sandbox/stripe/stripe.hpp"

namespace coreldove::integrations::world {

namespace {
constexpr std::string_view invalid = "invalid_request_error";
constexpr std::array<std::string_view, 5> refund_params{"payment_intent", "charge", "amount", "reason", "metadata[]"};
}  // namespace

void stripe::create_refund(call& c) {
  if (!only_known(c, refund_params)) return;
  const auto by_intent = c.params.find("payment_intent"), by_charge = c.params.find("charge");
  if (!by_intent && !by_charge)
    return refuse(c, {400, invalid, "parameter_missing", "One of the following params should be provided for this request: payment_intent or charge."});
  const auto id = by_intent.value_or(by_charge.value_or(""));
  const auto number = ids_.number_in(id, by_intent ? "pi_" : "ch_");
  if (number >= intents_.size())
    return refuse(c, {404, invalid, "resource_missing", fmt::format("No such {}: '{}'", by_intent ? "payment_intent" : "charge", id),
                      by_intent ? "payment_intent" : "charge"});
  c.intent = static_cast<std::uint32_t>(number);
  payment_intent& p = intents_[c.intent];
  payment_refund r;
  r.intent = c.intent;
  if (const auto given = c.params.find("reason"); given && !given->empty()) {
    while (r.reason < std::size(refund_reasons) && refund_reasons[r.reason] != *given) ++r.reason;
    if (r.reason == std::size(refund_reasons))
      return refuse(c, {400, invalid, "", "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer", "reason"});
  }
  const auto left = p.face.received - p.refunded;
  r.amount = left;
  if (c.params.find("amount")) {
    const auto asked = whole_number(c, "amount");
    if (!asked) return;
    if (*asked < 1) return refuse(c, {400, invalid, "parameter_invalid_integer", "Invalid positive integer", "amount"});
    r.amount = *asked;
  }
  c.keep = true;
  if (p.face.received == 0)
    return refuse(c, {400, invalid, "payment_intent_unexpected_state",
                      fmt::format("This PaymentIntent ({}) does not have a successful charge to refund.", ids_.make("pi_", c.intent)), "payment_intent"});
  if (left == 0) return refuse(c, {400, invalid, "charge_already_refunded", fmt::format("Charge {} has already been refunded.", ids_.make("ch_", c.intent))});
  if (r.amount > left)
    return refuse(c, {400, invalid, "amount_too_large",
                      fmt::format("Refund amount ({}) is greater than unrefunded amount on charge ({})", domain::format_amount(r.amount, p.digits),
                                  domain::format_amount(left, p.digits)),
                      "amount"});
  if (c.declined) return refuse(c, {402, "card_error", "card_declined", "The refund was declined.", "", "generic_decline", "try_again_later"});
  if (!metadata(c, {}, r.metadata)) return;
  r.created = static_cast<std::uint32_t>(c.now_ms / 1000);
  p.refunded += r.amount;
  c.refund = static_cast<std::uint32_t>(refunds_.size());
  refunds_.push_back(r);
  c.changed = true;
  c.shows = kept_answer::shows::refund;
  c.did(operation::refund, r.amount, "charge.refunded");
  append_refund(c.out.body, ids_, c.refund, r, p);
}

}  // namespace coreldove::integrations::world
