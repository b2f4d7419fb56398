#pragma once
// One line each second on standard error while a run goes on.
#include <cstdint>
#include <mutex>
#include <string>

#include "bench/histogram.hpp"

namespace coreldove::bench {

/// Where the threads put what the last second brought.
class progress {
public:
  void add(const histogram& latency, std::uint64_t errors);
  /// The line about what was added since the last call, `elapsed` and `interval` in seconds.
  std::string take_line(double elapsed, double interval);

private:
  std::mutex mutex_;
  histogram latency_;
  std::uint64_t errors_ = 0;
};

/// 1,234,567 ns as "1.23 ms"; three significant digits.
std::string readable_time(double nanoseconds);

}  // namespace coreldove::bench
