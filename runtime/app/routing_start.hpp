#pragma once
// What holds for the routing of payments when the server starts: the policy of the settings and what operators have set, from the journal.
#include "config/settings.hpp"
#include "persistence/codec/routing_codec.hpp"
#include "persistence/journal.hpp"
#include "persistence/store.hpp"

namespace coreldove::app {

/// The policy of the settings, with the token that stands in where an order has none. Throws std::runtime_error that names the file and its first mistake.
domain::routing_policy routing_policy_of(const config::settings& s);

/// A policy that differs from the journal's last one is written there first, so that each decision's version says what it rested on. Throws
/// std::runtime_error.
persistence::routing_settings routing_at_start(domain::routing_policy policy, bool from_file, persistence::journal& journal, persistence::store& store,
                                               domain::time_point now);

/// The token that stands in for a missing one outside of production: Stripe and PayPal charge it at once.
inline constexpr const char* sandbox_token = "tok_visa";

}  // namespace coreldove::app
