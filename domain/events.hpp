#pragma once
// What has happened to an order. Events are facts: `evolve` takes them as they are. They are stored for ever, so a field is only ever added.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/fraud.hpp"
#include "domain/order_input.hpp"
#include "domain/order_state.hpp"
#include "domain/stock.hpp"
#include "domain/time.hpp"

namespace coreldove::domain {

/// Something asked of the outside world on behalf of an order. Its key is durable before the call and never changes:
/// "<order id>/<kind>/<n>" — a pure function of order and event, so a restart, or another node, sends the same one.
enum class operation_kind : std::uint8_t { authorize, capture, void_authorization, refund, label, void_label };
std::string_view to_string(operation_kind);
std::optional<operation_kind> operation_kind_from(std::string_view);

/// done: it happened. declined: a clear and final no. not_done: nothing happened, may be tried again. awaiting_buyer: nothing is charged, the buyer
/// has to act on the vendor's page first. unknown: no answer; ask before anything else.
/// done_elsewhere never exists: a second gateway is not asked while the first may have it.
enum class operation_outcome : std::uint8_t { done, declined, not_done, awaiting_buyer, unknown };
std::string_view to_string(operation_outcome);
std::optional<operation_outcome> operation_outcome_from(std::string_view);

enum class review_kind : std::uint8_t { high_value, fraud, inventory, quality, address, payment };
std::string_view to_string(review_kind);
std::optional<review_kind> review_kind_from(std::string_view);

/// What became of something that a gateway told by itself. Only the first three are in an order's history: a repeat adds nothing to the first
/// telling, and what is not ours has no order.
/// applied: it moved the order, or is on its way to. late: the order or the operation had ended before. impossible: it contradicts what is known.
enum class notice_verdict : std::uint8_t { applied, late, impossible, repeated, not_ours };
std::string_view to_string(notice_verdict);
std::optional<notice_verdict> notice_verdict_from(std::string_view);

/// A shipment's normalised state at the carrier.
enum class tracking_state : std::uint8_t {
  label_created,
  picked_up,
  in_transit,
  out_for_delivery,
  available_for_pickup,
  attempted,
  exception,
  delivered,
  returning,
  returned,
  cancelled,
  unknown
};
std::string_view to_string(tracking_state);
std::optional<tracking_state> tracking_state_from(std::string_view);

struct planned_shipment {
  std::uint32_t n = 0;                      // 1, 2, … within the order
  std::string warehouse, carrier, service;  // service: the order's shipping_method
  std::vector<allocation> contents;
  friend bool operator==(const planned_shipment&, const planned_shipment&) = default;
};

struct order_received {
  std::string order_id, placed_by;  // principal
  shared_input input;
};
struct fraud_assessed {
  fraud_assessment assessment;
};
struct stock_reserved {
  std::vector<allocation> allocations;
};
struct stock_released {
  std::vector<allocation> allocations;
  bool damaged = false;
};  // damaged: written off, not back on the shelf
struct stock_restocked {
  std::vector<allocation> allocations;
};  // returned goods, back on the shelf
struct review_opened {
  std::uint32_t n = 0;
  review_kind kind{};
  std::string reason;
  std::uint32_t operation = 0;
};  // operation: the one it is about, or 0
struct review_decided {
  std::uint32_t n = 0;
  bool approved = false;
  std::string by, note;
};
struct order_held {};
struct order_released {
  order_status to{};
};  // back to where it was held
struct order_confirmed {};
struct order_rejected {
  std::string code, detail;
};  // code: out_of_stock, payment_declined, review_rejected
struct order_cancelled {
  std::string by, reason;
};
struct operation_requested {
  std::uint32_t n = 0;  // 1, 2, … over all operations of the order
  operation_kind kind{};
  std::string party;           // gateway or carrier
  minor_units amount = 0;      // 0 for labels
  std::uint32_t shipment = 0;  // label, void_label, capture, refund of one that never left: which one; else 0
  std::string target;          // what it acts on: the authorization's, capture's or label's reference; empty for authorize and label
  std::string reason;          // refunds, voids: why
};
struct operation_settled {
  std::uint32_t n = 0;
  operation_outcome outcome{};
  std::string reference;                   // done: the vendor's id of the result (payment intent, refund, label); awaiting_buyer: of the pending payment
  std::string code, message;               // declined, not_done, unknown: the vendor's code and words
  std::string tracking_number;             // labels
  std::optional<time_point> retry_at;      // not_done, unknown: when to try, or ask, again; nothing means a person takes over.
                                           // done authorizations: when they are about to expire
  std::string redirect_url{};              // awaiting_buyer: where the buyer acts
  std::optional<time_point> expires_at{};  // awaiting_buyer: when the order stops waiting for him
};
struct operation_retried {
  std::uint32_t n = 0;
};  // the same key goes out again
struct authorization_expiring {
  std::uint32_t n = 0;
};  // the gateway will soon let go of the money
struct refund_asked {
  std::uint32_t n = 0;
  minor_units amount = 0;
  std::string reason, by;
  std::vector<std::uint32_t> lines;
  bool restock = false;
};
struct fulfillment_planned {
  std::vector<planned_shipment> shipments;
};
struct quality_checked {
  std::uint32_t shipment = 0;
  bool passed = false;
  std::vector<std::string> findings;
};
struct shipment_shipped {
  std::uint32_t shipment = 0;
};
struct shipment_cancelled {
  std::uint32_t shipment = 0;
};
struct tracking_updated {
  std::uint32_t shipment = 0;
  tracking_state state{};
  std::string source_id;   // the carrier's event id, for dropping repeats
  time_point occurred_at;  // the carrier's clock
  std::string description, location;
};
/// The order's inbox: a webhook, or a line of a settlement report, that said something new.
struct notice_received {
  std::string source, id, type;  // the gateway; its id and its name for the notice. source and id together are never taken in twice
  notice_verdict verdict{};
  std::uint32_t operation = 0;  // the one it is about, or 0
  std::string detail;
};
/// The buyer has asked his bank, or the gateway, to take the money back.
struct dispute_opened {
  std::string gateway, reference, payment;  // reference: the gateway's id of the dispute; payment: of what is disputed
  minor_units amount = 0;
  std::string reason;                   // the gateway's word
  std::optional<time_point> answer_by;  // evidence is taken until then
};
struct dispute_closed {
  std::string reference;
  bool won = false;  // false: the buyer has the money back
};
struct order_shipped {};
struct order_delivered {};

/// A gateway that could have taken a payment, as the router saw it. Rates, shares and values in millionths.
struct routed_candidate {
  std::string gateway;
  std::int32_t share = 0;        // the probability that it was chosen
  std::int32_t value = 0;        // what sending it there was expected to bring, of its amount
  std::int32_t success = 0;      // expected success rate
  std::uint32_t evidence = 0;    // tenths of payments that this rests on
  std::uint32_t latency_ms = 0;  // lately
};
struct routed_out {
  std::string gateway, why;
};
/// The router has chosen where operation `n`, an authorization, goes. Only where there was something to choose from.
struct payment_routed {
  std::uint32_t n = 0, instead_of = 0;  // instead_of: the operation that ends with this, not done or declined; or 0
  std::string gateway;
  std::string reason;        // best, exploration, only_one, pinned, trial, none_fits
  std::uint32_t policy = 0;  // version of policy and controls
  std::string currency, method;
  std::uint8_t size = 0;                     // see payment_kind
  std::vector<routed_candidate> candidates;  // empty where only one was left
  std::vector<routed_out> left_out;
};

using event = std::variant<order_received, fraud_assessed, stock_reserved, stock_released, stock_restocked, review_opened, review_decided, order_held,
                           order_released, order_confirmed, order_rejected, order_cancelled, operation_requested, operation_settled, operation_retried,
                           authorization_expiring, refund_asked, fulfillment_planned, quality_checked, shipment_shipped, shipment_cancelled, tracking_updated,
                           order_shipped, order_delivered, notice_received, dispute_opened, dispute_closed, payment_routed>;

/// The stored name of an event's type: "order_received", "stock_reserved", …: the struct's own name. Never changes.
std::string_view type_name(const event& e);

}  // namespace coreldove::domain
