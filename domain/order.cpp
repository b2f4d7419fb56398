// What can be read off an order: its statuses, what is still to be done outside, when to wake it, what it does to the stock.
#include "domain/order.hpp"

#include <algorithm>
#include <charconv>

#include "domain/ulid.hpp"

namespace coreldove::domain {

std::string_view to_string(shipment_state s) {
  switch (s) {
    case shipment_state::planned:
      return "planned";
    case shipment_state::inspecting:
      return "inspecting";
    case shipment_state::cleared:
      return "cleared";
    case shipment_state::labelled:
      return "labelled";
    case shipment_state::shipped:
      return "shipped";
    case shipment_state::delivered:
      return "delivered";
    case shipment_state::cancelled:
      return "cancelled";
  }
  return "";
}

std::string_view to_string(timer_kind k) {
  switch (k) {
    case timer_kind::retry_operation:
      return "retry_operation";
    case timer_kind::expire_authorization:
      return "expire_authorization";
  }
  return "";
}

std::string_view to_string(dispute::verdict v) {
  switch (v) {
    case dispute::verdict::open:
      return "open";
    case dispute::verdict::won:
      return "won";
    case dispute::verdict::lost:
      return "lost";
  }
  return "";
}

namespace {
minor_units sum_of(const std::vector<dispute>& all, dispute::verdict state) {
  minor_units sum = 0;
  for (const auto& d : all)
    if (d.state == state) sum += d.amount;
  return sum;
}
}  // namespace

minor_units order::disputed() const { return sum_of(disputes, dispute::verdict::open); }
minor_units order::charged_back() const { return sum_of(disputes, dispute::verdict::lost); }

const operation* order::find(operation_kind kind) const {
  auto it = std::find_if(operations.rbegin(), operations.rend(), [&](const operation& op) { return op.kind == kind; });
  return it == operations.rend() ? nullptr : &*it;
}

bool order::has_open_review() const {
  return std::any_of(reviews.begin(), reviews.end(), [](const review& r) { return r.state == review::verdict::open; });
}

payment_status payment_status_of(const order& o) {
  for (const auto& op : o.operations)
    if (op.maybe_done && op.kind != operation_kind::label && op.kind != operation_kind::void_label) return payment_status::unknown;
  if (o.refunded > 0) return o.refunded == o.captured ? payment_status::refunded : payment_status::partially_refunded;
  if (o.captured > 0) return o.captured >= o.total() ? payment_status::captured : payment_status::partially_captured;
  if (const auto* v = o.find(operation_kind::void_authorization); v && v->state == operation_state::done) return payment_status::voided;
  if (o.authorized > 0) return payment_status::authorized;
  if (const auto* a = o.find(operation_kind::authorize); a && a->state == operation_state::declined) return payment_status::declined;
  if (o.confirmed_at && o.total() == 0) return payment_status::captured;  // nothing to pay
  return payment_status::pending;
}

fulfillment_status fulfillment_status_of(const order& o) {
  std::int64_t ordered = 0, shipped = 0, returned = 0;
  for (const auto& l : o.input->items) ordered += l.quantity;
  for (auto q : o.shipped) shipped += q;
  for (auto q : o.returned) returned += q;
  if (returned > 0) return returned >= shipped ? fulfillment_status::returned : fulfillment_status::partially_returned;
  if (o.status == order_status::delivered) return fulfillment_status::delivered;
  if (shipped > 0) return shipped >= ordered ? fulfillment_status::fulfilled : fulfillment_status::partially_fulfilled;
  return o.allocations.empty() ? fulfillment_status::unfulfilled : fulfillment_status::reserved;
}

std::vector<const operation*> open_operations(const order& o) {
  std::vector<const operation*> out;
  for (const auto& op : o.operations)
    if (op.state == operation_state::requested) out.push_back(&op);
  return out;
}

std::vector<timer> timers(const order& o, const policy&) {
  std::vector<timer> out;
  const auto* voided = o.find(operation_kind::void_authorization);
  for (const auto& op : o.operations) {
    if (!op.retry_at) continue;
    if (op.state == operation_state::waiting || op.state == operation_state::awaiting_buyer) out.push_back({timer_kind::retry_operation, op.n, *op.retry_at});
    if (op.kind == operation_kind::authorize && op.state == operation_state::done && o.captured == 0 && !voided)
      out.push_back({timer_kind::expire_authorization, op.n, *op.retry_at});
  }
  return out;
}

const operation* awaited_approval(const order& o) {
  const auto* a = o.find(operation_kind::authorize);
  if (!a || !a->expires_at) return nullptr;
  const bool open = a->state == operation_state::awaiting_buyer || a->state == operation_state::requested || a->state == operation_state::waiting;
  return open ? a : nullptr;
}

bool has_seen(const order& o, std::string_view source, std::string_view id) {
  return std::any_of(o.notices.begin(), o.notices.end(), [&](const notice& x) { return x.id == id && x.source == source; });
}

std::vector<stock_movement> stock_movements(const order& before, const event& e) {
  std::vector<stock_movement> out;
  auto book = [&](const std::vector<allocation>& what, int on_hand, int reserved) {
    out.reserve(what.size());
    for (const auto& a : what) out.push_back({a.sku, a.warehouse, std::int64_t{on_hand} * a.quantity, std::int64_t{reserved} * a.quantity});
  };
  if (const auto* r = std::get_if<stock_reserved>(&e)) book(r->allocations, 0, 1);
  if (const auto* r = std::get_if<stock_released>(&e)) book(r->allocations, r->damaged ? -1 : 0, -1);
  if (const auto* r = std::get_if<stock_restocked>(&e)) book(r->allocations, 1, 0);
  if (const auto* s = std::get_if<shipment_shipped>(&e)) book(before.shipments.at(s->shipment - 1).plan.contents, -1, -1);
  return out;
}

bool is_quiet(const order& o) {
  return o.stock_settled && std::none_of(o.operations.begin(), o.operations.end(), [](const operation& op) { return op.state == operation_state::requested; });
}

std::string idempotency_key(const order& o, const operation& op) {
  std::string key;
  key.reserve(o.id.size() + 28);
  key.append(o.id).append("/").append(to_string(op.kind)).append("/").append(std::to_string(op.n));
  return key;
}

std::vector<order_status> allowed_moves(const order& o) {
  using enum order_status;
  const bool left = std::any_of(o.shipped.begin(), o.shipped.end(), [](auto q) { return q > 0; });  // partly with the buyer
  switch (o.status) {
    case received:
      return {on_hold, rejected, cancelled};
    case on_hold:
      return left ? std::vector{confirmed} : std::vector{confirmed, rejected, cancelled};
    case confirmed:
      return {on_hold, fulfilling, cancelled};
    case fulfilling:
      return left ? std::vector{on_hold} : std::vector{on_hold, cancelled};
    case shipped:
      return {delivered};
    case delivered:
    case rejected:
    case cancelled:
      break;
  }
  return {};
}

namespace {
std::string derived_id(std::string_view prefix, std::string_view order_id, std::uint32_t n) {
  std::string id{prefix};
  id.append(order_id.substr(4)).append("-").append(std::to_string(n));
  return id;
}
}  // namespace

std::string review_id(std::string_view order_id, std::uint32_t n) { return derived_id("rev_", order_id, n); }
std::string shipment_id(std::string_view order_id, std::uint32_t n) { return derived_id("shp_", order_id, n); }

std::optional<review_address> parse_review_id(std::string_view id) {
  constexpr std::size_t ulid_length = 26;
  if (id.size() < 4 + ulid_length + 2 || !id.starts_with("rev_") || id[4 + ulid_length] != '-') return std::nullopt;
  review_address out{"ord_" + std::string{id.substr(4, ulid_length)}, 0};
  const auto digits = id.substr(4 + ulid_length + 1);
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), out.n);
  if (ec != std::errc{} || end != digits.data() + digits.size() || out.n == 0 || !is_order_id(out.order_id)) return std::nullopt;
  return out;
}

}  // namespace coreldove::domain
