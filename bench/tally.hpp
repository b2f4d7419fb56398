#pragma once
// What a run has seen, per thread and added up.
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "bench/histogram.hpp"
#include "bench/loop.hpp"
#include "bench/operation.hpp"

namespace coreldove::bench {

struct tally {
  struct per_operation {
    histogram latency;          // nanoseconds; of the answers that were as they should be
    histogram refused;          // of those that said to come again later: 429 and 503; they count as errors too
    std::uint64_t errors = 0;   // everything else
    std::uint64_t in_time = 0;  // good answers that came before the intended end of the run
  };
  std::array<per_operation, operation_count> operations;
  std::map<std::string, std::uint64_t, std::less<>> errors;        // by kind: "closed", "timed out", "status 503", …
  std::map<std::string, std::uint64_t, std::less<>> order_states;  // of the answers to creates: "confirmed", "on_hold", …
  std::uint64_t failed_connects = 0;
  clock::time_point last_answer{};

  per_operation& of(operation op) { return operations[static_cast<std::size_t>(op)]; }
  const per_operation& of(operation op) const { return operations[static_cast<std::size_t>(op)]; }
  void count_error(operation op, std::string_view kind);
  void merge(const tally& other);

  std::uint64_t error_count() const;
  std::uint64_t answered() const;
};

/// The status that says that all went well.
bool is_expected(operation op, int status);
/// The status says to come again later.
bool is_refusal(int status);

}  // namespace coreldove::bench
