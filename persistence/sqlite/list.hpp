#pragma once
// Lists of orders: each filter by its index, pages by key, totals exact. Runs on a reader thread.
#include "domain/query.hpp"
#include "domain/result.hpp"
#include "persistence/sqlite/reader_pool.hpp"

namespace coreldove::persistence::sqlite {

/// Errors: invalid_input for a cursor that is none of ours, or bounds that are no decimals.
domain::result<domain::page> list_orders(reader& r, const domain::order_query& q);

domain::result<domain::page> list_reviews(reader& r, const domain::review_query& q);

/// A position in a list as an opaque text, and back.
std::string cursor_of(std::int64_t no);
std::optional<std::int64_t> no_of(std::string_view cursor);

}  // namespace coreldove::persistence::sqlite
