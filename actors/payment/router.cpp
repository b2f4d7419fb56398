#include "actors/payment/router.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace coreldove::actors {
namespace {

struct router_state {
  static inline const char* name = "payment-router";
};

integrations::on_outcome answer_to(const pay_operation& m, telemetry* figures) {
  return [order = m.reply_to, n = m.op.n, call = m.call, kind = m.op.kind, figures, since = std::chrono::steady_clock::now()](integrations::outcome o) {
    figures->answered(kind, o.kind, std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count());
    caf::anon_send(order, operation_answered{n, call, std::move(o)});
  };
}

void carry_out(const links& l, const pay_operation& m) {
  auto done = answer_to(m, l.figures);
  const auto found = l.gateways.find(m.op.party);
  if (found == l.gateways.end())
    return done({domain::operation_outcome::not_done, {}, "gateway_not_configured", "The gateway is not set up on this node.", {}});
  auto& gateway = *found->second;
  switch (m.op.kind) {
    case domain::operation_kind::authorize:
      return gateway.authorize(m.charge, m.context, std::move(done));
    case domain::operation_kind::capture:
      return gateway.capture(m.op.target, m.op.amount, m.currency, m.last_capture, m.context, std::move(done));
    case domain::operation_kind::void_authorization:
      return gateway.void_authorization(m.op.target, m.context, std::move(done));
    case domain::operation_kind::refund:
      return gateway.refund(m.op.target, m.op.amount, m.currency, m.op.reason, m.context, std::move(done));
    case domain::operation_kind::label:
    case domain::operation_kind::void_label:
      break;  // the carriers'
  }
}

payment_actor::behavior_type behavior(payment_actor::stateful_pointer<router_state>, links_ptr l) {
  return {[l](const pay_operation& m) {
    try {
      carry_out(*l, m);
    } catch (const std::exception& e) {  // before the call went out, or after: the order asks again with the same key
      caf::anon_send(m.reply_to, operation_answered{m.op.n, m.call, {domain::operation_outcome::unknown, {}, "adapter_failed", e.what(), {}}});
    }
  }};
}

}  // namespace

payment_actor spawn_payment_router(caf::actor_system& system, links_ptr l) { return system.spawn(behavior, std::move(l)); }

}  // namespace coreldove::actors
