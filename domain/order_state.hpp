#pragma once
// The life of an order: the three statuses that the outside sees, and the one table of moves of `status`. docs/lifecycle.md is made from it.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace coreldove::domain {

enum class order_status : std::uint8_t { received, on_hold, confirmed, fulfilling, shipped, delivered, rejected, cancelled };
enum class payment_status : std::uint8_t { pending, authorized, partially_captured, captured, voided, declined, partially_refunded, refunded, unknown };
enum class fulfillment_status : std::uint8_t { unfulfilled, reserved, partially_fulfilled, fulfilled, delivered, partially_returned, returned };
inline constexpr std::size_t order_status_count = 8;
inline constexpr std::size_t payment_status_count = 9;
inline constexpr std::size_t fulfillment_status_count = 7;

/// The names of the contract ("on_hold", "partially_captured", …), and back.
std::string_view to_string(order_status);
std::string_view to_string(payment_status);
std::string_view to_string(fulfillment_status);
std::optional<order_status> order_status_from(std::string_view);
std::optional<payment_status> payment_status_from(std::string_view);
std::optional<fulfillment_status> fulfillment_status_from(std::string_view);

/// What moves an order from one status to another.
enum class order_step : std::uint8_t {
  hold,              // a review was opened: money, risk, quality, address or stock ask for a person
  release_received,  // the last open review was approved; the order goes on where it was held
  release_confirmed,
  release_fulfilling,
  confirm,  // stock reserved and payment authorised
  reject,   // out of stock, declined, or a person said no
  cancel,   // the customer or an operator
  fulfill,  // fulfilment was planned
  ship,     // the last shipment left
  deliver,  // the last shipment arrived
};
std::string_view to_string(order_step);

struct transition {
  order_status from;
  order_step step;
  order_status to;
};

inline constexpr std::array transitions{
    transition{order_status::received, order_step::confirm, order_status::confirmed},
    transition{order_status::received, order_step::hold, order_status::on_hold},
    transition{order_status::received, order_step::reject, order_status::rejected},
    transition{order_status::received, order_step::cancel, order_status::cancelled},
    transition{order_status::on_hold, order_step::release_received, order_status::received},
    transition{order_status::on_hold, order_step::release_confirmed, order_status::confirmed},
    transition{order_status::on_hold, order_step::release_fulfilling, order_status::fulfilling},
    transition{order_status::on_hold, order_step::reject, order_status::rejected},
    transition{order_status::on_hold, order_step::cancel, order_status::cancelled},
    transition{order_status::confirmed, order_step::hold, order_status::on_hold},
    transition{order_status::confirmed, order_step::fulfill, order_status::fulfilling},
    transition{order_status::confirmed, order_step::cancel, order_status::cancelled},
    transition{order_status::fulfilling, order_step::hold, order_status::on_hold},
    transition{order_status::fulfilling, order_step::ship, order_status::shipped},
    transition{order_status::fulfilling, order_step::cancel, order_status::cancelled},
    transition{order_status::shipped, order_step::deliver, order_status::delivered},
};

/// The row for (from, step), if that move is legal.
constexpr std::optional<order_status> next_status(order_status from, order_step step) {
  for (const auto& t : transitions)
    if (t.from == from && t.step == step) return t.to;
  return std::nullopt;
}

constexpr bool is_final(order_status s) {
  for (const auto& t : transitions)
    if (t.from == s) return false;
  return true;
}

namespace detail {
constexpr bool unambiguous() {
  for (std::size_t i = 0; i < transitions.size(); ++i)
    for (std::size_t j = i + 1; j < transitions.size(); ++j)
      if (transitions[i].from == transitions[j].from && transitions[i].step == transitions[j].step) return false;
  return true;
}
constexpr bool all_reachable() {
  std::array<bool, order_status_count> seen{};
  seen[static_cast<std::size_t>(order_status::received)] = true;
  for (std::size_t round = 0; round < order_status_count; ++round)
    for (const auto& t : transitions)
      if (seen[static_cast<std::size_t>(t.from)]) seen[static_cast<std::size_t>(t.to)] = true;
  for (bool s : seen)
    if (!s) return false;
  return true;
}
}  // namespace detail
static_assert(detail::unambiguous());
static_assert(detail::all_reachable());

}  // namespace coreldove::domain
