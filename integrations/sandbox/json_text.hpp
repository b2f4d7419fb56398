#pragma once
// Writing JSON by hand where a document library would cost too much.
#include <string>
#include <string_view>

namespace coreldove::integrations::world {

/// Appends `text` as a JSON string, quotes included. `text` is UTF-8.
void append_json(std::string& out, std::string_view text);
/// The same, or null where `text` is empty.
void append_json_or_null(std::string& out, std::string_view text);

}  // namespace coreldove::integrations::world
