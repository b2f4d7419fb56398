#pragma once
// The idempotency key that an operation goes out under, taken apart again where a vendor sends it back: "<order id>/<kind>/<n>".
#include <optional>
#include <string_view>

#include "domain/events.hpp"

namespace coreldove::integrations {

/// "ord_1/capture/3" → capture; nothing for what is no such key.
std::optional<domain::operation_kind> kind_of(std::string_view idempotency_key);
/// "ord_1/capture/3" → "ord_1"; empty for what is no such key.
std::string_view order_of(std::string_view idempotency_key);

}  // namespace coreldove::integrations
