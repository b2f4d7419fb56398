#include "actors/order/shard.hpp"

#include <algorithm>
#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <deque>
#include <list>
#include <optional>
#include <queue>
#include <unordered_map>
#include <utility>

#include "actors/order/order.hpp"
#include "runtime/admission.hpp"
#include "runtime/logging.hpp"
#include "runtime/supervision.hpp"

namespace coreldove::actors {
namespace {

using namespace std::chrono_literals;

constexpr auto tick = 250ms;
constexpr auto nudge_every = 5s;

struct shard_state {
  static inline const char* name = "shard";
  using self_ptr = shard_actor::stateful_pointer<shard_state>;

  struct entry {
    order_actor actor;
    bool stopping = false;
    bool idle = false;
    runtime::steady_point touched{};
    std::list<std::string>::iterator sleeper;  // in `sleepers` while idle
    std::deque<tell_task> held;                // came while it was falling asleep
    std::shared_ptr<void> last_out;            // it is on its way to another node, where somebody waits for it to end here
  };
  struct deadline {
    runtime::steady_point at;
    std::string order_id;
    bool operator>(const deadline& o) const { return at > o.at; }
  };
  struct failures {
    runtime::restart_budget budget;
    std::optional<runtime::steady_point> restart_at;  // it has crashed and pauses
    std::deque<tell_task> held;                       // came meanwhile
    bool parked = false;                              // it is with a person
  };

  explicit shard_state(self_ptr s) : self(s) {}

  entry& live(const std::string& id, bool fresh) {
    auto it = orders.find(id);
    if (it == orders.end()) {
      auto actor = spawn_order(self->system(), l, shard_actor{self}, id, fresh);
      self->monitor(actor);
      ids.emplace(actor.id(), id);
      it = orders.try_emplace(id).first;
      it->second.actor = std::move(actor);
      l->figures->active_orders.Increment();
    }
    touch(it->second);
    return it->second;
  }

  void touch(entry& e) {
    e.touched = l->clock->steady();
    if (!e.idle) return;
    sleepers.erase(e.sleeper);
    e.idle = false;
  }

  template <class Task>
  void expect(Task& t) {
    if (!t.rq.wait || t.until != runtime::steady_point{}) return;
    t.until = l->clock->steady() + *t.rq.wait;
    waits.push({t.until, t.order_id});
  }

  /// Answers and says so where the order has gone to another node since it was sent here.
  template <class Task>
  bool has_left(const Task& t) {
    if (l->is_mine(t.order_id)) return false;
    t.done.answer(domain::failure{domain::errc::unavailable, "The order belongs to another node; try again in a moment."});
    return true;
  }

  void place(place_task& t) {
    if (has_left(t)) return;
    expect(t);
    auto& e = live(t.order_id, true);
    caf::anon_send(e.actor, std::move(t));
  }

  void tell(tell_task& t) {
    if (has_left(t)) return;
    if (auto f = crashes.find(t.order_id); f != crashes.end() && f->second.parked) {
      if (std::holds_alternative<domain::decide_review>(t.what)) {
        crashes.erase(f);  // a person has looked at it
        return tell(t);
      }
      t.done.answer(domain::failure{domain::errc::unavailable, "The order is with a person: it cannot be processed at the moment."});
      return;
    }
    expect(t);
    if (auto f = crashes.find(t.order_id); f != crashes.end() && f->second.restart_at) return hold_back(f->second, t);
    auto& e = live(t.order_id, false);
    if (e.stopping)
      e.held.push_back(std::move(t));
    else
      caf::anon_send(e.actor, std::move(t));
  }

  void hold_back(failures& f, tell_task& t) {
    if (t.rq.seat) t.rq.seat->release();  // to pause is no work
    if (f.held.size() < l->limits.commands_waiting)
      f.held.push_back(std::move(t));
    else
      t.done.answer(domain::failure{domain::errc::overloaded, "Too many commands are waiting for this order."});
  }

  void fell_idle(const std::string& id) {
    const auto it = orders.find(id);
    if (it == orders.end() || it->second.idle || it->second.stopping) return;
    it->second.idle = true;
    it->second.touched = l->clock->steady();
    it->second.sleeper = sleepers.insert(sleepers.end(), id);
    while (sleepers.size() > l->limits.idle_orders / l->limits.shards) stop(sleepers.front());
  }

  void stop(const std::string& which) {
    auto& e = orders.at(which);
    sleepers.erase(e.sleeper);
    e.idle = false;
    e.stopping = true;
    caf::anon_send(e.actor, stop_order{});
  }

  void leave(const leave_orders& m) {
    const auto goes = [&](const std::string& id) { return m.which.test(domain::cluster_shard_of(id)); };
    for (auto& [id, e] : orders) {
      if (!goes(id)) continue;
      e.last_out = m.last_out;
      caf::anon_send(e.actor, leave_order{});
    }
    for (auto& [id, f] : crashes)
      if (goes(id))
        for (auto& t : f.held) t.done.answer(domain::failure{domain::errc::unavailable, "The order is moving to another node; try again in a moment."});
    std::erase_if(crashes, [&](const auto& c) { return goes(c.first); });
  }

  void awoke(const std::string& id) {
    const auto it = orders.find(id);
    if (it == orders.end() || !it->second.stopping) return;
    it->second.stopping = false;
    for (auto& t : it->second.held) caf::anon_send(it->second.actor, std::move(t));
    it->second.held.clear();
  }

  void down(const caf::down_msg& m) {
    const auto known = ids.find(m.source.id());
    if (known == ids.end()) return;
    const auto id = std::move(known->second);
    ids.erase(known);
    l->figures->active_orders.Decrement();
    auto node = orders.extract(id);
    if (node.empty()) return;
    auto& gone = node.mapped();
    if (gone.idle) sleepers.erase(gone.sleeper);
    if (m.reason && m.reason != caf::exit_reason::normal) crashed(id, caf::to_string(m.reason));
    for (auto& t : gone.held) tell(t);
  }

