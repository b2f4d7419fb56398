#include "integrations/paypal/refunds.hpp"

#include <algorithm>
#include <map>

#include "integrations/paypal/amounts.hpp"
#include "integrations/paypal/requests.hpp"

namespace coreldove::integrations::paypal {

namespace {

bool is_given_back(const transaction& refund) { return refund.status != "FAILED" && refund.status != "CANCELLED"; }

std::string part_key(std::string_view key, std::string_view capture) { return std::string{key} + '#' + std::string{capture}; }

/// What is left of each capture to give back, in the order of the captures.
std::vector<refund_part> refundable(const checkout_order& o, const domain::currency& currency) {
  std::map<std::string_view, domain::minor_units> given_back;
  for (const auto& r : o.refunds)
    if (is_given_back(r)) given_back[r.parent] += from_paypal(r.amount.value, currency).value_or(0);
  std::vector<refund_part> out;
  for (const auto& c : o.captures) {
    if ((c.status != "COMPLETED" && c.status != "PARTIALLY_REFUNDED") || c.amount.currency != currency.name()) continue;
    const auto left = from_paypal(c.amount.value, currency).value_or(0) - given_back[c.id];
    if (left > 0) out.push_back({c.id, {}, left});
  }
  return out;
}

}  // namespace

bool is_part(std::string_view invoice_id) { return invoice_id.find('#') != std::string_view::npos; }

refund_plan plan_refund(const checkout_order& o, const expectation& want) {
  refund_plan plan;
  const auto whole = fitted(want.key, invoice_id_max);
  auto rest = want.amount;
  std::vector<std::string> parts_done;
  for (const auto& r : o.refunds) {
    if (r.invoice_id == whole) {
      plan.settled = refunded(r, want.amount, want.currency);
      return plan;
    }
    if (r.invoice_id != fitted(part_key(want.key, r.parent), invoice_id_max) || !is_given_back(r)) continue;
    rest -= from_paypal(r.amount.value, want.currency).value_or(0);
    if (plan.first_reference.empty()) plan.first_reference = r.id;
    parts_done.push_back(r.parent);
  }
  if (rest <= 0) {
    plan.settled = outcome{domain::operation_outcome::done, plan.first_reference, {}, {}, {}};
    return plan;
  }
  auto left = refundable(o, want.currency);
  const auto enough = std::find_if(left.begin(), left.end(), [&](const refund_part& p) { return p.amount >= rest; });
  if (parts_done.empty() && enough != left.end()) {
    plan.parts.push_back({enough->capture, want.key, rest});
    return plan;
  }
  for (auto& p : left) {
    if (rest == 0) break;
    if (std::find(parts_done.begin(), parts_done.end(), p.capture) != parts_done.end()) continue;
    p.amount = std::min(p.amount, rest);
    p.invoice_id = part_key(want.key, p.capture);
    rest -= p.amount;
    plan.parts.push_back(std::move(p));
  }
  if (rest > 0) {
    plan.parts.clear();
    plan.settled = refused("REFUND_AMOUNT_EXCEEDED", "less is left of the captures at PayPal than is to be given back");
    // Some of it went back before: what that means is not ours to say.
    if (!parts_done.empty()) plan.settled->kind = domain::operation_outcome::unknown;
  }
  return plan;
}

}  // namespace coreldove::integrations::paypal
