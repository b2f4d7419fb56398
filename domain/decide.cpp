// decide: which events follow from a command. One function per command; the larger ones have files of their own beside this one.
#include <algorithm>

#include "domain/deciding.hpp"

namespace coreldove::domain {
namespace {

result<bool> on(deciding& d, const place_order& c) {
  if (d.o.version != 0) return false;  // the same order again
  d.emit(order_received{c.order_id, c.by, c.input});
  d.emit(fraud_assessed{c.assessment});
  d.take_stock(c.stock);
  return true;
}

result<bool> on(deciding& d, const answer_stock& c) {
  if (!d.o.stock_settled) d.take_stock(c.stock);
  return true;
}

result<bool> on(deciding& d, const settle_operation& c) {
  if (c.n == 0 || c.n > d.o.operations.size()) return failure{errc::not_found, "the order has no operation " + std::to_string(c.n)};
  decide_settlement(d, c);
  return true;
}

result<bool> on(deciding& d, const retry_operation& c) {
  if (c.n == 0 || c.n > d.o.operations.size()) return false;
  const auto state = d.o.operations[c.n - 1].state;
  if (state == operation_state::waiting) {
    if (auto other = d.elsewhere_by_now(operation{d.o.operations[c.n - 1]})) {
      d.authorize(*std::move(other), c.n);
      return true;
    }
  }
  if (state == operation_state::waiting || state == operation_state::awaiting_buyer) d.emit(operation_retried{c.n});
  return true;
}

result<bool> on(deciding& d, const expire_authorization& c) {
  const auto due = timers(d.o, d.rules);
  const bool still = std::any_of(due.begin(), due.end(), [&](const timer& t) { return t.kind == timer_kind::expire_authorization && t.n == c.n; });
  if (!still) return false;
  d.emit(authorization_expiring{c.n});
  if (d.o.status != order_status::confirmed && d.o.status != order_status::fulfilling) return true;
  d.open_review(review_kind::payment, "The payment's authorization is about to expire: fulfil the order, or cancel it.");
  d.hold();
  return true;
}

result<bool> on(deciding& d, const cancel_order& c) { return decide_cancellation(d, c); }
result<bool> on(deciding& d, const fulfill_order& c) { return decide_fulfillment(d, c); }
result<bool> on(deciding& d, const refund_order& c) { return decide_refund(d, c); }
result<bool> on(deciding& d, const decide_review& c) { return decide_on_review(d, c); }
result<bool> on(deciding& d, const change_status& c) { return decide_status(d, c); }
result<bool> on(deciding& d, const track_shipment& c) { return decide_tracking(d, c); }

result<bool> on(deciding& d, const take_notice& c) {
  decide_notice(d, c);
  return true;
}
result<bool> on(deciding& d, const take_dispute& c) {
  decide_dispute(d, c);
  return true;
}
result<bool> on(deciding& d, const take_finding& c) {
  decide_finding(d, c);
  return true;
}

result<bool> on(deciding& d, const quarantine& c) {
  d.open_review(review_kind::inventory, c.reason);
  d.hold();
  return true;
}

}  // namespace

result<std::vector<event>> decide(const order& o, const command& c, const policy& p, time_point now, const payment_routes* routes) {
  if (o.version == 0 && !std::holds_alternative<place_order>(c)) return failure{errc::not_found, "There is no such order."};
  deciding d{o, p, std::max(now, o.updated_at), routes};  // an order's own time never goes back
  auto done = std::visit([&](const auto& x) { return on(d, x); }, c);
  if (!done) return std::move(done).error();
  return std::move(d.events);
}

// ---- what follows by itself ----------------------------------------------------------------------------------------------------------------------

void deciding::request(operation_kind kind, std::string party, minor_units amount, std::uint32_t shipment, std::string target, std::string reason) {
  const auto n = static_cast<std::uint32_t>(o.operations.size() + 1);
  emit(operation_requested{n, kind, std::move(party), amount, shipment, std::move(target), std::move(reason)});
}

void deciding::open_review(review_kind kind, std::string reason, std::uint32_t operation) {
  emit(review_opened{static_cast<std::uint32_t>(o.reviews.size() + 1), kind, std::move(reason), operation});
}

void deciding::hold() {
  if (next_status(o.status, order_step::hold)) emit(order_held{});
}

void deciding::release() {
  if (o.status != order_status::on_hold || o.has_open_review()) return;
  emit(order_released{o.held_from});
  resume();
}

bool deciding::ended() const { return o.status == order_status::cancelled || o.status == order_status::rejected; }

bool deciding::is_of_no_use(const operation& op) const {
  const bool takes = op.kind == operation_kind::authorize || op.kind == operation_kind::capture || op.kind == operation_kind::label;
  return takes && (ended() || (op.shipment > 0 && o.shipments.at(op.shipment - 1).state == shipment_state::cancelled));
}

void deciding::close_reviews(const std::string& note) {
  for (std::size_t i = 0; i < o.reviews.size(); ++i)
    if (o.reviews[i].state == review::verdict::open) emit(review_decided{o.reviews[i].n, false, "system", note});
}

void deciding::release_stock(bool damaged) {
  if (!o.allocations.empty()) emit(stock_released{o.allocations, damaged});
}

void deciding::take_stock(const stock_answer& answer) {
  if (const auto* missing = std::get_if<std::vector<shortage>>(&answer)) {
    std::string detail;
    for (const auto& s : *missing) {
      if (!detail.empty()) detail += "; ";
      detail += s.sku + ": wanted " + std::to_string(s.wanted) + ", available " + std::to_string(s.available);
    }
    emit(order_rejected{"out_of_stock", std::move(detail)});
    close_reviews("The order was rejected.");
    return;
  }
  const auto* found = std::get_if<std::vector<allocation>>(&answer);
  if (!found) return;
  emit(stock_reserved{*found});
  if (o.status != order_status::received) return;  // held meanwhile: goes on when it is released
  if (o.fraud && o.fraud->decision == "review") open_review(review_kind::fraud, "The fraud score reached the threshold.");
  std::int64_t scale = 1;
  for (int i = 0; i < o.input->currency.digits; ++i) scale *= 10;
  // total / scale > threshold / 100, without fractions
  if (static_cast<wide_int>(o.total()) * 100 > static_cast<wide_int>(rules.high_value_threshold_hundredths) * scale)
    open_review(review_kind::high_value, "The total is above the high-value threshold.");
  if (o.has_open_review())
    hold();
  else
    start_payment();
}

void deciding::start_payment() {
  if (o.total() == 0) {
    emit(order_confirmed{});
    return;
  }
  authorize(route_payment({}));
}

/// Goes on from wherever a hold has stopped the order.
void deciding::resume() {
  for (std::size_t i = 0; i < o.operations.size(); ++i)
    if (o.operations[i].state == operation_state::abandoned) emit(operation_retried{o.operations[i].n});
  if (o.status == order_status::received && o.stock_settled) {
    const auto* auth = o.find(operation_kind::authorize);
    if (!auth)
      start_payment();
    else if (auth->state == operation_state::done)
      emit(order_confirmed{});
  }
  if (o.status != order_status::fulfilling) return;
  for (std::size_t i = 0; i < o.shipments.size() && o.status == order_status::fulfilling; ++i) {
    const auto n = o.shipments[i].plan.n;
    if (o.shipments[i].state == shipment_state::inspecting) emit(quality_checked{n, true, {}});
    if (o.shipments[i].state == shipment_state::cleared) start_label(n);
    if (o.shipments[i].state == shipment_state::labelled) start_capture(n);
  }
  finish_shipping();
}

void deciding::compensate() {
  for (std::size_t i = 0; i < o.operations.size(); ++i) {
    const auto& op = o.operations[i];
    const bool idle = op.state == operation_state::waiting || op.state == operation_state::abandoned || op.state == operation_state::awaiting_buyer;
    if (idle && !op.maybe_done && is_of_no_use(op))
      emit(operation_settled{op.n, operation_outcome::declined, {}, "not_sent", "The order ended before it was done.", {}, {}});
  }
  for (std::size_t i = 0; i < o.shipments.size(); ++i) {
    const auto& s = o.shipments[i];
    const bool bought = s.state == shipment_state::cancelled && !s.tracking_number.empty();
    const bool asked = std::any_of(o.operations.begin(), o.operations.end(),
                                   [&](const operation& op) { return op.kind == operation_kind::void_label && op.shipment == s.plan.n; });
    if (bought && !asked) request(operation_kind::void_label, s.plan.carrier, 0, s.plan.n, s.tracking_number);
  }
  for (std::size_t i = 0; i < o.operations.size(); ++i)
    if (o.operations[i].kind == operation_kind::authorize && o.operations[i].state == operation_state::done) let_go(operation{o.operations[i]});
  for (std::size_t i = 0; i < o.operations.size(); ++i)
    if (o.operations[i].kind == operation_kind::capture && o.operations[i].state == operation_state::done) give_back(operation{o.operations[i]});
}

/// Voids an authorization that nothing will be captured on.
void deciding::let_go(const operation& authorization) {
  const bool nothing_to_come = ended() || o.allocations.empty() || is_superseded(authorization);
  const bool used = std::any_of(o.operations.begin(), o.operations.end(), [&](const operation& op) {
    const bool about = op.party == authorization.party && op.target == authorization.reference;
    const bool captured = op.kind == operation_kind::capture && op.state != operation_state::declined;
    return about && (captured || op.kind == operation_kind::void_authorization);
  });
  if (nothing_to_come && !used)
    request(operation_kind::void_authorization, authorization.party, authorization.amount, 0, authorization.reference, "order_ended");
}

/// Refunds what was captured for goods that will not leave.
void deciding::give_back(const operation& capture) {
  const auto n = capture.shipment;
  const bool asked =
      std::any_of(o.operations.begin(), o.operations.end(), [&](const operation& r) { return r.kind == operation_kind::refund && r.shipment == n; });
  if (asked) return;
  auto owed = o.shipments.at(n - 1).state == shipment_state::cancelled ? capture.amount : 0;
  const bool whole = captures_once(capture.party);
  if (whole && (ended() || o.allocations.empty())) {
    owed = capture.amount;
    for (const auto& s : o.shipments)
      if (s.state == shipment_state::shipped || s.state == shipment_state::delivered) owed -= share_of(s.plan.contents);
    if (std::equal(o.shipped.begin(), o.shipped.end(), o.input->items.begin(), [](auto q, const order_line& l) { return q == l.quantity; })) owed = 0;
  }
  owed = std::min(owed, refundable());
  if (owed > 0) request(operation_kind::refund, capture.party, owed, n, capture.target, "order_ended");
}

void deciding::ask_about_silence() {
  for (std::size_t i = 0; i < o.operations.size(); ++i)
    if (o.operations[i].state == operation_state::abandoned && o.operations[i].maybe_done) emit(operation_retried{o.operations[i].n});
}

minor_units deciding::refundable() const {
  return std::max<minor_units>(0, o.captured - o.refunded - pending(operation_kind::refund) - o.disputed() - o.charged_back());
}

bool deciding::captures_once(std::string_view gateway) const {
  return std::find(rules.capture_once.begin(), rules.capture_once.end(), gateway) != rules.capture_once.end();
}

minor_units deciding::share_of(const std::vector<allocation>& goods) const {
  wide_int worth = 0;
  for (const auto& a : goods) worth += static_cast<wide_int>(o.input->items.at(a.line).unit_price) * a.quantity;
  const auto subtotal = o.input->subtotal();
  return subtotal == 0 ? 0 : static_cast<minor_units>(static_cast<wide_int>(o.total()) * worth / subtotal);
}

minor_units deciding::pending(operation_kind kind) const {
  minor_units sum = 0;
  for (const auto& op : o.operations)
    if (op.kind == kind && op.state != operation_state::done && op.state != operation_state::declined) sum += op.amount;
  return sum;
}

bool deciding::anything_left() const {
  return std::any_of(o.shipped.begin(), o.shipped.end(), [](auto q) { return q > 0; });
}

failure deciding::illegal(std::string what) const {
  failure f{errc::wrong_state, std::move(what)};
  for (auto s : allowed_moves(o)) f.allowed.emplace_back(to_string(s));
  return f;
}

}  // namespace coreldove::domain
