#pragma once
// A shard: supervises the orders whose ids fall to it. Wakes them when something is asked of them, puts idle ones to sleep, restarts those that crash, and
// hands an order that crashes again and again to a person.
#include "actors/links.hpp"

namespace coreldove::actors {

shard_actor spawn_shard(caf::actor_system& system, links_ptr l);

}  // namespace coreldove::actors
