#pragma once
// The rows of an order inside the writer's transaction: projection, document, SKUs, counters. Knows the head of each stream it has lately written.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "persistence/journal.hpp"
#include "persistence/list_index.hpp"
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
  /// What was inserted and updated, for the lists of orders.
  std::vector<listed_order> take_listed() {
    listed_before_mark_ = 0;
    return std::exchange(listed_, {});
  }
  void mark_listed() { listed_before_mark_ = listed_.size(); }
  void forget_listed_since_mark() { listed_.resize(listed_before_mark_); }

private:
  enum column : unsigned { status = 1, payment = 2, fulfillment = 4, unfinished = 8, combinations = 16 };
  statement& update_of(unsigned changed);
  void write_parcels(const append& item, order_head& head);
  void list(const order_head& h, std::int64_t total_e4, std::vector<std::string> skus = {});

  database& db_;
  figures_writer figures_;
  head_cache heads_;
  statement select_, next_no_, insert_, put_document_, remove_document_, insert_sku_, put_parcel_;
  std::array<statement, combinations> update_;
  std::vector<listed_order> listed_;
  std::size_t listed_before_mark_ = 0;
};

}  // namespace coreldove::persistence::sqlite
