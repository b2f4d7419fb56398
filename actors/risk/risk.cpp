#include "actors/risk/risk.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <list>
#include <optional>
#include <unordered_map>

#include "runtime/supervision.hpp"

namespace coreldove::actors {
namespace {

constexpr std::size_t customers_remembered = 50'000;  // about 1 KB each at most
constexpr std::uint32_t orders_remembered = 20;       // of each, the latest

struct risk_state {
  static inline const char* name = "risk";
  using self_ptr = risk_actor::stateful_pointer<risk_state>;

  struct customer {
    bool loaded = false;
    std::vector<domain::past_order> orders;  // newest first
    std::vector<assess_customer> asking;     // until the store has answered
    std::list<std::string>::iterator age;
  };

  explicit risk_state(self_ptr s) : self(s) {}

  static void tell(customer& c, const assess_customer& m) {
    caf::anon_send(m.reply_to, history_found{c.orders});
    c.orders.insert(c.orders.begin(), {m.at, m.input->total(), m.input->currency});
    if (c.orders.size() > orders_remembered) c.orders.pop_back();
  }

  void on(assess_customer& m) {
    const auto& id = m.input->customer_id;
    auto [it, added] = customers.try_emplace(id);
    auto& c = it->second;
    if (!added) {
      by_age.splice(by_age.begin(), by_age, c.age);
      if (c.loaded)
        tell(c, m);
      else
        c.asking.push_back(std::move(m));
      return;
    }
    c.age = by_age.insert(by_age.begin(), id);
    c.asking.push_back(m);
    look_up(id);
    while (customers.size() > customers_remembered && forget_oldest()) {
    }
  }

  void look_up(const std::string& id) {
    l->store->past_orders(id, orders_remembered, [me = risk_actor{self}, id](domain::result<std::vector<domain::past_order>> r) {
      caf::anon_send(me, customer_loaded{id, std::move(r)});
    });
  }

  /// Whoever still waits for a history may have been forgotten: the store is asked again.
  void on(const go_on&) {
    watch->recovered();
    for (const auto& [id, c] : customers)
      if (!c.loaded) look_up(id);
  }

  bool forget_oldest() {
    const auto it = customers.find(by_age.back());
    if (!it->second.loaded) return false;
    by_age.pop_back();
    customers.erase(it);
    return true;
  }

  /// Without a history (the store does not answer) the rules judge by the order alone.
  void on(customer_loaded& m) {
    const auto it = customers.find(m.customer_id);
    if (it == customers.end() || it->second.loaded) return;
    auto& c = it->second;
    c.loaded = true;
    if (m.orders) c.orders = *std::move(m.orders);
    for (const auto& a : c.asking) tell(c, a);
    c.asking = {};
    if (m.orders) return;
    by_age.erase(c.age);
    customers.erase(it);
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
  std::unordered_map<std::string, customer> customers;
  std::list<std::string> by_age;  // most recently seen first
};

risk_actor::behavior_type behavior(risk_state::self_ptr self, links_ptr l) {
  auto& s = self->state;
  s.l = std::move(l);
  s.watch.emplace(risk_state::name, *s.l->health);
  return {[&s](assess_customer& m) { s.handle(m); }, [&s](customer_loaded& m) { s.handle(m); }, [&s](const go_on& m) { s.handle(m); }};
}

}  // namespace

risk_actor spawn_risk(caf::actor_system& system, links_ptr l) { return system.spawn(behavior, std::move(l)); }

}  // namespace coreldove::actors
