#pragma once
// Events that were appended together are one row of the journal: an order's placing is one row with four events, its confirmation one with two.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/journal.hpp"

namespace coreldove::persistence {

/// A JSON array, so that the database's own functions can look inside: [["order_received",{…}],["fraud_assessed",{…}]]. The events' data stand in it byte by
/// byte, since their hashes cover those bytes.
std::string events_text(std::span<const event_record> events);
/// Nothing where it is not such an array.
std::optional<std::vector<event_record>> events_in(std::string_view text);

}  // namespace coreldove::persistence
