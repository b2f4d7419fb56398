#include "domain/text_check.hpp"

namespace coreldove::domain {

text_fault check_text(std::string_view text, std::size_t characters_max) {
  std::size_t characters = 0;
  bool blank = true, printable = true;
  unsigned char before = 0;
  for (char byte : text) {
    const auto c = static_cast<unsigned char>(byte);
    const bool continues = (c & 0xC0U) == 0x80U;
    characters += continues ? 0 : 1;
    blank &= c == ' ';
    printable &= c >= 0x20U && c != 0x7FU && !(before == 0xC2U && continues && c < 0xA0U);  // C2 80..C2 9F is U+0080..U+009F
    before = c;
  }
  if (!printable) return text_fault::unprintable;
  if (blank) return text_fault::blank;
  return characters > characters_max ? text_fault::too_long : text_fault::none;
}

std::optional<field_error> check_field(std::string_view text, std::size_t characters_max, presence need, std::string_view at, std::string_view name) {
  const text_fault fault = check_text(text, characters_max);
  if (fault == text_fault::none || (fault == text_fault::blank && need == presence::optional)) return std::nullopt;
  field_error out{std::string{at}.append("/").append(name), {}, {}};
  if (fault == text_fault::blank) {
    out.code = "required";
    out.message = "must be given";
  } else if (fault == text_fault::too_long) {
    out.code = "too_long";
    out.message = "must have at most " + std::to_string(characters_max) + " characters";
  } else {
    out.code = "invalid";
    out.message = "must not contain control characters";
  }
  return out;
}

}  // namespace coreldove::domain
