// What people and vendors ask of the engine in a simulated run.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "persistence/codec/event_codec.hpp"
#include "tests/domain/order_samples.hpp"
#include "tests/simulation/simulator.hpp"

namespace coreldove::simulation {
namespace {

using domain::errc;
using domain::operation_kind;

/// Of those that people send here.
std::string_view name_of(const domain::command& c) {
  if (std::holds_alternative<domain::fulfill_order>(c)) return "fulfil";
  if (std::holds_alternative<domain::refund_order>(c)) return "refund";
  if (std::holds_alternative<domain::decide_review>(c)) return std::get<domain::decide_review>(c).approve ? "approve a review" : "reject a review";
  if (std::holds_alternative<domain::change_status>(c)) return to_string(std::get<domain::change_status>(c).to);
  return "cancel";
}

std::string_view name_of(errc code) {
  switch (code) {
    case errc::invalid_input:
      return "invalid input";
    case errc::malformed:
      return "malformed";
    case errc::not_found:
      return "not found";
    case errc::wrong_state:
      return "wrong state";
    case errc::conflict:
      return "conflict";
    case errc::stale:
      return "stale";
    case errc::key_reused:
      return "key reused";
    case errc::forbidden:
      return "forbidden";
    case errc::overloaded:
      return "overloaded";
    case errc::unavailable:
      return "unavailable";
    case errc::timed_out:
      return "outcome not known";
    case errc::internal:
      return "internal error";
  }
  return "";
}

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
  else if (drawn < 82)
    gateway_webhook();
  else if (drawn < 84)
    buyer_acts();
  else if (drawn < 90)
    carrier_webhook();
  else if (drawn < 93)
    tell_once_more();
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
    note(fmt::format("wish {}: {} to {}{}", w.n, name_of(w.what), w.order_id, key));
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
  take_receipts();
}

void simulator::take_answer(wish& w) {
  const auto q = std::move(w.question);
  w.question.reset();
  if (!q->ok()) {
    const auto code = q->error().code;
    note(fmt::format("wish {}: {}, {}", w.n, name_of(code), q->error().detail));
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
  if (!a.replayed && s->events.size() == a.version && persistence::order_document(s->replayed) != a.document)
    fail(fmt::format("wish {} was shown another {} than is on disk", w.n, a.order_id));
  if (w.places && w.settled && w.order_id != a.order_id) fail(fmt::format("wish {} was given {} first and {} now", w.n, w.order_id, a.order_id));
  if (w.places) w.order_id = a.order_id;
  auto& told = acknowledged_[a.order_id];
  told = std::max(told, a.version);
  w.settled = true;
}

}  // namespace coreldove::simulation
