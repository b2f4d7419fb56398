#pragma once
// Money is an int64 count of the currency's minor unit (ISO 4217: USD cents, JPY yen, KWD fils). No floating point anywhere.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coreldove::domain {

using minor_units = std::int64_t;

/// An ISO 4217 currency in use, with its number of minor digits (from ICU; funds, metals and test codes are not currencies).
struct currency {
  std::array<char, 3> code{'X', 'X', 'X'};
  std::uint8_t digits = 2;

  std::string_view name() const { return {code.data(), code.size()}; }
  static std::optional<currency> find(std::string_view iso_code);
  friend bool operator==(const currency&, const currency&) = default;
};

/// "59.98" with 2 digits → 5998. Plain non-negative decimals only: no sign, exponent, blanks or leading zeros ("0.50" is fine), at
/// most `digits` decimals ("59.9" and "60" are accepted for USD); nothing otherwise, nor above the int64 range.
std::optional<minor_units> parse_amount(std::string_view text, std::uint8_t digits);

/// 5998 with 2 digits → "59.98"; always exactly `digits` decimals; a minus sign in front of negative amounts.
std::string format_amount(minor_units amount, std::uint8_t digits);

/// Overflow-checked arithmetic; nothing on overflow.
std::optional<minor_units> checked_add(minor_units a, minor_units b);
std::optional<minor_units> checked_multiply(minor_units a, std::int64_t factor);

}  // namespace coreldove::domain
