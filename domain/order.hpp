#pragma once
// The order machine. decide: may this happen, and what follows from it? evolve: take a fact in. Both pure; time comes in as an argument.
//
//   command ──decide──► events ──(journal)──► evolve ──► state ──► open_operations, timers: what the shell has to do next
//
// What is to be done outside is never remembered apart from the state: after a restart the same questions give the same answers.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/events.hpp"

namespace coreldove::domain {

enum class operation_state : std::uint8_t {
  requested,  // on its way out (again)
  waiting,    // not done or unknown; goes out again at retry_at
  done,
  declined,
  abandoned,       // tried often enough: a review of kind payment or address is open about it
  awaiting_buyer,  // nothing is charged; looks again at retry_at, or when the vendor says so
};

/// What the outside world said to one attempt at an operation, where it was not that it is done.
struct attempt_answer {
  time_point at{};
  operation_outcome outcome{};
  std::string code, message;
};

struct operation {
  std::uint32_t n = 0;
  operation_kind kind{};
  operation_state state = operation_state::requested;
  operation_outcome last = operation_outcome::not_done;  // unknown: money may have moved
  bool maybe_done = false;                               // some attempt ended unknown and none after it has cleared that up
  bool routed = false;                                   // the router has chosen this gateway among others
  bool called_for = false;                               // the gateway said that there is something to see while a call was under way already
  std::string party, target, reason, reference, code, message, tracking_number;
  minor_units amount = 0;
  std::uint32_t shipment = 0;
  std::uint32_t attempts = 0;  // answers (or silences) so far, but for those that said awaiting_buyer
  std::uint32_t looks = 0;     // answers that said awaiting_buyer
  std::optional<time_point> retry_at;
  time_point requested_at{};
  std::string redirect_url;              // where the buyer acts, while the operation waits for him
  std::optional<time_point> expires_at;  // when it stops waiting for him
  std::vector<attempt_answer> answers;   // oldest first
};

struct review {
  std::uint32_t n = 0;
  review_kind kind{};
  std::string reason;
  enum class verdict : std::uint8_t { open, approved, rejected } state = verdict::open;
  std::string by, note;
  time_point opened_at{}, decided_at{};
  std::uint32_t operation = 0;  // the one it is about, or 0
  std::size_t evidence = 0;     // so many of that operation's answers had come when it was opened
};

struct tracking_entry {
  tracking_state state{};
  std::string source_id, description, location;
  time_point occurred_at{}, recorded_at{};
};

enum class shipment_state : std::uint8_t { planned, inspecting, cleared, labelled, shipped, delivered, cancelled };
std::string_view to_string(shipment_state);

struct shipment {
  planned_shipment plan;
  shipment_state state = shipment_state::planned;
  std::string tracking_number, label_reference;
  tracking_state tracking = tracking_state::label_created;
  std::vector<tracking_entry> history;
};

struct payment_attempt {
  std::string gateway, operation, outcome, code;
  time_point at{};
};

struct rejection {
  std::string code, detail;
};

struct dispute {
  std::string gateway, reference, payment, reason;
  minor_units amount = 0;
  enum class verdict : std::uint8_t { open, won, lost } state = verdict::open;
  std::optional<time_point> answer_by;
  time_point opened_at{}, closed_at{};
};
std::string_view to_string(dispute::verdict);

/// Something that was taken into the order's inbox.
struct notice {
  std::string source, id;
};

/// The whole of an order. Built by `evolve` alone.
struct order {
  std::string id;
  std::uint64_t version = 0;  // seq of the last event; 0: does not exist yet
  order_status status = order_status::received;
  order_status held_from = order_status::received;
  shared_input input;
  std::string placed_by;
  minor_units authorized = 0, captured = 0, refunded = 0;
  bool stock_settled = false;           // reserved, or found short
  std::vector<allocation> allocations;  // what is reserved and not yet shipped or released
  std::vector<std::int32_t> shipped;    // by line
  std::vector<std::int32_t> returned;   // by line
  std::optional<fraud_assessment> fraud;
  std::optional<domain::rejection> rejection;
  std::string cancel_reason;
  std::vector<operation> operations;  // operations[n-1]
  std::vector<payment_attempt> attempts;
  std::vector<review> reviews;      // reviews[n-1]
  std::vector<shipment> shipments;  // shipments[n-1]
  std::vector<dispute> disputes;    // one for each reference
  std::vector<notice> notices;
  std::uint32_t refunds_asked = 0;
  time_point created_at{}, updated_at{};
  std::optional<time_point> confirmed_at, shipped_at, delivered_at;

