#pragma once
// How often payments succeed, by gateway, currency, method and size, learnt as they go: discounted counts, so that old news fades (discounted Thompson
// sampling: Raj and Kalyani, "Taming Non-stationary Bandits: A Bayesian Approach", 2017), with a test for sudden change beside them (as CUSUM-UCB does: Liu,
// Lee and Shroff, "A Change-Detection based Framework for Piecewise-stationary Multi-Armed Bandit Problem", AAAI 2018), because a memory that is long enough
// to be calm is too long to be quick. A thin cell leans on the wider group that it belongs to.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/money.hpp"
#include "domain/routing_policy.hpp"

namespace coreldove::domain {

/// The kind of payment: the cell that its success is counted in.
struct payment_kind {
  std::array<char, 3> currency{'X', 'X', 'X'};
  std::uint8_t method = 0;  // index, see method_name
  std::uint8_t size = 0;    // half decades of the currency's major unit: 0: below 1, 1: 1 to 3.16, 2: to 10, 3: to 31.6, …; at most size_max
  friend bool operator==(const payment_kind&, const payment_kind&) = default;
};
inline constexpr std::uint8_t size_max = 15;

payment_kind kind_of_payment(const currency& in, std::string_view payment_method, minor_units amount);
std::string_view method_name(std::uint8_t method);
std::uint8_t method_index(std::string_view payment_method);

struct success_estimate {
  double rate = 0;      // 0..1
  double evidence = 0;  // payments that it rests on, after decay; what is inherited counts in part
  /// Standard deviation of the rate.
  double spread() const;
};

class success_table {
public:
  success_table() = default;
  success_table(std::size_t gateways, const learning_rules& rules) : gateways_(gateways), rules_(rules) {}

  void observe(const payment_kind& kind, std::size_t gateway, bool success);
  success_estimate estimate(const payment_kind& kind, std::size_t gateway) const;

  /// One cell as it stands, without what it inherits.
  struct cell {
    payment_kind kind;
    std::size_t gateway = 0;
    double payments = 0, successes = 0;
  };
  /// Those with something in them, ordered by kind and gateway.
  std::vector<cell> cells() const;
  std::size_t gateways() const { return gateways_; }

private:
  /// Page's test for a change in one direction.
  struct suspicion {
    double ratio = 0;                    // log likelihood ratio
    double payments = 0, successes = 0;  // since it was 0: what was seen after the change, if it is one
    void add(double step, bool success);
  };
  struct counts {
    double payments = 0, successes = 0;
    suspicion fall, rise;
    double alarm() const { return std::max(fall.ratio, rise.ratio); }
  };
  using row = std::array<counts, gateways_max>;
  static constexpr std::size_t levels = 3;  // all payments; by currency and method; by size as well
  using key_path = std::array<std::uint64_t, levels>;

  static key_path keys_of(const payment_kind& kind);
  const row* find(std::uint64_t key) const;
  void watch(counts& c, double expected, bool success) const;
  void forget(const key_path& of, row& changed, std::size_t gateway);
  void forget_all(std::size_t gateway);

  std::size_t gateways_ = 0;
  learning_rules rules_;
  std::unordered_map<std::uint64_t, row> rows_;
};

}  // namespace coreldove::domain
