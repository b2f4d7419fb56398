#pragma once
// The state of the payment router and what it does with each message. Only the files of this folder include it.
#include <array>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/links.hpp"
#include "actors/payment/board.hpp"
#include "domain/routing.hpp"
#include "domain/routing_breaker.hpp"
#include "runtime/supervision.hpp"

namespace coreldove::actors {

/// authorize, capture, void_authorization, refund: the first four of operation_kind.
inline constexpr std::size_t payment_calls = 4;

struct router_state {
  static inline const char* name = "payment-router";
  using self_ptr = payment_actor::stateful_pointer<router_state>;

  struct gateway {
    std::shared_ptr<integrations::payment_gateway> port;
    std::shared_ptr<call_gate> gate;
    std::array<domain::circuit_breaker, payment_calls> circuits;
    std::array<prometheus::Gauge*, payment_calls> circuit_gauges{};
    std::size_t calls_out = 0;
    bool timed = false;  // the view's latency is a measured one
  };
  /// A call that was handed to a gateway and has not been answered.
  struct call {
    pay_operation what;
    std::size_t gateway = 0;
    domain::circuit_breaker::pass as{};
    domain::time_point since;
    bool given_up = false;  // its circuit has been told that it failed
  };
  struct observation {
    domain::payment_kind kind;
    std::size_t gateway = 0;
    bool success = false;
  };
  /// What is read of the recent past at the start.
  struct looking_back {
    domain::success_table learnt;
    std::map<std::pair<std::string, std::uint32_t>, std::pair<domain::payment_kind, std::size_t>> open;  // by order and operation
    std::uint64_t until = 0;
    std::vector<observation> meanwhile;
  };

  explicit router_state(self_ptr s) : self(s) {}
  void start(links_ptr links);

  // Messages.
  void on(pay_operation& m);
  void on(const call_ended& m);
  void on(const show_routing& m);
  void on(set_routing& m);
  void on(routing_written& m);
  void on(const position_found& m);
  void on(const recent_events& m);
  void on(const router_tick&);
  void on(const read_routing&);
  void on(const routing_read& m);
  void on(const go_on&);
  template <class Message>
  void handle(Message& m) {
    watch->run(
        l->clock->steady(), [&] { on(m); }, [&](domain::duration pause) { self->delayed_send(self, pause, go_on{}); });
  }

  // router.cpp: calls
  void go(pay_operation m, std::size_t g, domain::circuit_breaker::pass as);
  void answer(const pay_operation& m, integrations::outcome o) const;
  void give_up_slow_calls();
  void notice_closed_gates();
  void learn(const observation& x);
  void changed();
  void publish();

  // router_memory.cpp: what is read from, and written to, the store
  void look_back();
  void read_more(std::uint64_t after);
  void remember(const domain::history_entry& e);
  void finish_looking_back();
  void write_next();
  domain::document document() const;

  domain::time_point now() const { return moment(l->clock->steady()); }

  self_ptr self;
  links_ptr l;
  std::optional<runtime::supervisor> watch;
  domain::routing_view view;
  std::vector<gateway> gateways;  // by the view's index
  std::unordered_map<std::uint64_t, call> calls;
  std::uint64_t calls_made = 0;
  std::size_t unpublished = 0;  // answers since the last publication
  std::optional<looking_back> past;
  bool reading_routing = false;
  std::deque<std::shared_ptr<set_routing>> to_set;  // the first of them is being written
};

}  // namespace coreldove::actors
