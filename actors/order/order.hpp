#pragma once
// The order: one actor per order that is awake. A thin shell around domain::decide and domain::evolve:
//   decide → journal → evolve → answer → effects, one command at a time.
#include "actors/links.hpp"

namespace coreldove::actors {

/// `fresh`: its place_task follows. Otherwise it reads its stream first, and where there is none answers not_found to everybody and ends.
order_actor spawn_order(caf::actor_system& system, links_ptr l, shard_actor shard, std::string order_id, bool fresh);

}  // namespace coreldove::actors
