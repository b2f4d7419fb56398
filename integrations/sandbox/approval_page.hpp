#pragma once
// What a buyer sees at a gateway of this world: two buttons, or, when all is said, a form that takes him back to the shop by itself.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "integrations/sandbox/exchange.hpp"

namespace coreldove::integrations::world {

/// Approve or decline: each button posts `decision=approve` or `decision=decline` to `action`.
void approval_page(reply& out, std::string_view title, std::string_view price, std::string_view action);
/// Posts `fields` to `action` at once; without an action it only says `title`.
void return_page(reply& out, std::string_view title, std::string_view action, const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace coreldove::integrations::world
