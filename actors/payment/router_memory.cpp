// What the router reads from the store when it starts, what it writes there, and what it shows.
#include <algorithm>
#include <caf/send.hpp>
#include <cmath>

#include "actors/payment/router_state.hpp"
#include "persistence/codec/event_codec.hpp"
#include "persistence/codec/json_writer.hpp"
#include "runtime/logging.hpp"

namespace coreldove::actors {
namespace {

constexpr std::uint64_t events_looked_back = 20'000;  // some 2,500 orders: about as long as the learning's memory, and read in a fraction of a second
constexpr std::uint32_t events_per_page = 1'000;

std::optional<domain::payment_kind> kind_of(const domain::payment_routed& e) {
  domain::payment_kind k;
  if (e.currency.size() != k.currency.size()) return std::nullopt;
  e.currency.copy(k.currency.data(), k.currency.size());
  k.method = domain::method_index(e.method);
  k.size = e.size;
  return k;
}

}  // namespace

// ---- learning from what happened before the start ------------------------------------------------------------------------------------------------

void router_state::look_back() {
  past.emplace(looking_back{domain::success_table{gateways.size(), view.policy.learning}, {}, 0, {}});
  l->store->last_position([me = payment_actor{self}](domain::result<std::uint64_t> r) { caf::anon_send(me, position_found{std::move(r)}); });
}

void router_state::on(const position_found& m) {
  if (!past) return;
  if (!m.position) {
    spdlog::warn("the payment router starts without experience: {}", m.position.error().detail);
    past.reset();
    return;
  }
  past->until = *m.position;
  read_more(*m.position - std::min(*m.position, events_looked_back));
}

void router_state::read_more(std::uint64_t after) {
  if (after >= past->until) return finish_looking_back();
  l->store->feed(after, events_per_page,
                 [me = payment_actor{self}](domain::result<std::vector<domain::history_entry>> r) { caf::anon_send(me, recent_events{std::move(r)}); });
}

void router_state::on(const recent_events& m) {
  if (!past) return;
  if (!m.entries) {
    spdlog::warn("the payment router knows a part of what happened before: {}", m.entries.error().detail);
    return finish_looking_back();
  }
  for (const auto& e : *m.entries)
    if (e.position <= past->until) remember(e);
  if (m.entries->empty()) return finish_looking_back();
  read_more(m.entries->back().position);
}

void router_state::remember(const domain::history_entry& e) {
  const bool counts = e.type == "payment_routed" || (e.type == "operation_settled" && !past->open.empty());
  if (!counts) return;
  const auto event = persistence::decode(e.type, e.data);
  if (!event) return;
  if (const auto* routed = std::get_if<domain::payment_routed>(&*event)) {
    const auto kind = kind_of(*routed);
    const auto g = view.index_of(routed->gateway);
    if (kind && g < gateways.size()) past->open[{e.stream, routed->n}] = {*kind, g};
    return;
  }
  const auto& settled = std::get<domain::operation_settled>(*event);
  const auto it = past->open.find({e.stream, settled.n});
  if (it == past->open.end()) return;
  using enum domain::operation_outcome;
  const auto [kind, g] = it->second;
  if (settled.outcome != done && settled.outcome != declined) return;
  past->learnt.observe(kind, g, settled.outcome == done);
  past->open.erase(it);
}

void router_state::finish_looking_back() {
  for (const auto& x : past->meanwhile) past->learnt.observe(x.kind, x.gateway, x.success);
  view.learnt = std::move(past->learnt);
  past.reset();
  publish();
}

// ---- what an operator sets -----------------------------------------------------------------------------------------------------------------------

void router_state::on(set_routing& m) {
  to_set.push_back(std::make_shared<set_routing>(std::move(m)));
  if (to_set.size() == 1) write_next();
}

void router_state::write_next() {
  std::vector<std::string> names;
  for (const auto& g : view.gateways) names.push_back(g.name);
  while (!to_set.empty()) {
    const auto& m = *to_set.front();
    domain::failure why{domain::errc::invalid_input, "Some fields are not acceptable.", domain::problems_of(m.controls, names), {}};
    if (m.rq.expected_version && *m.rq.expected_version != view.version)
      why = {domain::errc::stale, "The routing is at version " + std::to_string(view.version) + "."};
    else if (why.fields.empty())
      break;
    m.done.answer(std::move(why));
    to_set.pop_front();
  }
  if (to_set.empty()) return;
  const auto& m = *to_set.front();
  persistence::setting what;
  what.stream = persistence::routing_stream;
  what.expected_version = view.version;
  what.event = {std::string{persistence::routing_set_type}, persistence::routing_settings_text({view.policy, m.controls, view.version})};
  what.at = l->clock->now();
  what.by = m.rq.principal;
  l->journal->set(std::move(what),
                  [me = payment_actor{self}](domain::result<persistence::append_outcome> r) { caf::anon_send(me, routing_written{std::move(r)}); });
}

void router_state::on(routing_written& m) {
  if (to_set.empty()) return;
  const auto what = std::move(to_set.front());
  to_set.pop_front();
  if (m.outcome) {
    view.controls = std::move(what->controls);
    view.version = static_cast<std::uint32_t>(m.outcome->version);
    publish();
    what->done.answer(document());
  } else {
    what->done.answer(std::move(m.outcome).error());
  }
  write_next();
}

void router_state::on(const read_routing&) {
  if (reading_routing || !to_set.empty()) return;  // what is being written is newer than anything there, or will be refused
  reading_routing = true;
  l->store->load(std::string{persistence::routing_stream},
                 [me = payment_actor{self}](domain::result<std::vector<domain::history_entry>> r) { caf::anon_send(me, routing_read{std::move(r)}); });
}

void router_state::on(const routing_read& m) {
  reading_routing = false;
  if (!m.stream || m.stream->empty() || m.stream->back().seq <= view.version) return;
  auto stored = persistence::latest_routing(*m.stream);
  if (!stored) return spdlog::warn("what another node has set about the routing of payments cannot be read: {}", stored.error().detail);
  view.controls = std::move(stored->controls);
  view.version = stored->version;
  publish();
}

// ---- what is shown -------------------------------------------------------------------------------------------------------------------------------

void router_state::on(const show_routing& m) { m.done.answer(document()); }

namespace {

void write_rounded(persistence::json_writer& w, std::string_view key, double v, std::uint8_t digits) {
  w.key(key), w.raw(domain::format_amount(static_cast<std::int64_t>(std::llround(v * std::pow(10.0, digits))), digits));
}

void write_cell(persistence::json_writer& w, const domain::success_table& learnt, const domain::success_table::cell& c) {
  const auto estimate = learnt.estimate(c.kind, c.gateway);
  w.begin_object();
  w.field("currency", {c.kind.currency.data(), c.kind.currency.size()});
  w.field("method", domain::method_name(c.kind.method));
  write_rounded(w, "amount_from", c.kind.size == 0 ? 0 : std::pow(10.0, (c.kind.size - 1) / 2.0), 2);
  write_rounded(w, "payments", c.payments, 1);
  write_rounded(w, "success", estimate.rate, 4);
  write_rounded(w, "spread", estimate.spread(), 4);
  w.end_object();
}

}  // namespace

domain::document router_state::document() const {
  std::string out;
  persistence::json_writer w(out);
  w.begin_object();
  w.key("version"), w.integer(view.version);
  const auto controls = persistence::routing_controls_text(view.controls);
  w.key("controls"), w.raw(controls);
  const auto cells = view.learnt.cells();
  w.key("gateways"), w.begin_array();
  for (std::size_t i = 0; i < gateways.size(); ++i) {
    const auto& g = gateways[i];
    w.begin_object();
    w.field("name", view.gateways[i].name);
    w.key("circuits"), w.begin_object();
    for (std::size_t k = 0; k < payment_calls; ++k) w.field(to_string(static_cast<domain::operation_kind>(k)), to_string(g.circuits[k].state(now())));
    w.end_object();
    w.key("calls_out"), w.integer(g.calls_out);
    w.key("calls_waiting"), w.integer(g.gate ? g.gate->waiting() : 0);
    write_rounded(w, "latency_seconds", view.gateways[i].latency_seconds, 3);
    w.key("learnt"), w.begin_array();
    for (const auto& c : cells)
      if (c.gateway == i) write_cell(w, view.learnt, c);
    w.end_array();
    w.end_object();
  }
  w.end_array();
  w.key("policy"), w.raw(persistence::routing_policy_text(view.policy));
  w.end_object();
  return {std::move(out), view.version, {}};
}

}  // namespace coreldove::actors
