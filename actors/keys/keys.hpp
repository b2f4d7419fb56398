#pragma once
// The keeper of idempotency keys: lets the first request with a key through, makes its repeats wait for the one answer, and gives earlier answers again.
// What is kept for ever stands in the journal's transaction; this actor holds only what is in flight.
#include "actors/links.hpp"

namespace coreldove::actors {

/// The answer to a key that came with another request before.
domain::failure key_reused();

keys_actor spawn_keys(caf::actor_system& system, links_ptr l);

}  // namespace coreldove::actors
