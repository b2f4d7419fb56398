#include "persistence/sqlite/stock_writer.hpp"

namespace coreldove::persistence::sqlite {

stock_writer::stock_writer(database& db)
    : db_(db),
      update_(db.prepare("UPDATE stock SET on_hand=on_hand+?1, reserved=reserved+?2 WHERE sku=?3 AND warehouse=?4")),
      insert_(db.prepare("INSERT INTO stock(sku,warehouse,on_hand,reserved) VALUES(?,?,?,0)")) {}

void stock_writer::add(const std::vector<domain::stock_movement>& movements) {
  for (const auto& m : movements) {
    auto& s = pending_[{m.sku, m.warehouse}];
    s.on_hand += m.on_hand;
    s.reserved += m.reserved;
  }
}

bool stock_writer::flush() {
  for (const auto& [row, s] : pending_) {
    if (s.on_hand == 0 && s.reserved == 0) continue;
    if (!update_.try_run(s.on_hand, s.reserved, row.first, row.second) || db_.changes() == 0) return false;
  }
  pending_.clear();
  return true;
}

bool stock_writer::adjust(std::string_view sku, std::string_view warehouse, std::int64_t delta) {
  if (!update_.try_run(delta, 0, sku, warehouse)) return false;
  return db_.changes() == 1 || insert(sku, warehouse, delta);
}

bool stock_writer::insert(std::string_view sku, std::string_view warehouse, std::int64_t on_hand) { return insert_.try_run(sku, warehouse, on_hand); }

}  // namespace coreldove::persistence::sqlite