  minor_units total() const { return input->total(); }
  /// What open disputes keep back, and what lost ones have taken: neither can be refunded.
  minor_units disputed() const;
  minor_units charged_back() const;
  const operation* find(operation_kind kind) const;  // the latest of that kind
  bool has_open_review() const;
};

payment_status payment_status_of(const order& o);
fulfillment_status fulfillment_status_of(const order& o);

/// What the installation allows and how patient it is; plain data from the settings.
struct policy {
  std::int64_t high_value_threshold_hundredths = 100'000;  // of the currency's major unit
  std::int32_t fraud_threshold = 750;                      // tenths of a point
  bool quality_control = true;
  std::string default_gateway = "stripe", default_carrier = "fedex";
  std::vector<std::string> gateways{"stripe"}, carriers{"fedex"};
  std::vector<std::string> capture_once{};              // gateways that capture an authorization once or whole: all is captured with the first shipment
  std::uint32_t soft_declines_elsewhere = 1;            // so many of them may be followed by another gateway
  std::uint32_t attempts_before_person = 8;             // per operation
  duration first_retry{1'000}, longest_retry{300'000};  // doubled each time between the two, with jitter from the order's id
  duration authorization_lifetime{std::chrono::hours{24 * 7}};
  duration approval_time{std::chrono::minutes{30}};    // a buyer has to approve a payment on the gateway's page
  duration first_look{30'000}, longest_look{600'000};  // whether he has; doubled each time between the two
};

// ---- commands ------------------------------------------------------------------------------------------------------------------------------------
struct stock_pending {};
using stock_answer = std::variant<stock_pending, std::vector<allocation>, std::vector<shortage>>;

struct place_order {
  std::string order_id;
  shared_input input;
  std::string by;
  fraud_assessment assessment;
  stock_answer stock;
};
struct answer_stock {
  stock_answer stock;
};  // the inventory's answer came after the order was stored
struct settle_operation {
  std::uint32_t n = 0;
  operation_outcome outcome{};
  std::string reference, code, message, tracking_number, redirect_url{};
  bool soft = false;  // declined: another gateway may still say yes
};
/// Something that a gateway told by itself about one operation; see notice_verdict.
struct take_notice {
  std::string source, id, type;
  operation_kind kind{};
  std::uint32_t n = 0;          // 0: the latest operation of that kind on `reference`
  operation_outcome outcome{};  // awaiting_buyer: something has changed, look now
  std::string reference, code, message;
  bool soft = false;  // declined: another gateway may still say yes
};
/// A dispute has been opened or closed; the gateway told, or a settlement report.
struct take_dispute {
  std::string source, id, type;
  dispute::verdict step{};
  std::string reference, payment;
  minor_units amount = 0;
  std::string reason;
  std::optional<time_point> answer_by;
};
/// A settlement report and the order do not agree: a person has to look.
struct take_finding {
  std::string source, id, type, detail;
};
struct retry_operation {
  std::uint32_t n = 0;
};  // its timer has fired
struct expire_authorization {
  std::uint32_t n = 0;
};  // its timer has fired
struct cancel_order {
  std::string reason, by;
};
struct fulfill_order {
  struct part {
    std::uint32_t line = 0;
    std::int32_t quantity = 0;
  };
  std::vector<part> parts;             // empty: everything that is left
  std::string warehouse, carrier, by;  // empty: as allocated, the default
};
struct refund_order {
  std::optional<minor_units> amount;  // nothing: the given lines' worth, or all that is left
  std::vector<std::uint32_t> lines;
  bool restock = false;
  std::string reason, by;
};
struct decide_review {
  std::uint32_t n = 0;
  bool approve = false;
  std::string by, note;
};
struct change_status {
  order_status to{};
  std::string reason, by;
};
struct track_shipment {
  std::string tracking_number;
  tracking_state state{};
  std::string source_id;
  time_point occurred_at{};
  std::string description, location;
};
struct quarantine {
  std::string reason;
};  // the order's actor crashed again and again on the same command

using command = std::variant<place_order, answer_stock, settle_operation, retry_operation, expire_authorization, cancel_order, fulfill_order, refund_order,
                             decide_review, change_status, track_shipment, quarantine, take_notice, take_dispute, take_finding>;

/// The events that follow, or why it may not be. No events: nothing to do, the command was a repeat or came too late to matter.
/// `routes`: chooses the gateways; null: the one that the order names, or the default one.
class payment_routes;
result<std::vector<event>> decide(const order& o, const command& c, const policy& p, time_point now, const payment_routes* routes = nullptr);

/// Takes a fact in and counts the version up by one. `at` is the event's own time.
void evolve(order& o, const event& e, time_point at);

// ---- what follows from the state -----------------------------------------------------------------------------------------------------------------
/// Operations to be carried out now: requested and not answered.
std::vector<const operation*> open_operations(const order& o);

enum class timer_kind : std::uint8_t { retry_operation, expire_authorization };
std::string_view to_string(timer_kind);
struct timer {
  timer_kind kind{};
  std::uint32_t n = 0;  // of the operation
  time_point due_at{};
  friend bool operator==(const timer&, const timer&) = default;
};
std::vector<timer> timers(const order& o, const policy& p);

/// The payment that waits for its buyer, or null. Its redirect_url and expires_at are what the buyer needs.
const operation* awaited_approval(const order& o);

/// Whether the order has taken this notice in already.
bool has_seen(const order& o, std::string_view source, std::string_view id);

/// What one event does to the stock table: the ledger entry that the journal books in the same transaction. `before` is the state just before it.
std::vector<stock_movement> stock_movements(const order& before, const event& e);

/// The order needs no wake-up by itself: nothing outside is open and its stock is settled.
bool is_quiet(const order& o);

/// "<order id>/<kind>/<n>".
std::string idempotency_key(const order& o, const operation& op);

/// The statuses that `PUT …/status` may ask for now.
std::vector<order_status> allowed_moves(const order& o);

/// "rev_<ulid of the order>-<n>", "shp_<ulid of the order>-<n>": the order can be read off its reviews and shipments.
std::string review_id(std::string_view order_id, std::uint32_t n);
std::string shipment_id(std::string_view order_id, std::uint32_t n);
struct review_address {
  std::string order_id;
  std::uint32_t n = 0;
};
std::optional<review_address> parse_review_id(std::string_view id);

}  // namespace coreldove::domain
