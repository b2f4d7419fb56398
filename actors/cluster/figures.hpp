#pragma once
// The figures of a cluster's node. Only a node has them; a server by itself shows none.
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "runtime/metrics.hpp"

namespace coreldove::actors {

/// How it ended with a command that was for another node.
enum class forwarding : std::uint8_t {
  answered,     // done, or refused for good by the order
  unavailable,  // 503: nothing has happened
  timed_out,    // nobody has answered in time; whether it was done is not known
};
inline constexpr std::size_t forwarding_count = 3;
const char* to_string(forwarding f);

class cluster_figures {
public:
  explicit cluster_figures(runtime::metrics& m);

  void forwarded(forwarding how, double seconds);
  void sent_again() { again_.Increment(); }
  void taken_in() { taken_in_.Increment(); }
  void renewed(bool done) { (done ? renewals_ : failed_renewals_).Increment(); }
  void fenced(std::size_t appends) { fenced_.Increment(static_cast<double>(appends)); }
  void holds(std::size_t shards) { shards_.Set(static_cast<double>(shards)); }
  void epochs_changed(std::size_t shards) { epochs_.Increment(static_cast<double>(shards)); }

  /// Of this process, for GET ~/cluster.
  std::uint64_t count(forwarding how) const { return static_cast<std::uint64_t>(forwarded_[static_cast<std::size_t>(how)]->Value()); }
  std::uint64_t commands_taken_in() const { return static_cast<std::uint64_t>(taken_in_.Value()); }

private:
  prometheus::Gauge& shards_;
  prometheus::Counter &epochs_, &again_, &taken_in_, &fenced_, &renewals_, &failed_renewals_;
  prometheus::Histogram& seconds_;
  std::array<prometheus::Counter*, forwarding_count> forwarded_{};
};

}  // namespace coreldove::actors
