// Which gateway is asked for the money, and when another one is asked instead: only while no charge can exist at the first.
#include <algorithm>

#include "domain/deciding.hpp"

namespace coreldove::domain {
namespace {

/// Nothing is held there, and nothing can come to be held there any more.
bool is_over(const operation& op) { return !op.maybe_done && op.looks == 0 && op.reference.empty(); }

}  // namespace

route deciding::route_payment(std::vector<std::string> avoid) const {
  if (!routes) return {o.input->payment_gateway.empty() ? rules.default_gateway : o.input->payment_gateway, std::nullopt, false};
  return routes->choose({&*o.input, o.total(), o.id, static_cast<std::uint32_t>(o.operations.size() + 1), std::move(avoid), now});
}

void deciding::authorize(route to, std::uint32_t instead_of) {
  request(operation_kind::authorize, std::move(to.gateway), o.total(), 0, {});
  if (!to.decision) return;
  to.decision->n = o.operations.back().n;
  to.decision->instead_of = instead_of;
  emit(*std::move(to.decision));
}

std::optional<route> deciding::elsewhere(const operation& op, operation_outcome outcome, bool soft) const {
  const bool wanted = op.kind == operation_kind::authorize && op.routed && o.status == order_status::received && !is_superseded(op);
  if (!wanted || !is_over(op)) return std::nullopt;
  std::vector<std::string> asked;
  std::uint32_t declines = 0;
  for (const auto& x : o.operations) {
    if (x.kind != operation_kind::authorize) continue;
    asked.push_back(x.party);
    if (x.n != op.n && x.last == operation_outcome::declined) ++declines;
  }
  const bool again = outcome == operation_outcome::not_done || (outcome == operation_outcome::declined && soft && declines < rules.soft_declines_elsewhere);
  if (!again) return std::nullopt;
  auto other = route_payment(std::move(asked));
  if (!other.decision) return std::nullopt;  // bound to this gateway, or nobody is left
  return other;
}

std::optional<route> deciding::elsewhere_by_now(const operation& op) const {
  const bool wanted = op.kind == operation_kind::authorize && op.routed && o.status == order_status::received && !is_superseded(op);
  if (!wanted || !is_over(op) || op.last != operation_outcome::not_done) return std::nullopt;
  std::vector<std::string> declined;
  for (const auto& x : o.operations)
    if (x.kind == operation_kind::authorize && x.last == operation_outcome::declined) declined.push_back(x.party);
  auto other = route_payment(std::move(declined));
  if (!other.decision || other.gateway == op.party) return std::nullopt;
  return other;
}

std::uint32_t deciding::attempts_at(const operation& op) const {
  if (op.kind != operation_kind::authorize) return op.attempts;
  std::uint32_t sum = 0;
  for (const auto& x : o.operations)
    if (x.kind == operation_kind::authorize) sum += x.attempts;
  return sum;
}

}  // namespace coreldove::domain
