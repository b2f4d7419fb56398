// evolve: facts into state. Nothing is checked here but our own mistakes; what is stored has happened.
#include <algorithm>
#include <stdexcept>

#include "domain/order.hpp"

namespace coreldove::domain {
namespace {

/// Our own mistakes end the one order's actor, not the process.
void insist(bool holds) {
  if (!holds) throw std::logic_error("an event does not fit the order");
}

void subtract(std::vector<allocation>& from, const std::vector<allocation>& what) {
  for (const auto& w : what) {
    auto it = std::find_if(from.begin(), from.end(), [&](const allocation& a) { return a.line == w.line && a.warehouse == w.warehouse; });
    insist(it != from.end() && it->quantity >= w.quantity);
    it->quantity -= w.quantity;
    if (it->quantity == 0) from.erase(it);
  }
}

void apply(order& o, const order_received& e, time_point at) {
  o.id = e.order_id;
  o.placed_by = e.placed_by;
  o.input = e.input;
  o.created_at = at;
  o.shipped.assign(e.input->items.size(), 0);
  o.returned.assign(e.input->items.size(), 0);
}
void apply(order& o, const fraud_assessed& e, time_point) { o.fraud = e.assessment; }
void apply(order& o, const stock_reserved& e, time_point) {
  o.allocations = e.allocations;
  o.stock_settled = true;
}
void apply(order& o, const stock_released& e, time_point) { subtract(o.allocations, e.allocations); }
void apply(order& o, const stock_restocked& e, time_point) {
  for (const auto& a : e.allocations) o.returned[a.line] += a.quantity;
}
void apply(order& o, const review_opened& e, time_point at) {
  insist(e.n == o.reviews.size() + 1);
  const auto evidence = e.operation > 0 ? o.operations.at(e.operation - 1).answers.size() : 0;
  o.reviews.push_back({e.n, e.kind, e.reason, review::verdict::open, {}, {}, at, {}, e.operation, evidence});
}
void apply(order& o, const review_decided& e, time_point at) {
  auto& r = o.reviews.at(e.n - 1);
  r.state = e.approved ? review::verdict::approved : review::verdict::rejected;
  r.by = e.by;
  r.note = e.note;
  r.decided_at = at;
}
void apply(order& o, const order_held&, time_point) {
  o.held_from = o.status;
  o.status = order_status::on_hold;
}
void apply(order& o, const order_released& e, time_point) { o.status = e.to; }
void apply(order& o, const order_confirmed&, time_point at) {
  o.status = order_status::confirmed;
  o.confirmed_at = at;
}
void apply(order& o, const order_rejected& e, time_point) {
  o.status = order_status::rejected;
  o.rejection = rejection{e.code, e.detail};
  o.stock_settled = true;
}
void apply(order& o, const order_cancelled& e, time_point) {
  o.status = order_status::cancelled;
  o.cancel_reason = e.reason;
  o.stock_settled = true;
}
void apply(order& o, const operation_requested& e, time_point at) {
  insist(e.n == o.operations.size() + 1);
  operation op;
  op.n = e.n;
  op.kind = e.kind;
  op.party = e.party;
  op.amount = e.amount;
  op.shipment = e.shipment;
  op.target = e.target;
  op.reason = e.reason;
  op.requested_at = at;
  o.operations.push_back(std::move(op));
}

void take_effect(order& o, const operation& op) {
  switch (op.kind) {
    case operation_kind::authorize:
      o.authorized += op.amount;
      break;
    case operation_kind::capture:
      o.captured += op.amount;
      break;
    case operation_kind::refund:
      o.refunded += op.amount;
      break;
    case operation_kind::label: {
      auto& s = o.shipments.at(op.shipment - 1);
      s.label_reference = op.reference;
      s.tracking_number = op.tracking_number;
      if (s.state == shipment_state::cleared) s.state = shipment_state::labelled;
      break;
    }
    case operation_kind::void_authorization:
    case operation_kind::void_label:
      break;
  }
  insist(o.authorized >= o.captured && o.captured >= o.refunded);
}

void apply(order& o, const operation_settled& e, time_point at) {
  auto& op = o.operations.at(e.n - 1);
  const bool waits = e.outcome == operation_outcome::awaiting_buyer;
  const bool waited = op.looks > 0 && op.last == operation_outcome::awaiting_buyer;
  if (!waits) ++op.attempts;
  op.last = e.outcome;
  op.code = e.code;
  op.message = e.message;
  op.retry_at = e.retry_at;
  if (e.outcome != operation_outcome::done && !waits) op.answers.push_back({at, e.outcome, e.code, e.message});
  const bool money = op.kind != operation_kind::label && op.kind != operation_kind::void_label;
  if (money && !(waits && waited)) o.attempts.push_back({op.party, std::string{to_string(op.kind)}, std::string{to_string(e.outcome)}, e.code, at});
  switch (e.outcome) {
    case operation_outcome::done:
      op.state = operation_state::done;
      op.maybe_done = false;
      op.reference = e.reference;
      op.tracking_number = e.tracking_number;
      take_effect(o, op);
      break;
    case operation_outcome::declined:
      op.state = operation_state::declined;
      op.maybe_done = false;
      break;
    case operation_outcome::awaiting_buyer:
      op.state = operation_state::awaiting_buyer;
      op.maybe_done = op.called_for = false;
      op.attempts = 0;
      ++op.looks;
      op.reference = e.reference;
      op.redirect_url = e.redirect_url;
      op.expires_at = e.expires_at;
      break;
    case operation_outcome::unknown:
      op.maybe_done = true;
      [[fallthrough]];
    case operation_outcome::not_done:
      op.state = e.retry_at ? operation_state::waiting : operation_state::abandoned;
      break;
  }
}
void apply(order& o, const operation_retried& e, time_point) {
  auto& op = o.operations.at(e.n - 1);
  op.state = operation_state::requested;
  op.retry_at.reset();
}
void apply(order& o, const authorization_expiring& e, time_point) { o.operations.at(e.n - 1).retry_at.reset(); }
void apply(order& o, const refund_asked&, time_point) { ++o.refunds_asked; }
void apply(order& o, const fulfillment_planned& e, time_point) {
  for (const auto& s : e.shipments) {
    insist(s.n == o.shipments.size() + 1);
    o.shipments.push_back({s, shipment_state::planned, {}, {}, tracking_state::label_created, {}});
  }
  o.status = order_status::fulfilling;
}
void apply(order& o, const quality_checked& e, time_point) {
  o.shipments.at(e.shipment - 1).state = e.passed ? shipment_state::cleared : shipment_state::inspecting;
}
void apply(order& o, const shipment_shipped& e, time_point) {
  auto& s = o.shipments.at(e.shipment - 1);
  s.state = s.tracking == tracking_state::delivered ? shipment_state::delivered : shipment_state::shipped;
  subtract(o.allocations, s.plan.contents);
  for (const auto& a : s.plan.contents) o.shipped[a.line] += a.quantity;
}
void apply(order& o, const shipment_cancelled& e, time_point) { o.shipments.at(e.shipment - 1).state = shipment_state::cancelled; }
void apply(order& o, const tracking_updated& e, time_point at) {
  auto& s = o.shipments.at(e.shipment - 1);
  // A late report is kept in the history, but does not turn the shipment back.
  const bool newest = s.history.empty() || e.occurred_at >= s.history.back().occurred_at;
  const bool after_delivery = s.tracking == tracking_state::delivered;
  const bool goes_back = e.state == tracking_state::returning || e.state == tracking_state::returned;
  auto place = std::upper_bound(s.history.begin(), s.history.end(), e.occurred_at, [](time_point t, const tracking_entry& x) { return t < x.occurred_at; });
  s.history.insert(place, {e.state, e.source_id, e.description, e.location, e.occurred_at, at});
  if (e.state == tracking_state::delivered || goes_back || (newest && !after_delivery)) s.tracking = e.state;
  if (s.tracking == tracking_state::delivered && s.state == shipment_state::shipped) s.state = shipment_state::delivered;
}
void apply(order& o, const notice_received& e, time_point) {
  o.notices.push_back({e.source, e.id});
  if (e.operation == 0 || e.verdict != notice_verdict::applied) return;
  auto& op = o.operations.at(e.operation - 1);
  if (op.state == operation_state::requested) op.called_for = true;
}
void apply(order& o, const dispute_opened& e, time_point at) {
  o.disputes.push_back({e.gateway, e.reference, e.payment, e.reason, e.amount, dispute::verdict::open, e.answer_by, at, {}});
}
void apply(order& o, const dispute_closed& e, time_point at) {
  const auto it = std::find_if(o.disputes.begin(), o.disputes.end(), [&](const dispute& d) { return d.reference == e.reference; });
  insist(it != o.disputes.end());
  it->state = e.won ? dispute::verdict::won : dispute::verdict::lost;
  it->closed_at = at;
}
void apply(order& o, const order_shipped&, time_point at) {
  o.status = order_status::shipped;
  o.shipped_at = at;
}
void apply(order& o, const order_delivered&, time_point at) {
  o.status = order_status::delivered;
  o.delivered_at = at;
}

void apply(order& o, const payment_routed& e, time_point) {
  o.operations.at(e.n - 1).routed = true;
  if (e.instead_of == 0) return;
  auto& op = o.operations.at(e.instead_of - 1);
  op.state = operation_state::declined;
  op.retry_at.reset();
}

}  // namespace

void evolve(order& o, const event& e, time_point at) {
  std::visit([&](const auto& x) { apply(o, x, at); }, e);
  ++o.version;
  o.updated_at = at;
}

}  // namespace coreldove::domain
