#include "bench/process_cost.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

namespace coreldove::bench {

std::optional<process_cost> cost_of(int pid) {
  process_cost out;
  std::ifstream stat{fmt::format("/proc/{}/stat", pid)};
  std::string line;
  if (!std::getline(stat, line)) return std::nullopt;
  // The name, in parentheses, may hold anything; utime and stime are the 12th and 13th fields after it.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields{line.substr(name_end + 1)};
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  std::uint64_t user = 0, system = 0;
  if (!(fields >> user >> system)) return std::nullopt;
  out.cpu_seconds = static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));

  std::ifstream status{fmt::format("/proc/{}/status", pid)};
  while (std::getline(status, line)) {
    std::istringstream words{line};
    std::string name;
    std::uint64_t kib = 0;
    words >> name >> kib;
    if (name == "VmRSS:") out.rss_bytes = kib * 1024;
    if (name == "VmHWM:") out.rss_peak_bytes = kib * 1024;
  }
  return out;
}

double own_cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

}  // namespace coreldove::bench
