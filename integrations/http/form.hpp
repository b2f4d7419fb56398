#pragma once
// application/x-www-form-urlencoded bodies and queries.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace coreldove::integrations::http {

class form {
public:
  /// `key` goes out as it is (a constant, brackets and all); `value` is encoded.
  form& add(std::string_view key, std::string_view value);
  form& add(std::string_view key, std::int64_t value);
  const std::string& text() const& { return text_; }
  std::string text() && { return std::move(text_); }

private:
  void begin(std::string_view key);
  std::string text_;
};

}  // namespace coreldove::integrations::http
