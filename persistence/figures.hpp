#pragma once
// Counters over orders: per hour of creation and for all time, by the three statuses and the currency. A store keeps them in the transaction that
// changes the orders; they make totals of lists and the performance figures exact without counting rows.
#include <array>
#include <compare>
#include <cstdint>
#include <optional>

#include "persistence/journal.hpp"

namespace coreldove::persistence {

/// What one order adds to the counters.
struct order_figures {
  std::uint8_t status = 0, payment = 0, fulfillment = 0;
  std::array<char, 3> currency{};
  std::int64_t created_ms = 0;
  std::int64_t total = 0, captured = 0, refunded = 0;
  std::optional<std::int64_t> confirm_ms, ship_ms, deliver_ms;  // after creation

  order_figures() = default;
  explicit order_figures(const order_row& row);
};

struct figure_key {
  std::int64_t bucket = 0;  // hours since 1970, or all_time
  std::uint8_t status = 0, payment = 0, fulfillment = 0;
  std::array<char, 3> currency{};
  friend auto operator<=>(const figure_key&, const figure_key&) = default;
};

struct hash_figure_key {
  std::size_t operator()(const figure_key& k) const;
};

/// orders, total, captured, refunded, confirmed, confirm_ms, shipped, ship_ms, delivered, deliver_ms. Unsigned: sums of absurd amounts wrap around
/// and come back when the amounts leave again, instead of overflowing.
inline constexpr std::size_t figure_count = 10;
using figure_values = std::array<std::uint64_t, figure_count>;

inline constexpr std::int64_t all_time = -1;
inline constexpr std::int64_t bucket_ms = 3'600'000;

figure_key key_of(const order_figures& f, std::int64_t bucket);
figure_values values_of(const order_figures& f);
void add(figure_values& to, const figure_values& x);

}  // namespace coreldove::persistence
