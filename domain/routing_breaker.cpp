#include "domain/routing_breaker.hpp"

#include <algorithm>
#include <bit>

namespace coreldove::domain {
namespace {

/// A trial that has not reported for so long never will.
constexpr duration trial_lost{60'000};

}  // namespace

std::string_view to_string(circuit c) {
  switch (c) {
    case circuit::closed:
      return "closed";
    case circuit::open:
      return "open";
    case circuit::half_open:
      return "half_open";
  }
  return "";
}

circuit circuit_breaker::state(time_point now) const { return state_ == circuit::open && now >= until_ ? circuit::half_open : state_; }

circuit_breaker::pass circuit_breaker::admit(time_point now) {
  if (state_ == circuit::closed) return pass::yes;
  if (state(now) == circuit::open) return pass::no;
  if (state_ == circuit::open || now - last_trial_ > trial_lost) {
    state_ = circuit::half_open;
    trials_ = 0;
  }
  if (trials_ >= rules_.trials_at_once) return pass::no;
  ++trials_;
  last_trial_ = now;
  return pass::trial;
}

void circuit_breaker::answered(pass as, time_point) {
  if (state_ == circuit::closed) {
    in_a_row_ = 0;
    history_ <<= 1;
    calls_ = std::min(calls_ + 1, rules_.window);
    return;
  }
  if (as != pass::trial || state_ != circuit::half_open) return;  // went out before it opened
  trials_ -= std::min(trials_, 1U);
  if (++good_ >= rules_.good_trials) close();
}

void circuit_breaker::failed(pass as, time_point now) {
  if (state_ == circuit::half_open && as == pass::trial) {
    pause_ = std::min(pause_ * 2, rules_.longest_pause);
    return open(now);
  }
  if (state_ != circuit::closed) return;
  ++in_a_row_;
  history_ = history_ << 1 | 1;
  calls_ = std::min(calls_ + 1, rules_.window);
  const auto seen = rules_.window >= 64 ? history_ : history_ & ((std::uint64_t{1} << rules_.window) - 1);
  const auto share = std::int64_t{std::popcount(seen)} * one_million;
  const bool too_many = calls_ >= rules_.window && share >= std::int64_t{rules_.failed_share} * rules_.window;
  if (in_a_row_ < rules_.failures_in_a_row && !too_many) return;
  pause_ = rules_.first_pause;
  open(now);
}

void circuit_breaker::taken_back(pass as) {
  if (as == pass::trial && state_ == circuit::half_open) trials_ -= std::min(trials_, 1U);
}

void circuit_breaker::trip(time_point now) {
  if (state_ != circuit::closed) return;
  pause_ = rules_.first_pause;
  open(now);
}

void circuit_breaker::open(time_point now) {
  state_ = circuit::open;
  until_ = now + pause_;
  trials_ = good_ = 0;
}

void circuit_breaker::close() {
  state_ = circuit::closed;
  history_ = 0;
  calls_ = in_a_row_ = trials_ = good_ = 0;
}

}  // namespace coreldove::domain
