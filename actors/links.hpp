#pragma once
// What an actor of the engine may reach: the other actors, the store, time, and the limits it has to keep. One for the node, shared by all.
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/gate/gate.hpp"
#include "actors/messages.hpp"
#include "actors/telemetry.hpp"
#include "domain/order.hpp"
#include "integrations/carrier.hpp"
#include "integrations/mailer.hpp"
#include "integrations/payment_gateway.hpp"
#include "persistence/codec/routing_codec.hpp"
#include "persistence/store.hpp"
#include "runtime/clock.hpp"
#include "runtime/health.hpp"
#include "runtime/owned_shards.hpp"

namespace coreldove::actors {

class routing_board;

struct limits {
  std::chrono::milliseconds payment_timeout{10'000};
  std::chrono::milliseconds carrier_timeout{15'000};
  std::size_t shards = 8;
  std::size_t idle_orders = 2'000;               // kept in memory over all shards although they have nothing to do
  std::chrono::milliseconds idle_time{1'000};    // and for how long
  std::chrono::milliseconds lost_after{15'000};  // an answer that is overdue by this is asked for again
  std::size_t commands_waiting = 64;             // per order
  std::size_t restarts = 3;                      // of one order within restart_window, then a person looks at it
  std::chrono::milliseconds restart_window{60'000};
  std::size_t mails_at_once = 16;
  std::size_t calls_at_once = 256;     // out at one gateway or carrier; more of them wait at its gate
  std::size_t calls_waiting = 10'000;  // there, before new orders for that gateway are refused
};

struct links {
  persistence::journal* journal = nullptr;
  persistence::store* store = nullptr;
  runtime::clock* clock = nullptr;
  runtime::health_board* health = nullptr;
  telemetry* figures = nullptr;
  domain::policy policy;
  actors::limits limits;
  std::map<std::string, std::shared_ptr<integrations::payment_gateway>, std::less<>> gateways;
  std::map<std::string, std::shared_ptr<integrations::carrier>, std::less<>> carriers;
  std::function<std::string(std::string_view order_id)> return_url;      // where a vendor's page sends the buyer back to; may be empty
  std::shared_ptr<integrations::mailer> mailer;                          // null: no e-mail is sent
  std::map<std::string, std::shared_ptr<call_gate>, std::less<>> gates;  // before each of the gateways and carriers, by its name

  persistence::routing_settings routing;  // as they stand when the actors start
  std::shared_ptr<routing_board> routes;  // made where it is not there

  inventory_actor inventory;
  risk_actor risk;
  payment_actor payments;
  carrier_actor shipping;
  notifier_actor notifier;
  keys_actor keys;
  std::vector<shard_actor> shards;

  std::shared_ptr<const runtime::owned_shards> owned;  // null: every order is this node's
  bool is_mine(std::string_view order_id) const { return !owned || owned->mine(order_id); }

  const shard_actor& shard_of(std::string_view order_id) const { return shards[std::hash<std::string_view>{}(order_id) % shards.size()]; }
};
using links_ptr = std::shared_ptr<const links>;

}  // namespace coreldove::actors
