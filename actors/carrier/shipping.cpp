#include "actors/carrier/shipping.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <map>

namespace coreldove::actors {
namespace {

struct shipping_state {
  static inline const char* name = "shipping";
  std::map<std::string, domain::warehouse_info> warehouses;
};

integrations::on_outcome answer_to(const ship_operation& m, telemetry* figures) {
  return [order = m.reply_to, n = m.op.n, call = m.call, kind = m.op.kind, figures, since = std::chrono::steady_clock::now()](integrations::outcome o) {
    figures->answered(kind, o.kind, std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count());
    caf::anon_send(order, operation_answered{n, call, std::move(o)});
  };
}

void carry_out(const links& l, const shipping_state& s, const ship_operation& m) {
  auto done = answer_to(m, l.figures);
  const auto found = l.carriers.find(m.op.party);
  if (found == l.carriers.end())
    return done({domain::operation_outcome::not_done, {}, "carrier_not_configured", "The carrier is not set up on this node.", {}});
  if (m.op.kind == domain::operation_kind::void_label) return found->second->void_label(m.op.target, m.context, std::move(done));
  const auto from = s.warehouses.find(m.shipment.warehouse);
  if (from == s.warehouses.end()) return done({domain::operation_outcome::not_done, {}, "warehouse_unknown", "The warehouse's address is not known yet.", {}});
  integrations::parcel parcel;
  parcel.from = from->second;
  parcel.to = m.to;
  for (const auto& a : m.shipment.contents) parcel.weight_grams += std::int64_t{a.weight_grams} * a.quantity;
  parcel.service = m.shipment.service;
  parcel.value = m.value;
  parcel.currency = m.currency;
  parcel.reference = domain::shipment_id(m.context.order_id, m.shipment.n);
  found->second->buy_label(parcel, m.context, std::move(done));
}

carrier_actor::behavior_type behavior(carrier_actor::stateful_pointer<shipping_state> self, links_ptr l) {
  return {[self, l](const ship_operation& m) {
            try {
              carry_out(*l, self->state, m);
            } catch (const std::exception& e) {
              caf::anon_send(m.reply_to, operation_answered{m.op.n, m.call, {domain::operation_outcome::unknown, {}, "adapter_failed", e.what(), {}}});
            }
          },
          [self](const warehouses_known& m) {
            self->state.warehouses.clear();
            for (const auto& w : m.warehouses) self->state.warehouses.emplace(w.id, w);
          }};
}

}  // namespace

carrier_actor spawn_shipping(caf::actor_system& system, links_ptr l) { return system.spawn(behavior, std::move(l)); }

}  // namespace coreldove::actors
