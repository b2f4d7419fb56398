// Commands in a cluster: to the node that has the order, and from others to this one.
#include <algorithm>

#include "actors/cluster/board.hpp"
#include "actors/cluster/command_codec.hpp"
#include "actors/cluster/figures.hpp"
#include "actors/cluster/forwarder.hpp"
#include "actors/engine.hpp"
#include "persistence/codec/json_writer.hpp"

namespace coreldove::actors {
namespace {

using domain::errc;

/// What the wall clocks of two nodes may differ by.
constexpr std::chrono::seconds clocks_apart{5};

bool nothing_happened(const domain::result<order_answer>& r) { return !r && r.error().code == errc::unavailable; }

/// Their orders know what they have been told, by its own id.
bool knows_repeats(const domain::command& c) {
  return std::holds_alternative<domain::take_notice>(c) || std::holds_alternative<domain::take_dispute>(c) || std::holds_alternative<domain::take_finding>(c);
}

}  // namespace

void engine::tell_somewhere(std::string order_id, domain::command what, request rq, promise<order_answer> done) {
  auto on = [others = cluster_.others](const std::string& id, const domain::command& c, request r, promise<order_answer> d) {
    if (r.seat) r.seat->release();  // what another node has to do is no work here
    r.seat.reset();
    others->forward(id, c, std::move(r), [d = std::move(d)](domain::result<order_answer> answer) { d.answer(std::move(answer)); });
  };
  if (!links_->is_mine(order_id)) return on(order_id, what, std::move(rq), std::move(done));
  auto again = rq;
  again.seat.reset();  // it is given back when the order has been told
  auto away = [l = links_, on = std::move(on), order_id, what, again = std::move(again), done = std::move(done)](domain::result<order_answer> r) {
    if (nothing_happened(r) && !l->is_mine(order_id)) return on(order_id, what, again, done);
    done.answer(std::move(r));
  };
  tell_here(std::move(order_id), std::move(what), std::move(rq), promise<order_answer>{std::move(away)});
}

void engine::take_forwarded(const std::string& command, std::function<void(forwarded_answer)> done) {
  auto c = decode_command(command);
  if (!c) return done({false, domain::failure{errc::unavailable, std::move(c).error().detail}});
  if (!links_->is_mine(c->order_id)) return done({true});
  if (links_->clock->now() > c->deadline + clocks_apart) return done({false, domain::failure{errc::unavailable, "The command came too late."}});
  auto& rq = c->rq;
  if (rq.wait)
    rq.wait = std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(c->deadline - links_->clock->now()), std::chrono::milliseconds{0}, *rq.wait);
  if (!rq.key && !knows_repeats(c->what)) rq.key = request_key{"forwarded", c->operation, c->operation};
  auto answer = [l = links_, id = c->order_id, done = std::move(done)](domain::result<order_answer> r) {
    const bool moved = nothing_happened(r) && !l->is_mine(id);
    done({moved, std::move(r)});
  };
  auto admitted = admit(rq.ahead ? whose::ahead : whose::begun, rq, std::move(answer));
  if (!admitted) return;
  cluster_.figures->taken_in();
  tell_here(std::move(c->order_id), std::move(c->what), std::move(rq), *std::move(admitted));
}

void engine::take_forwarded(std::string command, std::function<void(std::string answer)> done) {
  if (!cluster_.others) return done(encode(forwarded_answer{false, domain::failure{errc::unavailable, "This server works by itself."}}));
  take_forwarded(std::as_const(command), std::function<void(forwarded_answer)>{[done = std::move(done)](const forwarded_answer& a) { done(encode(a)); }});
}

// ---- GET ~/cluster ----------------------------------------------------------------------------------------------------------------------------------
namespace {

void write_node(persistence::json_writer& w, const persistence::cluster_node& n, const persistence::cluster_view& view) {
  w.begin_object();
  w.field("node", n.node);
  w.field("host", n.host);
  w.key("port"), w.integer(n.port);
  w.field("state", !n.alive ? "down" : n.leaving ? "leaving" : "up");
  w.key("since"), w.time(n.started_at);
  w.key("lease_until");
  if (n.lease_until == domain::time_point{})
    w.null();  // given up
  else
    w.time(n.lease_until);
  w.key("shards"), w.begin_array();
  for (std::size_t s = 0; s < view.shards.size(); ++s) {
    if (view.shards[s].node != n.node || view.shards[s].incarnation != n.incarnation) continue;
    w.begin_object();
    w.key("shard"), w.integer(s);
    w.key("epoch"), w.integer(view.shards[s].epoch);
    w.end_object();
  }
  w.end_array();
  w.end_object();
}

void write_handovers(persistence::json_writer& w, const cluster_board::past& past) {
  w.begin_object();
  w.key("shards"), w.begin_object();
  for (const auto r : {handover_reason::fresh, handover_reason::handed_over, handover_reason::lease_ended, handover_reason::restarted}) {
    const auto found = past.counts.find(r);
    w.key(to_string(r)), w.integer(found == past.counts.end() ? 0 : found->second);
  }
  w.end_object();
  w.key("last"), w.begin_array();
  for (const auto& h : past.last) {
    w.begin_object();
    w.key("at"), w.time(h.at);
    w.field_or_null("from", h.from);
    w.field("to", h.to);
    w.key("shards"), w.integer(h.shards);
    w.field("reason", to_string(h.reason));
    w.end_object();
  }
  w.end_array();
  w.end_object();
}

}  // namespace

std::string engine::cluster() const {
  if (!cluster_.others) return R"({"mode":"single","node":null,"detail":"This server works by itself: all orders are its own.","nodes":[]})";
  const auto view = cluster_.board->view();
  std::string out;
  persistence::json_writer w(out);
  w.begin_object();
  w.field("mode", "cluster");
  w.field("node", cluster_.board->me());
  const auto held = std::count_if(view->shards.begin(), view->shards.end(), [&](const auto& s) { return view->alive(s.node, s.incarnation) != nullptr; });
  w.key("shards"), w.begin_object();
  w.key("all"), w.integer(view->shards.size());
  w.key("held"), w.integer(held);
  w.end_object();
  w.key("nodes"), w.begin_array();
  for (const auto& n : view->nodes) write_node(w, n, *view);
  w.end_array();
  w.key("handovers"), write_handovers(w, cluster_.board->handovers());
  w.key("forwarding"), w.begin_object();
  w.key("under_way"), w.integer(cluster_.others->waiting());
  for (const auto f : {forwarding::answered, forwarding::unavailable, forwarding::timed_out}) w.key(to_string(f)), w.integer(cluster_.figures->count(f));
  w.key("taken_in"), w.integer(cluster_.figures->commands_taken_in());
  w.end_object();
  w.end_object();
  return out;
}

}  // namespace coreldove::actors
