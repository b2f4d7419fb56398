#include "bench/progress.hpp"

#include <fmt/format.h>

namespace coreldove::bench {

void progress::add(const histogram& latency, std::uint64_t errors) {
  const std::scoped_lock lock{mutex_};
  latency_.merge(latency);
  errors_ += errors;
}

std::string progress::take_line(double elapsed, double interval) {
  const std::scoped_lock lock{mutex_};
  const auto rate = interval > 0 ? static_cast<double>(latency_.count()) / interval : 0.0;
  auto line = fmt::format("{:5.0f} s  {:8.0f} /s  p50 {:>8}  p99 {:>8}  errors {}", elapsed, rate, readable_time(static_cast<double>(latency_.percentile(50))),
                          readable_time(static_cast<double>(latency_.percentile(99))), errors_);
  latency_.clear();
  errors_ = 0;
  return line;
}

std::string readable_time(double nanoseconds) {
  if (nanoseconds < 1e3) return fmt::format("{:.0f} ns", nanoseconds);
  if (nanoseconds < 999.5e3) return fmt::format("{:.3g} us", nanoseconds / 1e3);
  if (nanoseconds < 999.5e6) return fmt::format("{:.3g} ms", nanoseconds / 1e6);
  return fmt::format("{:.4g} s", nanoseconds / 1e9);
}

}  // namespace coreldove::bench
