#include "actors/engine.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <thread>

#include "actors/carrier/shipping.hpp"
#include "actors/inventory/inventory.hpp"
#include "actors/keys/keys.hpp"
#include "actors/notifier/notifier.hpp"
#include "actors/order/shard.hpp"
#include "actors/payment/router.hpp"
#include "actors/risk/risk.hpp"
#include "actors/timer/timekeeper.hpp"
#include "domain/ulid.hpp"
#include "persistence/codec/event_codec.hpp"

namespace coreldove::actors {

std::shared_ptr<links> start_actors(caf::actor_system& system, links parts) {
  auto l = std::make_shared<links>(std::move(parts));
  // Each is started after those that it speaks to.
  if (!l->risk) l->risk = spawn_risk(system, l);
  if (!l->keys) l->keys = spawn_keys(system, l);
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
    : links_(start_actors(system, std::move(parts))), timekeeper_(spawn_timekeeper(system, links_)), random_(random), options_(std::move(options)) {}

engine::~engine() {
  if (!stopping_) stop(std::chrono::milliseconds{0});
}

void engine::stop(std::chrono::milliseconds limit) {
  stopping_ = true;
  const auto until = std::chrono::steady_clock::now() + limit;
  while (in_flight_ > 0 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  stop_actors(*links_, timekeeper_);
}

/// Counts the command until it is answered; nothing, after an answer, where there is no room for it.
template <class T>
std::optional<reply<T>> engine::admit(reply<T> done) {
  const bool full = in_flight_ >= options_.max_in_flight || links_->journal->queued() >= options_.max_journal_queue;
  if (stopping_ || full || !links_->journal->healthy()) {
    links_->figures->shed.Increment();
    if (full)
      done(domain::failure{domain::errc::overloaded, "More orders are in flight than this node takes in; try again in a moment."});
    else
      done(domain::failure{domain::errc::unavailable, stopping_ ? "The server is stopping." : "The store does not take writes at the moment."});
    return std::nullopt;
  }
  ++in_flight_;
  links_->figures->in_flight.Increment();
  return reply<T>{[this, done = std::move(done)](domain::result<T> r) {
    --in_flight_;
    links_->figures->in_flight.Decrement();
    if (r && options_.before_answer) options_.before_answer();
    done(std::move(r));
  }};
}

void engine::with_key(request rq, reply<order_answer> done, std::function<void(request, reply<order_answer>)> go) {
  if (!rq.key) return go(std::move(rq), std::move(done));
  auto key = *rq.key;
  auto decided = [rq = std::move(rq), done = std::move(done), go = std::move(go), keys = links_->keys](domain::result<claim_outcome> claim) {
    if (!claim) return done(claim.error());
    if (*claim) return done(**claim);
    go(rq, [keys, key = *rq.key, done](domain::result<order_answer> r) {
      caf::anon_send(keys, key_settled{key, r ? std::optional{*r} : std::nullopt});
      done(std::move(r));
    });
  };
  caf::anon_send(links_->keys, claim_key{std::move(key), promise<claim_outcome>{std::move(decided)}});
}

void engine::place(domain::order_input input, request rq, reply<order_answer> done) {
  auto admitted = admit(std::move(done));
  if (!admitted) return;
  domain::shared_input shared{std::move(input)};
  with_key(std::move(rq), *std::move(admitted), [this, shared = std::move(shared)](request r, reply<order_answer> d) {
    auto id = domain::make_order_id(links_->clock->now(), random_.entropy());
    const auto& shard = links_->shard_of(id);
    caf::anon_send(shard, place_task{std::move(id), shared, std::move(r), promise<order_answer>{std::move(d)}});
  });
}

void engine::tell(std::string order_id, domain::command what, request rq, reply<order_answer> done) {
  if (!domain::is_order_id(order_id)) return done(domain::failure{domain::errc::not_found, "There is no such order."});
  auto admitted = admit(std::move(done));
  if (!admitted) return;
  with_key(std::move(rq), *std::move(admitted), [this, id = std::move(order_id), what = std::move(what)](request r, reply<order_answer> d) {
    caf::anon_send(links_->shard_of(id), tell_task{id, what, std::move(r), promise<order_answer>{std::move(d)}});
  });
}

void engine::adjust_stock(std::string sku, std::string warehouse, std::optional<std::int64_t> on_hand, std::optional<std::int64_t> delta, std::string reason,
                          request rq, reply<std::vector<domain::stock_row>> done) {
  auto admitted = admit(std::move(done));
  if (!admitted) return;
  caf::anon_send(links_->inventory, actors::adjust_stock{std::move(sku), std::move(warehouse), std::move(reason), std::move(rq.principal), on_hand, delta,
                                                         promise<std::vector<domain::stock_row>>{*std::move(admitted)}});
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
void engine::reviews(domain::review_query query, reply<domain::page> done) { links_->store->reviews(std::move(query), std::move(done)); }
void engine::performance(domain::time_point from, domain::time_point to, reply<domain::performance> done) {
  links_->store->performance(from, to, std::move(done));
}
void engine::feed(std::uint64_t after, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) {
  links_->store->feed(after, limit, std::move(done));
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
  constexpr std::string_view of_stock = "sku/";  // streams are orders, but for these
  const std::string_view stream = e.stream;
  const bool stock = stream.starts_with(of_stock);
  std::string out = "{\"position\":" + std::to_string(e.position) + (stock ? ",\"sku\":" : ",\"order_id\":");
  persistence::write_json_string(stock ? stream.substr(of_stock.size()) : stream, out);
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

bool engine::ready() const { return !stopping_ && links_->journal->healthy() && links_->health->ready(); }

}  // namespace coreldove::actors