  /// What the order held and had not committed is given back; then it starts anew from its journal, after a pause that grows.
  void crashed(const std::string& id, const std::string& why) {
    l->figures->order_crashes.Increment();
    runtime::log_order(spdlog::level::err, id, {}, "an order's actor crashed", why);
    caf::anon_send(l->inventory, drop_hold{id});
    auto& f = crashes.try_emplace(id, failures{runtime::restart_budget{l->limits.restarts, l->limits.restart_window}, {}, {}, false}).first->second;
    if (f.parked) return;
    const auto now = l->clock->steady();
    if (const auto pause = f.budget.spend(now)) {
      f.restart_at = now + *pause;
      restarts.push({*f.restart_at, id});
    } else {
      park(id, f, why);
    }
  }

  /// The order has used up its restarts: it takes one more command, which opens a review, and then nothing until a person has decided.
  void park(const std::string& id, failures& f, const std::string& why) {
    l->figures->quarantined.Increment();
    tell_task t;
    t.order_id = id;
    t.what = domain::quarantine{"The order's actor crashed again and again; the last time: " + why};
    t.rq.principal = "system";
    t.done = promise<order_answer>{[id, me = shard_actor{self}, pause = l->limits.restart_window](domain::result<order_answer> r) {
      if (r) return;
      runtime::log_order(spdlog::level::critical, id, {}, "an order could not even be handed to a person", r.error().detail);
      caf::delayed_anon_send(me, pause, wake_orders{{id}});
    }};
    tell(t);
    f.parked = true;
  }

  void wake(const std::vector<std::string>& which) {
    for (const auto& id : which) {
      if (!l->is_mine(id)) continue;
      const auto f = crashes.find(id);
      if (f != crashes.end() && f->second.restart_at) continue;  // it starts by itself
      if (f != crashes.end() && f->second.parked) crashes.erase(f);
      live(id, false);
    }
  }

  void restart_due(runtime::steady_point now) {
    while (!restarts.empty() && restarts.top().at <= now) {
      const auto id = restarts.top().order_id;
      restarts.pop();
      const auto found = crashes.find(id);
      if (found == crashes.end()) continue;  // it has gone to another node
      auto& f = found->second;
      f.restart_at.reset();
      live(id, false);
      for (auto& t : std::exchange(f.held, {})) tell(t);
    }
  }

  void on_tick() {
    self->delayed_send(self, tick, shard_tick{});  // first: whatever fails below, time goes on
    const auto now = l->clock->steady();
    if (watch->recovering() && now >= recover_at) watch->recovered();
    while (!waits.empty() && waits.top().at <= now) {
      if (auto it = orders.find(waits.top().order_id); it != orders.end()) caf::anon_send(it->second.actor, wait_over{now});
      waits.pop();
    }
    restart_due(now);
    while (!sleepers.empty() && now - orders.at(sleepers.front()).touched > l->limits.idle_time) stop(sleepers.front());
    if (now - nudged < nudge_every) return;
    nudged = now;
    for (auto& [id, e] : orders)
      if (!e.idle && !e.stopping && now - e.touched >= nudge_every) caf::anon_send(e.actor, nudge{});
    std::erase_if(crashes, [&](const auto& c) { return !c.second.parked && !c.second.restart_at && c.second.budget.whole(now); });
  }

  /// Everything that is told to the shard comes through here: a failure costs that message and no order that lives.
  template <class Handler>
  void guarded(Handler handler) {
    const auto now = l->clock->steady();
    watch->run(now, handler, [&](domain::duration pause) { recover_at = now + pause; });
  }

  self_ptr self;
  links_ptr l;
  std::unordered_map<std::string, entry> orders;
  std::unordered_map<caf::actor_id, std::string> ids;
  std::list<std::string> sleepers;  // idle, longest first
  std::priority_queue<deadline, std::vector<deadline>, std::greater<>> waits;
  std::unordered_map<std::string, failures> crashes;
  std::priority_queue<deadline, std::vector<deadline>, std::greater<>> restarts;
  runtime::steady_point nudged{}, recover_at{};
  std::optional<runtime::supervisor> watch;
};

shard_actor::behavior_type behavior(shard_state::self_ptr self, links_ptr l) {
  auto& s = self->state;
  s.l = std::move(l);
  s.watch.emplace(shard_state::name, *s.l->health);
  self->set_down_handler([&s](const caf::down_msg& m) { s.guarded([&] { s.down(m); }); });
  self->set_exit_handler([self, &s](const caf::exit_msg& m) {
    for (auto& [id, e] : s.orders) caf::anon_send_exit(e.actor, caf::exit_reason::user_shutdown);
    self->quit(m.reason);
  });
  self->delayed_send(self, tick, shard_tick{});
  return {[&s](place_task& m) { s.guarded([&] { s.place(m); }); },
          [&s](tell_task& m) { s.guarded([&] { s.tell(m); }); },
          [&s](const order_idle& m) { s.guarded([&] { s.fell_idle(m.order_id); }); },
          [&s](const order_awake& m) { s.guarded([&] { s.awoke(m.order_id); }); },
          [&s](const wake_orders& m) { s.guarded([&] { s.wake(m.order_ids); }); },
          [&s](const leave_orders& m) { s.guarded([&] { s.leave(m); }); },
          [&s](const shard_tick&) { s.guarded([&] { s.on_tick(); }); }};
}

}  // namespace

shard_actor spawn_shard(caf::actor_system& system, links_ptr l) { return system.spawn(behavior, std::move(l)); }

}  // namespace coreldove::actors
