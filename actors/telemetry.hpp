#pragma once
// The engine's own figures. Handles are looked up once, here.
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <array>

#include "domain/events.hpp"
#include "domain/order_state.hpp"
#include "runtime/metrics.hpp"

namespace coreldove::actors {

class telemetry {
public:
  explicit telemetry(runtime::metrics& m);

  void entered(domain::order_status s) { entered_[static_cast<std::size_t>(s)]->Increment(); }
  void answered(domain::operation_kind k, domain::operation_outcome o, double seconds);

  void noticed(domain::notice_verdict v) { notices_[static_cast<std::size_t>(v)]->Increment(); }

  prometheus::Gauge& active_orders;  // actors alive
  prometheus::Gauge& in_flight;      // commands taken in and not yet answered
  prometheus::Counter& shed;         // refused by admission
  prometheus::Counter& order_crashes;
  prometheus::Counter& quarantined;
  prometheus::Histogram& confirm_seconds;           // from creation to confirmation
  prometheus::Histogram& commit_seconds;            // one transaction of the journal
  prometheus::Histogram& commit_appends;            // appends in it
  prometheus::Family<prometheus::Gauge>& circuits;  // by gateway and kind of call; 1: open

private:
  std::array<prometheus::Counter*, domain::order_status_count> entered_{};
  std::array<std::array<prometheus::Counter*, 5>, 6> outcomes_{};
  std::array<prometheus::Histogram*, 6> seconds_{};
  std::array<prometheus::Counter*, 5> notices_{};
};

}  // namespace coreldove::actors
