#pragma once
// The timekeeper: timers are rows in the store; this actor wakes the orders whose rows are due. After a start it also wakes the orders that were
// left in the middle of something, a few hundred at a time.
#include "actors/links.hpp"

namespace coreldove::actors {

timekeeper_actor spawn_timekeeper(caf::actor_system& system, links_ptr l);

}  // namespace coreldove::actors
