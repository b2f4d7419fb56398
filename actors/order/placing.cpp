// A new order, before anything is stored: stock is held and the customer's history looked up at the same time, then all is decided and written at once.
#include <caf/send.hpp>

#include "actors/order/order_shell.hpp"
#include "actors/payment/board.hpp"

namespace coreldove::actors {

void order_shell::on(place_task& m) {
  if (placing || order.version > 0) return;  // the same task twice
  placing.emplace();
  placing->order = std::move(m);
  look_up();
}

void order_shell::look_up() {
  at = phase::placing;
  placing->since = steady();
  placing->stock.reset();
  caf::anon_send(l->risk, assess_customer{placing->order.input, now(), order_actor{self}});
  ask_stock();
}

void order_shell::ask_stock() {
  stock_asked = steady();
  caf::anon_send(l->inventory, reserve_stock{id, placing ? placing->order.input : order.input, order_actor{self}});
}

void order_shell::on(const history_found& m) {
  if (!placing || in_journal) return;
  placing->history = m.orders;
  place_when_known(false);
}

void order_shell::on(const stock_found& m) {
  if (placing && !in_journal) {
    placing->stock = m.stock;
    return place_when_known(false);
  }
  if (at == phase::live) submit({domain::answer_stock{m.stock}, {"system", trace_id, {}, {}, {}}, {}, 0});
}

/// `impatient`: the inventory or the store does not answer; the order is stored without, and goes on when they do.
void order_shell::place_when_known(bool impatient) {
  constexpr std::chrono::seconds patience{2};
  if (!placing || in_journal) return;
  const bool known = placing->history && placing->stock;
  if (!known && !(impatient && steady() - placing->since >= patience)) return;
  auto& p = *placing;
  const auto& input = *p.order.input;
  auto assessment = domain::assess(input, p.history.value_or(std::vector<domain::past_order>{}), now(), l->policy.fraud_threshold);
  task t;
  t.tries = p.tries;
  t.rq = p.order.rq;
  t.done = std::move(p.order.done);
  t.until = p.order.until;
  t.what = domain::place_order{id, p.order.input, t.rq.principal, std::move(assessment), p.stock.value_or(domain::stock_pending{})};
  auto events = decide(order, t.what, l->policy, now(), l->routes.get());
  if (events) return write(std::move(t), *std::move(events));
  t.done.answer(std::move(events).error());
  caf::anon_send(l->inventory, drop_hold{id});
  self->quit();
}

}  // namespace coreldove::actors
