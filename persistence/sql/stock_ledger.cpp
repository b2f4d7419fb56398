#include "persistence/sql/stock_ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "persistence/sql/journal_rows.hpp"

namespace coreldove::persistence::sql {
namespace {

/// Some ten milliseconds of reading: others get their turn in between.
constexpr int rows_per_page = 1'000;

}  // namespace

domain::result<stock_ledger_page> stock_ledger(connection& r, std::uint64_t after, std::uint64_t until) {
  static const auto sql = fmt::format("SELECT {},hashes FROM journal WHERE position>? ORDER BY position LIMIT {}", journal_columns, rows_per_page);
  stock_ledger_page page;
  std::vector<std::pair<domain::history_entry, digest>> events;
  int read = 0;
  {
    auto found = r.query(sql, after);
    for (; page.through < until && found.next(); ++read) {
      page.through = std::min(until, found.count(0));
      auto entries = entries_of(found);
      auto hashes = found.hashes(8);
      hashes.resize(entries.size());
      for (std::size_t i = 0; i < entries.size(); ++i)
        if (after < entries[i].position && entries[i].position <= until && may_move_stock(entries[i].type))
          events.emplace_back(std::move(entries[i]), hashes[i]);
    }
  }
  if (read < rows_per_page) page.through = until;
  for (const auto& [event, hash] : events) {
    auto moved = movements_of(event, [&r, &e = event] { return events_of(r, e.stream, 0, static_cast<std::int64_t>(e.seq) - 1); });
    if (!moved) return std::move(moved).error();
    for (auto& m : *moved) page.entries.push_back({event.position, hash, std::move(m)});
  }
  return page;
}

}  // namespace coreldove::persistence::sql
