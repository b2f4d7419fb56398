#pragma once
// The journal's table inside the writer's transaction: gives out positions, joins the hash chains.
#include <cstdint>
#include <string_view>
#include <vector>

#include "persistence/hash_chain.hpp"
#include "persistence/journal.hpp"
#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {

class event_writer {
public:
  explicit event_writer(database& db);

  /// Writes the events of `item`; `hashes` from chain_events. Throws sqlite_error, a constraint where (stream, seq) is taken.
  void write(const append& item, const std::vector<digest>& hashes);
  /// Of a stream that has no row of its own ("sku/<sku>", "settings/<what>"); 0 where it has no events.
  std::uint64_t version_of(std::string_view stream);
  /// One event at the end of such a stream; its version afterwards.
  std::uint64_t write_next(std::string_view stream, const event_record& e, domain::time_point at, std::string_view by);
  /// Of the last event written.
  std::uint64_t position() const { return position_; }
  /// After a rollback: positions go on where the store is.
  void forget();

private:
  statement insert_, last_position_, head_;
  std::uint64_t position_ = 0;
};

}  // namespace coreldove::persistence::sqlite
