#pragma once
// Counters over orders, kept in the transaction that changes the orders: per hour of creation and for all time, by the three statuses and the currency.
// They make totals of lists and the performance figures exact without counting rows.
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "persistence/journal.hpp"
#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {

/// What one order adds to the counters.
struct order_figures {
  std::uint8_t status = 0, payment = 0, fulfillment = 0;
  std::array<char, 3> currency{};
  std::int64_t created_ms = 0;
  std::int64_t total = 0, captured = 0, refunded = 0;
  std::optional<std::int64_t> confirm_ms, ship_ms, deliver_ms;   // after creation

  explicit order_figures(const order_row& row);
  order_figures() = default;
};

struct figure_key {
  std::int64_t bucket = 0;        // hours since 1970, or all_time
  std::uint8_t status = 0, payment = 0, fulfillment = 0;
  std::array<char, 3> currency{};
  friend auto operator<=>(const figure_key&, const figure_key&) = default;
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

/// Collects the changes of a transaction and writes each touched row once.
class figures_writer {
public:
  explicit figures_writer(database& db);

  void add(const order_figures& f) { change(f, false); }
  void remove(const order_figures& f) { change(f, true); }
  /// Writes what has been collected; inside the transaction.
  void flush();
  /// After a rollback: forgets everything in memory.
  void forget();

private:
  struct hash_key {
    std::size_t operator()(const figure_key& k) const;
  };
  struct entry {
    figure_values values{};
    bool changed = false;
  };
  void change(const order_figures& f, bool negative);
  entry& load(const figure_key& k);

  statement select_, replace_;
  std::unordered_map<figure_key, entry, hash_key> rows_;   // as the store has them, plus what is not flushed yet
  std::vector<std::pair<const figure_key, entry>*> changed_;
};

}  // namespace coreldove::persistence::sqlite
