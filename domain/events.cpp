#include "domain/events.hpp"

#include "domain/enum_names.hpp"

namespace coreldove::domain {
namespace {

constexpr enum_names<6> operation_names{"authorize", "capture", "void_authorization", "refund", "label", "void_label"};
constexpr enum_names<5> outcome_names{"done", "declined", "not_done", "awaiting_buyer", "unknown"};
constexpr enum_names<6> review_names{"high_value", "fraud", "inventory", "quality", "address", "payment"};
constexpr enum_names<5> verdict_names{"applied", "late", "impossible", "repeated", "not_ours"};
constexpr enum_names<12> tracking_names{"label_created", "picked_up", "in_transit", "out_for_delivery", "available_for_pickup",
                                        "attempted",     "exception", "delivered",  "returning",        "returned",
                                        "cancelled",     "unknown"};

static_assert(static_cast<std::size_t>(operation_kind::void_label) + 1 == operation_names.size());
static_assert(static_cast<std::size_t>(operation_outcome::unknown) + 1 == outcome_names.size());
static_assert(static_cast<std::size_t>(review_kind::payment) + 1 == review_names.size());
static_assert(static_cast<std::size_t>(notice_verdict::not_ours) + 1 == verdict_names.size());
static_assert(static_cast<std::size_t>(tracking_state::unknown) + 1 == tracking_names.size());

/// In the order of the variant's alternatives.
constexpr enum_names<28> event_names{
    "order_received",    "fraud_assessed",         "stock_reserved",  "stock_released",      "stock_restocked", "review_opened",       "review_decided",
    "order_held",        "order_released",         "order_confirmed", "order_rejected",      "order_cancelled", "operation_requested", "operation_settled",
    "operation_retried", "authorization_expiring", "refund_asked",    "fulfillment_planned", "quality_checked", "shipment_shipped",    "shipment_cancelled",
    "tracking_updated",  "order_shipped",          "order_delivered", "notice_received",     "dispute_opened",  "dispute_closed",      "payment_routed"};
static_assert(std::variant_size_v<event> == event_names.size());

}  // namespace

std::string_view to_string(operation_kind k) { return name_of(operation_names, k); }
std::string_view to_string(operation_outcome o) { return name_of(outcome_names, o); }
std::string_view to_string(review_kind k) { return name_of(review_names, k); }
std::string_view to_string(notice_verdict v) { return name_of(verdict_names, v); }
std::string_view to_string(tracking_state s) { return name_of(tracking_names, s); }

std::optional<operation_kind> operation_kind_from(std::string_view name) { return value_of<operation_kind>(operation_names, name); }
std::optional<operation_outcome> operation_outcome_from(std::string_view name) { return value_of<operation_outcome>(outcome_names, name); }
std::optional<review_kind> review_kind_from(std::string_view name) { return value_of<review_kind>(review_names, name); }
std::optional<notice_verdict> notice_verdict_from(std::string_view name) { return value_of<notice_verdict>(verdict_names, name); }
std::optional<tracking_state> tracking_state_from(std::string_view name) { return value_of<tracking_state>(tracking_names, name); }

std::string_view type_name(const event& e) { return event_names[e.index()]; }

}  // namespace coreldove::domain
