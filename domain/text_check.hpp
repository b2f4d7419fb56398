#pragma once
// The first look at a text from outside: is there any, is it short enough, can it be shown and printed?
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "domain/result.hpp"

namespace coreldove::domain {

enum class text_fault { none, blank, too_long, unprintable };

/// `text` is UTF-8. blank: empty or only spaces; unprintable: control characters (U+0000–U+001F, U+007F–U+009F).
text_fault check_text(std::string_view text, std::size_t characters_max);

enum class presence { required, optional };  // optional: blank is fine

/// The same as a complaint at `pointer`: codes required, too_long, invalid.
std::optional<field_error> check_field(std::string_view text, std::size_t characters_max, presence need, std::string_view at, std::string_view name);

}  // namespace coreldove::domain
