#pragma once
// The front end's own metrics. The handle of each (route, method, status) is looked up once and kept.
#include <array>
#include <atomic>
#include <string_view>
#include <vector>

#include "http/routes.hpp"
#include "runtime/metrics.hpp"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
template <class T>
class Family;
}  // namespace prometheus

namespace coreldove::http {

class http_metrics {
public:
  explicit http_metrics(runtime::metrics& m);

  /// `row` nullptr: a request that no route was found for.
  void answered(const route* row, method m, int status, double seconds);
  void connection_opened();
  void connection_closed();
  void handed_on();
  void settled();
  void shed();

private:
  static constexpr int status_min = 100, status_count = 500;
  struct handles {
    prometheus::Histogram* duration = nullptr;
    std::array<std::atomic<prometheus::Counter*>, status_count> requests{};
  };
  handles& handles_of(const route* row, method m);

  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& durations_;
  prometheus::Gauge *connections_, *in_flight_;
  prometheus::Counter* shed_;
  std::vector<handles> by_row_;  // two for each row, the second for HEAD; then one for each method without a row
};

}  // namespace coreldove::http
