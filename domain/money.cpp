#include "domain/money.hpp"

#include <unicode/ucurr.h>
#include <unicode/uenum.h>

#include <cassert>
#include <limits>

namespace coreldove::domain {
namespace {

constexpr std::size_t letters = 26;
constexpr std::int8_t not_a_currency = -1;

/// Minor digits by code; three letters are a number below 26³.
using digit_table = std::array<std::int8_t, letters * letters * letters>;

constexpr std::size_t no_slot = letters * letters * letters;
constexpr std::size_t slot_of(std::string_view code) {
  if (code.size() != 3) return no_slot;
  std::size_t slot = 0;
  for (char c : code) {
    if (c < 'A' || c > 'Z') return no_slot;
    slot = slot * letters + static_cast<std::size_t>(c - 'A');
  }
  return slot;
}

struct correction {
  std::string_view code;
  std::int8_t digits;
};

/// Where ISO 4217 says something else than ICU 72. ICU's digits are what shops print, ISO's are what gateways count in; and a few
/// codes came or went since ICU's data was made.
constexpr std::array corrections{
    correction{"AFN", 2},
    correction{"ALL", 2},
    correction{"IQD", 3},
    correction{"IRR", 2},
    correction{"KPW", 2},
    correction{"LAK", 2},
    correction{"LBP", 2},
    correction{"MGA", 2},
    correction{"MMK", 2},
    correction{"RSD", 2},
    correction{"SOS", 2},
    correction{"SYP", 2},
    correction{"YER", 2},
    correction{"SVC", 2},
    correction{"VED", 2},
    correction{"XCG", 2},
    correction{"ZWG", 2},
    correction{"ANG", not_a_currency},
    correction{"BGN", not_a_currency},
    correction{"CUC", not_a_currency},
    correction{"HRK", not_a_currency},
    correction{"SLL", not_a_currency},
    correction{"VEF", not_a_currency},
};

digit_table load_currencies() {
  digit_table table;
  table.fill(not_a_currency);
  UErrorCode status = U_ZERO_ERROR;
  UEnumeration* codes = ucurr_openISOCurrencies(UCURR_COMMON | UCURR_NON_DEPRECATED, &status);
  while (const char* code = uenum_next(codes, nullptr, &status)) {
    const std::size_t slot = slot_of(code);
    assert(slot != no_slot);
    const std::array<UChar, 4> wide{static_cast<UChar>(code[0]), static_cast<UChar>(code[1]), static_cast<UChar>(code[2]), 0};
    table[slot] = static_cast<std::int8_t>(ucurr_getDefaultFractionDigits(wide.data(), &status));
  }
  uenum_close(codes);
  assert(U_SUCCESS(status));
  for (const auto& c : corrections) table[slot_of(c.code)] = c.digits;
  return table;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<currency> currency::find(std::string_view iso_code) {
  static const digit_table table = load_currencies();
  const std::size_t slot = slot_of(iso_code);
  if (slot == no_slot || table[slot] == not_a_currency) return std::nullopt;
  return currency{{iso_code[0], iso_code[1], iso_code[2]}, static_cast<std::uint8_t>(table[slot])};
}

std::optional<minor_units> parse_amount(std::string_view text, std::uint8_t digits) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string_view decimals;
  if (point != std::string_view::npos) {
    decimals = text.substr(point + 1);
    if (decimals.empty() || decimals.size() > digits) return std::nullopt;
  }
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return std::nullopt;

  minor_units value = 0;
  auto push = [&value](std::int64_t digit) {
    return !__builtin_mul_overflow(value, std::int64_t{10}, &value) && !__builtin_add_overflow(value, digit, &value);
  };
  for (std::string_view part : {whole, decimals})
    for (char c : part)
      if (!is_digit(c) || !push(c - '0')) return std::nullopt;
  for (std::size_t missing = digits - decimals.size(); missing > 0; --missing)
    if (!push(0)) return std::nullopt;
  return value;
}

std::string format_amount(minor_units amount, std::uint8_t digits) {
  std::array<char, 64> buffer;
  assert(digits + std::size_t{4} + std::numeric_limits<minor_units>::digits10 <= buffer.size());
  // Negated as unsigned: the most negative amount has no positive counterpart.
  std::uint64_t rest = amount < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(amount) : static_cast<std::uint64_t>(amount);
  char* const end = buffer.data() + buffer.size();
  char* at = end;
  auto push = [&] {
    *--at = static_cast<char>('0' + rest % 10);
    rest /= 10;
  };
  for (std::uint8_t i = 0; i < digits; ++i) push();
  if (digits > 0) *--at = '.';
  do push();
  while (rest > 0);
  if (amount < 0) *--at = '-';
  return {at, end};
}

std::optional<minor_units> checked_add(minor_units a, minor_units b) {
  minor_units sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

std::optional<minor_units> checked_multiply(minor_units a, std::int64_t factor) {
  minor_units product = 0;
  if (__builtin_mul_overflow(a, factor, &product)) return std::nullopt;
  return product;
}

}  // namespace coreldove::domain
