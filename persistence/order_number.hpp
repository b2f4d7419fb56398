#pragma once
// `orders.no` is the order of all lists: the order's creation time in milliseconds, shifted left, plus a number that tells apart the orders of one
// millisecond. Every index of `orders` ends in it, so each filter by itself gives its rows in the order of the list. Rows of the review queue are numbered
// the same way.
#include <cstdint>

namespace coreldove::persistence {

inline constexpr int no_shift = 20;
constexpr std::int64_t first_no(std::int64_t created_ms) { return created_ms << no_shift; }
constexpr std::int64_t created_ms_of(std::int64_t no) { return no >> no_shift; }

}  // namespace coreldove::persistence
