#include "actors/keys/keys.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <deque>
#include <optional>
#include <unordered_map>

#include "runtime/admission.hpp"
#include "runtime/supervision.hpp"

namespace coreldove::actors {
namespace {

struct keys_state {
  static inline const char* name = "idempotency-keys";
  using self_ptr = keys_actor::stateful_pointer<keys_state>;

  struct flight {
    std::string fingerprint;
    std::deque<claim_key> asking;  // the first of them is the one that flies, once the store has said that it may
    bool flying = false;
  };

  explicit keys_state(self_ptr s) : self(s) {}

  static std::string full(const request_key& k) { return k.scope + '\n' + k.key; }

  void on(claim_key& m) {
    const auto name_of = full(m.key);
    auto& f = in_flight[name_of];
    f.asking.push_back(std::move(m));
    if (f.asking.size() == 1 && !f.flying) return look_up(f.asking.front().key);
    if (f.asking.back().seat) f.asking.back().seat->release();
  }

  /// Whoever is not flying yet may have been forgotten in the middle of it. The journal lets no key in twice, so asking once too often does no harm.
  void on(const go_on&) {
    watch->recovered();
    for (auto it = in_flight.begin(); it != in_flight.end();) {
      auto& [name_of, f] = *it;
      if (!f.flying && f.asking.empty()) {
        it = in_flight.erase(it);
        continue;
      }
      if (!f.flying) look_up(f.asking.front().key);
      ++it;
    }
  }

  void look_up(const request_key& k) {
    l->store->key(k.scope, k.key, [me = keys_actor{self}, k](domain::result<std::optional<persistence::stored_key>> r) {
      caf::anon_send(me, key_loaded{k, std::move(r)});
    });
  }

  void on(key_loaded& m) {
    const auto it = in_flight.find(full(m.key));
    if (it == in_flight.end() || it->second.flying) return;
    auto& f = it->second;
    if (!m.stored) {
      for (auto& a : f.asking) a.done.answer(m.stored.error());
      in_flight.erase(it);
    } else if (*m.stored) {
      const auto& known = **m.stored;
      const order_answer again{known.answer.status, known.answer.version, known.answer.order_id, known.answer.document, true};
      give(f, known.fingerprint, again);
      in_flight.erase(it);
    } else {
      f.flying = true;
      f.fingerprint = f.asking.front().key.fingerprint;
      const auto first = std::move(f.asking.front());
      f.asking.pop_front();
      first.done.answer(claim_outcome{});
    }
  }

  static void give(flight& f, const std::string& fingerprint, const order_answer& again) {
    for (auto& a : f.asking) {
      if (a.key.fingerprint == fingerprint)
        a.done.answer(claim_outcome{again});
      else
        a.done.answer(key_reused());
    }
  }

  /// Without an answer nothing was stored (or nobody knows): the next in line asks the store and tries.
  void on(key_settled& m) {
    const auto it = in_flight.find(full(m.key));
    if (it == in_flight.end()) return;
    auto& f = it->second;
    if (m.answer) {
      m.answer->replayed = true;
      give(f, f.fingerprint, *m.answer);
      f.asking.clear();
    }
    f.flying = false;
    if (f.asking.empty())
      in_flight.erase(it);
    else
      look_up(f.asking.front().key);
  }

  /// Every message comes through here: a failure in one of them is no end of the actor, and costs nobody an answer.
  template <class Message>
  void handle(Message& m) {
    watch->run(
        l->clock->steady(), [&] { on(m); }, [&](domain::duration pause) { self->delayed_send(self, pause, go_on{}); });
  }

  self_ptr self;
  links_ptr l;
  std::optional<runtime::supervisor> watch;
  std::unordered_map<std::string, flight> in_flight;  // by scope and key
};

keys_actor::behavior_type behavior(keys_state::self_ptr self, links_ptr l) {
  auto& s = self->state;
  s.l = std::move(l);
  s.watch.emplace(keys_state::name, *s.l->health);
  return {[&s](claim_key& m) { s.handle(m); }, [&s](key_loaded& m) { s.handle(m); }, [&s](key_settled& m) { s.handle(m); },
          [&s](const go_on& m) { s.handle(m); }};
}

}  // namespace

domain::failure key_reused() { return {domain::errc::key_reused, "This idempotency key has been used with another request."}; }

keys_actor spawn_keys(caf::actor_system& system, links_ptr l) { return system.spawn(behavior, std::move(l)); }

}  // namespace coreldove::actors
