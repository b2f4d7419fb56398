#pragma once
// What a run found, as a table for people and as JSON for scripts.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/follow.hpp"
#include "bench/options.hpp"
#include "bench/process_cost.hpp"
#include "bench/tally.hpp"

namespace coreldove::bench {

struct server_cost {
  double cpu_seconds = 0;  // during the run, and until everything was settled where that was waited for
  std::uint64_t rss_bytes = 0, rss_peak_bytes = 0;
  std::map<std::string, cpu_time> threads;  // by name, during the same time
};

struct findings {
  tally total;
  double seconds = 0;    // from the first request to the last answer, or the duration asked for
  bool gave_up = false;  // no connection could be made
  double generator_cpu_seconds = 0;
  std::optional<server_cost> server;
  std::optional<settled> orders;  // with --until-confirmed
};

/// Good answers a second, those after the end of a run by time left out.
double rate_of(const findings& f, std::optional<operation> op);

struct verdict {
  threshold bound;
  double figure = 0;
  bool kept = false;
};
/// Each threshold against its figure. Latencies of an operation that was never answered breach their bound.
std::vector<verdict> judge(const findings& f, const options& o);

std::string table_of(const findings& f, const options& o, const std::vector<verdict>& verdicts);
std::string json_of(const findings& f, const options& o, const std::vector<verdict>& verdicts);

/// Writes the text as a whole. Throws std::runtime_error.
void write_file(const std::string& path, const std::string& text);

}  // namespace coreldove::bench
