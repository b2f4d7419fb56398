#include "http/rate_limit.hpp"

#include <algorithm>
#include <cmath>

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
    buckets_.push_front({std::string{name}, static_cast<double>(burst_), now});
    found = by_name_.emplace(buckets_.front().name, buckets_.begin()).first;
  } else {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
  }
  auto& b = *found->second;
  const double per_second = per_minute_ / 60.0;
  const double passed = std::max(0.0, std::chrono::duration<double>(now - b.at).count());
  b.tokens = std::min<double>(burst_, b.tokens + passed * per_second);
  b.at = now;
  decision d;
  d.allowed = b.tokens >= 1;
  if (d.allowed && take) b.tokens -= 1;
  d.remaining = static_cast<unsigned>(b.tokens);
  d.retry_after_s = d.allowed ? 0 : static_cast<unsigned>(std::max(1.0, std::ceil((1 - b.tokens) / per_second)));
  d.full_after_s = static_cast<unsigned>(std::ceil((burst_ - b.tokens) / per_second));
  return d;
}

}  // namespace coreldove::http
