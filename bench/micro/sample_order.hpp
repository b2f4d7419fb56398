#pragma once
// The median order of the load profile, in each form that it has on its way: three lines, 1.2 KB of JSON.
#include <string>
#include <vector>

#include "domain/order.hpp"

namespace coreldove::bench {

/// The body as the load generator sends it. `padding` unused bytes lie behind the text, as the JSON reader wants them.
const std::string& sample_body();
/// The same, read and checked. Aborts where the generator's order is not accepted: then every figure would be about something else.
domain::order_input sample_input();
domain::intake_rules sample_rules();

/// From received to delivered in one sitting; `events`, where given, gets every event on the way.
domain::order sample_life(const domain::order_input& input, std::vector<domain::event>* events = nullptr);
/// Up to confirmed: stock reserved and payment authorised.
domain::order sample_confirmed(const domain::order_input& input, std::vector<domain::event>* events = nullptr);

}  // namespace coreldove::bench
