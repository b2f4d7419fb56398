#pragma once
// What the actors of one node say to each other. These messages never leave the process: they carry handles, promises and shared input, so nothing is
// copied or serialised on the way of an order. One sentence per message.
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/promise.hpp"
#include "domain/cluster_shard.hpp"
#include "domain/order.hpp"
#include "domain/routing_policy.hpp"
#include "integrations/payment_gateway.hpp"
#include "persistence/store.hpp"
#include "runtime/clock.hpp"

namespace coreldove::actors {

// ---- to an order, mostly by way of its shard ------------------------------------------------------------------------------------------------------
/// Starts the life of an order.
struct place_task {
  std::string order_id;
  domain::shared_input input;
  request rq;
  promise<order_answer> done;
  runtime::steady_point until{};  // end of Prefer: wait; the shard's to fill in
};
/// Anything else that is asked of an order: by people, by timers, by webhooks.
struct tell_task {
  std::string order_id;
  domain::command what;
  request rq;
  promise<order_answer> done;
  runtime::steady_point until{};  // end of Prefer: wait; the shard's to fill in
};
/// The customer's earlier orders, from risk.
struct history_found {
  std::vector<domain::past_order> orders;
};
/// The inventory's answer to reserve_stock.
struct stock_found {
  domain::stock_answer stock;
};
/// The journal has written, or refused, what the order decided.
struct appended {
  domain::result<persistence::append_outcome> outcome;
};
/// The outside world has answered an operation, or its deadline has passed.
struct operation_answered {
  std::uint32_t n = 0;
  std::uint32_t call = 0;  // which call of the order's actor this answers
  integrations::outcome what;
};
/// The order's stream, from the store.
struct stream_loaded {
  domain::result<std::vector<domain::history_entry>> stream;
};
/// Those who wait (Prefer: wait) up to `now` have waited long enough.
struct wait_over {
  runtime::steady_point now;
};
/// Look whether something that was asked has got lost; ask it again.
struct nudge {};
/// Go to sleep, if there is nothing to do.
struct stop_order {};
/// The order goes to another node: end as soon as nothing of it is with the journal.
struct leave_order {};

using order_actor = caf::typed_actor<caf::reacts_to<place_task>, caf::reacts_to<tell_task>, caf::reacts_to<history_found>, caf::reacts_to<stock_found>,
                                     caf::reacts_to<appended>, caf::reacts_to<operation_answered>, caf::reacts_to<stream_loaded>, caf::reacts_to<wait_over>,
                                     caf::reacts_to<nudge>, caf::reacts_to<stop_order>, caf::reacts_to<leave_order>>;

// ---- to a shard -----------------------------------------------------------------------------------------------------------------------------------
/// The order has nothing to do at the moment.
struct order_idle {
  std::string order_id;
};
/// The order was told to sleep but has work again.
struct order_awake {
  std::string order_id;
};
/// Orders with unfinished work, after a restart of the node.
struct wake_orders {
  std::vector<std::string> order_ids;
};
/// The orders of these shards of the cluster go to other nodes; whoever has finished with his lets go of `last_out`.
struct leave_orders {
  domain::cluster_shards which;
  std::shared_ptr<void> last_out;
};
/// Every shard's heartbeat: deadlines of waiters, lost answers, sleepers.
struct shard_tick {};

using shard_actor = caf::typed_actor<caf::reacts_to<place_task>, caf::reacts_to<tell_task>, caf::reacts_to<order_idle>, caf::reacts_to<order_awake>,
                                     caf::reacts_to<wake_orders>, caf::reacts_to<leave_orders>, caf::reacts_to<shard_tick>>;

// ---- to the inventory -----------------------------------------------------------------------------------------------------------------------------
/// Hold all lines of an order or none; answered with stock_found.
struct reserve_stock {
  std::string order_id;
  domain::shared_input input;
  order_actor reply_to;
  bool looked_again = false;  // the stock has been read anew for it
};
/// Committed events have moved stock; `settles_hold`: the order's hold is among them.
struct stock_moved {
  std::string order_id;
  std::vector<domain::stock_movement> movements;
  bool settles_hold = false;
  std::uint64_t position = 0;
};
/// The order will not commit what it held.
struct drop_hold {
  std::string order_id;
};
/// An operator's count or correction.
struct adjust_stock {
  std::string sku, warehouse, reason, by;
  std::optional<std::int64_t> on_hand, delta;
  std::optional<request_key> key;
  promise<order_answer> done;  // its document is a stock_text
};
/// An adjustment is on disk, or was refused.
struct stock_adjusted {
  std::shared_ptr<adjust_stock> what;
  order_answer answer;
  std::int64_t delta = 0;
  std::uint64_t snapshot = 0;  // which reading of the store it was decided on
  domain::result<persistence::append_outcome> outcome;
};
/// All stock, from the store.
struct catalog_loaded {
  domain::result<persistence::catalog> items;
};
/// Read the stock from the store again.
struct read_stock {};

using inventory_actor = caf::typed_actor<caf::reacts_to<reserve_stock>, caf::reacts_to<stock_moved>, caf::reacts_to<drop_hold>, caf::reacts_to<adjust_stock>,
                                         caf::reacts_to<stock_adjusted>, caf::reacts_to<catalog_loaded>, caf::reacts_to<read_stock>>;

// ---- to every long-lived actor --------------------------------------------------------------------------------------------------------------------
/// After a failure: put your state in order and ask again what was asked and not answered.
struct go_on {};

// ---- to risk --------------------------------------------------------------------------------------------------------------------------------------
/// What has this customer bought before? Answered with history_found; the order itself is remembered for the next one.
struct assess_customer {
  domain::shared_input input;
  domain::time_point at;
  order_actor reply_to;
};
struct customer_loaded {
  std::string customer_id;
  domain::result<std::vector<domain::past_order>> orders;
};

using risk_actor = caf::typed_actor<caf::reacts_to<assess_customer>, caf::reacts_to<customer_loaded>, caf::reacts_to<go_on>>;

// ---- to the payment router and the carriers -------------------------------------------------------------------------------------------------------
/// Carry out one operation of an order whose intent is committed; answered with operation_answered.
struct pay_operation {
  domain::operation op;
  std::uint32_t call = 0;       // comes back with the answer
  integrations::charge charge;  // authorize
  domain::currency currency;
  bool last_capture = false;
  integrations::call_context context;
  order_actor reply_to;
};
struct ship_operation {
  domain::operation op;
  std::uint32_t call = 0;  // comes back with the answer
  domain::planned_shipment shipment;
  domain::address to;
  std::int64_t value = 0;
  domain::currency currency;
  integrations::call_context context;
  order_actor reply_to;
};
/// The carriers need to know where the warehouses stand.
struct warehouses_known {
  std::vector<domain::warehouse_info> warehouses;
};

/// A gateway has answered a call of the router.
struct call_ended {
  std::uint64_t call = 0;
  domain::operation_outcome outcome{};
};
/// Other nodes have written something: perhaps an operator's word on where payments go.
struct read_routing {};
struct routing_read {
  domain::result<std::vector<domain::history_entry>> stream;
};
/// What is known of the gateways, as a document.
struct show_routing {
  promise<domain::document> done;
};
/// An operator's word on where payments go; answered once it is on disk.
struct set_routing {
  domain::routing_controls controls;
  request rq;
  promise<domain::document> done;
};
/// What was to be set is on disk, or was refused.
struct routing_written {
  domain::result<persistence::append_outcome> outcome;
};
/// Where the journal ends, and then page by page what has happened lately, for the router to learn from.
struct position_found {
  domain::result<std::uint64_t> position;
};
struct recent_events {
  domain::result<std::vector<domain::history_entry>> entries;
};
struct router_tick {};

using payment_actor = caf::typed_actor<caf::reacts_to<pay_operation>, caf::reacts_to<call_ended>, caf::reacts_to<show_routing>, caf::reacts_to<set_routing>,
                                       caf::reacts_to<routing_written>, caf::reacts_to<position_found>, caf::reacts_to<recent_events>,
                                       caf::reacts_to<router_tick>, caf::reacts_to<read_routing>, caf::reacts_to<routing_read>, caf::reacts_to<go_on>>;
using carrier_actor = caf::typed_actor<caf::reacts_to<ship_operation>, caf::reacts_to<warehouses_known>>;

// ---- to the notifier ------------------------------------------------------------------------------------------------------------------------------
/// Committed messages to people.
struct outbox_written {
  std::vector<persistence::outbox_entry> entries;
};
struct mail_answered {
  std::string key;
  integrations::outcome what;
};
struct outbox_loaded {
  domain::result<std::vector<persistence::outbox_entry>> entries;
};
/// Entries are out of the outbox, or could not be taken out.
struct outbox_cleared {
  std::vector<std::string> keys;
  bool done = false;
};
struct notifier_tick {};
/// Orders of another node have come to this one: what it has not sent for them is to be sent.
struct read_outbox {};

using notifier_actor = caf::typed_actor<caf::reacts_to<outbox_written>, caf::reacts_to<mail_answered>, caf::reacts_to<outbox_loaded>,
                                        caf::reacts_to<outbox_cleared>, caf::reacts_to<notifier_tick>, caf::reacts_to<read_outbox>, caf::reacts_to<go_on>>;

// ---- to the keeper of idempotency keys ------------------------------------------------------------------------------------------------------------
/// Nothing: go ahead and tell the keeper how it ended. An answer: the one that was given before.
using claim_outcome = std::optional<order_answer>;
/// May the request with this key go on? Repeats of one in flight wait for its answer.
struct claim_key {
  request_key key;
  std::shared_ptr<runtime::seat> seat;  // given back where it waits for another request: that is no work
  promise<claim_outcome> done;
};
struct key_loaded {
  request_key key;
  domain::result<std::optional<persistence::stored_key>> stored;
};
/// The request has ended; an answer is shared with those who wait for it, a failure lets the next one try.
struct key_settled {
  request_key key;
  std::optional<order_answer> answer;
};

using keys_actor = caf::typed_actor<caf::reacts_to<claim_key>, caf::reacts_to<key_loaded>, caf::reacts_to<key_settled>, caf::reacts_to<go_on>>;

// ---- to the timekeeper ----------------------------------------------------------------------------------------------------------------------------
struct timer_tick {};
struct timers_due {
  domain::result<std::vector<persistence::due_timer>> timers;
};
struct unfinished_found {
  domain::result<std::vector<std::string>> order_ids;
};

/// Shards of other nodes have come to this one: their unfinished orders are to be woken.
struct shards_gained {};

using timekeeper_actor = caf::typed_actor<caf::reacts_to<timer_tick>, caf::reacts_to<shards_gained>, caf::reacts_to<timers_due>,
                                          caf::reacts_to<unfinished_found>, caf::reacts_to<go_on>>;

}  // namespace coreldove::actors

