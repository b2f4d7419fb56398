// What people and vendors ask of the engine in a simulated run.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tests/domain/order_samples.hpp"
#include "tests/simulation/simulator.hpp"

namespace coreldove::simulation {
namespace {

using domain::errc;
using domain::operation_kind;

bool may_succeed_later(errc code) {
  return code == errc::unavailable || code == errc::overloaded || code == errc::timed_out || code == errc::conflict || code == errc::internal;
}

}  // namespace

void simulator::traffic() {
  const auto drawn = random_.below(100);
  if (drawn < 36)
    place();
  else if (drawn < 60)
    command_an_order();
  else if (drawn < 66)
    refund();
  else if (drawn < 73)
    decide_a_review();
  else if (drawn < 78)
    count_stock();
  else if (drawn < 84)
    gateway_webhook();
  else if (drawn < 92)
    carrier_webhook();
  else if (drawn < 98)
    ask_again();
  else
    reuse_a_key();
}

std::string simulator::some_order() {
  const auto& orders = world_.store.disk.orders;
  if (orders.empty()) return {};
  return std::next(orders.begin(), static_cast<std::ptrdiff_t>(random_.below(orders.size())))->first;
}

void simulator::place() {
  auto& w = wishes_.emplace_back();
  w.n = next_wish_++;
  w.places = true;
  auto& in = w.input = domain::samples::input();
  in.customer_id = "cust_" + std::to_string(random_.below(12));
  in.payment_gateway = random_.chance(300) ? "paypal" : "stripe";
  in.metadata = fmt::format("{{\"wish\":{}}}", w.n);
  in.items.clear();
  for (auto lines = 1 + random_.below(3); lines > 0; --lines) {
    const auto& sku = random_.pick(skus_);
    const auto quantity = static_cast<std::int32_t>(1 + random_.below(3));
    const domain::minor_units price = random_.chance(20) ? 60'000 : random_.chance(30) ? 0 : random_.between(100, 9'999);
    in.items.push_back({"prod_" + sku, sku, sku, quantity, price, quantity * price});
  }
  if (random_.chance(50)) in.shipping_cost = 0;
  w.rq.principal = in.customer_id;
  if (random_.chance(600)) w.rq.key = actors::request_key{in.customer_id + " POST /orders", "wish-" + std::to_string(w.n), "body-" + std::to_string(w.n)};
  if (random_.chance(300)) w.rq.wait = domain::duration{random_.between(100, 8'000)};
  ask(w);
}

void simulator::ask(wish& w) {
  ++w.tries;
  const auto key = w.rq.key ? " with key " + w.rq.key->key : "";
  if (w.places) {
    note(fmt::format("wish {}: an order{}", w.n, key));
    w.question = world_.place(w.input, w.rq);
  } else {
    note(fmt::format("wish {}: command {} to {}{}", w.n, w.what.index(), w.order_id, key));
    w.question = world_.tell(w.order_id, w.what, w.rq);
  }
  asked_.push_back(&w);
}

void simulator::command_an_order() {
  const auto id = some_order();
  if (id.empty()) return;
  auto& w = wishes_.emplace_back();
  w.n = next_wish_++;
  w.order_id = id;
  w.rq.principal = "operator";
  const auto drawn = random_.below(100);
  if (drawn < 60) {
    domain::fulfill_order f;
    f.by = "operator";
    if (random_.chance(200)) f.carrier = "ups";
    const auto& items = world_.order(id)->input->items;
    if (random_.chance(300)) f.parts.push_back({static_cast<std::uint32_t>(random_.below(items.size())), 1});
    w.what = std::move(f);
  } else if (drawn < 75) {
    w.what = domain::cancel_order{"changed my mind", "customer"};
  } else {
    using enum domain::order_status;
    w.what = domain::change_status{random_.pick<domain::order_status>({on_hold, confirmed, confirmed, cancelled, rejected, fulfilling, delivered}), "by hand",
                                   "operator"};
  }
  if (random_.chance(300))
    w.rq.key = actors::request_key{"operator POST " + id, "wish-" + std::to_string(w.n), "body"};
  else if (random_.chance(100))
    w.rq.expected_version = world_.order(id)->version - random_.below(2);
  ask(w);
}

void simulator::refund() {
  const auto id = some_order();
  if (id.empty()) return;
  const auto& o = *world_.order(id);
  auto& w = wishes_.emplace_back();
  w.n = next_wish_++;
  w.order_id = id;
  domain::refund_order r{{}, {}, random_.chance(500), fmt::format("wish {}", w.n), "manager"};
  if (random_.chance(500) && o.captured > 0)
    r.amount = random_.between(1, o.captured);
  else if (random_.chance(500))
    r.lines = {static_cast<std::uint32_t>(random_.below(o.input->items.size()))};
  w.what = std::move(r);
  w.rq.principal = "manager";
  if (random_.chance(700)) w.rq.key = actors::request_key{"manager POST " + id + "/refund", "wish-" + std::to_string(w.n), "body"};
  ask(w);
}

void simulator::decide_a_review() {
  std::vector<std::pair<std::string, std::uint32_t>> open;
  for (const auto& [name, r] : world_.store.disk.reviews)
    if (r.state == "open") open.push_back(name);
  if (open.empty()) return;
  const auto& [id, n] = random_.pick(open);
  auto& w = wishes_.emplace_back();
  w.n = next_wish_++;
  w.order_id = id;
  w.what = domain::decide_review{n, random_.chance(700), "reviewer", {}};
  w.rq.principal = "reviewer";
  ask(w);
}

void simulator::count_stock() {
  const auto& sku = random_.pick(skus_);
  const auto* warehouse = random_.chance(500) ? "EAST" : "WEST";
  const auto delta = sku == "RARE" ? random_.between(-1, 1) : random_.between(-15, 20);
  note(fmt::format("{} at {} is counted: {:+}", sku, warehouse, delta));
  world_.adjust(sku, warehouse, delta);
}

/// What a gateway has done, told once more, late, or before its own answer arrives.
void simulator::gateway_webhook() {
  const auto& calls = world_.outside.calls();
  if (calls.empty()) return;
  const auto recent = std::min<std::size_t>(calls.size(), 30);
  const auto& c = calls[calls.size() - 1 - random_.below(recent)];
  const auto* o = world_.outside.settled(c.key);
  if (!o || c.kind == operation_kind::label || c.kind == operation_kind::void_label) return;
  std::uint32_t n = 0;
  std::from_chars(c.key.data() + c.key.rfind('/') + 1, c.key.data() + c.key.size(), n);
  note(fmt::format("{} tells of {}", c.party, c.key));
  actors::request rq;
  rq.principal = "webhook";
  world_.tell(c.order_id, domain::settle_operation{n, o->kind, o->reference, o->code, o->message, o->tracking_number}, std::move(rq));
}

void simulator::carrier_webhook() {
  std::vector<const effect*> labels;
  for (const auto& e : world_.outside.ledger())
    if (e.kind == operation_kind::label) labels.push_back(&e);
  if (labels.empty()) return;
  const auto& label = *random_.pick(labels);
  using enum domain::tracking_state;
  const auto state = random_.pick<domain::tracking_state>({picked_up, in_transit, out_for_delivery, exception, delivered, delivered, returned});
  const auto& shipments = world_.order(label.order_id)->shipments;
  const bool left = std::any_of(shipments.begin(), shipments.end(), [&](const domain::shipment& s) {
    return s.tracking_number == label.tracking_number && (s.state == domain::shipment_state::shipped || s.state == domain::shipment_state::delivered);
  });
  if (!left && random_.chance(800)) return;  // early news are rare
  if (left) world_.outside.pick_up(label.tracking_number);
  note(fmt::format("{} tells of {}: {}", label.party, label.tracking_number, to_string(state)));
  actors::request rq;
  rq.principal = "webhook";
  world_.tell(label.order_id,
              domain::track_shipment{label.tracking_number,
                                     state,
                                     fmt::format("{}-{}", to_string(state), random_.below(2)),
                                     label.at + domain::duration{random_.between(0, 3'600'000)},
                                     {},
                                     {}},
              std::move(rq));
}

/// Whoever has a key and no answer that settles it.
std::vector<simulator::wish*> simulator::unanswered() {
  std::vector<wish*> out;
  for (auto& w : wishes_)
    if (w.rq.key && !w.question && !w.settled) out.push_back(&w);
  return out;
}

/// They ask again; some do although they have an answer.
void simulator::ask_again() {
  auto some = unanswered();
  for (auto& w : wishes_)
    if (w.places && w.rq.key && !w.question && w.settled && w.tries < 4) some.push_back(&w);
  if (!some.empty()) ask(*random_.pick(some));
}

/// A key that has been used comes with another body: that must never be taken for the first one.
void simulator::reuse_a_key() {
  std::vector<wish*> some;
  for (auto& w : wishes_)
    if (w.places && w.rq.key && w.settled && !w.order_id.empty()) some.push_back(&w);
  if (some.empty()) return;
  const auto& w = *random_.pick(some);
  auto rq = w.rq;
  rq.key->fingerprint = "another body";
  note(fmt::format("the key of wish {} comes with another body", w.n));
  misused_.push_back(world_.place(w.input, std::move(rq)));
}

void simulator::take_answers() {
  const auto answered = [](const wish* w) { return w->question->answered(); };
  for (std::size_t i = 0; i < asked_.size(); ++i)
    if (answered(asked_[i])) take_answer(*asked_[i]);
  std::erase_if(asked_, [](const wish* w) { return !w->question; });
  for (const auto& q : misused_)
    if (q->ok()) fail("a key was accepted with another body; the answer was order " + q->value().order_id);
  std::erase_if(misused_, [](const order_question& q) { return q->answered(); });
}

void simulator::take_answer(wish& w) {
  const auto q = std::move(w.question);
  w.question.reset();
  if (!q->ok()) {
    const auto code = q->error().code;
    note(fmt::format("wish {}: failed ({}) {}", w.n, static_cast<int>(code), q->error().detail));
    if (!may_succeed_later(code) || !w.rq.key) {
      if (w.places && w.settled) fail(fmt::format("wish {} had an order and is now refused: {}", w.n, q->error().detail));
      w.settled = true;
    }
    if (code != errc::timed_out && !w.rq.key) refused_.insert(w.n);
    return;
  }
  const auto& a = q->value();
  note(fmt::format("wish {}: {} {} version {}{}", w.n, a.status, a.order_id, a.version, a.replayed ? " (as before)" : ""));
  const auto* s = world_.store.disk.find(a.order_id);
  if (!s) return fail(fmt::format("wish {} was acknowledged with {}, which is not on disk", w.n, a.order_id));
  if (s->events.size() < a.version) fail(fmt::format("wish {} was told of {} version {}, which is not on disk", w.n, a.order_id, a.version));
  if (!a.replayed && s->events.size() == a.version && s->row.document != a.document)
    fail(fmt::format("wish {} was shown another {} than is on disk", w.n, a.order_id));
  if (w.places && w.settled && w.order_id != a.order_id) fail(fmt::format("wish {} was given {} first and {} now", w.n, w.order_id, a.order_id));
  if (w.places) w.order_id = a.order_id;
  auto& told = acknowledged_[a.order_id];
  told = std::max(told, a.version);
  w.settled = true;
}

}  // namespace coreldove::simulation
