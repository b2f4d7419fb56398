#include "persistence/order_head.hpp"

#include <limits>

namespace coreldove::persistence {
namespace {

/// About 300 bytes each: 20 MB at most for both generations.
constexpr std::size_t heads_per_generation = 32'768;

}  // namespace

std::int64_t with_four_decimals(std::int64_t total, std::uint8_t digits) {
  for (unsigned d = digits; d < 4; ++d)
    if (__builtin_mul_overflow(total, 10, &total)) return std::numeric_limits<std::int64_t>::max();
  return total;
}

order_head head_after(const append& item, const order_head& before, const digest& hash) {
  order_head h = before;
  h.version = item.expected_version + item.events.size();
  h.hash = hash;
  h.figures = order_figures(item.row);
  if (before.version != 0) h.figures.created_ms = before.figures.created_ms;
  h.unfinished = item.row.unfinished;
  return h;
}

const order_head* head_cache::find(const std::string& id) const {
  if (const auto it = young_.find(id); it != young_.end()) return &it->second;
  const auto it = old_.find(id);
  return it == old_.end() ? nullptr : &it->second;
}

void head_cache::put(const std::string& id, const order_head& head) {
  if (young_.size() >= heads_per_generation) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_[id] = head;
}

void head_cache::clear() {
  young_.clear();
  old_.clear();
}

}  // namespace coreldove::persistence
