#pragma once
// The one source of chance of a simulated run. Everything that is drawn comes from here, so a seed replays the run to the letter.
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "runtime/clock.hpp"

namespace coreldove::simulation {

class dice final : public runtime::random_source {
public:
  explicit dice(std::uint64_t seed) : engine_(seed) {}

  /// 0 .. n-1; n is not 0. (The distributions of <random> differ between libraries, a remainder does not.)
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1)); }
  bool chance(std::uint32_t permille) { return engine_() % 1000 < permille; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  domain::entropy entropy() override {
    domain::entropy e;
    for (auto& byte : e) byte = static_cast<std::uint8_t>(engine_());
    return e;
  }

private:
  std::mt19937_64 engine_;
};

}  // namespace coreldove::simulation
