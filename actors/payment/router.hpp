#pragma once
// The payment router: takes committed intents to the gateway that they name and brings the answer back to the order; learns from the answers where payments
// succeed, and keeps calls away from a gateway that does not answer. What it knows it publishes on the board, where orders look it up by themselves.
#include "actors/links.hpp"

namespace coreldove::actors {

/// The board with what is known before anything was learnt: the configured gateways, policy and controls.
std::shared_ptr<routing_board> make_routing_board(const links& l);

/// `l->routes` must be there.
payment_actor spawn_payment_router(caf::actor_system& system, links_ptr l);

}  // namespace coreldove::actors
