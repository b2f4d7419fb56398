#pragma once
// The counters, read: whole hours from the figures table, the rest of a range from the orders themselves. Runs on a reader thread, inside a snapshot.
#include <cstdint>
#include <optional>

#include "domain/order_state.hpp"
#include "domain/query.hpp"
#include "persistence/sql/connection.hpp"

namespace coreldove::persistence::sql {

/// Creation times; inclusive below, exclusive above.
struct time_range {
  std::optional<domain::time_point> from, to;
};

struct status_filter {
  std::optional<domain::order_status> status;
  std::optional<domain::payment_status> payment;
  std::optional<domain::fulfillment_status> fulfillment;
};

std::uint64_t count_orders(connection& r, const status_filter& f, const time_range& range);
domain::performance performance_of(connection& r, const time_range& range);

}  // namespace coreldove::persistence::sql
