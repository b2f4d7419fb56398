#pragma once
// What is counted about the connection to Redis. Handles are looked up once, here; registered only where there is such a connection.
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "runtime/metrics.hpp"

namespace coreldove::runtime {

class redis_figures {
public:
  explicit redis_figures(metrics& m);

  void connected(bool is) { connected_.Set(is ? 1 : 0); }
  void answered(double seconds) { count(answered_, seconds); }
  void refused(double seconds) { count(refused_, seconds); }
  void lost() { lost_.Increment(); }        // sent, and the connection went
  void dropped() { dropped_.Increment(); }  // no connection, or no room
  void events(std::uint64_t added, std::uint64_t end);
  void buckets(std::uint64_t n) { buckets_.Increment(static_cast<double>(n)); }  // rate limits reported and settled

private:
  void count(prometheus::Counter& which, double seconds) {
    which.Increment();
    seconds_.Observe(seconds);
  }

  prometheus::Family<prometheus::Counter>& commands_;
  prometheus::Gauge& connected_;
  prometheus::Counter &answered_, &refused_, &lost_, &dropped_;
  prometheus::Histogram& seconds_;
  prometheus::Counter& events_;
  prometheus::Gauge& end_;
  prometheus::Counter& buckets_;
};

}  // namespace coreldove::runtime
