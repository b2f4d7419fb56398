#pragma once
// Writing JSON by hand where a document library would cost too much.
#include <string>
#include <string_view>

#include "domain/json_text.hpp"

namespace coreldove::integrations::world {

using domain::append_json;
/// The same, or null where `text` is empty.
inline void append_json_or_null(std::string& out, std::string_view text) {
  if (text.empty())
    out.append("null");
  else
    append_json(out, text);
}

}  // namespace coreldove::integrations::world
