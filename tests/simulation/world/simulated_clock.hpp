#pragma once
#include "runtime/clock.hpp"

namespace coreldove::simulation {

/// Stands still unless it is moved.
class simulated_clock final : public runtime::clock {
public:
  domain::time_point now() const override { return now_; }
  void advance(domain::duration by) { now_ += by; }

private:
  domain::time_point now_ = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};
};

}  // namespace coreldove::simulation
