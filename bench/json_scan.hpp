#pragma once
// Picks single members out of a JSON object without reading the rest: an answer of 3 KB costs the generator a few hundred nanoseconds at most.
#include <cstdint>
#include <optional>
#include <string_view>

namespace coreldove::bench {

/// The raw text of the object's own member `name` (not of a nested one): a string with its quotes taken off and escapes left in, a number, …;
/// empty where there is none or the text is no object. Objects and arrays come without a promise about their end.
std::string_view member(std::string_view object, std::string_view name);

/// The member as a non-negative integer.
std::optional<std::uint64_t> integer_member(std::string_view object, std::string_view name);

}  // namespace coreldove::bench
