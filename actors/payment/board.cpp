#include "actors/payment/board.hpp"

#include <algorithm>

namespace coreldove::actors {

routing_board::routing_board(const runtime::clock& clock, std::vector<std::shared_ptr<const call_gate>> gates,
                             std::shared_ptr<const domain::routing_view> first)
    : clock_(clock), gates_(std::move(gates)), view_(std::move(first)) {}

void routing_board::publish(std::shared_ptr<const domain::routing_view> view) {
  const std::lock_guard guard{lock_};
  view_.swap(view);  // the old one goes when the lock is off
}

std::shared_ptr<const domain::routing_view> routing_board::view() const {
  const std::lock_guard guard{lock_};
  return view_;
}

domain::gateway_set routing_board::busy() const {
  domain::gateway_set set = 0;
  for (std::size_t g = 0; g < gates_.size(); ++g)
    if (gates_[g] && (gates_[g]->closed() || gates_[g]->waiting() > 0)) set |= 1U << g;
  return set;
}

domain::gateway_set routing_board::due(const domain::routing_view& view, domain::time_point now) const {
  domain::gateway_set set = 0;
  for (std::size_t g = 0; g < view.gateways.size(); ++g) {
    const auto& s = view.gateways[g];
    const bool at_last = now >= s.trial_at && now.time_since_epoch().count() >= next_trial_[g].load(std::memory_order_relaxed);
    if (s.open_circuit && at_last) set |= 1U << g;
  }
  return set;
}

bool routing_board::take_trial(const domain::routing_view& view, std::size_t gateway, domain::time_point now) const {
  auto& next = next_trial_[gateway];
  auto seen = next.load(std::memory_order_relaxed);
  const auto ms = now.time_since_epoch().count();
  return ms >= seen && next.compare_exchange_strong(seen, ms + view.policy.breaker.between_trials.count());
}

domain::route routing_board::choose(const domain::route_question& q) const {
  const auto v = view();
  const auto now = moment(clock_.steady());
  const auto crowded = busy();
  auto trials = due(*v, now);
  while (true) {
    auto r = domain::choose_route(*v, q, crowded & ~trials, trials);
    if (!r.trial) return r;
    const auto g = v->index_of(r.gateway);
    if (take_trial(*v, g, now)) return r;
    trials &= ~(1U << g);  // somebody else was faster
  }
}

}  // namespace coreldove::actors
