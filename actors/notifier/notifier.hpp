#pragma once
// The notifier: sends what committed events have put into the outbox. An entry leaves the outbox when the receiver has it, or has refused it for good.
// After a crash in between it goes out again under the same Message-ID.
#include "actors/links.hpp"

namespace coreldove::actors {

notifier_actor spawn_notifier(caf::actor_system& system, links_ptr l);

}  // namespace coreldove::actors
