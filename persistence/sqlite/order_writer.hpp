#pragma once
// The rows of an order inside the writer's transaction: projection, document, SKUs, counters. Knows the head of each stream it has lately written.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "persistence/journal.hpp"
#include "persistence/sqlite/figures_writer.hpp"

namespace coreldove::persistence::sqlite {

/// The total with four decimals, whatever the currency has, so that totals of all currencies stand in one index.
std::int64_t with_four_decimals(std::int64_t total, std::uint8_t digits);

/// Where an order stands in the store.
struct order_head {
  std::int64_t no = 0;
  std::uint64_t version = 0;
  digest hash{};
  order_figures figures;
  bool unfinished = false;
  std::size_t parcels = 0;  // tracking numbers known to be in the store
};

/// The heads of the orders written last, in two generations: when the younger is full, the older is dropped.
class head_cache {
public:
  const order_head* find(const std::string& id);
  void put(const std::string& id, const order_head& head);
  void clear();

private:
  std::unordered_map<std::string, order_head> young_, old_;
};

class order_writer {
public:
  explicit order_writer(database& db);

  /// The head of a stored order, or nothing.
  std::optional<order_head> head(const std::string& id);
  /// A new order; false where the id is taken, and then nothing has changed.
  bool insert(const append& item, const digest& hash);
  /// The next version of an order whose head is `before`.
  void update(const append& item, const order_head& before, const digest& hash);
  void flush() { figures_.flush(); }
  void forget();

private:
  enum column : unsigned { status = 1, payment = 2, fulfillment = 4, unfinished = 8, combinations = 16 };
  statement& update_of(unsigned changed);
  void write_parcels(const append& item, order_head& head);

  database& db_;
  figures_writer figures_;
  head_cache heads_;
  statement select_, next_no_, insert_, insert_document_, update_document_, insert_sku_, put_parcel_;
  std::array<statement, combinations> update_;
};

}  // namespace coreldove::persistence::sqlite
