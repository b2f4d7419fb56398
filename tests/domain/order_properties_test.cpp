// What holds for every order, whatever people, gateways and carriers do to it in whatever sequence.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "domain/ledger.hpp"
#include "tests/domain/dice.hpp"
#include "tests/domain/order_life.hpp"

using namespace coreldove::domain;
using samples::dice;
using samples::life;
using enum operation_outcome;

namespace {

bool is_money(operation_kind k) { return k != operation_kind::label && k != operation_kind::void_label; }
bool is_open(const operation& op) { return op.state != operation_state::done && op.state != operation_state::declined; }
bool ended(const order& o) { return o.status == order_status::cancelled || o.status == order_status::rejected; }

minor_units pending(const order& o, operation_kind kind) {
  minor_units sum = 0;
  for (const auto& op : o.operations)
    if (op.kind == kind && is_open(op)) sum += op.amount;
  return sum;
}

template <class... Parts>
void line(std::ostream& out, const Parts&... parts) {
  ((out << parts << '|'), ...);
  out << '\n';
}

std::int64_t ms(time_point t) { return t.time_since_epoch().count(); }
std::int64_t ms(const std::optional<time_point>& t) { return t ? ms(*t) : -1; }

/// Everything that evolve() writes, as text.
std::string written(const order& o) {
  std::ostringstream out;
  line(out, o.id, o.version, to_string(o.status), to_string(o.held_from), o.placed_by, o.authorized, o.captured, o.refunded, o.stock_settled, o.refunds_asked,
       o.cancel_reason, ms(o.created_at), ms(o.updated_at), ms(o.confirmed_at), ms(o.shipped_at), ms(o.delivered_at));
  if (o.rejection) line(out, o.rejection->code, o.rejection->detail);
  for (const auto& a : o.allocations) line(out, a.line, a.sku, a.warehouse, a.quantity);
  for (auto q : o.shipped) line(out, q);
  for (auto q : o.returned) line(out, q);
  for (const auto& op : o.operations)
    line(out, op.n, to_string(op.kind), static_cast<int>(op.state), to_string(op.last), op.maybe_done, op.party, op.target, op.reason, op.reference, op.code,
         op.tracking_number, op.amount, op.shipment, op.attempts, ms(op.retry_at), ms(op.requested_at), op.looks, op.called_for, op.redirect_url,
         ms(op.expires_at));
  for (const auto& x : o.disputes)
    line(out, x.gateway, x.reference, x.payment, x.amount, to_string(x.state), ms(x.answer_by), ms(x.opened_at), ms(x.closed_at));
  for (const auto& x : o.notices) line(out, x.source, x.id);
  for (const auto& a : o.attempts) line(out, a.gateway, a.operation, a.outcome, a.code, ms(a.at));
  for (const auto& r : o.reviews) line(out, r.n, to_string(r.kind), static_cast<int>(r.state), r.by, r.note, r.reason, ms(r.opened_at), ms(r.decided_at));
  for (const auto& s : o.shipments) {
    line(out, s.plan.n, s.plan.warehouse, s.plan.carrier, to_string(s.state), s.tracking_number, s.label_reference, to_string(s.tracking));
    for (const auto& t : s.history) line(out, to_string(t.state), t.source_id, ms(t.occurred_at), ms(t.recorded_at));
  }
  return out.str();
}

// ---- what holds after every step ---------------------------------------------------------------------------------------------------------

void check_money(const order& o) {
  RC_ASSERT(o.authorized >= o.captured);
  RC_ASSERT(o.captured >= o.refunded);
  RC_ASSERT(o.refunded >= 0);
  RC_ASSERT(o.authorized <= o.total());
  RC_ASSERT(o.captured + pending(o, operation_kind::capture) <= o.total());
  RC_ASSERT(o.refunded + pending(o, operation_kind::refund) <= o.captured);
  RC_ASSERT(o.disputed() + o.charged_back() <= o.captured);
}

void check_books(const life& l) {
  order o;
  ledger_balances books;
  for (const auto& [fact, at] : l.facts) {
    const auto entry = entry_of(o, fact);
    minor_units sum = 0;
    for (const auto& p : entry.postings) sum += p.amount;
    RC_ASSERT(sum == 0);
    add_to(books, entry);
    evolve(o, fact, at);
  }
  RC_ASSERT(disagreement(books, o) == "");
}

/// Every notice is in the inbox once, and an order that waits for its buyer has somebody, or some time, to wake it.
void check_waiting(const life& l) {
  std::set<std::string> seen;
  for (const auto& x : l.o.notices) RC_ASSERT(seen.insert(x.source + "/" + x.id).second);
  const auto due = timers(l.o, l.rules);
  for (const auto& op : l.o.operations) {
    if (op.state != operation_state::awaiting_buyer) continue;
    RC_ASSERT(op.kind == operation_kind::authorize);
    RC_ASSERT(!ended(l.o));
    RC_ASSERT(!op.redirect_url.empty());
    const auto at = std::ranges::find_if(due, [&](const timer& t) { return t.kind == timer_kind::retry_operation && t.n == op.n; });
    RC_ASSERT(at != due.end());
    RC_ASSERT(at->due_at <= *op.expires_at);
  }
}

/// No two operations are under way, or done, for the same purpose. Refunds may be many; check_money bounds their sum.
void check_nothing_is_asked_twice(const order& o) {
  std::set<std::pair<operation_kind, std::uint32_t>> purposes;
  std::set<std::string> keys;
  for (const auto& op : o.operations) {
    RC_ASSERT(keys.insert(idempotency_key(o, op)).second);
    RC_ASSERT(op.amount > 0 || !is_money(op.kind));
    if (op.kind == operation_kind::refund || op.state == operation_state::declined) continue;
    RC_ASSERT(purposes.insert({op.kind, op.shipment}).second);
  }
}

void check_stock(const life& l) {
  std::map<std::pair<std::string, std::string>, std::int64_t> reserved, allocated;
  std::int64_t on_hand = 0;
  for (const auto& m : l.movements) {
    reserved[{m.sku, m.warehouse}] += m.reserved;
    on_hand += m.on_hand;
  }
  std::vector<std::int64_t> by_line(l.o.input->items.size(), 0);
  for (const auto& a : l.o.allocations) {
    RC_ASSERT(a.quantity > 0);
    allocated[{a.sku, a.warehouse}] += a.quantity;
    by_line[a.line] += a.quantity;
  }
  for (const auto& [row, count] : reserved) RC_ASSERT(count == allocated[row]);
  std::int64_t with_the_buyer = 0;
  for (std::size_t i = 0; i < by_line.size(); ++i) {
    RC_ASSERT(by_line[i] + l.o.shipped[i] <= l.o.input->items[i].quantity);
    RC_ASSERT(0 <= l.o.returned[i] && l.o.returned[i] <= l.o.shipped[i]);
    with_the_buyer += l.o.shipped[i] - l.o.returned[i];
  }
  std::int64_t damaged = 0;
  for (const auto& [fact, at] : l.facts)
    if (const auto* r = std::get_if<stock_released>(&fact); r != nullptr && r->damaged)
      for (const auto& a : r->allocations) damaged += a.quantity;
  RC_ASSERT(on_hand == -(with_the_buyer + damaged));
}

void check_moves(const order& before, const std::vector<event>& events, time_point now) {
  order o = before;
  for (const auto& e : events) {
    const auto from = o.status;
    const auto version = o.version;
    evolve(o, e, std::max(now, o.updated_at));
    RC_ASSERT(o.version == version + 1);
    if (o.status == from) continue;
    RC_ASSERT(std::ranges::any_of(transitions, [&](const transition& t) { return t.from == from && t.to == o.status; }));
  }
}

// ---- what may happen ---------------------------------------------------------------------------------------------------------------------

order_input some_input(dice& d) {
  auto in = samples::input();
  in.currency = *currency::find(d.one_of({"USD", "JPY", "KWD"}));
  in.items.clear();
  for (int i = d.between(1, 3); i > 0; --i) {
    const auto quantity = d.between(1, 4);
    const auto price = d.one_of<minor_units>({2999, 0, 1, 333, 60'000});
    in.items.push_back({"p", "SKU-" + std::to_string(i), "Thing", quantity, price, price * quantity});
  }
  if (d.one_in(3)) in.discount = d.between<minor_units>(0, in.subtotal());
  in.shipping_cost = d.one_of<minor_units>({500, 0, 1});
  return in;
}

/// Every line from one of two warehouses, or from both.
std::vector<allocation> some_stock(dice& d, const order_input& in) {
  std::vector<allocation> out;
  for (std::uint32_t i = 0; i < in.items.size(); ++i) {
    const auto quantity = in.items[i].quantity;
    const auto first = d.between(0, quantity);
    const bool inspect = d.one_in(8);
    if (first > 0) out.push_back({i, in.items[i].sku, "il", first, 100, inspect});
    if (first < quantity) out.push_back({i, in.items[i].sku, "nv", quantity - first, 100, inspect});
  }
  return out;
}

stock_answer some_stock_answer(dice& d, const order_input& in) {
  switch (d.weighted({10, 2, 1})) {
    case 0:
      return some_stock(d, in);
    case 1:
      return stock_pending{};
    default:
      return std::vector<shortage>{{0, in.items[0].sku, in.items[0].quantity, 0}};
  }
}

/// A number that names one of `known` things, or nothing.
std::uint32_t some_number(dice& d, std::size_t known) { return d.below(known + 2); }

command some_answer(dice& d, const order& o) {
  const auto open = open_operations(o);
  const auto n = open.empty() || d.one_in(5) ? some_number(d, o.operations.size()) : d.one_of(open)->n;
  return life::answer(n, d.one_of({done, done, done, done, done, done, awaiting_buyer, not_done, unknown, declined}));
}

command some_notice(dice& d, const order& o) {
  take_notice c{"stripe", "evt_" + std::to_string(d.below(40)), "some.event", {}, some_number(d, o.operations.size()), {}, {}, "code", "words"};
  c.kind = d.one_in(6) || c.n == 0 || c.n > o.operations.size() ? static_cast<operation_kind>(d.below(6)) : o.operations[c.n - 1].kind;
  c.outcome = d.one_of({done, done, declined, awaiting_buyer, awaiting_buyer, unknown});
  c.reference = "ref-" + std::to_string(d.one_in(3) ? some_number(d, o.operations.size()) : c.n);
  return c;
}

command some_dispute(dice& d, const order& o) {
  take_dispute c{"stripe", "evt_" + std::to_string(d.below(40)), "some.dispute", static_cast<dispute::verdict>(d.below(3)), {}, "ref-1", 0, "fraudulent", {}};
  c.reference = "dp_" + std::to_string(d.below(3));
  c.amount = d.between<minor_units>(0, o.total() + 1);
  return c;
}

command some_fulfillment(dice& d, const order& o) {
  fulfill_order c;
  if (d.one_in(3))
    for (int i = d.between(1, 2); i > 0; --i) c.parts.push_back({some_number(d, o.input->items.size()), d.between(-1, 4)});
  c.warehouse = d.one_of<std::string>({"", "", "", "", "il", "de"});
  c.carrier = d.one_of<std::string>({"", "", "", "", "", "pigeon"});
  return c;
}

command some_refund(dice& d, const order& o) {
  refund_order c;
  if (d.one_in(2)) c.amount = d.between<minor_units>(-1, o.total() + 1);
  for (int i = d.between(0, 2); i > 0; --i) c.lines.push_back(some_number(d, o.input->items.size()));
  c.restock = d.one_in(2);
  return c;
}

command some_tracking(dice& d, const life& l) {
  const std::string number = "trk-" + std::to_string(some_number(d, l.o.operations.size()));
  const auto state = d.one_in(2) ? tracking_state::delivered : static_cast<tracking_state>(d.below(12));
  const auto at = l.now + std::chrono::minutes{d.between(-90, 90)};
  return track_shipment{number, state, "e" + std::to_string(d.below(30)), at, "", ""};
}

/// How often each of the commands below comes: in quiet times, and where people keep interfering.
const std::vector<std::uint32_t> quiet{30, 4, 0, 0, 12, 4, 6, 0, 12, 4, 0, 1, 4, 1, 0}, stormy{20, 5, 1, 2, 6, 4, 6, 2, 5, 2, 1, 1, 6, 2, 1};

command some_command(dice& d, const life& l, const order_input& in, const std::vector<std::uint32_t>& mood) {
  switch (d.weighted(mood)) {
    case 0:
      return some_answer(d, l.o);
    case 1:
      return retry_operation{some_number(d, l.o.operations.size())};
    case 2:
      return expire_authorization{some_number(d, l.o.operations.size())};
    case 3:
      return cancel_order{"because", "user:1"};
    case 4:
      return some_fulfillment(d, l.o);
    case 5:
      return some_refund(d, l.o);
    case 6:
      return decide_review{some_number(d, l.o.reviews.size()), !d.one_in(4), "op:1", ""};
    case 7:
      return change_status{static_cast<order_status>(d.below(order_status_count)), "by hand", "op:1"};
    case 8:
      return some_tracking(d, l);
    case 9:
      return answer_stock{some_stock_answer(d, in)};
    case 10:
      return quarantine{"crashed"};
    case 12:
      return some_notice(d, l.o);
    case 13:
      return some_dispute(d, l.o);
    case 14:
      return take_finding{"report", "line_" + std::to_string(d.below(5)), "missing", "A capture is missing from the report."};
    default:
      return place_order{samples::order_id, in, "user:2", {}, some_stock_answer(d, in)};
  }
}

/// One command, and everything that must hold afterwards.
void step(life& l, const command& c) {
  const order before = l.o;
  const auto events = l.tell(c);
  if (events)
    for (const auto& e : *events) RC_LOG() << type_name(e) << (&e == &events->back() ? "\n" : ", ");
  const auto again = decide(before, c, l.rules, l.now);
  RC_ASSERT(static_cast<bool>(events) == static_cast<bool>(again));
  if (!events) {
    RC_ASSERT(written(l.o) == written(before));
    RC_ASSERT(!events.error().detail.empty());
    if (events.error().code == errc::wrong_state && !events.error().allowed.empty()) RC_ASSERT(events.error().allowed.size() == allowed_moves(before).size());
    return;
  }
  RC_ASSERT(events->size() == again->size());
  RC_ASSERT(l.o.version == before.version + events->size());
  RC_ASSERT(l.facts.size() == l.o.version);
  check_moves(before, *events, l.now);
  check_money(l.o);
  check_nothing_is_asked_twice(l.o);
  check_stock(l);
  check_waiting(l);
}

constexpr int rolls = 700;

life some_life(dice& d) {
  life l;
  l.rules.attempts_before_person = d.between(1U, 3U);
  if (d.one_in(3)) l.rules.capture_once = {"stripe"};
  const auto in = some_input(d);
  const auto& mood = d.one_in(2) ? stormy : quiet;
  step(l, place_order{samples::order_id, in, "user:1", {0, d.one_in(5) ? "review" : "accept", {}}, some_stock_answer(d, in)});
  for (int i = d.between(0, 80); i > 0 && !d.used_up(); --i) {
    l.now += std::chrono::milliseconds{d.below(3'600'000)};
    step(l, some_command(d, l, in, mood));
  }
  return l;
}

/// The outside world answers everything that is open, timers included, with yes or with no.
void settle_everything(dice& d, life& l) {
  if (!l.o.stock_settled) step(l, answer_stock{some_stock(d, *l.o.input)});
  for (int i = 0; i < 200; ++i) {
    if (const auto open = open_operations(l.o); !open.empty()) {
      const bool asks = open.front()->kind == operation_kind::authorize && d.one_in(4);
      step(l, life::answer(open.front()->n, asks ? awaiting_buyer : d.one_of({done, done, done, done, declined})));
      continue;
    }
    const auto due = timers(l.o, l.rules);
    const auto retry = std::ranges::find(due, timer_kind::retry_operation, &timer::kind);
    if (retry == due.end()) return;
    l.now = std::max(l.now, retry->due_at);
    step(l, retry_operation{retry->n});
  }
  RC_FAIL("the order never comes to rest");
}

RC_GTEST_PROP(AnyOrder, KeepsItsPromisesAtEveryStep, ()) {
  dice d{rolls};
  const auto l = some_life(d);
  check_books(l);
  RC_CLASSIFY(l.o.status == order_status::shipped || l.o.status == order_status::delivered, "left the warehouse");
  RC_CLASSIFY(ended(l.o), "cancelled or rejected");
}

RC_GTEST_PROP(AnyOrder, IsTheSameAfterAReplayOfItsEvents, ()) {
  dice d{rolls};
  const auto l = some_life(d);
  order replayed;
  for (const auto& [fact, at] : l.facts) evolve(replayed, fact, at);
  RC_ASSERT(written(replayed) == written(l.o));
  RC_ASSERT(timers(replayed, l.rules) == timers(l.o, l.rules));
  RC_ASSERT(open_operations(replayed).size() == open_operations(l.o).size());
}

/// Nothing of the buyer's money is held or kept for goods that never left, or a person has been told that it could not be given back.
void check_money_is_given_back(const order& o) {
  if (std::ranges::any_of(o.reviews, [](const review& r) { return r.kind == review_kind::payment; })) return;
  const auto* voided = o.find(operation_kind::void_authorization);
  const bool let_go = o.authorized == 0 || o.captured > 0 || (voided != nullptr && voided->state == operation_state::done);
  RC_ASSERT(let_go);
  if (ended(o)) RC_ASSERT(o.captured == o.refunded);
}

RC_GTEST_PROP(AnyOrder, ThatEndsGivesBackItsMoneyItsLabelsAndItsStock, ()) {
  dice d{rolls};
  auto l = some_life(d);
  settle_everything(d, l);
  const auto& o = l.o;
  if (!ended(o) && o.status != order_status::shipped && o.status != order_status::delivered) return;
  RC_ASSERT(o.allocations.empty());
  check_money_is_given_back(o);
  for (const auto& s : o.shipments) {
    const bool label_gone =
        std::ranges::any_of(o.operations, [&](const operation& op) { return op.kind == operation_kind::void_label && op.shipment == s.plan.n; });
    if (ended(o)) RC_ASSERT(s.state == shipment_state::cancelled);
    if (s.state == shipment_state::cancelled) RC_ASSERT(label_gone || s.tracking_number.empty());
  }
}

RC_GTEST_PROP(AnyOrder, NeverComesToRestWithoutSomebodyWhoMovesItOn, ()) {
  dice d{rolls};
  auto l = some_life(d);
  settle_everything(d, l);
  const auto& o = l.o;
  RC_CLASSIFY(o.status == order_status::on_hold, "on hold");
  RC_ASSERT(o.status != order_status::received || o.has_open_review());
  RC_ASSERT(o.status != order_status::on_hold || o.has_open_review());
  for (const auto& op : o.operations) RC_ASSERT(!is_open(op) || op.state == operation_state::abandoned);
  if (o.status == order_status::fulfilling && !o.has_open_review())
    for (const auto& s : o.shipments)
      RC_ASSERT(s.state == shipment_state::shipped || s.state == shipment_state::delivered || s.state == shipment_state::cancelled);
}

}  // namespace
