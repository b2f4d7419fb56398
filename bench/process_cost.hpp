#pragma once
// What a process has cost so far, from /proc.
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace coreldove::bench {

/// CPU time in seconds; the kernel counts in hundredths.
struct cpu_time {
  double user = 0, system = 0;
};

struct process_cost {
  double cpu_seconds = 0;  // user and system, all threads, those that have ended too
  std::uint64_t rss_bytes = 0, rss_peak_bytes = 0;
  std::map<std::string, cpu_time> threads;  // that live, by name; threads of one name together
};

/// Nothing where there is no such process.
std::optional<process_cost> cost_of(int pid);

/// What each of the threads of `after` has cost since `before`.
std::map<std::string, cpu_time> threads_since(const process_cost& before, const process_cost& after);

/// CPU time of this process, in seconds.
double own_cpu_seconds();

}  // namespace coreldove::bench
