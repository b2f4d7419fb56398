#pragma once
#include "runtime/clock.hpp"

namespace coreldove::simulation {

/// Stands still unless it is moved. The wall clock, which the engine sees, may be set wrong; steady time goes on regardless.
class simulated_clock final : public runtime::clock {
public:
  domain::time_point now() const override { return right_ + wrong_by_; }
  runtime::steady_point steady() const override { return runtime::steady_point{right_.time_since_epoch()}; }
  /// What a clock shows that nobody has touched: the outside world's, and the one by which the simulation itself goes.
  domain::time_point right() const { return right_; }

  void advance(domain::duration by) { right_ += by; }
  /// Somebody sets the wall clock; 0: right again.
  void set_wrong_by(domain::duration by) { wrong_by_ = by; }

private:
  domain::time_point right_ = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};
  domain::duration wrong_by_{};
};

}  // namespace coreldove::simulation
