#pragma once
// Risk: remembers what customers have bought lately, so that the fraud rules need not ask the store for every order of a busy customer.
#include "actors/links.hpp"

namespace coreldove::actors {

risk_actor spawn_risk(caf::actor_system& system, links_ptr l);

}  // namespace coreldove::actors
