#pragma once
// Shipping: takes committed label requests to the carrier that they name and brings the answer back to the order.
#include "actors/links.hpp"

namespace coreldove::actors {

carrier_actor spawn_shipping(caf::actor_system& system, links_ptr l);

}  // namespace coreldove::actors
