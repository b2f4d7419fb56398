#pragma once
// Restart intensity (Erlang/OTP, "supervisor" behaviour): so many restarts in a window, then give up. Orders are restarted by their shard; the
// long-lived actors recover in place, so that what is in their mailbox is not lost.
#include <spdlog/spdlog.h>

#include <cstddef>
#include <deque>
#include <exception>
#include <string>
#include <string_view>

#include "domain/time.hpp"
#include "runtime/clock.hpp"

namespace coreldove::runtime {

class restart_budget {
public:
  restart_budget(std::size_t restarts, domain::duration window) : restarts_(restarts), window_(window) {}

  /// Counts one restart; false where that was one too many.
  bool spend(steady_point now) {
    while (!spent_.empty() && now - spent_.front() > window_) spent_.pop_front();
    if (spent_.size() >= restarts_) return false;
    spent_.push_back(now);
    return true;
  }

private:
  std::size_t restarts_;
  domain::duration window_;
  std::deque<steady_point> spent_;
};

/// Runs one handler of a long-lived actor. An exception costs a restart: `recover(why)` puts the state in order; past the budget `give_up(why)` ends it.
template <class Handler, class Recover, class GiveUp>
void supervised(std::string_view actor, restart_budget& budget, steady_point now, Handler&& handler, Recover&& recover, GiveUp&& give_up) {
  try {
    handler();
  } catch (const std::exception& e) {
    spdlog::error("{} failed: {}", actor, e.what());
    if (budget.spend(now))
      recover(std::string{e.what()});
    else
      give_up(std::string{e.what()});
  }
}

}  // namespace coreldove::runtime
