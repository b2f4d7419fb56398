#include "integrations/http/form.hpp"

#include <charconv>

#include "integrations/http/url.hpp"

namespace coreldove::integrations::http {

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

}  // namespace coreldove::integrations::http
