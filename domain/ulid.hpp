#pragma once
// ULIDs (github.com/ulid/spec): 48 bits of milliseconds and 80 random bits in 26 characters of Crockford's base 32; sorts by time.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/time.hpp"

namespace coreldove::domain {

using entropy = std::array<std::uint8_t, 10>;

std::string make_ulid(time_point at, const entropy& random);
/// "ord_" + ULID.
std::string make_order_id(time_point at, const entropy& random);
bool is_order_id(std::string_view text);

}  // namespace coreldove::domain
