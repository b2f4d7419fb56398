#include "integrations/sandbox/json_text.hpp"

#include <fmt/format.h>

#include <iterator>

namespace coreldove::integrations::world {

void append_json(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t clean = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, clean, i - clean);
    clean = i + 1;
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    }
  }
  out.append(text, clean);
  out.push_back('"');
}

void append_json_or_null(std::string& out, std::string_view text) {
  if (text.empty())
    out.append("null");
  else
    append_json(out, text);
}

}  // namespace coreldove::integrations::world
