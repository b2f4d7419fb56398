#include "integrations/http/message.hpp"

#include <algorithm>

namespace coreldove::integrations::http {

namespace {

bool is_token_char(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view{"!#$%&'*+-.^_`|~"}.find(static_cast<char>(c)) != std::string_view::npos;
}

bool is_value_char(unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

header_block& header_block::add(std::string_view name, std::string_view value) {
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_token_char) || !std::all_of(value.begin(), value.end(), is_value_char)) {
    valid_ = false;
    return *this;
  }
  text_.append(name).append(": ").append(value).append("\r\n");
  return *this;
}

std::string_view header_block::find(std::string_view name) const {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    const auto line = rest.substr(0, end);
    const auto colon = line.find(':');
    if (same_name(line.substr(0, colon), name)) return line.substr(colon + 2);
    rest.remove_prefix(end + 2);
  }
  return {};
}

}  // namespace coreldove::integrations::http
