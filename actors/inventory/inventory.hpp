#pragma once
// The inventory: the one place of a node that promises stock. Decides in memory, in the order in which it is asked; the store's own constraint
// (reserved <= on_hand) stands behind it. After a failure it reads the store again and goes on with what is in its mailbox.
#include "actors/links.hpp"

namespace coreldove::actors {

inventory_actor spawn_inventory(caf::actor_system& system, links_ptr l);

}  // namespace coreldove::actors
