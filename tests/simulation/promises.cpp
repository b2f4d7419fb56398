// What always has to hold: after each step, and when everything has come to rest.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "persistence/codec/event_codec.hpp"
#include "persistence/projection.hpp"
#include "tests/simulation/simulator.hpp"

namespace coreldove::simulation {
namespace {

using domain::operation_kind;
using domain::operation_state;
using domain::order_status;

std::uint32_t number_of(const std::string& key) {
  std::uint32_t n = 0;
  std::from_chars(key.data() + key.rfind('/') + 1, key.data() + key.size(), n);
  return n;
}

const domain::operation* operation_of(const domain::order& o, const std::string& key) {
  const auto n = number_of(key);
  if (n == 0 || n > o.operations.size() || idempotency_key(o, o.operations[n - 1]) != key) return nullptr;
  return &o.operations[n - 1];
}

bool to_leave(const domain::shipment& s) {
  using enum domain::shipment_state;
  return s.state != shipped && s.state != delivered && s.state != cancelled;
}

}  // namespace

/// Nothing is asked of anybody unless it is on disk that it will be.
void simulator::check_call(const call& c) {
  const auto* o = world_.order(c.order_id);
  const auto* op = o ? operation_of(*o, c.key) : nullptr;
  if (!op) return fail(c.key + " was asked for before it was on disk");
  const bool same_amount = c.kind == operation_kind::void_authorization || op->amount == c.amount;
  if (op->kind != c.kind || op->party != c.party || !same_amount || op->target != c.target) fail(c.key + " was asked for otherwise than it is on disk");
}

/// Nobody is written to unless it is on disk, nor once more after the outbox has let go of it.
void simulator::check_mail(const integrations::mail& m) {
  auto key = m.message_id.substr(1, m.message_id.find('@') - 1);
  std::replace(key.begin(), key.end(), '.', '/');
  const auto& disk = world_.store.disk;
  if (!disk.mails_ever.contains(key)) return fail(m.message_id + " is sent and was never on disk");
  if (!disk.outbox.contains(key)) fail(m.message_id + " is sent again after it was taken out of the outbox");
}

void simulator::check_step() {
  auto& disk = world_.store.disk;
  std::set<std::string> touched;
  for (; log_seen_ < disk.log.size(); ++log_seen_) {
    const auto& e = disk.log[log_seen_];
    note(fmt::format("  on disk: {} {} {} {}", e.stream, e.seq, e.type, options_.trace ? persistence::shown_data(e.type, e.data) : ""));
    for (const char ch : fmt::format("{} {} {} {}", e.stream, e.seq, e.type, e.at.time_since_epoch().count()))
      result_.fingerprint = (result_.fingerprint ^ static_cast<unsigned char>(ch)) * 1099511628211ULL;
    touched.insert(e.stream);
  }
  const auto& ledger = world_.outside.ledger();
  for (; effects_seen_ < ledger.size(); ++effects_seen_) {
    check_effect(ledger[effects_seen_]);
    touched.insert(ledger[effects_seen_].order_id);
  }
  for (const auto& id : touched)
    if (const auto* o = world_.order(id)) check_money(id, *o);
  for (auto* complaints : {&disk.complaints, &world_.outside.complaints}) {
    for (const auto& c : *complaints) fail(c);
    complaints->clear();
  }
  if (step_ % 100 == 0) check_stock();
}

void simulator::check_effect(const effect& e) {
  const auto* o = world_.order(e.order_id);
  const auto* op = o ? operation_of(*o, e.key) : nullptr;
  if (!op) return;                               // check_call has said so
  if (e.kind == operation_kind::refund) return;  // several are fine; their sum is checked
  const auto purpose = fmt::format("{}/{}/{}", e.order_id, to_string(e.kind), op->shipment);
  if (++effects_for_[purpose] > 1) fail(fmt::format("{} took effect twice outside, the second time as {}", purpose, e.key));
}

/// The order knows of nothing that has not happened, and nothing has happened that it did not want.
void simulator::check_money(const std::string& id, const domain::order& o) {
  const auto& outside = world_.outside;
  const auto authorized = outside.sum(operation_kind::authorize, id), captured = outside.sum(operation_kind::capture, id),
             refunded = outside.sum(operation_kind::refund, id);
  if (o.authorized > authorized || o.captured > captured || o.refunded > refunded) fail(id + ": the order has more money on its books than the gateway");
  if (captured > authorized || refunded > captured || captured > o.total()) fail(id + ": at the gateway authorized >= captured >= refunded does not hold");
}

/// What is promised is what the orders hold, and every unit on the shelf can be accounted for.
void simulator::check_stock() {
  const auto& disk = world_.store.disk;
  std::map<durable::row_name, domain::stock_level> expected;
  for (const auto& [name, counted] : disk.counted) expected[name].on_hand = counted;
  for (const auto& [id, s] : disk.orders) {
    const auto& o = s.replayed;
    for (const auto& a : o.allocations) expected[{a.sku, a.warehouse}].reserved += a.quantity;
    for (const auto& x : o.shipments)
      if (x.state == domain::shipment_state::shipped || x.state == domain::shipment_state::delivered)
        for (const auto& a : x.plan.contents) expected[{a.sku, a.warehouse}].on_hand -= a.quantity;
    for (const auto& e : s.events) {
      if (e.type != "stock_restocked" && e.type != "stock_released") continue;
      const auto event = persistence::decode(e.type, e.data);
      if (const auto* back = std::get_if<domain::stock_restocked>(&*event))
        for (const auto& a : back->allocations) expected[{a.sku, a.warehouse}].on_hand += a.quantity;
      if (const auto* gone = std::get_if<domain::stock_released>(&*event); gone && gone->damaged)
        for (const auto& a : gone->allocations) expected[{a.sku, a.warehouse}].on_hand -= a.quantity;
    }
  }
  for (const auto& [name, level] : disk.stock) {
    const auto& want = expected[name];
    if (level.reserved > level.on_hand || level.reserved < 0)
      fail(fmt::format("{} at {}: {} reserved of {}", name.first, name.second, level.reserved, level.on_hand));
    if (level.on_hand != want.on_hand || level.reserved != want.reserved)
      fail(fmt::format("{} at {}: {} on hand and {} reserved, but its orders say {} and {}", name.first, name.second, level.on_hand, level.reserved,
                       want.on_hand, want.reserved));
  }
}

void simulator::check_end() {
  for (const auto& [id, s] : world_.store.disk.orders) {
    const auto again = persistence::rebuild(s.events);
    if (!again || persistence::row_of(*again).document != s.row.document) fail(id + ": a replay of all its events gives another document");
    check_not_stuck(id, s.replayed);
    check_final_money(id, s.replayed);
    check_news(id, s.replayed);
  }
  for (const auto& [id, version] : acknowledged_) {
    const auto* s = world_.store.disk.find(id);
    if (!s || s->events.size() < version) fail(id + " was acknowledged and is not on disk");
  }
  check_stock();
  check_wishes();
  check_notices();
  check_mails();
  check_memory_of_the_stock();
  if (world_.metric("coreldove_commands_in_flight") != 0)
    fail(fmt::format("{} commands are still counted as in flight", world_.metric("coreldove_commands_in_flight")));
}

/// Final, or waiting for somebody who can see it.
void simulator::check_not_stuck(const std::string& id, const domain::order& o) {
  const auto status = std::string{to_string(o.status)};
  if (!o.stock_settled) fail(id + " is stuck: its stock was never settled");
  const bool with_a_person = std::any_of(o.reviews.begin(), o.reviews.end(), [](const domain::review& r) {
    return r.state == domain::review::verdict::open && r.reason.find("crashed") != std::string::npos;
  });
  if (with_a_person) return;  // all of it
  for (const auto& op : o.operations) {
    const bool open = op.state == operation_state::requested || op.state == operation_state::waiting;
    if (open) fail(fmt::format("{} ({}) is stuck: {} is open", id, status, idempotency_key(o, op)));
    const bool anybody = op.state != operation_state::abandoned || o.has_open_review();
    if (!anybody) fail(fmt::format("{} ({}): {} was given up and nobody is asked", id, status, idempotency_key(o, op)));
  }
  if (o.status == order_status::received) fail(id + " is stuck: still received");
  if (o.status == order_status::on_hold && !o.has_open_review()) fail(id + " is stuck: on hold without an open review");
  if (o.status == order_status::fulfilling && !o.has_open_review() && std::any_of(o.shipments.begin(), o.shipments.end(), to_leave))
    fail(id + " is stuck: a planned shipment does not leave");
}

/// Once nothing is open the order's books are the gateway's, and an order that has ended holds nobody's money.
void simulator::check_final_money(const std::string& id, const domain::order& o) {
  if (o.has_open_review()) return;
  const auto& outside = world_.outside;
  const auto authorized = outside.sum(operation_kind::authorize, id), captured = outside.sum(operation_kind::capture, id),
             refunded = outside.sum(operation_kind::refund, id);
  if (o.authorized != authorized || o.captured != captured || o.refunded != refunded)
    fail(fmt::format("{}: its books say {}/{}/{}, the gateway's {}/{}/{}", id, o.authorized, o.captured, o.refunded, authorized, captured, refunded));
  if (o.status != order_status::cancelled && o.status != order_status::rejected) return;
  const bool a_person_knows = std::any_of(o.reviews.begin(), o.reviews.end(), [&](const domain::review& r) {
    return r.operation != 0 && o.operations[r.operation - 1].state == operation_state::declined;
  });
  if (a_person_knows) return;  // the gateway would not give it back
  if (captured != refunded) fail(fmt::format("{} has ended and keeps {} of the buyer's money", id, captured - refunded));
  if (authorized > 0 && captured == 0 && outside.count(operation_kind::void_authorization, id) == 0)
    fail(id + " has ended and its authorization was never voided");
  if (!o.allocations.empty()) fail(id + " has ended and still holds stock");
}

void simulator::check_wishes() {
  std::map<std::uint32_t, std::size_t> orders_of;
  std::map<std::string, std::size_t> refunds_of;
  for (const auto& [id, s] : world_.store.disk.orders) {
    std::uint32_t n = 0;
    const auto& m = s.replayed.input->metadata;
    std::from_chars(m.data() + m.find(':') + 1, m.data() + m.size(), n);
    if (++orders_of[n] > 1) fail(fmt::format("wish {} became two orders", n));
    if (refused_.contains(n)) fail(fmt::format("wish {} was refused, and is order {}", n, id));
    for (const auto& e : s.events) {
      if (e.type != "refund_asked") continue;
      const auto event = persistence::decode(e.type, e.data);
      if (++refunds_of[std::get<domain::refund_asked>(*event).reason] > 1) fail(std::get<domain::refund_asked>(*event).reason + " became two refunds");
    }
  }
  for (const auto& w : wishes_) {
    const auto* o = w.order_id.empty() ? nullptr : world_.order(w.order_id);
    if (!w.places && o && o->has_open_review()) continue;  // perhaps with a person, who alone may go on
    if (!w.settled || w.question) fail(fmt::format("wish {} ({}) never got an answer", w.n, w.places ? "an order" : w.order_id));
    if (w.places && w.settled && !w.order_id.empty() && orders_of[w.n] != 1)
      fail(fmt::format("wish {} was told of {}, which is somebody else's", w.n, w.order_id));
  }
}

/// A parcel's scan is in its history once, however often the carrier told of it.
void simulator::check_news(const std::string& id, const domain::order& o) {
  for (const auto& s : o.shipments) {
    std::set<std::string> told;
    for (const auto& x : s.history)
      if (!told.insert(x.source_id).second) fail(fmt::format("{}: {} was taken twice", id, x.source_id));
  }
}

void simulator::check_notices() {
  for (const auto& n : notices_) {
    const auto* o = world_.order(n.order_id);
    if (o && o->has_open_review()) continue;  // perhaps with a person, who alone may go on
    if (!n.acknowledged) fail(fmt::format("a notice about {} was never acknowledged: {}", n.order_id, n.body));
  }
}

void simulator::check_mails() {
  for (const auto& [key, payload] : world_.store.disk.mails_ever) {
    auto id = key;
    std::replace(id.begin(), id.end(), '/', '.');
    if (!delivered_.contains("<" + id + "@coreldove>")) fail(key + " was never sent");
  }
  if (!world_.store.disk.outbox.empty()) fail(world_.store.disk.outbox.begin()->first + " was never sent, or never taken out of the outbox");
}

/// The inventory decides in memory: what it believes has to be what the disk says, or stock is lost to everybody until the next start.
void simulator::check_memory_of_the_stock() {
  for (const auto& sku : skus_) {
    const auto q = world_.adjust(sku, "EAST", 0);
    world_.settle();
    if (!q->ok()) {
      fail(sku + ": the inventory does not answer");
      continue;
    }
    for (const auto& row : q->value().rows) {
      const auto& level = world_.store.disk.stock[{row.sku, row.warehouse}];
      if (row.level.on_hand != level.on_hand || row.level.reserved != level.reserved)
        fail(fmt::format("{} at {}: the inventory believes {} on hand and {} reserved, the disk says {} and {}", row.sku, row.warehouse, row.level.on_hand,
                         row.level.reserved, level.on_hand, level.reserved));
    }
  }
}

}  // namespace coreldove::simulation
