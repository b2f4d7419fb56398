#pragma once
// Bounds that a run has to keep, in the words of the command line: "p99<15ms", "get.p99.9<=2ms", "rate>8000", "errors<1", "cpu<100us", "rss<2GiB".
#include <optional>
#include <string>
#include <string_view>

#include "bench/operation.hpp"

namespace coreldove::bench {

struct threshold {
  enum class measure { percentile, mean, max, rate, errors, server_cpu, server_memory };
  std::string text;             // as it was given
  std::optional<operation> of;  // nothing: creates, or everything where nothing is created
  measure what{};
  double percent = 0;  // of a percentile
  bool below = true;   // the figure has to be below (or above) the bound
  bool or_equal = false;
  double bound = 0;  // nanoseconds, requests per second, a count, nanoseconds of CPU per order, bytes

  bool holds(double figure) const {
    if (figure == bound) return or_equal;
    return below ? figure < bound : figure > bound;
  }
};

/// Nothing where the text is not understood.
std::optional<threshold> parse_threshold(std::string_view text);

/// "15ms", "1.5s", "250us", "2m", "1h" in nanoseconds; a unit is required.
std::optional<double> parse_nanoseconds(std::string_view text);

}  // namespace coreldove::bench
