#include "persistence/postgres/memory.hpp"

#include <algorithm>

#include "persistence/order_number.hpp"

namespace coreldove::persistence::postgres {
namespace {

/// Some minutes of orders; older milliseconds are asked for.
constexpr std::size_t milliseconds_kept = 65'536;

}  // namespace

order_numbers::order_numbers(std::optional<std::int64_t> greatest) : horizon_(greatest ? first_no(created_ms_of(*greatest)) : -1) {}

void order_numbers::learn(std::int64_t first, std::optional<std::int64_t> last) { last_[first] = last.value_or(first - 1); }

std::int64_t order_numbers::next(std::int64_t first) {
  const auto given = ++last_.try_emplace(first, first - 1).first->second;
  if (last_.size() > milliseconds_kept) {
    const auto oldest = last_.begin();
    horizon_ = std::max(horizon_, oldest->first);
    last_.erase(oldest);
  }
  return given;
}

}  // namespace coreldove::persistence::postgres
