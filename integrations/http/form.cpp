#include "integrations/http/form.hpp"

#include <algorithm>
#include <charconv>

#include "integrations/http/url.hpp"

namespace coreldove::integrations::http {

namespace {

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? nibble(text[i + 1]) : -1, low = i + 2 < text.size() ? nibble(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

}  // namespace

void form::begin(std::string_view key) {
  if (text_.empty()) {
    text_.reserve(512);
  } else {
    text_.push_back('&');
  }
  text_.append(key).push_back('=');
}

form& form::add(std::string_view key, std::string_view value) {
  begin(key);
  append_percent_encoded(text_, value);
  return *this;
}

form& form::add(std::string_view key, std::int64_t value) {
  begin(key);
  char digits[20];
  const auto [end, ec] = std::to_chars(digits, digits + sizeof digits, value);
  text_.append(digits, end);
  return *this;
}

std::optional<form_fields> read_form(std::string_view encoded) {
  form_fields out;
  while (!encoded.empty()) {
    const auto pair = encoded.substr(0, encoded.find('&'));
    encoded.remove_prefix(std::min(encoded.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto key = decoded(pair.substr(0, equals)), value = decoded(pair.substr(std::min(pair.size(), equals + 1)));
    if (!key || !value) return std::nullopt;
    out.insert_or_assign(std::move(*key), std::move(*value));
  }
  return out;
}

}  // namespace coreldove::integrations::http
