#include "bench/process_cost.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace coreldove::bench {
namespace {

struct stat_line {
  std::string name;
  cpu_time used;
};

/// A process's or a thread's line (proc(5)). The name, in parentheses, may hold anything; utime and stime are the 12th and 13th fields after it.
std::optional<stat_line> read_stat(const std::filesystem::path& file) {
  std::ifstream stat{file};
  std::string line;
  if (!std::getline(stat, line)) return std::nullopt;
  const auto name_begin = line.find('('), name_end = line.rfind(')');
  if (name_begin == std::string::npos || name_end == std::string::npos) return std::nullopt;
  std::istringstream fields{line.substr(name_end + 1)};
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  std::uint64_t user = 0, system = 0;
  if (!(fields >> user >> system)) return std::nullopt;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return stat_line{line.substr(name_begin + 1, name_end - name_begin - 1), {static_cast<double>(user) / ticks, static_cast<double>(system) / ticks}};
}

}  // namespace

std::optional<process_cost> cost_of(int pid) {
  const auto folder = std::filesystem::path{fmt::format("/proc/{}", pid)};
  const auto whole = read_stat(folder / "stat");
  if (!whole) return std::nullopt;
  process_cost out;
  out.cpu_seconds = whole->used.user + whole->used.system;
  std::error_code gone;  // threads come and go while they are looked at
  for (std::filesystem::directory_iterator it{folder / "task", gone}, end; !gone && it != end; it.increment(gone)) {
    const auto thread = read_stat(it->path() / "stat");
    if (!thread) continue;
    auto& sum = out.threads[thread->name];
    sum.user += thread->used.user;
    sum.system += thread->used.system;
  }

  std::ifstream status{folder / "status"};
  std::string line;
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

std::map<std::string, cpu_time> threads_since(const process_cost& before, const process_cost& after) {
  auto out = after.threads;
  for (auto& [name, used] : out)
    if (const auto then = before.threads.find(name); then != before.threads.end()) used.user -= then->second.user, used.system -= then->second.system;
  return out;
}

double own_cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

}  // namespace coreldove::bench
