#pragma once
// Where the order actors look up where a payment goes: the router's latest view, replaced as a whole. Asking costs no message and never waits.
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "actors/gate/gate.hpp"
#include "domain/routing.hpp"
#include "runtime/clock.hpp"

namespace coreldove::actors {

/// The steady clock in the domain's type, for things that last; of no meaning beside the wall clock.
inline domain::time_point moment(runtime::steady_point t) { return domain::time_point{std::chrono::duration_cast<domain::duration>(t.time_since_epoch())}; }

class routing_board final : public domain::payment_routes {
public:
  /// `gates`: of the view's gateways, in their order; null where one has none.
  routing_board(const runtime::clock& clock, std::vector<std::shared_ptr<const call_gate>> gates, std::shared_ptr<const domain::routing_view> first);

  domain::route choose(const domain::route_question& q) const override;
  void publish(std::shared_ptr<const domain::routing_view> view);
  std::shared_ptr<const domain::routing_view> view() const;

private:
  domain::gateway_set busy() const;
  /// Those whose trial is due. Only one asker gets each: see take_trial.
  domain::gateway_set due(const domain::routing_view& view, domain::time_point now) const;
  bool take_trial(const domain::routing_view& view, std::size_t gateway, domain::time_point now) const;

  const runtime::clock& clock_;
  const std::vector<std::shared_ptr<const call_gate>> gates_;
  mutable std::array<std::atomic<domain::duration::rep>, domain::gateways_max> next_trial_{};  // milliseconds of the steady clock
  mutable std::mutex lock_;                                                                    // guards view_, for as long as copying the pointer takes
  std::shared_ptr<const domain::routing_view> view_;
};

}  // namespace coreldove::actors
