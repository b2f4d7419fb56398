#pragma once
// The routing policy and the operator's controls as JSON: the file that an installation gives, the request that an operator sends, and the event that keeps
// both in the journal. Shares are percentages, amounts decimals in the currency's own digits, durations milliseconds.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/query.hpp"
#include "domain/result.hpp"
#include "domain/routing_policy.hpp"

namespace coreldove::persistence {

/// The stream of what was set about routing, and the type of its events. Each holds everything, so the last one is all that counts.
inline constexpr std::string_view routing_stream = "settings/payment-routing", routing_set_type = "routing_set";

struct routing_settings {
  domain::routing_policy policy = domain::usual_routing_policy();
  domain::routing_controls controls;
  std::uint32_t version = 0;  // of the stream; 0: nothing was ever set
};

/// What is missing is as in usual_routing_policy(). Errors: malformed; invalid_input with every bad field, unknown ones included.
domain::result<domain::routing_policy> read_routing_policy(std::string_view json);
std::string routing_policy_text(const domain::routing_policy& policy);

/// {"pin": "stripe" or null, "drain": [...], "weights": {"stripe": 1.5}}; what is missing is not set. Errors as above.
domain::result<domain::routing_controls> read_routing_controls(std::string_view json);
std::string routing_controls_text(const domain::routing_controls& controls);

/// The data of a routing_set event, and back from the stream's last one. Errors: internal.
std::string routing_settings_text(const routing_settings& settings);
domain::result<routing_settings> latest_routing(const std::vector<domain::history_entry>& stream);

}  // namespace coreldove::persistence
