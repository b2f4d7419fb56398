#include "http/json_text.hpp"

#include <algorithm>

namespace coreldove::http {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::size_t skip_blanks(std::string_view s, std::size_t at) {
  while (at < s.size() && blanks.find(s[at]) != std::string_view::npos) ++at;
  return at;
}

/// The index behind the string that starts at `at`.
std::size_t skip_string(std::string_view s, std::size_t at) {
  for (++at; at < s.size() && s[at] != '"'; ++at)
    if (s[at] == '\\') ++at;
  return std::min(at + 1, s.size());
}

/// The index behind the value that starts at `at`.
std::size_t skip_value(std::string_view s, std::size_t at) {
  std::size_t depth = 0;
  while (at < s.size()) {
    const char c = s[at];
    if (c == '"') {
      at = skip_string(s, at);
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[')
      ++depth;
    else if (c == '}' || c == ']') {
      if (depth == 0) return at;  // the end of a number or word that is the last one
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (c == ',' || blanks.find(c) != std::string_view::npos))
      return at;
    ++at;
  }
  return at;
}

}  // namespace

void for_each_member(std::string_view object, const std::function<bool(const json_member&)>& f) {
  auto at = skip_blanks(object, 0);
  if (at >= object.size() || object[at] != '{') return;
  ++at;
  while (true) {
    at = skip_blanks(object, at);
    if (at >= object.size() || object[at] != '"') return;
    const auto key_end = skip_string(object, at);
    const auto key = object.substr(at + 1, key_end - at - 2);
    at = skip_blanks(object, key_end);
    if (at >= object.size() || object[at] != ':') return;
    at = skip_blanks(object, at + 1);
    const auto end = skip_value(object, at);
    if (!f({key, object.substr(at, end - at)})) return;
    at = skip_blanks(object, end);
    if (at >= object.size() || object[at] != ',') return;
    ++at;
  }
}

std::string_view member_of(std::string_view object, std::string_view key) {
  std::string_view found;
  for_each_member(object, [&](const json_member& m) {
    if (m.key != key) return true;
    found = m.value;
    return false;
  });
  return found;
}

std::string without_members(std::string_view object, std::initializer_list<std::string_view> names) {
  std::string out{"{"};
  out.reserve(object.size());
  for_each_member(object, [&](const json_member& m) {
    if (std::find(names.begin(), names.end(), m.key) != names.end()) return true;
    if (out.size() > 1) out.push_back(',');
    out.append("\"").append(m.key).append("\":").append(m.value);
    return true;
  });
  out.push_back('}');
  return out;
}

std::string_view plain_string(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.find('\\') != std::string_view::npos) return {};
  return value.substr(1, value.size() - 2);
}

}  // namespace coreldove::http
