#include "tests/simulation/world/durable.hpp"

#include <algorithm>

#include "persistence/codec/event_codec.hpp"
#include "persistence/projection.hpp"

namespace coreldove::simulation {
namespace {

domain::failure conflict(std::string detail) { return {domain::errc::conflict, std::move(detail)}; }

std::string state_of(const domain::review& r) {
  using verdict = domain::review::verdict;
  return r.state == verdict::open ? "open" : r.state == verdict::approved ? "approved" : "rejected";
}

}  // namespace

const order_stream* durable::find(const std::string& order_id) const {
  const auto it = orders.find(order_id);
  return it == orders.end() ? nullptr : &it->second;
}

std::optional<domain::failure> durable::refuse(const persistence::append& item) const {
  if (item.idempotency && !item.idempotency->replaces && keys.contains({item.idempotency->scope, item.idempotency->key}))
    return conflict("idempotency key taken");
  const auto* s = find(item.stream);
  const auto version = s ? s->events.size() : 0;
  if (version != item.expected_version) return conflict("the stream is at version " + std::to_string(version));
  std::map<row_name, domain::stock_level> sums;
  for (const auto& m : item.stock) {
    auto& sum = sums[{m.sku, m.warehouse}];
    sum.on_hand += m.on_hand;
    sum.reserved += m.reserved;
  }
  for (const auto& [name, sum] : sums) {
    const auto row = stock.find(name);
    if (row == stock.end()) return conflict("no such row of stock");
    const auto on_hand = row->second.on_hand + sum.on_hand, reserved = row->second.reserved + sum.reserved;
    if (reserved < 0 || reserved > on_hand) return conflict("the stock does not allow it");
  }
  return std::nullopt;
}

domain::result<persistence::append_outcome> durable::write(const persistence::append& item) {
  if (auto why = refuse(item)) return *std::move(why);
  auto& s = orders[item.stream];
  take_events(s, item);
  s.row = item.row;
  for (const auto& m : item.stock) {
    auto& level = stock[{m.sku, m.warehouse}];
    level.on_hand += m.on_hand;
    level.reserved += m.reserved;
  }
  for (const auto& [timer, set] : item.timers) {
    if (set)
      timers[{item.stream, timer.kind, timer.n}] = timer.due_at;
    else
      timers.erase({item.stream, timer.kind, timer.n});
  }
  for (const auto& r : item.reviews) reviews[{item.stream, r.n}] = r;
  for (const auto& o : item.outbox) {
    if (!mails_ever.emplace(o.key, o.payload).second) complain(item.stream, "the message " + o.key + " was written twice");
    outbox.emplace(o.key, o);
  }
  if (item.idempotency) keys[{item.idempotency->scope, item.idempotency->key}] = {item.idempotency->fingerprint, item.idempotency->answer};
  check(s, item);
  return persistence::append_outcome{s.events.size(), log.size()};
}

void durable::take_events(order_stream& s, const persistence::append& item) {
  for (const auto& e : item.events) {
    const domain::history_entry entry{log.size() + 1, item.stream, s.events.size() + 1, e.type, item.at, item.by, item.trace_id, e.data};
    if (!s.events.empty() && entry.at < s.events.back().at) complain(item.stream, e.type + " happened before what it follows");
    log.push_back(entry);
    s.events.push_back(entry);
    const auto event = persistence::decode(e.type, e.data);
    if (!event) {
      complain(item.stream, e.type + " cannot be read back: " + event.error().detail);
      continue;
    }
    try {
      evolve(s.replayed, *event, item.at);
    } catch (const std::exception& x) {
      complain(item.stream, e.type + " does not fit: " + x.what());
    }
  }
}

void durable::check(const order_stream& s, const persistence::append& item) {
  const auto& o = s.replayed;
  const auto& row = item.row;
  if (o.version != s.events.size()) complain(item.stream, "versions have gaps");
  if (row.document != persistence::row_of(o).document) complain(item.stream, "the stored document is not what its events say");
  if (row.status != o.status || row.payment != payment_status_of(o) || row.fulfillment != fulfillment_status_of(o))
    complain(item.stream, "the stored statuses are not what its events say");
  if (row.captured != o.captured || row.refunded != o.refunded || row.total != o.total())
    complain(item.stream, "the stored amounts are not what its events say");
  if (row.unfinished == is_quiet(o)) complain(item.stream, "it is stored as unfinished where it is not, or the other way round");
  if (o.authorized < o.captured || o.captured < o.refunded || o.captured > o.total()) complain(item.stream, "authorized >= captured >= refunded does not hold");

  for (std::size_t i = 0; i < o.shipped.size(); ++i)
    if (o.returned[i] > o.shipped[i] || o.shipped[i] > o.input->items[i].quantity)
      complain(item.stream, "more came back than left, or more left than was ordered");

  const auto wanted = domain::timers(o, rules_);
  std::size_t stored = 0;
  for (auto it = timers.lower_bound({item.stream, domain::timer_kind{}, 0}); it != timers.end() && std::get<0>(it->first) == item.stream; ++it) ++stored;
  if (stored != wanted.size()) complain(item.stream, "it has " + std::to_string(stored) + " timers and should have " + std::to_string(wanted.size()));
  for (const auto& t : wanted) {
    const auto it = timers.find({item.stream, t.kind, t.n});
    if (it == timers.end() || it->second != t.due_at) complain(item.stream, "the timer of operation " + std::to_string(t.n) + " is missing or wrong");
  }
  for (const auto& r : o.reviews) {
    const auto it = reviews.find({item.stream, r.n});
    if (it == reviews.end() || it->second.state != state_of(r)) complain(item.stream, "review " + std::to_string(r.n) + " is missing from the queue, or stale");
  }
}

domain::result<persistence::append_outcome> durable::write(const persistence::stock_adjustment& item) {
  if (item.idempotency && keys.contains({item.idempotency->scope, item.idempotency->key})) return conflict("idempotency key taken");
  const row_name name{item.sku, item.warehouse};
  const auto row = stock.find(name);
  const auto before = row == stock.end() ? domain::stock_level{} : row->second;
  if (before.on_hand + item.delta < before.reserved) return domain::failure{domain::errc::wrong_state, "the stock would fall below what is reserved"};
  stock[name].on_hand += item.delta;
  counted[name] += item.delta;
  if (item.idempotency) keys[{item.idempotency->scope, item.idempotency->key}] = {item.idempotency->fingerprint, item.idempotency->answer};
  const auto seq = ++sku_versions[item.sku];
  log.push_back({log.size() + 1, "sku/" + item.sku, seq, "stock_adjusted", item.at, item.by, {}, "{}"});
  return persistence::append_outcome{seq, log.size()};
}

std::vector<domain::history_entry> durable::stream(const std::string& name) const {
  std::vector<domain::history_entry> out;
  for (const auto& e : log)
    if (e.stream == name) out.push_back(e);
  return out;
}

domain::result<persistence::append_outcome> durable::write(const persistence::setting& item) {
  const auto version = stream(item.stream).size();
  if (version != item.expected_version) return conflict("the stream is at version " + std::to_string(version));
  log.push_back({log.size() + 1, item.stream, version + 1, item.event.type, item.at, item.by, {}, item.event.data});
  return persistence::append_outcome{version + 1, log.size()};
}

void durable::write(const persistence::catalog& c) {
  warehouses.insert(warehouses.end(), c.warehouses.begin(), c.warehouses.end());
  items.insert(items.end(), c.items.begin(), c.items.end());
  for (const auto& l : c.levels) {
    if (!stock.emplace(row_name{l.sku, l.warehouse}, domain::stock_level{l.level.on_hand, 0}).second) continue;
    counted[{l.sku, l.warehouse}] += l.level.on_hand;
  }
}

}  // namespace coreldove::simulation
