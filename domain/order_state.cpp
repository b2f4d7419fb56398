#include "domain/order_state.hpp"

#include "domain/enum_names.hpp"

namespace coreldove::domain {
namespace {

constexpr enum_names<order_status_count> order_names{"received", "on_hold", "confirmed", "fulfilling", "shipped", "delivered", "rejected", "cancelled"};
constexpr enum_names<payment_status_count> payment_names{"pending",  "authorized",         "partially_captured", "captured", "voided",
                                                         "declined", "partially_refunded", "refunded",           "unknown"};
constexpr enum_names<fulfillment_status_count> fulfillment_names{"unfulfilled",        "reserved", "partially_fulfilled", "fulfilled", "delivered",
                                                                 "partially_returned", "returned"};
constexpr enum_names<10> step_names{"hold", "release_received", "release_confirmed", "release_fulfilling", "confirm", "reject", "cancel", "fulfill",
                                    "ship", "deliver"};

static_assert(static_cast<std::size_t>(order_status::cancelled) + 1 == order_names.size());
static_assert(static_cast<std::size_t>(payment_status::unknown) + 1 == payment_names.size());
static_assert(static_cast<std::size_t>(fulfillment_status::returned) + 1 == fulfillment_names.size());
static_assert(static_cast<std::size_t>(order_step::deliver) + 1 == step_names.size());

}  // namespace

std::string_view to_string(order_status s) { return name_of(order_names, s); }
std::string_view to_string(payment_status s) { return name_of(payment_names, s); }
std::string_view to_string(fulfillment_status s) { return name_of(fulfillment_names, s); }
std::string_view to_string(order_step s) { return name_of(step_names, s); }

std::optional<order_status> order_status_from(std::string_view name) { return value_of<order_status>(order_names, name); }
std::optional<payment_status> payment_status_from(std::string_view name) { return value_of<payment_status>(payment_names, name); }
std::optional<fulfillment_status> fulfillment_status_from(std::string_view name) { return value_of<fulfillment_status>(fulfillment_names, name); }

}  // namespace coreldove::domain
