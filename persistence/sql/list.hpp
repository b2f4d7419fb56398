#pragma once
// Lists of orders: each filter by its index, pages by key, totals exact. Runs on a reader thread.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/query.hpp"
#include "domain/result.hpp"
#include "persistence/list_index.hpp"
#include "persistence/sql/connection.hpp"

namespace coreldove::persistence::sql {

/// Up to so many rows a filter is narrow: it may lead a query even where its rows must be sorted or looked up one by one.
inline constexpr std::int64_t narrow_rows_max = 10'000;

/// By `index` where it is given and nobody's name is looked for, else by the database. Errors: invalid_input for a cursor that is none of ours, or bounds that
/// are no decimals; unavailable where the store is being closed. The answer does not depend on `index` and `narrow`, only its speed.
domain::result<domain::page> list_orders(connection& r, const domain::order_query& q, const list_index* index = nullptr, std::int64_t narrow = narrow_rows_max);

domain::result<domain::page> list_reviews(connection& r, const domain::review_query& q);

/// A position in a list as an opaque text, and back.
std::string cursor_of(std::int64_t no);
std::optional<std::int64_t> no_of(std::string_view cursor);

}  // namespace coreldove::persistence::sql
