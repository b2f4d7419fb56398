#pragma once
// application/x-www-form-urlencoded bodies and queries.
#include <cstdint>
#include <map>
#include <optional>
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

using form_fields = std::map<std::string, std::string, std::less<>>;
/// The fields of a body, decoded; of several with one name the last. Nothing where an escape is broken.
std::optional<form_fields> read_form(std::string_view encoded);

}  // namespace coreldove::integrations::http
