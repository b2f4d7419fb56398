#pragma once
// What is counted about the read replica. Handles are looked up once, here; registered only where there is one.
#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <chrono>
#include <optional>

#include "runtime/metrics.hpp"

namespace coreldove::runtime {

class replica_figures {
public:
  explicit replica_figures(metrics& m);

  void read_from_replica() { of_replica_.Increment(); }
  void read_from_primary() { of_primary_.Increment(); }
  /// Nothing: it is not asked.
  void behind(std::optional<std::chrono::milliseconds> age);

private:
  prometheus::Family<prometheus::Counter>& reads_;
  prometheus::Counter &of_replica_, &of_primary_;
  prometheus::Gauge& behind_;
};

}  // namespace coreldove::runtime
