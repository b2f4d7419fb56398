// From the shelf to the buyer: plan, quality check, label, capture, shipped, tracking, delivered.
#include <algorithm>
#include <map>

#include "domain/deciding.hpp"

namespace coreldove::domain {
namespace {

bool to_leave(const shipment& s) { return s.state != shipment_state::shipped && s.state != shipment_state::delivered && s.state != shipment_state::cancelled; }

failure bad(std::string pointer, std::string code, std::string message) {
  return {errc::invalid_input, message, {{std::move(pointer), std::move(code), message}}};
}

/// Takes `wanted` units of a line out of `pool`, from as few warehouses as its order gives.
std::vector<allocation> pick(std::vector<allocation>& pool, std::uint32_t line, std::int32_t wanted) {
  std::vector<allocation> out;
  for (auto& a : pool) {
    if (a.line != line || wanted == 0) continue;
    const auto take = std::min(a.quantity, wanted);
    if (take == 0) continue;
    out.push_back(a);
    out.back().quantity = take;
    a.quantity -= take;
    wanted -= take;
  }
  return out;
}

result<std::vector<allocation>> choose(const deciding& d, const fulfill_order& c) {
  auto pool = d.unplanned();
  if (!c.warehouse.empty()) {
    std::erase_if(pool, [&](const allocation& a) { return a.warehouse != c.warehouse; });
    if (pool.empty()) return bad("/warehouse", "not_allocated", "Nothing that is left of this order is allocated at that warehouse.");
  }
  if (c.parts.empty()) return pool;
  std::vector<allocation> chosen;
  for (std::size_t i = 0; i < c.parts.size(); ++i) {
    const auto& part = c.parts[i];
    const auto at = "/lines/" + std::to_string(i);
    if (part.line >= d.o.input->items.size()) return bad(at + "/line", "out_of_range", "The order has no such line.");
    std::int32_t left = 0;
    for (const auto& a : pool)
      if (a.line == part.line) left += a.quantity;
    const auto wanted = part.quantity == 0 ? left : part.quantity;
    if (wanted < 1 || wanted > left) return bad(at + "/quantity", "out_of_range", "There are " + std::to_string(left) + " units of this line left to fulfil.");
    for (auto& a : pick(pool, part.line, wanted)) chosen.push_back(std::move(a));
  }
  return chosen;
}

}  // namespace

std::vector<allocation> deciding::unplanned() const {
  auto pool = o.allocations;
  for (const auto& s : o.shipments) {
    if (!to_leave(s)) continue;
    for (const auto& c : s.plan.contents)
      for (auto& a : pool)
        if (a.line == c.line && a.warehouse == c.warehouse) a.quantity -= c.quantity;
  }
  std::erase_if(pool, [](const allocation& a) { return a.quantity <= 0; });
  return pool;
}

result<bool> decide_fulfillment(deciding& d, const fulfill_order& c) {
  if (d.o.status != order_status::confirmed && d.o.status != order_status::fulfilling)
    return d.illegal("An order is fulfilled once it is confirmed; this one is " + std::string{to_string(d.o.status)} + ".");
  const auto carrier = c.carrier.empty() ? d.rules.default_carrier : c.carrier;
  if (std::find(d.rules.carriers.begin(), d.rules.carriers.end(), carrier) == d.rules.carriers.end())
    return bad("/carrier", "unknown_carrier", "That carrier is not set up here.");
  auto chosen = choose(d, c);
  if (!chosen) return std::move(chosen).error();
  if (chosen->empty()) return d.illegal("Everything of this order is on its way already.");

  std::map<std::string, std::vector<allocation>> by_warehouse;
  for (auto& a : *chosen) by_warehouse[a.warehouse].push_back(a);
  fulfillment_planned plan;
  auto n = static_cast<std::uint32_t>(d.o.shipments.size());
  for (auto& [warehouse, contents] : by_warehouse) plan.shipments.push_back({++n, warehouse, carrier, d.o.input->shipping_method, std::move(contents)});
  const auto shipments = plan.shipments;
  d.emit(std::move(plan));

  for (const auto& s : shipments) {
    std::vector<std::string> findings;
    if (d.rules.quality_control)
      for (const auto& a : s.contents)
        if (a.inspect) findings.push_back(a.sku + " is to be inspected before it leaves");
    const bool passed = findings.empty();
    d.emit(quality_checked{s.n, passed, findings});
    if (!passed) d.open_review(review_kind::quality, "Shipment " + std::to_string(s.n) + ": " + findings.front() + ".");
  }
  if (d.o.has_open_review()) {
    d.hold();
    return true;
  }
  for (const auto& s : shipments) d.start_label(s.n);
  return true;
}

void deciding::start_label(std::uint32_t n) {
  const bool asked = std::any_of(o.operations.begin(), o.operations.end(), [&](const operation& op) {
    return op.kind == operation_kind::label && op.shipment == n && op.state != operation_state::declined;
  });
  if (!asked) request(operation_kind::label, o.shipments.at(n - 1).plan.carrier, 0, n, {});
}

/// Each shipment captures its share of the total, the last one what is left, so that the sum is exact to the minor unit.
void deciding::start_capture(std::uint32_t n) {
  const bool asked = std::any_of(o.operations.begin(), o.operations.end(), [&](const operation& op) {
    return op.kind == operation_kind::capture && op.shipment == n && op.state != operation_state::declined;
  });
  if (asked) return;
  auto left = o.allocations;  // what has not left, apart from this shipment and those whose money is being taken already
  auto without = [&](const shipment& s) {
    for (const auto& c : s.plan.contents)
      for (auto& a : left)
        if (a.line == c.line && a.warehouse == c.warehouse) a.quantity -= c.quantity;
  };
  for (const auto& s : o.shipments) {
    const bool capturing = to_leave(s) && std::any_of(o.operations.begin(), o.operations.end(), [&](const operation& op) {
                             return op.kind == operation_kind::capture && op.shipment == s.plan.n && op.state != operation_state::declined;
                           });
    if (s.plan.n == n || capturing) without(s);
  }
  const bool last = std::all_of(left.begin(), left.end(), [](const allocation& a) { return a.quantity <= 0; });
  const auto open = o.total() - o.captured - pending(operation_kind::capture);
  const auto* auth = o.find(operation_kind::authorize);
  const bool whole = auth && captures_once(auth->party);
  if (whole && pending(operation_kind::capture) > 0) return;  // leaves when the money for all of it is there
  const minor_units amount = last || whole ? open : std::min(share_of(o.shipments.at(n - 1).plan.contents), open);
  if (amount == 0 || !auth) return ship(n);
  const std::string gateway = auth->party, target = auth->reference;
  request(operation_kind::capture, gateway, amount, n, target);
}

void deciding::ship_labelled() {
  for (std::size_t i = 0; i < o.shipments.size() && o.status == order_status::fulfilling; ++i)
    if (o.shipments[i].state == shipment_state::labelled) start_capture(o.shipments[i].plan.n);
}

void deciding::ship(std::uint32_t n) {
  emit(shipment_shipped{n});
  finish_shipping();
}

void deciding::finish_shipping() {
  if (o.status != order_status::fulfilling || !o.allocations.empty()) return;
  emit(order_shipped{});
  const bool all = std::all_of(o.shipments.begin(), o.shipments.end(),
                               [](const shipment& s) { return s.state == shipment_state::delivered || s.state == shipment_state::cancelled; });
  if (all) emit(order_delivered{});
}

result<bool> decide_tracking(deciding& d, const track_shipment& c) {
  auto it = std::find_if(d.o.shipments.begin(), d.o.shipments.end(), [&](const shipment& s) { return s.tracking_number == c.tracking_number; });
  if (it == d.o.shipments.end()) return failure{errc::not_found, "The order has no shipment with that tracking number."};
  const bool seen = std::any_of(it->history.begin(), it->history.end(), [&](const tracking_entry& t) { return t.source_id == c.source_id; });
  if (seen) return false;
  d.emit(tracking_updated{it->plan.n, c.state, c.source_id, c.occurred_at, c.description, c.location});
  const bool all = std::all_of(d.o.shipments.begin(), d.o.shipments.end(),
                               [](const shipment& s) { return s.state == shipment_state::delivered || s.state == shipment_state::cancelled; });
  if (d.o.status == order_status::shipped && all) d.emit(order_delivered{});
  return true;
}

}  // namespace coreldove::domain
