#include "persistence/sql/stock_ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace coreldove::persistence::sql {
namespace {

/// Some ten milliseconds of reading: others get their turn in between.
constexpr std::uint64_t positions_per_page = 2'000;

std::vector<domain::history_entry> stream_before(connection& r, const domain::history_entry& e) {
  std::vector<domain::history_entry> out;
  auto found = r.query("SELECT position,seq,type,at,by,data FROM events WHERE stream=? AND seq<? ORDER BY seq", e.stream, e.seq);
  while (found.next())
    out.push_back({found.count(0),
                   e.stream,
                   found.count(1),
                   found.string(2),
                   domain::time_point{domain::duration{found.integer(3)}},
                   found.string(4),
                   {},
                   found.string(5)});
  return out;
}

}  // namespace

domain::result<stock_ledger_page> stock_ledger(connection& r, std::uint64_t after, std::uint64_t until) {
  static const std::string sql = fmt::format(
      "SELECT position,stream,seq,type,data,hash FROM events WHERE position>? AND position<=? AND type IN ({}) ORDER BY position", stock_event_types);
  stock_ledger_page page;
  page.through = std::min(until, after + positions_per_page);
  std::vector<std::pair<domain::history_entry, digest>> events;
  {
    auto found = r.query(sql, after, page.through);
    while (found.next()) events.push_back({{found.count(0), found.string(1), found.count(2), found.string(3), {}, {}, {}, found.string(4)}, found.hash(5)});
  }
  for (const auto& [event, hash] : events) {
    auto moved = movements_of(event, [&r, &e = event] { return stream_before(r, e); });
    if (!moved) return std::move(moved).error();
    for (auto& m : *moved) page.entries.push_back({event.position, hash, std::move(m)});
  }
  return page;
}

}  // namespace coreldove::persistence::sql
