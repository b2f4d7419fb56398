#pragma once
// One run of load from beginning to end: threads, progress, the time afterwards, the books added up.
#include <optional>

#include "bench/options.hpp"
#include "bench/report.hpp"

namespace coreldove::bench {

/// Throws std::runtime_error with one sentence where the run can't be made: no such host, a file that can't be written, a list that fails.
findings run_load(const options& o);

/// Raises the limit of open files so that `connections` fit, as far as the system allows.
void allow_connections(std::uint32_t connections);

}  // namespace coreldove::bench
