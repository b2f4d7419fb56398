#include "actors/engine.hpp"

#include <algorithm>
#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <thread>

#include "actors/carrier/shipping.hpp"
#include "actors/gate/gated_ports.hpp"
#include "actors/inventory/inventory.hpp"
#include "actors/inventory/stock_text.hpp"
#include "actors/keys/keys.hpp"
#include "actors/notifier/notifier.hpp"
#include "actors/order/shard.hpp"
#include "actors/payment/board.hpp"
#include "actors/payment/router.hpp"
#include "actors/risk/risk.hpp"
#include "actors/timer/timekeeper.hpp"
#include "domain/ulid.hpp"
#include "persistence/codec/event_codec.hpp"

namespace coreldove::actors {

std::shared_ptr<links> start_actors(caf::actor_system& system, links parts) {
  auto l = std::make_shared<links>(std::move(parts));
  gate_options options;
  options.calls_at_once = l->limits.calls_at_once;
  options.waiting = l->limits.calls_waiting;
  options.silence = std::max(l->limits.payment_timeout, l->limits.carrier_timeout) + l->limits.lost_after;
  const auto put_gates = [&](auto& ports, const std::string& what) {
    for (auto& [name, port] : ports) {
      auto gate = std::make_shared<call_gate>(what + " " + name, options, *l->clock, *l->health);
      port = gated(std::move(port), gate);
      l->gates[name] = std::move(gate);
    }
  };
  put_gates(l->gateways, "gateway");
  put_gates(l->carriers, "carrier");
  // Each is started after those that it speaks to.
  if (!l->risk) l->risk = spawn_risk(system, l);
  if (!l->keys) l->keys = spawn_keys(system, l);
  if (!l->routes) l->routes = make_routing_board(*l);
  if (!l->payments) l->payments = spawn_payment_router(system, l);
  if (!l->shipping) l->shipping = spawn_shipping(system, l);
  if (!l->notifier) l->notifier = spawn_notifier(system, l);
  if (!l->inventory) l->inventory = spawn_inventory(system, l);
  for (std::size_t i = 0; i < l->limits.shards; ++i) l->shards.push_back(spawn_shard(system, l));
  return l;
}

void stop_actors(const links& l, timekeeper_actor timekeeper) {
  const auto end = [](const auto& a) { caf::anon_send_exit(a, caf::exit_reason::user_shutdown); };
  end(timekeeper);
  for (const auto& s : l.shards) end(s);
  end(l.inventory);
  end(l.notifier);
  end(l.shipping);
  end(l.payments);
  end(l.keys);
  end(l.risk);
}

engine::engine(caf::actor_system& system, links parts, runtime::random_source& random, engine_options options)
    : links_(start_actors(system, std::move(parts))), timekeeper_(spawn_timekeeper(system, links_)), random_(random), options_(std::move(options)) {
  options_.door.most = options_.max_in_flight;
  door_ = std::make_shared<runtime::admission>(options_.door);
}

engine::~engine() {
  if (!stopping_) stop(std::chrono::milliseconds{0});
}

void engine::stop(std::chrono::milliseconds limit) {
  stopping_ = true;
  const auto until = std::chrono::steady_clock::now() + limit;
  while (in_flight_ > 0 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  stop_actors(*links_, timekeeper_);
}

std::optional<domain::failure> engine::refusal(whose w) const {
  using domain::errc;
  if (stopping_) return domain::failure{errc::unavailable, "The server is stopping."};
  if (!links_->journal->healthy()) return domain::failure{errc::unavailable, "The store does not take writes at the moment."};
  if (links_->owned && links_->owned->none()) return domain::failure{errc::unavailable, "This node has no share of the orders at the moment."};
  if (!links_->health->ready()) return domain::failure{errc::unavailable, "A part of the server is down at the moment."};
  if (in_flight_ >= options_.max_in_flight || links_->journal->queued() >= options_.max_journal_queue || door_->full(w))
    return domain::failure{errc::overloaded, "More is in work than this node can do quickly; try again in a moment."};
  return std::nullopt;
}

std::optional<domain::failure> engine::busy(bool patient) const { return refusal(patient ? whose::patient : whose::anew); }

/// Counts the command until it is answered; nothing, after an answer, where there is no room for it.
std::optional<promise<order_answer>> engine::admit(whose w, request& rq, reply<order_answer> done) {
  auto why = refusal(w);
  if (!why && !door_->enter(w)) why = domain::failure{domain::errc::overloaded, "More is in work than this node can do quickly; try again in a moment."};
  if (why) {
    links_->figures->shed.Increment();
    done(*std::move(why));
    return std::nullopt;
  }
  rq.seat = std::make_shared<runtime::seat>(door_, w, *links_->clock);
  ++in_flight_;
  links_->figures->in_flight.Increment();
  return promise<order_answer>{[this, done = std::move(done)](domain::result<order_answer> r) {
    --in_flight_;
    links_->figures->in_flight.Decrement();
    if (r && options_.before_answer) options_.before_answer();
    done(std::move(r));
  }};
}

namespace {

/// How the request that goes out under a key has ended. Where nobody can tell whether it was stored, or somebody else was faster, the store can.
void settle_key(const links_ptr& l, const request_key& key, const promise<order_answer>& done, domain::result<order_answer> r) {
  const auto end = [keys = l->keys, key, done](domain::result<order_answer> last) {
    caf::anon_send(keys, key_settled{key, last ? std::optional{*last} : std::nullopt});
    done.answer(std::move(last));
  };
  using domain::errc;
  const bool doubtful = !r && (r.error().code == errc::timed_out || r.error().code == errc::conflict);
  if (!doubtful) return end(std::move(r));
  l->store->key(key.scope, key.key, [end, key, why = r.error()](domain::result<std::optional<persistence::stored_key>> found) {
    if (!found || !*found) return end(why);
    const auto& known = **found;
    if (known.fingerprint != key.fingerprint) return end(key_reused());
    end(order_answer{known.answer.status, known.answer.version, known.answer.order_id, known.answer.document, why.code == errc::conflict});
  });
}

}  // namespace

void engine::with_key(request rq, promise<order_answer> done, std::function<void(request, promise<order_answer>)> go) {
  if (!rq.key) return go(std::move(rq), std::move(done));
  auto key = *rq.key;
  auto seat = rq.seat;
  auto decided = [rq = std::move(rq), done = std::move(done), go = std::move(go), l = links_ptr{links_}](domain::result<claim_outcome> claim) {
    if (!claim) return done.answer(claim.error());
    if (*claim) return done.answer(**claim);
    go(rq, promise<order_answer>{[l, key = *rq.key, done](domain::result<order_answer> r) { settle_key(l, key, done, std::move(r)); }});
  };
  caf::anon_send(links_->keys, claim_key{std::move(key), std::move(seat), promise<claim_outcome>{std::move(decided)}});
}

/// Empty: any gateway may take it.
bool engine::has_room_for_payment(const std::string& gateway) const {
  const auto crowded = [this](const std::string& name) {
    const auto gate = links_->gates.find(name);
    return gate != links_->gates.end() && gate->second->crowded();
  };
  if (!gateway.empty()) return !crowded(gateway);
  return links_->gateways.empty() || !std::all_of(links_->gateways.begin(), links_->gateways.end(), [&](const auto& g) { return crowded(g.first); });
}

std::string engine::new_order_id() {
  while (!links_->owned || !links_->owned->none())
    if (auto id = domain::make_order_id(links_->clock->now(), random_.entropy()); links_->is_mine(id)) return id;
  return {};
}

void engine::leave_shards(const domain::cluster_shards& which, const std::shared_ptr<void>& last_out) {
  for (const auto& s : links_->shards) caf::anon_send(s, leave_orders{which, last_out});
}

void engine::shards_gained() {
  caf::anon_send(timekeeper_, actors::shards_gained{});
  caf::anon_send(links_->notifier, read_outbox{});
}

void engine::others_committed() {
  caf::anon_send(links_->inventory, read_stock{});
  caf::anon_send(links_->payments, read_routing{});
  committed();
}

void engine::place(domain::order_input input, request rq, reply<order_answer> done) {
  if (!has_room_for_payment(input.payment_gateway)) {
    links_->figures->shed.Increment();
    return done(domain::failure{domain::errc::overloaded, "Too many payments wait for their gateway; try again in a moment."});
  }
  auto admitted = admit(rq.ahead ? whose::ahead : can_wait(rq.wait) ? whose::patient : whose::anew, rq, std::move(done));
  if (!admitted) return;
  domain::shared_input shared{std::move(input)};
  with_key(std::move(rq), *std::move(admitted), [this, shared = std::move(shared)](request r, promise<order_answer> d) {
    auto id = new_order_id();
    if (id.empty()) return d.answer(domain::failure{domain::errc::unavailable, "This node has no share of the orders at the moment."});
    const auto& shard = links_->shard_of(id);
    caf::anon_send(shard, place_task{std::move(id), shared, std::move(r), std::move(d)});
  });
}

void engine::tell(std::string order_id, domain::command what, request rq, reply<order_answer> done) {
  if (!domain::is_order_id(order_id)) return done(domain::failure{domain::errc::not_found, "There is no such order."});
  auto admitted = admit(rq.ahead ? whose::ahead : whose::begun, rq, std::move(done));
  if (!admitted) return;
  if (cluster_.others) return tell_somewhere(std::move(order_id), std::move(what), std::move(rq), *std::move(admitted));
  tell_here(std::move(order_id), std::move(what), std::move(rq), *std::move(admitted));
}

void engine::tell_here(std::string order_id, domain::command what, request rq, promise<order_answer> done) {
  with_key(std::move(rq), std::move(done), [this, id = std::move(order_id), what = std::move(what)](request r, promise<order_answer> d) {
    caf::anon_send(links_->shard_of(id), tell_task{id, what, std::move(r), std::move(d)});
  });
}

void engine::adjust_stock(std::string sku, std::string warehouse, std::optional<std::int64_t> on_hand, std::optional<std::int64_t> delta, std::string reason,
                          request rq, reply<stock_answer> done) {
  auto as_stock = [sku, done = std::move(done)](domain::result<order_answer> r) {
    if (!r) return done(std::move(r).error());
    done(stock_answer{read_stock_text(sku, r->document), r->replayed});
  };
  auto admitted = admit(whose::begun, rq, std::move(as_stock));
  if (!admitted) return;
  actors::adjust_stock what{std::move(sku), std::move(warehouse), std::move(reason), rq.principal, on_hand, delta, {}, {}};
  with_key(std::move(rq), *std::move(admitted), [this, what = std::move(what)](request r, promise<order_answer> d) {
    auto m = what;
    m.key = std::move(r.key);
    m.done = std::move(d);
    caf::anon_send(links_->inventory, std::move(m));
  });
}

// ---- reads ---------------------------------------------------------------------------------------------------------------------------------------

void engine::document(std::string order_id, reply<domain::document> done) { links_->store->document(std::move(order_id), std::move(done)); }
void engine::list(domain::order_query query, reply<domain::page> done) { links_->store->list(std::move(query), std::move(done)); }

void engine::tracking(std::string order_id, reply<domain::document> done) {
  links_->store->load(std::move(order_id), [done = std::move(done)](domain::result<std::vector<domain::history_entry>> stream) {
    if (!stream) return done(std::move(stream).error());
    if (stream->empty()) return done(domain::failure{domain::errc::not_found, "There is no such order."});
    auto order = persistence::rebuild(*stream);
    if (!order) return done(std::move(order).error());
    done(domain::document{persistence::tracking_document(*order), order->version, order->input->customer_id});
  });
}

namespace {

/// Answers with a document made from an order's whole stream.
auto from_stream(domain::result<std::string> (*make)(const std::vector<domain::history_entry>&), reply<domain::document> done) {
  return [make, done = std::move(done)](domain::result<std::vector<domain::history_entry>> stream) {
    if (!stream) return done(std::move(stream).error());
    if (stream->empty()) return done(domain::failure{domain::errc::not_found, "There is no such order."});
    auto made = make(*stream);
    if (!made) return done(std::move(made).error());
    done(domain::document{*std::move(made), stream->back().seq, {}});
  };
}

}  // namespace

void engine::ledger(std::string id, reply<domain::document> done) {
  links_->store->load(std::move(id), from_stream(persistence::ledger_document, std::move(done)));
}
void engine::evidence(std::string id, reply<domain::document> done) {
  links_->store->load(std::move(id), from_stream(persistence::evidence_document, std::move(done)));
}

void engine::payment_inbox(std::uint64_t after, std::uint32_t limit, reply<domain::page> done) {
  links_->store->kept_notices(after, limit, [after, limit, done = std::move(done)](domain::result<std::vector<persistence::kept_notice>> rows) {
    if (!rows) return done(std::move(rows).error());
    domain::page page;
    for (const auto& n : *rows) page.items.push_back(persistence::notice_document(n));
    if (rows->size() == limit) page.next_cursor = std::to_string(after + limit);
    page.total = after + rows->size();
    done(std::move(page));
  });
}

void engine::history(std::string order_id, std::uint64_t after_seq, std::uint32_t limit, reply<domain::page> done) {
  links_->store->history(std::move(order_id), after_seq, limit, [limit, done = std::move(done)](domain::result<std::vector<domain::history_entry>> rows) {
    if (!rows) return done(std::move(rows).error());
    domain::page page;
    for (const auto& e : *rows) page.items.push_back(persistence::history_document(e));
    if (rows->size() == limit) page.next_cursor = std::to_string(rows->back().seq);
    done(std::move(page));
  });
}

void engine::stock(std::string from, std::uint32_t limit, reply<domain::stock_page> done) { links_->store->stock(std::move(from), limit, std::move(done)); }
void engine::stock_of(std::string sku, reply<std::vector<domain::stock_row>> done) { links_->store->stock_of(std::move(sku), std::move(done)); }
void engine::certificate(reply<std::string> done) {
  certifier_->certify(links_->clock->now(), [done = std::move(done)](domain::result<persistence::stock_certificate> c) {
    if (!c) return done(std::move(c).error());
    done(persistence::certificate_document(*c));
  });
}
void engine::reviews(domain::review_query query, reply<domain::page> done) { links_->store->reviews(std::move(query), std::move(done)); }
void engine::performance(domain::time_point from, domain::time_point to, reply<domain::performance> done) {
  links_->store->performance(from, to, std::move(done));
}
void engine::feed(std::uint64_t after, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) {
  links_->store->feed(after, limit, std::move(done));
}
void engine::routing(reply<domain::document> done) { caf::anon_send(links_->payments, show_routing{promise<domain::document>{std::move(done)}}); }

void engine::set_routing(std::string json, request rq, reply<domain::document> done) {
  auto controls = persistence::read_routing_controls(json);
  if (!controls) return done(std::move(controls).error());
  caf::anon_send(links_->payments, actors::set_routing{*std::move(controls), std::move(rq), promise<domain::document>{std::move(done)}});
}

void engine::last_position(reply<std::uint64_t> done) { links_->store->last_position(std::move(done)); }

std::shared_ptr<void> engine::watch(std::function<void()> on_commit) {
  auto watcher = std::make_shared<std::function<void()>>(std::move(on_commit));
  const std::lock_guard guard{watchers_lock_};
  std::erase_if(watchers_, [](const auto& w) { return w.expired(); });
  watchers_.push_back(watcher);
  return watcher;
}

void engine::committed() {
  const std::lock_guard guard{watchers_lock_};
  for (const auto& w : watchers_)
    if (const auto alive = w.lock()) (*alive)();
}

std::string engine::feed_document(const domain::history_entry& e) const {
  constexpr std::string_view of_stock = "sku/";  // streams are orders, but for these and the settings
  std::string_view stream = e.stream, key = "order_id";
  if (stream.starts_with(of_stock)) {
    key = "sku";
    stream.remove_prefix(of_stock.size());
  } else if (stream.starts_with(persistence::settings_prefix)) {
    key = "setting";
    stream.remove_prefix(persistence::settings_prefix.size());
  }
  std::string out = "{\"position\":" + std::to_string(e.position) + ",\"" + std::string{key} + "\":";
  persistence::write_json_string(stream, out);
  const auto rest = persistence::history_document(e);  // {"seq":…}
  out.append(",").append(rest, 1);
  return out;
}

domain::intake_rules engine::intake() const { return options_.intake; }

std::vector<component_health> engine::health() const {
  std::vector<component_health> out;
  for (const auto& c : links_->health->all()) out.push_back({c.name, std::string{to_string(c.state)}, c.detail});
  const bool writable = links_->journal->healthy();
  out.push_back({"journal", writable ? "up" : "down", writable ? "" : "the store does not take writes"});
  return out;
}

bool engine::ready() const { return !stopping_ && links_->journal->healthy() && links_->health->ready() && !(links_->owned && links_->owned->none()); }

}  // namespace coreldove::actors
