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

bool health_board::ready() const {
  const std::lock_guard guard{lock_};
  for (const auto& [name, c] : states_)
    if (c.state == condition::down) return false;
  return true;
}

}  // namespace coreldove::runtime
