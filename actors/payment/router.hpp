#pragma once
// The payment router: takes committed intents to the gateway that they name and brings the answer back to the order.
#include "actors/links.hpp"

namespace coreldove::actors {

payment_actor spawn_payment_router(caf::actor_system& system, links_ptr l);

}  // namespace coreldove::actors
