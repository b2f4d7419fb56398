#include "domain/routing_backtest.hpp"

#include <algorithm>
#include <cmath>

namespace coreldove::domain {
namespace {

double share(std::int32_t millionths) { return millionths / double{one_million}; }

}  // namespace

estimated routing_backtest::sum::over(std::uint64_t n) const {
  if (n == 0) return {};
  const double count = static_cast<double>(n), mean = total / count;
  const double variance = n > 1 ? std::max(0.0, (squares - count * mean * mean) / (count - 1)) : 0;
  return {mean, 1.96 * std::sqrt(variance / count)};
}

void routing_backtest::add(const payment_routed& d, const currency& in, minor_units amount, outcome o) {
  const auto n = std::min(d.candidates.size(), gateways_max);
  const auto chosen = static_cast<std::size_t>(
      std::find_if(d.candidates.begin(), d.candidates.end(), [&](const routed_candidate& c) { return c.gateway == d.gateway; }) - d.candidates.begin());
  if (n < 2 || chosen >= n || d.reason == "trial" || d.candidates[chosen].share <= 0) {
    ++no_choice_;
    return;
  }
  if (o == outcome::open) {
    ++open_;
    return;
  }
  std::array<candidate_facts, gateways_max> facts{};
  std::array<shared_out, gateways_max> shares{};
  for (std::size_t i = 0; i < n; ++i) {
    const auto& c = d.candidates[i];
    facts[i] = {c.gateway, {share(c.success), c.evidence / 10.0}, c.latency_ms / 1000.0};
  }
  share_out(policy_, controls_, in, amount, facts.data(), n, shares.data());

  const double reward = o == outcome::succeeded ? 1 : 0;
  const double weight = shares[chosen].share / share(d.candidates[chosen].share);
  // What the success rates of that time would predict, put right by what did happen to the one that was chosen.
  double success = weight * (reward - facts[chosen].success.rate), value = 0, recorded_value = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double worth = share(policy_.margin) - cost_of(policy_, facts[i].gateway, in, amount);
    const double waiting = facts[i].latency_seconds * share(policy_.latency_cost);
    success += shares[i].share * facts[i].success.rate;
    value += shares[i].share * (facts[i].success.rate * worth - waiting);
    if (i != chosen) continue;
    value += weight * (reward - facts[i].success.rate) * worth;
    recorded_value = reward * worth - waiting;
  }
  ++used_;
  recorded_success_.add(reward);
  policy_success_.add(success);
  success_difference_.add(success - reward);
  recorded_value_.add(recorded_value);
  policy_value_.add(value);
  value_difference_.add(value - recorded_value);
  ips_.add(weight * reward);
  weights_.add(weight);
  largest_ = std::max(largest_, weight);
}

backtest_result routing_backtest::result() const {
  backtest_result r;
  r.used = used_;
  r.no_choice = no_choice_;
  r.open = open_;
  r.recorded_success = recorded_success_.over(used_);
  r.policy_success = policy_success_.over(used_);
  r.success_difference = success_difference_.over(used_);
  r.recorded_value = recorded_value_.over(used_);
  r.policy_value = policy_value_.over(used_);
  r.value_difference = value_difference_.over(used_);
  r.ips_success = ips_.over(used_).mean;
  r.self_normalised_success = weights_.total > 0 ? ips_.total / weights_.total : 0;
  r.effective_decisions = weights_.squares > 0 ? weights_.total * weights_.total / weights_.squares : 0;
  r.largest_weight = largest_;
  return r;
}

}  // namespace coreldove::domain
