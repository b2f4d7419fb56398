#pragma once
// The ports of the outside world with a gate before them.
#include <memory>

#include "actors/gate/gate.hpp"
#include "integrations/carrier.hpp"

namespace coreldove::actors {

std::shared_ptr<integrations::payment_gateway> gated(std::shared_ptr<integrations::payment_gateway> port, std::shared_ptr<call_gate> gate);
/// Labels and their cancellation pass the gate; rates and tracking do not, for no order waits for them.
std::shared_ptr<integrations::carrier> gated(std::shared_ptr<integrations::carrier> port, std::shared_ptr<call_gate> gate);

}  // namespace coreldove::actors
