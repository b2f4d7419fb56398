#pragma once
// The journal's rows as the events in them. A row stands under the position and the number in its stream of its last event, so "after" a position or a number
// begins with a row that may hold some events before it.
#include <string>
#include <vector>

#include "domain/query.hpp"
#include "domain/result.hpp"
#include "persistence/sql/connection.hpp"

namespace coreldove::persistence::sql {

/// What the functions below expect of a statement, in this order.
inline constexpr const char* journal_columns = "position,stream,seq,n,at,by,trace_id,events";

/// The events of the row at hand. One that cannot be read is a single event without a type, which nobody can decode.
std::vector<domain::history_entry> entries_of(const rows& row);

/// Of all rows; the first events are left out as long as `early` says so, and what goes beyond `limit`.
template <class F>
std::vector<domain::history_entry> entries_of_all(rows found, std::size_t limit, F&& early) {
  std::vector<domain::history_entry> all;
  while (all.size() < limit && found.next())
    for (auto& e : entries_of(found))
      if (all.size() < limit && !early(e)) all.push_back(std::move(e));
  return all;
}

/// At most `limit` events of a stream, in their order.
std::vector<domain::history_entry> events_of(connection& r, const std::string& stream, std::uint64_t after_seq, std::int64_t limit);

/// An order's document as it was at that version.
domain::result<std::string> document_made_again(connection& r, const std::string& order_id, std::uint64_t version);

}  // namespace coreldove::persistence::sql
