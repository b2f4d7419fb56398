#pragma once
// What a process has cost so far, from /proc.
#include <cstdint>
#include <optional>

namespace coreldove::bench {

struct process_cost {
  double cpu_seconds = 0;  // user and system, all threads; the kernel counts in hundredths
  std::uint64_t rss_bytes = 0, rss_peak_bytes = 0;
};

/// Nothing where there is no such process.
std::optional<process_cost> cost_of(int pid);

/// CPU time of this process, in seconds.
double own_cpu_seconds();

}  // namespace coreldove::bench
