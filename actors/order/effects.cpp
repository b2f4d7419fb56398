// What a committed event asks of the outside world. The key of each call is in the event, so asking twice is asking once.
#include <algorithm>
#include <caf/send.hpp>

#include "actors/order/order_shell.hpp"

namespace coreldove::actors {

namespace {

/// The outside world has not heard of this yet, or all that it has answered is on disk.
bool goes_out_first(const std::vector<domain::event>& just_written, std::uint32_t n) {
  return std::any_of(just_written.begin(), just_written.end(), [&](const domain::event& e) {
    const auto* requested = std::get_if<domain::operation_requested>(&e);
    const auto* retried = std::get_if<domain::operation_retried>(&e);
    return (requested && requested->n == n) || (retried && retried->n == n);
  });
}

}  // namespace

/// Whatever is open and not under way. What the latest commit did not ask for may have been asked for before: by this actor, or by one that is gone.
void order_shell::perform_open(const std::vector<domain::event>& just_written) {
  for (const auto* op : open_operations(order)) {
    const bool on_its_way = std::any_of(started.begin(), started.end(), [&](const under_way& u) { return u.n == op->n; });
    if (!on_its_way) perform(*op, !goes_out_first(just_written, op->n));
  }
}

bool order_shell::waits_at_gate(std::uint32_t n) const {
  const auto& op = order.operations.at(n - 1);
  const auto gate = l->gates.find(op.party);
  return gate != l->gates.end() && gate->second->holds(idempotency_key(order, op));
}

void order_shell::perform(const domain::operation& op, bool in_doubt) {
  using domain::operation_kind;
  told_idle = false;
  started.push_back({op.n, ++calls_made, steady(), in_doubt});
  const bool parcel = op.kind == operation_kind::label || op.kind == operation_kind::void_label;
  integrations::call_context context;
  context.order_id = id;
  context.idempotency_key = idempotency_key(order, op);
  context.trace_id = trace_id;
  context.timeout = parcel ? l->limits.carrier_timeout : l->limits.payment_timeout;
  context.repeat = in_doubt || op.attempts + op.looks > 0;
  const auto& in = *order.input;
  if (parcel) {
    // A carrier has no keys: what this node sent late, another would have bought already.
    if (l->owned) context.time_left = [owned = l->owned, order_id = id] { return owned->left(order_id); };
    const auto& shipment = order.shipments.at(op.shipment - 1);
    std::int64_t value = 0;
    for (const auto& a : shipment.plan.contents) value += in.items.at(a.line).unit_price * a.quantity;
    caf::anon_send(l->shipping, ship_operation{op, calls_made, shipment.plan, in.shipping, value, in.currency, std::move(context), order_actor{self}});
    return;
  }
  const bool last = op.kind == operation_kind::capture && order.captured + op.amount >= order.total();
  integrations::charge charge;
  if (op.kind == operation_kind::authorize) {
    charge = {op.amount, in.currency, in.payment_token, in.customer_email, in.payment_method};
    charge.customer_name = in.billing.name;
    charge.customer_phone = in.billing.phone;
    if (l->return_url) charge.return_url = l->return_url(id);
    if (op.looks > 0) charge.pending = op.reference;
  }
  caf::anon_send(l->payments, pay_operation{op, calls_made, std::move(charge), in.currency, last, std::move(context), order_actor{self}});
}

}  // namespace coreldove::actors
