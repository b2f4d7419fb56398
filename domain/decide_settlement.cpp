// The outside world has answered, or has not: what that means for the order.
#include <algorithm>
#include <functional>

#include "domain/deciding.hpp"

namespace coreldove::domain {
namespace {

/// Doubling from first_retry to longest_retry, spread by ±20 % so that a gateway's return is not greeted by everybody at once. The spread
/// comes from the order, so a replay decides the same.
time_point next_try(const deciding& d, const operation& op) {
  auto wait = d.rules.first_retry;
  for (std::uint32_t i = 0; i < op.attempts && wait < d.rules.longest_retry; ++i) wait *= 2;
  wait = std::min(wait, d.rules.longest_retry);
  std::uint64_t h = 1469598103934665603ULL + op.n * 31 + op.attempts;  // FNV-1a
  for (char c : d.o.id) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  const auto permille = 800 + static_cast<std::int64_t>(h % 401);
  return d.now + duration{wait.count() * permille / 1000};
}

void ask_a_person(deciding& d, const operation& op, const std::string& why) {
  const auto kind = op.kind == operation_kind::label || op.kind == operation_kind::void_label ? review_kind::address : review_kind::payment;
  std::string reason = std::string{to_string(op.kind)} + " at " + op.party + " " + why;
  if (!op.code.empty()) reason += " (" + op.code + ")";
  d.open_review(kind, std::move(reason), op.n);
  const bool stops_the_order = op.kind == operation_kind::authorize || op.kind == operation_kind::capture || op.kind == operation_kind::label;
  if (stops_the_order) d.hold();
}

void after_done(deciding& d, operation_kind kind, std::uint32_t shipment) {
  if (d.ended()) return d.compensate();
  switch (kind) {
    case operation_kind::authorize:
      if (d.o.status == order_status::received) d.emit(order_confirmed{});
      break;
    case operation_kind::label:
      if (d.o.shipments.at(shipment - 1).state == shipment_state::cancelled)
        d.compensate();
      else if (d.o.status == order_status::fulfilling)
        d.start_capture(shipment);
      break;
    case operation_kind::capture:
      if (d.o.shipments.at(shipment - 1).state == shipment_state::cancelled)
        d.compensate();
      else
        d.ship(shipment);
      break;
    case operation_kind::void_authorization:
    case operation_kind::refund:
    case operation_kind::void_label:
      break;
  }
}

void after_declined(deciding& d, const operation& op) {
  if (op.kind == operation_kind::authorize && !d.ended()) {
    const std::string detail = op.message, code = op.code;
    d.close_reviews("The payment was declined.");
    d.release_stock();
    d.emit(order_rejected{"payment_declined", code.empty() ? detail : code + (detail.empty() ? "" : ": " + detail)});
    return;
  }
  if (op.kind == operation_kind::void_label || d.is_of_no_use(op)) return d.compensate();
  ask_a_person(d, operation{op}, "was refused");
}

/// What waited for this very answer no longer has to.
void close_review_about(deciding& d, std::uint32_t operation) {
  for (std::size_t i = 0; i < d.o.reviews.size(); ++i) {
    const auto& r = d.o.reviews[i];
    if (r.operation == operation && r.state == review::verdict::open) d.emit(review_decided{r.n, true, "system", "The outside system has answered."});
  }
}

}  // namespace

void decide_settlement(deciding& d, const settle_operation& c) {
  const operation before = d.o.operations[c.n - 1];
  if (before.state == operation_state::done || before.state == operation_state::declined) return;  // a repeat
  const bool final = c.outcome == operation_outcome::done || c.outcome == operation_outcome::declined;
  const bool was_abandoned = before.state == operation_state::abandoned;
  if (was_abandoned && !final) return;

  operation_settled e{c.n, c.outcome, c.reference, c.code, c.message, c.tracking_number, {}};
  if (c.outcome == operation_outcome::done && before.kind == operation_kind::authorize)
    e.retry_at = d.now + d.rules.authorization_lifetime - std::chrono::hours{24};
  if (!final && before.attempts + 1 < d.rules.attempts_before_person) e.retry_at = next_try(d, before);
  const bool gives_up = !final && !e.retry_at;
  d.emit(std::move(e));

  if (final) close_review_about(d, c.n);
  if (c.outcome == operation_outcome::done) after_done(d, before.kind, before.shipment);
  if (c.outcome == operation_outcome::declined) after_declined(d, operation{d.o.operations[c.n - 1]});
  const operation after = d.o.operations[c.n - 1];
  if (!final && d.is_of_no_use(after)) d.compensate();  // what never arrived need not be tried again
  if (gives_up && d.o.operations[c.n - 1].state == operation_state::abandoned)
    ask_a_person(d, after, after.maybe_done ? "has no known outcome" : "does not succeed");
  d.release();
}

}  // namespace coreldove::domain
