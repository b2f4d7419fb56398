// The outside world has answered, or has not: what that means for the order.
#include <algorithm>
#include <functional>

#include "domain/card_data.hpp"
#include "domain/deciding.hpp"

namespace coreldove::domain {
namespace {

/// Doubling from `first` to `longest`, spread by ±20 % so that a gateway's return is not greeted by everybody at once. The spread
/// comes from the order, so a replay decides the same.
time_point spread(const deciding& d, const operation& op, duration first, duration longest, std::uint32_t times) {
  auto wait = first;
  for (std::uint32_t i = 0; i < times && wait < longest; ++i) wait *= 2;
  wait = std::min(wait, longest);
  std::uint64_t h = 1469598103934665603ULL + op.n * 31 + times;  // FNV-1a
  for (char c : d.o.id) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  const auto permille = 800 + static_cast<std::int64_t>(h % 401);
  return d.now + duration{wait.count() * permille / 1000};
}

time_point next_try(const deciding& d, const operation& op) { return spread(d, op, d.rules.first_retry, d.rules.longest_retry, d.attempts_at(op)); }

/// When to see whether the buyer has acted; at once where the gateway has said so during the look that found nothing.
time_point next_look(const deciding& d, const operation& op) {
  return op.called_for ? d.now + d.rules.first_retry : spread(d, op, d.rules.first_look, d.rules.longest_look, op.looks);
}

/// What nobody knows the outcome of may have cost money, labels included. The answers themselves stand beside the review.
void ask_a_person(deciding& d, const operation& op, const std::string& why) {
  const bool parcel = op.kind == operation_kind::label || op.kind == operation_kind::void_label;
  const auto kind = parcel && !op.maybe_done ? review_kind::address : review_kind::payment;
  std::string reason = std::string{to_string(op.kind)} + " at " + op.party + " " + why + ": asked " + std::to_string(op.attempts) +
                       (op.attempts == 1 ? " time" : " times") + " under the key " + idempotency_key(d.o, op);
  if (!op.code.empty()) reason += "; the last answer was " + op.code + (op.message.empty() ? "" : ": " + op.message);
  d.open_review(kind, std::move(reason), op.n);
  const bool stops_the_order = op.kind == operation_kind::authorize || op.kind == operation_kind::capture || op.kind == operation_kind::label;
  if (stops_the_order) d.hold();
}

constexpr std::string_view payment_expired = "payment_expired";

/// The buyer has not acted yet. The order goes on waiting, unless nobody needs the payment any more or its time is over: both end it, and should the
/// buyer act all the same, the money goes back.
operation_settled still_waiting(const deciding& d, const operation& op, const settle_operation& c) {
  operation_settled e{op.n, c.outcome, c.reference.empty() ? op.reference : c.reference, {}, {}, {}, {}};
  const auto until = op.expires_at ? *op.expires_at : d.now + d.rules.approval_time;
  if (d.is_of_no_use(op) || d.now >= until) {
    e.outcome = operation_outcome::declined;
    e.code = d.is_of_no_use(op) ? std::string_view{"order_ended"} : payment_expired;
    e.message = d.is_of_no_use(op) ? "The order ended before the buyer had approved." : "The buyer did not approve the payment in time.";
    return e;
  }
  e.redirect_url = c.redirect_url.empty() ? op.redirect_url : c.redirect_url;
  e.expires_at = until;
  e.retry_at = std::min(until, next_look(d, op));
  return e;
}

void after_done(deciding& d, const operation& op) {
  if (d.ended()) return d.compensate();
  const auto shipment = op.shipment;
  switch (op.kind) {
    case operation_kind::authorize:
      if (d.is_superseded(op))
        d.compensate();
      else if (d.o.status == order_status::received)
        d.emit(order_confirmed{});
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
      d.ship_labelled();
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
    const bool expired = code == payment_expired;
    d.close_reviews(expired ? "The buyer did not approve the payment." : "The payment was declined.");
    d.release_stock();
    if (expired)
      d.emit(order_rejected{code, detail});
    else
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
  const auto& op = d.o.operations[c.n - 1];
  if (op.state == operation_state::done) return;  // a repeat
  const bool late_approval = op.kind == operation_kind::authorize && op.looks > 0 && c.outcome == operation_outcome::done;
  if (op.state == operation_state::declined && !late_approval) return;
  settle(d, c);
}

void settle(deciding& d, const settle_operation& c) {
  const operation before = d.o.operations[c.n - 1];
  auto outcome = c.outcome;
  if (outcome == operation_outcome::awaiting_buyer && before.kind != operation_kind::authorize) outcome = operation_outcome::unknown;
  operation_settled e{c.n, outcome, c.reference, without_card_numbers(c.code), without_card_numbers(c.message), c.tracking_number, {}};
  if (outcome == operation_outcome::awaiting_buyer) e = still_waiting(d, before, c);
  outcome = e.outcome;
  const bool final = outcome == operation_outcome::done || outcome == operation_outcome::declined;
  if (before.state == operation_state::abandoned && !final && outcome != operation_outcome::awaiting_buyer) return;

  const bool trouble = outcome == operation_outcome::not_done || outcome == operation_outcome::unknown;
  if (outcome == operation_outcome::done && before.kind == operation_kind::authorize)
    e.retry_at = d.now + d.rules.authorization_lifetime - std::chrono::hours{24};
  auto other = d.elsewhere(before, outcome, c.soft);
  if (trouble && !other && d.attempts_at(before) + 1 < d.rules.attempts_before_person) e.retry_at = next_try(d, before);
  const bool gives_up = trouble && !other && !e.retry_at;
  d.emit(std::move(e));

  if (!trouble || other) close_review_about(d, c.n);
  if (other) return d.authorize(*std::move(other), c.n);
  if (outcome == operation_outcome::done) after_done(d, operation{d.o.operations[c.n - 1]});
  if (outcome == operation_outcome::declined) after_declined(d, operation{d.o.operations[c.n - 1]});
  const operation after = d.o.operations[c.n - 1];
  if (trouble && d.is_of_no_use(after)) d.compensate();  // what never arrived need not be tried again
  if (gives_up && d.o.operations[c.n - 1].state == operation_state::abandoned)
    ask_a_person(d, after, after.maybe_done ? "has no known outcome" : "does not succeed");
  d.release();
}

}  // namespace coreldove::domain
