#include "bench/json_scan.hpp"

#include <charconv>

namespace coreldove::bench {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

/// `at` stands on the opening quote; the position of the closing one, or the text's end.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return at < text.size() ? at : text.size();
}

std::string_view value_at(std::string_view text, std::size_t at) {
  at = skip_blanks(text, at);
  if (at >= text.size()) return {};
  if (text[at] == '"') return text.substr(at + 1, end_of_string(text, at) - at - 1);
  auto end = at;
  while (end < text.size() && text[end] != ',' && text[end] != '}' && !is_blank(text[end])) ++end;
  return text.substr(at, end - at);
}

}  // namespace

std::string_view member(std::string_view object, std::string_view name) {
  auto at = skip_blanks(object, 0);
  if (at >= object.size() || object[at] != '{') return {};
  int depth = 0;
  for (; at < object.size(); ++at) {
    const char c = object[at];
    if (c == '{' || c == '[')
      ++depth;
    else if (c == '}' || c == ']')
      --depth;
    else if (c == '"') {
      const auto end = end_of_string(object, at);
      const auto text = object.substr(at + 1, end - at - 1);
      at = end;
      if (depth != 1) continue;
      const auto colon = skip_blanks(object, end + 1);
      if (colon < object.size() && object[colon] == ':' && text == name) return value_at(object, colon + 1);
    }
  }
  return {};
}

std::optional<std::uint64_t> integer_member(std::string_view object, std::string_view name) {
  const auto text = member(object, name);
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace coreldove::bench
