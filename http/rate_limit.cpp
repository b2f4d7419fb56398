#include "http/rate_limit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace coreldove::http {

rate_limiter::rate_limiter(unsigned per_minute, unsigned burst, std::size_t buckets_max)
    : per_minute_(per_minute), burst_(burst > 0 ? burst : per_minute), buckets_max_(std::max<std::size_t>(buckets_max, 1)) {}

unsigned rate_limiter::window_s() const { return per_minute_ == 0 ? 0 : static_cast<unsigned>(std::ceil(60.0 * burst_ / per_minute_)); }

rate_limiter::decision rate_limiter::ask(std::string_view name, time_point now, bool take) {
  if (!on()) return {};
  const std::lock_guard lock{mutex_};
  auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    if (buckets_.size() >= buckets_max_) {
      by_name_.erase(buckets_.back().name);
      buckets_.pop_back();
    }
    buckets_.push_front({.name = std::string{name}, .tokens = static_cast<double>(burst_), .at = now});
    found = by_name_.emplace(buckets_.front().name, buckets_.begin()).first;
  } else {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
  }
  auto& b = *found->second;
  fill(b, now);
  b.asked = true;
  decision d;
  d.allowed = b.tokens >= 1;
  if (d.allowed && take) {
    b.tokens -= 1;
    b.taken = std::min<double>(burst_, b.taken + 1);  // after long without a report nobody has to pay for all that time
  }
  const double per_second = per_minute_ / 60.0;
  d.remaining = static_cast<unsigned>(std::max(0.0, b.tokens));
  d.retry_after_s = d.allowed ? 0 : static_cast<unsigned>(std::max(1.0, std::ceil((1 - b.tokens) / per_second)));
  d.full_after_s = static_cast<unsigned>(std::ceil((burst_ - b.tokens) / per_second));
  return d;
}

std::vector<rate_limiter::report> rate_limiter::reports(time_point now) {
  std::vector<report> out;
  const std::lock_guard lock{mutex_};
  for (auto b = buckets_.begin(); b != buckets_.end() && b->asked; ++b) {
    fill(*b, now);
    out.push_back({b->name, std::exchange(b->taken, 0), b->tokens});
    b->asked = false;
  }
  return out;
}

void rate_limiter::settle(std::string_view name, double tokens, time_point now) {
  const std::lock_guard lock{mutex_};
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  auto& b = *found->second;
  b.tokens = std::min<double>(burst_, tokens) - b.taken;
  b.at = now;
}

void rate_limiter::give_back(const report& r) {
  const std::lock_guard lock{mutex_};
  const auto found = by_name_.find(r.name);
  if (found == by_name_.end()) return;
  auto& b = *found->second;
  b.taken = std::min<double>(burst_, b.taken + r.taken);
}

void rate_limiter::fill(bucket& b, time_point now) const {
  const double passed = std::max(0.0, std::chrono::duration<double>(now - b.at).count());
  b.tokens = std::min<double>(burst_, b.tokens + passed * per_minute_ / 60.0);
  b.at = std::max(b.at, now);
}

}  // namespace coreldove::http
