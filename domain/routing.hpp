#pragma once
// Which gateway takes a payment. Rules first (what the order and the operator ask for, what a gateway can do), then the choice among what is left by
// expected value: what a payment is worth, times how likely it succeeds there, less what it costs. Pure: the view is a value, time and chance are arguments.
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/events.hpp"
#include "domain/routing_learning.hpp"
#include "domain/routing_policy.hpp"

namespace coreldove::domain {

/// What is known of a gateway at a moment, beside the policy.
struct gateway_standing {
  std::string name;
  std::vector<std::string> currencies;  // that its adapter can take; empty: all
  bool open_circuit = false;            // for new authorizations
  time_point trial_at{};                // open_circuit: when one payment may be sent there to see
  double latency_seconds = 0;           // of an authorization, lately
  bool needs_buyer = false;             // takes nothing before the buyer has been on its page
  friend bool operator==(const gateway_standing&, const gateway_standing&) = default;
};

/// Everything a decision rests on. Never changed once it is shared.
struct routing_view {
  routing_policy policy;
  routing_controls controls;
  std::uint32_t version = 0;               // of policy and controls; 0: nobody has set any
  std::vector<gateway_standing> gateways;  // in the order of the table's indexes; at most gateways_max
  success_table learnt;
  std::string default_gateway;  // where no other rule says anything

  std::size_t index_of(std::string_view gateway) const;  // gateways.size() where there is none
};

/// Bit g: the gateway with index g.
using gateway_set = std::uint32_t;

struct route_question {
  const order_input* input = nullptr;
  minor_units amount = 0;
  std::string_view order_id;
  std::uint32_t operation = 0;     // the number it will have; with the order's id it decides the draw
  std::vector<std::string> avoid;  // gateways that must not be asked: they have declined it, or were tried just now
  time_point now{};
};

struct route {
  std::string gateway;  // empty: nothing is left to try
  /// The decision to be remembered; `n` is still to be filled in. Nothing where there was nothing to choose from.
  std::optional<payment_routed> decision;
  bool trial = false;  // sent there although its circuit is open, to see whether it is back
};

/// Chooses. Orders that name a gateway, or whose token belongs to one, go nowhere else. `busy`: gateways whose calls queue up, or that take none at the moment.
/// `trials`: those that may be sent a payment as a trial now.
route choose_route(const routing_view& view, const route_question& q, gateway_set busy, gateway_set trials);

/// The probability that each of these is the best, where each one's value is uncertain with the given spread: the shares that Thompson sampling would give
/// them, computed instead of drawn, so that they can be recorded. At most gateways_max of them.
struct uncertain_value {
  double mean = 0, spread = 0;
};
void share_by_chance_of_being_best(const uncertain_value* values, std::size_t n, double* shares);

/// What was known of a candidate when a decision was made.
struct candidate_facts {
  std::string_view gateway;
  success_estimate success;
  double latency_seconds = 0;
};
struct shared_out {
  double share = 0;  // the probability that it is chosen; they add up to 1
  double value = 0;  // expected, of the payment's amount
};
/// How a policy shares a payment out among candidates: for decisions, and for looking back on recorded ones. At most gateways_max of them.
void share_out(const routing_policy& policy, const routing_controls& controls, const currency& in, minor_units amount, const candidate_facts* candidates,
               std::size_t n, shared_out* out);

/// What a payment of this amount costs there, of its amount.
double cost_of(const routing_policy& policy, std::string_view gateway, const currency& in, minor_units amount);

/// How an order machine gets its routes; whoever implements it may remember that a trial was taken.
class payment_routes {
public:
  virtual ~payment_routes() = default;
  virtual route choose(const route_question& q) const = 0;
};

}  // namespace coreldove::domain
