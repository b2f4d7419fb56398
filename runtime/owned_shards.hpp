#pragma once
// The shards whose orders this node works on, as far as it knows by itself: until its lease would end by its own clock, and with no question to anybody. The
// store has the last word. Thread-safe.
#include <array>
#include <atomic>
#include <chrono>
#include <string_view>

#include "domain/cluster_shard.hpp"
#include "runtime/clock.hpp"

namespace coreldove::runtime {

class owned_shards {
public:
  explicit owned_shards(const clock& time) : time_(time) {}

  bool mine(std::string_view order_id) const {
    const auto shard = domain::cluster_shard_of(order_id);
    return (words_[shard / 64U].load(std::memory_order_relaxed) >> (shard % 64U) & 1U) != 0 && !ended();
  }
  /// How long the order is this node's for certain; zero or less where it is not.
  std::chrono::milliseconds left(std::string_view order_id) const {
    if (!mine(order_id)) return std::chrono::milliseconds{0};
    return std::chrono::floor<std::chrono::milliseconds>(steady_point{steady_point::duration{until_.load(std::memory_order_relaxed)}} - time_.steady());
  }
  bool none() const { return ended() || all().none(); }
  domain::cluster_shards all() const {
    domain::cluster_shards out;
    for (std::size_t i = words_.size(); i > 0; --i) out = (out << 64U) | domain::cluster_shards(words_[i - 1].load(std::memory_order_relaxed));
    return out;
  }
  bool ended() const { return time_.steady().time_since_epoch().count() >= until_.load(std::memory_order_relaxed); }

  void set(const domain::cluster_shards& which) {
    constexpr domain::cluster_shards word(~0ULL);
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i].store(((which >> (64U * i)) & word).to_ullong(), std::memory_order_relaxed);
  }
  void hold_until(steady_point t) { until_.store(t.time_since_epoch().count(), std::memory_order_relaxed); }

private:
  const clock& time_;
  std::array<std::atomic<std::uint64_t>, domain::cluster_shard_count / 64> words_{};
  std::atomic<steady_point::rep> until_{0};
};

}  // namespace coreldove::runtime
