#pragma once
// The rows of an order inside the writer's transaction: projection, document, SKUs, counters. Knows the head of each stream it has lately written.
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "persistence/journal.hpp"
#include "persistence/order_head.hpp"
#include "persistence/sqlite/figures_writer.hpp"

namespace coreldove::persistence::sqlite {

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
