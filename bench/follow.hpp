#pragma once
// Follows the orders of a run by the totals of lists until none of them is left in status received.
#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "bench/options.hpp"

namespace coreldove::bench {

inline constexpr std::array<std::string_view, 8> order_statuses{"received", "on_hold",   "confirmed", "fulfilling",
                                                                "shipped",  "delivered", "rejected",  "cancelled"};
using status_totals = std::array<std::uint64_t, order_statuses.size()>;

/// How many orders the server has in each status. Throws std::runtime_error where it can't be asked.
status_totals count_by_status(const options& o);

struct settled {
  bool in_time = false;   // within the bound
  double seconds = 0;     // from the start of this call
  status_totals added{};  // orders in each status, less those before the run
};

/// Waits until no more orders are in status received than `before` had, at most `bound`. Throws std::runtime_error like count_by_status.
settled wait_until_settled(const options& o, const status_totals& before, std::chrono::nanoseconds bound);

}  // namespace coreldove::bench
