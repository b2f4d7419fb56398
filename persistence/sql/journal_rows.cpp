#include "persistence/sql/journal_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "persistence/codec/event_codec.hpp"
#include "persistence/journal_row.hpp"

namespace coreldove::persistence::sql {

std::vector<domain::history_entry> entries_of(const rows& row) {
  const auto last_position = row.count(0), last_seq = row.count(2);
  const auto fit = std::min(row.integer(0), row.integer(2));
  const domain::time_point at{domain::duration{row.integer(4)}};
  auto events = events_in(row.text(7));
  if (!events || events->size() != row.count(3) || static_cast<std::int64_t>(events->size()) > fit)
    return {{last_position, row.string(1), last_seq, {}, at, row.string(5), row.string(6), row.string(7)}};
  std::vector<domain::history_entry> all;
  all.reserve(events->size());
  auto before = events->size();
  for (auto& e : *events) {
    --before;
    all.push_back({last_position - before, row.string(1), last_seq - before, std::move(e.type), at, row.string(5), row.string(6), std::move(e.data)});
  }
  return all;
}

std::vector<domain::history_entry> events_of(connection& r, const std::string& stream, std::uint64_t after_seq, std::int64_t limit) {
  static const auto sql = fmt::format("SELECT {} FROM journal WHERE stream=? AND seq>? ORDER BY seq LIMIT ?", journal_columns);
  return entries_of_all(r.query(sql, stream, after_seq, limit), static_cast<std::size_t>(limit), [after_seq](const auto& e) { return e.seq <= after_seq; });
}

domain::result<std::string> document_made_again(connection& r, const std::string& order_id, std::uint64_t version) {
  const auto order = rebuild(events_of(r, order_id, 0, static_cast<std::int64_t>(version)));
  if (!order) return order.error();
  return order_document(*order);
}

}  // namespace coreldove::persistence::sql
