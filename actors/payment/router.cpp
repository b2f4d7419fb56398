#include "actors/payment/router.hpp"

#include <algorithm>
#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include "actors/payment/router_state.hpp"

namespace coreldove::actors {
namespace {

using namespace std::chrono_literals;
using domain::operation_kind;
using domain::operation_outcome;
using pass = domain::circuit_breaker::pass;

constexpr auto tick = 250ms;
constexpr std::size_t answers_per_publication = 32;  // or a tick, whichever comes first
constexpr double latency_memory = 0.05;              // share of the newest answer

bool is_trouble(operation_outcome o) { return o == operation_outcome::not_done || o == operation_outcome::unknown; }

/// Could have gone to another gateway, and still can: no charge exists.
bool is_free(const pay_operation& m) { return m.op.kind == operation_kind::authorize && m.op.routed && !m.op.maybe_done && m.op.looks == 0; }

integrations::outcome not_sent(const char* code, std::string message) { return {operation_outcome::not_done, {}, code, std::move(message), {}}; }

void carry_out(integrations::payment_gateway& gateway, const pay_operation& m, integrations::on_outcome done) {
  switch (m.op.kind) {
    case operation_kind::authorize:
      return gateway.authorize(m.charge, m.context, std::move(done));
    case operation_kind::capture:
      return gateway.capture(m.op.target, m.op.amount, m.currency, m.last_capture, m.context, std::move(done));
    case operation_kind::void_authorization:
      return gateway.void_authorization(m.op.target, m.context, std::move(done));
    case operation_kind::refund:
      return gateway.refund(m.op.target, m.op.amount, m.currency, m.op.reason, m.context, std::move(done));
    case operation_kind::label:
    case operation_kind::void_label:
      break;  // the carriers'
  }
}

payment_actor::behavior_type behavior(router_state::self_ptr self, links_ptr l) {
  auto& s = self->state;
  s.start(std::move(l));
  return {[&s](pay_operation& m) { s.handle(m); },       [&s](const call_ended& m) { s.handle(m); },  [&s](const show_routing& m) { s.handle(m); },
          [&s](set_routing& m) { s.handle(m); },         [&s](routing_written& m) { s.handle(m); },   [&s](const position_found& m) { s.handle(m); },
          [&s](const recent_events& m) { s.handle(m); }, [&s](const router_tick& m) { s.handle(m); }, [&s](const read_routing& m) { s.handle(m); },
          [&s](routing_read& m) { s.handle(m); },        [&s](const go_on& m) { s.handle(m); }};
}

}  // namespace

std::shared_ptr<routing_board> make_routing_board(const links& l) {
  auto v = std::make_shared<domain::routing_view>();
  v->policy = l.routing.policy;
  v->controls = l.routing.controls;
  v->version = l.routing.version;
  v->default_gateway = l.policy.default_gateway;
  std::vector<std::shared_ptr<const call_gate>> gates;
  for (const auto& [name, port] : l.gateways) {
    if (v->gateways.size() == domain::gateways_max) break;
    const auto can = port->can();
    v->gateways.push_back({name, can.currencies, false, {}, 0, can.needs_buyer});
    const auto gate = l.gates.find(name);
    gates.push_back(gate == l.gates.end() ? nullptr : gate->second);
  }
  v->learnt = domain::success_table{v->gateways.size(), v->policy.learning};
  return std::make_shared<routing_board>(*l.clock, std::move(gates), std::move(v));
}

payment_actor spawn_payment_router(caf::actor_system& system, links_ptr l) { return system.spawn(behavior, std::move(l)); }

void router_state::start(links_ptr links) {
  l = std::move(links);
  watch.emplace(name, *l->health);
  view = *l->routes->view();
  for (const auto& standing : view.gateways) {
    auto& g = gateways.emplace_back();
    g.port = l->gateways.at(standing.name);
    if (const auto gate = l->gates.find(standing.name); gate != l->gates.end()) g.gate = gate->second;
    g.circuits.fill(domain::circuit_breaker{view.policy.breaker});
    for (std::size_t k = 0; k < payment_calls; ++k)
      g.circuit_gauges[k] = &l->figures->circuits.Add({{"gateway", standing.name}, {"operation", std::string{to_string(static_cast<operation_kind>(k))}}});
  }
  self->delayed_send(self, tick, router_tick{});
  look_back();
}

void router_state::answer(const pay_operation& m, integrations::outcome o) const {
  caf::anon_send(m.reply_to, operation_answered{m.op.n, m.call, std::move(o)});
}

void router_state::on(pay_operation& m) {
  const auto g = view.index_of(m.op.party);
  if (g == gateways.size()) return answer(m, not_sent("gateway_not_configured", "The gateway is not set up on this node."));
  auto& to = gateways[g];
  const auto kind = static_cast<std::size_t>(m.op.kind);
  if (is_free(m) && to.gate && to.gate->closed()) to.circuits[kind].trip(now());
  const auto as = to.circuits[kind].admit(now());
  if (as != pass::no) return go(std::move(m), g, as);
  if (is_free(m)) return answer(m, not_sent("circuit_open", "Calls to the gateway have failed lately; nothing was sent."));
  go(std::move(m), g, pass::no);  // it can go nowhere else: a slow gateway still does it, and before one that says nothing the gate keeps it
}

void router_state::go(pay_operation m, std::size_t g, pass as) {
  const auto number = ++calls_made;
  auto& to = gateways[g];
  ++to.calls_out;
  auto done = [me = payment_actor{self}, number, order = m.reply_to, n = m.op.n, call = m.call, kind = m.op.kind, figures = l->figures,
               since = std::chrono::steady_clock::now()](integrations::outcome o) {
    figures->answered(kind, o.kind, std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count());
    caf::anon_send(me, call_ended{number, o.kind});
    caf::anon_send(order, operation_answered{n, call, std::move(o)});
  };
  const auto& c = calls.emplace(number, call{std::move(m), g, as, now(), false}).first->second;
  try {
    carry_out(*to.port, c.what, done);
  } catch (const std::exception& e) {  // before the call went out, or after: the order asks again with the same key
    done({operation_outcome::unknown, {}, "adapter_failed", e.what(), {}});
  }
}

void router_state::on(const call_ended& m) {
  const auto it = calls.find(m.call);
  if (it == calls.end()) return;  // answered twice, or taken back
  const auto c = std::move(it->second);
  calls.erase(it);
  auto& from = gateways[c.gateway];
  --from.calls_out;
  const auto kind = static_cast<std::size_t>(c.what.op.kind);
  auto& circuit = from.circuits[kind];
  const auto before = circuit.state(now());
  if (!c.given_up) {
    if (is_trouble(m.outcome))
      circuit.failed(c.as, now());
    else
      circuit.answered(c.as, now());
  }
  const bool told = m.outcome == operation_outcome::done || m.outcome == operation_outcome::declined;
  if (c.what.op.kind == operation_kind::authorize && told && c.what.op.looks == 0) {
    const double took = std::chrono::duration<double>(now() - c.since).count();
    auto& average = view.gateways[c.gateway].latency_seconds;
    average = std::exchange(from.timed, true) ? average + latency_memory * (took - average) : took;
  }
  if (c.what.op.routed && told)  // what was not sent, or not answered, is the circuit's business
    learn({domain::kind_of_payment(c.what.currency, c.what.charge.method, c.what.op.amount), c.gateway, m.outcome == operation_outcome::done});
  if (circuit.state(now()) != before) return changed();
  if (++unpublished >= answers_per_publication) publish();
}

void router_state::learn(const observation& x) {
  view.learnt.observe(x.kind, x.gateway, x.success);
  if (past) past->meanwhile.push_back(x);
}

void router_state::changed() {
  for (std::size_t g = 0; g < gateways.size(); ++g) {
    auto& from = gateways[g];
    for (std::size_t k = 0; k < payment_calls; ++k) from.circuit_gauges[k]->Set(from.circuits[k].state(now()) == domain::circuit::closed ? 0 : 1);
  }
  publish();
}

void router_state::publish() {
  for (std::size_t g = 0; g < gateways.size(); ++g) {
    const auto& circuit = gateways[g].circuits[static_cast<std::size_t>(operation_kind::authorize)];
    view.gateways[g].open_circuit = circuit.state(now()) != domain::circuit::closed;
    view.gateways[g].trial_at = circuit.open_until();
  }
  unpublished = 0;
  l->routes->publish(std::make_shared<const domain::routing_view>(view));
}

/// A gate that was closed for other calls' sake opens only when a call is there to be let out: trials are.
void router_state::notice_closed_gates() {
  for (auto& g : gateways)
    if (g.gate && g.gate->closed()) g.circuits[static_cast<std::size_t>(operation_kind::authorize)].trip(now());
}

/// A gateway that says nothing at all would otherwise be believed until the first call's deadline.
void router_state::give_up_slow_calls() {
  std::vector<std::uint64_t> taken_back;
  for (auto& [number, c] : calls) {
    auto& at = gateways[c.gateway];
    const bool slow = now() - c.since > view.policy.breaker.slow_after;
    const bool stuck = at.gate && (slow || at.gate->closed()) && at.gate->holds(c.what.context.idempotency_key);
    auto& circuit = at.circuits[static_cast<std::size_t>(c.what.op.kind)];
    if (stuck) {
      if (!is_free(c.what) || !at.gate->withdraw(c.what.context.idempotency_key)) continue;
      taken_back.push_back(number);
      circuit.taken_back(c.as);
    } else if (slow && !std::exchange(c.given_up, true)) {
      circuit.failed(c.as, now());
    }
  }
  for (const auto number : taken_back) {
    const auto node = calls.extract(number);
    --gateways[node.mapped().gateway].calls_out;
    answer(node.mapped().what, not_sent("gateway_busy", "The gateway takes no more calls at the moment; nothing was sent."));
  }
}

void router_state::on(const router_tick&) {
  self->delayed_send(self, tick, router_tick{});  // first: whatever fails below, time goes on
  give_up_slow_calls();
  notice_closed_gates();
  changed();
}

void router_state::on(const go_on&) {
  watch->recovered();
  if (past) look_back();
  if (!to_set.empty()) write_next();
}

}  // namespace coreldove::actors
