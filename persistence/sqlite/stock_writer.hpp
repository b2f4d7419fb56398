#pragma once
// The stock table inside the writer's transaction. Orders' movements are summed up and each row is written once per transaction; the table's own
// constraint (0 <= reserved <= on_hand) has the last word.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/stock.hpp"
#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {

class stock_writer {
public:
  explicit stock_writer(database& db);

  void add(const std::vector<domain::stock_movement>& movements);
  /// False where some row would break the constraint or does not exist; the transaction must then be rolled back.
  bool flush();
  /// An operator's correction of one row, new or not. False where it would break the constraint; nothing has changed then.
  bool adjust(std::string_view sku, std::string_view warehouse, std::int64_t delta);
  /// False where the row is there already.
  bool insert(std::string_view sku, std::string_view warehouse, std::int64_t on_hand);
  void forget() { pending_.clear(); }

private:
  struct sums {
    std::int64_t on_hand = 0, reserved = 0;
  };
  database& db_;
  statement update_, insert_;
  std::map<std::pair<std::string, std::string>, sums> pending_;
};

}  // namespace coreldove::persistence::sqlite