// clang-format off
#define CORELDOVE_MESSAGES(X) \
  X(place_task) X(tell_task) X(history_found) X(stock_found) X(appended) X(operation_answered) X(stream_loaded) X(wait_over) X(nudge) X(stop_order) \
  X(order_idle) X(order_awake) X(wake_orders) X(shard_tick) X(reserve_stock) X(stock_moved) X(drop_hold) X(adjust_stock) X(stock_adjusted) \
  X(catalog_loaded) X(read_stock) X(assess_customer) X(customer_loaded) X(pay_operation) X(call_ended) X(show_routing) X(set_routing) \
  X(routing_written) X(position_found) X(recent_events) X(router_tick) X(ship_operation) X(warehouses_known) X(go_on) X(outbox_written) \
  X(mail_answered) X(outbox_loaded) X(outbox_cleared) X(notifier_tick) X(claim_key) X(key_loaded) X(key_settled) X(timer_tick) X(timers_due) \
  X(read_routing) X(routing_read) X(read_outbox) X(unfinished_found) X(leave_order) X(leave_orders) X(shards_gained)
// clang-format on

CAF_BEGIN_TYPE_ID_BLOCK(coreldove_local, caf::first_custom_type_id)
#define X(T) CAF_ADD_TYPE_ID(coreldove_local, (coreldove::actors::T))
CORELDOVE_MESSAGES(X)
#undef X
CAF_END_TYPE_ID_BLOCK(coreldove_local)

#define X(T) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(coreldove::actors::T)
CORELDOVE_MESSAGES(X)
#undef X
