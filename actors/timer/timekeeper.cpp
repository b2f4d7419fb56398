#include "actors/timer/timekeeper.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "runtime/logging.hpp"
#include "runtime/supervision.hpp"

namespace coreldove::actors {
namespace {

using namespace std::chrono_literals;

constexpr auto tick = 250ms;
constexpr std::uint32_t timers_at_once = 500;  // per tick: after a pause the flood is spread
constexpr std::uint32_t orders_at_once = 500;
constexpr domain::duration not_again_within{20s};
constexpr domain::duration clock_noise{1s};  // what the wall clock may lag behind the steady one without having been set back
constexpr std::uint32_t timers_looked_through = 10'000;

struct timekeeper_state {
  static inline const char* name = "timekeeper";
  using self_ptr = timekeeper_actor::stateful_pointer<timekeeper_state>;

  explicit timekeeper_state(self_ptr s) : self(s) {}

  void on(const timer_tick&) {
    self->delayed_send(self, tick, timer_tick{});  // first: whatever fails below, time goes on
    for (const auto& [party, gate] : l->gates) gate->tick();
    notice_clock_set_back();
    if (!asking) {
      asking = true;
      l->store->due_timers(l->clock->now(), timers_at_once, [me = timekeeper_actor{self}](domain::result<std::vector<persistence::due_timer>> r) {
        caf::anon_send(me, timers_due{std::move(r)});
      });
    }
    if (!recovered && !waking) wake_some();
  }

  void wake_some() {
    waking = true;
    asked_in = sweep;
    l->store->unfinished(last_woken, orders_at_once,
                         [me = timekeeper_actor{self}](domain::result<std::vector<std::string>> r) { caf::anon_send(me, unfinished_found{std::move(r)}); });
  }

  /// What is on its way was asked for before they came; all is asked for again.
  void on(const shards_gained&) {
    recovered = false;
    last_woken.clear();
    ++sweep;
    fired.clear();
  }

  /// Answers that were on their way may have been lost; the next tick asks again. What has fired already is remembered.
  void on(const go_on&) {
    watch->recovered();
    asking = waking = false;
  }

  /// Retries that were put off by a clock which has been set back since would come that much too late: they are tried now.
  void notice_clock_set_back() {
    const auto ahead = std::chrono::duration_cast<domain::duration>(l->clock->now().time_since_epoch() - l->clock->steady().time_since_epoch());
    const auto was_ahead = std::exchange(wall_ahead, ahead);
    if (!was_ahead || *was_ahead - ahead < clock_noise) return;
    const auto set_back_by = *was_ahead - ahead;
    spdlog::warn("the clock was set back by {} s", std::chrono::duration_cast<std::chrono::seconds>(set_back_by).count());
    const auto latest_retry = l->clock->now() + l->policy.longest_retry * 2;  // with all its jitter: no retry is put off for longer
    l->store->due_timers(
        latest_retry + set_back_by, timers_looked_through, [me = timekeeper_actor{self}, latest_retry](domain::result<std::vector<persistence::due_timer>> r) {
          if (!r) return;
          std::erase_if(*r,
                        [&](const persistence::due_timer& t) { return t.timer.kind != domain::timer_kind::retry_operation || t.timer.due_at <= latest_retry; });
          caf::anon_send(me, timers_due{std::move(r)});
        });
  }

  /// A row stays until the order's next append takes it away, so the same one is seen again for a while.
  void on(const timers_due& m) {
    asking = false;
    if (!m.timers) return;
    const auto now = l->clock->steady();
    std::erase_if(fired, [&](const auto& f) { return now - f.second > not_again_within; });
    for (const auto& t : *m.timers) {
      // The due time is part of the name: the next try of the same operation is another timer, however soon it comes.
      const auto name_of = t.order_id + '/' + std::string{to_string(t.timer.kind)} + '/' + std::to_string(t.timer.n) + '/' +
                           std::to_string(t.timer.due_at.time_since_epoch().count());
      if (!l->is_mine(t.order_id)) continue;
      if (!fired.emplace(name_of, now).second) continue;
      tell_task task;
      task.order_id = t.order_id;
      if (t.timer.kind == domain::timer_kind::retry_operation)
        task.what = domain::retry_operation{t.timer.n};
      else
        task.what = domain::expire_authorization{t.timer.n};
      task.rq.principal = "timer";
      caf::anon_send(l->shard_of(t.order_id), std::move(task));
    }
  }

  void on(const unfinished_found& m) {
    waking = false;
    if (!m.order_ids || asked_in != sweep) return;
    if (m.order_ids->size() < orders_at_once) {
      recovered = true;
      l->health->set("recovery", runtime::condition::up);
    }
    if (m.order_ids->empty()) return;
    last_woken = m.order_ids->back();
    std::map<const shard_actor*, std::vector<std::string>> by_shard;
    std::size_t woken = 0;
    for (const auto& id : *m.order_ids) {
      if (!l->is_mine(id)) continue;
      by_shard[&l->shard_of(id)].push_back(id);
      ++woken;
    }
    for (auto& [shard, ids] : by_shard) caf::anon_send(*shard, wake_orders{std::move(ids)});
    if (!recovered && woken < orders_at_once / 2) wake_some();  // most of them are other nodes' orders: that was no work
  }

  /// Every message comes through here: a failure in one of them is no end of the actor, and costs nobody an answer.
  template <class Message>
  void handle(const Message& m) {
    watch->run(
        l->clock->steady(), [&] { on(m); }, [&](domain::duration pause) { self->delayed_send(self, pause, go_on{}); });
  }

  self_ptr self;
  links_ptr l;
  std::optional<runtime::supervisor> watch;
  bool asking = false, waking = false, recovered = false;
  std::string last_woken;
  std::uint64_t sweep = 0, asked_in = 0;  // through the unfinished orders
  std::unordered_map<std::string, runtime::steady_point> fired;
  std::optional<domain::duration> wall_ahead;  // of the steady clock
};

timekeeper_actor::behavior_type behavior(timekeeper_state::self_ptr self, links_ptr l) {
  auto& s = self->state;
  s.l = std::move(l);
  s.l->health->set("recovery", runtime::condition::degraded, "waking unfinished orders");
  s.watch.emplace(timekeeper_state::name, *s.l->health);
  s.handle(timer_tick{});
  return {[&s](const timer_tick& m) { s.handle(m); }, [&s](const timers_due& m) { s.handle(m); }, [&s](const unfinished_found& m) { s.handle(m); },
          [&s](const shards_gained& m) { s.handle(m); }, [&s](const go_on& m) { s.handle(m); }};
}

}  // namespace

timekeeper_actor spawn_timekeeper(caf::actor_system& system, links_ptr l) { return system.spawn(behavior, std::move(l)); }

}  // namespace coreldove::actors
