#pragma once
// Writing JSON by hand where a document library would cost too much.
#include <string>
#include <string_view>

namespace coreldove::domain {

/// Appends `text`, which is UTF-8, as a JSON string: quotes around it, and what must be escaped escaped.
void append_json(std::string& out, std::string_view text);

}  // namespace coreldove::domain
