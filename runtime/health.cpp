#include "runtime/health.hpp"

namespace coreldove::runtime {

std::string_view to_string(condition c) {
  switch (c) {
    case condition::up:
      return "up";
    case condition::degraded:
      return "degraded";
    case condition::down:
      return "down";
  }
  return "";
}

void health_board::set(std::string_view name, condition state, std::string detail) {
  const std::lock_guard guard{lock_};
  auto& c = states_[std::string{name}];
  const bool was_down = c.state == condition::down, is_down = state == condition::down;
  if (is_down && !was_down) down_.fetch_add(1, std::memory_order_relaxed);
  if (was_down && !is_down) down_.fetch_sub(1, std::memory_order_relaxed);
  c.name = name;
  c.state = state;
  c.detail = std::move(detail);
}

std::vector<component_state> health_board::all() const {
  const std::lock_guard guard{lock_};
  std::vector<component_state> out;
  for (const auto& [name, c] : states_) out.push_back(c);
  return out;
}

}  // namespace coreldove::runtime
