#pragma once
// Restart intensity (Erlang/OTP, "supervisor" behaviour): so many restarts in a window, with growing pauses between them. An order is restarted by its shard,
// and past the budget it goes to a person. A long-lived actor recovers in place, so that what is in its mailbox is not lost; past the budget it is `down`,
// which fails the node's readiness and shuts its door, until a last, long pause is over and it tries again.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "domain/time.hpp"
#include "runtime/clock.hpp"
#include "runtime/health.hpp"

namespace coreldove::runtime {

class restart_budget {
public:
  restart_budget(std::size_t restarts, domain::duration window) : restarts_(restarts), window_(window) {}

  /// Counts one restart and says how long to wait before it; nothing where that was one too many.
  std::optional<domain::duration> spend(steady_point now) {
    static constexpr std::array pauses{domain::duration{200}, domain::duration{1'000}, domain::duration{5'000}, domain::duration{25'000}};
    forget(now);
    if (spent_.size() >= restarts_) return std::nullopt;
    const auto pause = pauses[std::min(spent_.size(), pauses.size() - 1)];
    spent_.push_back(now);
    return pause;
  }
  /// Nothing has been spent within the window.
  bool whole(steady_point now) const { return spent_.empty() || now - spent_.back() > window_; }

private:
  void forget(steady_point now) {
    while (!spent_.empty() && now - spent_.front() > window_) spent_.pop_front();
  }

  std::size_t restarts_;
  domain::duration window_;
  std::deque<steady_point> spent_;
};

/// The supervisor of one long-lived actor.
class supervisor {
public:
  supervisor(std::string_view name, health_board& board) : name_(name), board_(board) {}

  /// Runs one handler. After an exception `recover_in(pause)` is called: the actor has to tell itself to put its state in order after that time, and then to
  /// call `recovered`. Failures until then change nothing.
  template <class Handler, class RecoverIn>
  void run(steady_point now, Handler&& handler, RecoverIn&& recover_in) {
    std::string why;
    try {
      handler();
      return;
    } catch (const std::exception& e) {
      why = e.what();
    } catch (...) {
      why = "an exception of an unknown type";
    }
    spdlog::error("{} failed: {}", name_, why);
    if (recovering_) return;
    recovering_ = true;
    const auto pause = budget_.spend(now);
    board_.set(name_, pause ? condition::degraded : condition::down, "failed: " + why);
    recover_in(pause.value_or(last_pause));
  }

  /// The state is in order again.
  void recovered() {
    recovering_ = false;
    board_.set(name_, condition::up);
  }
  bool recovering() const { return recovering_; }

private:
  static constexpr domain::duration last_pause{25'000};

  std::string name_;
  health_board& board_;
  restart_budget budget_{3, std::chrono::seconds{60}};
  bool recovering_ = false;
};

}  // namespace coreldove::runtime
