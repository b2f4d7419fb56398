#pragma once
// How long to wait before a server is tried again: longer each time up to a bound, and never all clients at once.
#include <algorithm>
#include <chrono>
#include <random>

namespace coreldove::persistence {

class backoff {
public:
  explicit backoff(std::chrono::milliseconds longest) : longest_(longest) {}

  /// Half of it is chance.
  std::chrono::milliseconds next() {
    const auto whole = wait_.count();
    wait_ = std::min(wait_ * 2, longest_);
    return std::chrono::milliseconds{std::uniform_int_distribution<long long>{whole / 2, whole}(random_)};
  }
  void reset() { wait_ = shortest; }

private:
  static constexpr std::chrono::milliseconds shortest{100};
  std::chrono::milliseconds longest_;
  std::chrono::milliseconds wait_ = shortest;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace coreldove::persistence
