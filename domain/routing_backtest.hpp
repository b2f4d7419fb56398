#pragma once
// What would another policy have brought? Looks back on recorded decisions, which carry the probabilities that they were made with, and estimates without
// trying it out: doubly robust (Dudik, Langford and Li, "Doubly Robust Policy Evaluation and Learning", ICML 2011), with inverse propensity scoring beside it.
#include <cstdint>

#include "domain/events.hpp"
#include "domain/routing.hpp"

namespace coreldove::domain {

/// A mean and half the width of its 95 % interval.
struct estimated {
  double mean = 0, margin = 0;
};

struct backtest_result {
  std::uint64_t used = 0;       // decisions with a choice and an outcome
  std::uint64_t no_choice = 0;  // only one gateway was left, pinned, or a trial: nothing can be learnt about another policy
  std::uint64_t open = 0;       // no outcome yet
  estimated recorded_success, policy_success, success_difference;
  estimated recorded_value, policy_value, value_difference;  // of the amount, with costs and margin of the policy that is tried
  double ips_success = 0, self_normalised_success = 0;
  double effective_decisions = 0;  // as many as would weigh the same if both policies agreed
  double largest_weight = 0;
};

class routing_backtest {
public:
  routing_backtest(routing_policy policy, routing_controls controls) : policy_(std::move(policy)), controls_(std::move(controls)) {}

  enum class outcome : std::uint8_t { succeeded, failed, open };
  /// A first decision: what followed after a failed attempt depends on it.
  void add(const payment_routed& decision, const currency& in, minor_units amount, outcome o);
  backtest_result result() const;

private:
  struct sum {
    double total = 0, squares = 0;
    void add(double x) {
      total += x;
      squares += x * x;
    }
    estimated over(std::uint64_t n) const;
  };
  routing_policy policy_;
  routing_controls controls_;
  std::uint64_t used_ = 0, no_choice_ = 0, open_ = 0;
  sum recorded_success_, policy_success_, success_difference_, recorded_value_, policy_value_, value_difference_, ips_, weights_;
  double largest_ = 0;
};

}  // namespace coreldove::domain
