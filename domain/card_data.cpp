#include "domain/card_data.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace coreldove::domain {
namespace {

constexpr std::size_t digits_min = 13, digits_max = 19;
constexpr std::size_t group_digits_max = 6;  // 4-4-4-4, 4-6-5, 4-4-4-4-3: nobody groups by more

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// Issuer ranges by their first six digits (ISO/IEC 7812), and the lengths in use.
struct issuer_range {
  std::uint32_t from, to;
  std::uint8_t length_min, length_max;
};
constexpr std::array issuers{
    issuer_range{400000, 499999, 13, 19},  // Visa
    issuer_range{510000, 559999, 16, 16},  // Mastercard
    issuer_range{222100, 272099, 16, 16},  // Mastercard
    issuer_range{340000, 349999, 15, 15},  // American Express
    issuer_range{370000, 379999, 15, 15},  // American Express
    issuer_range{601100, 601199, 16, 19},  // Discover
    issuer_range{622126, 622925, 16, 19},  // Discover and UnionPay
    issuer_range{644000, 659999, 16, 19},  // Discover
    issuer_range{300000, 305999, 14, 19},  // Diners Club
    issuer_range{309500, 309599, 14, 19},  // Diners Club
    issuer_range{360000, 369999, 14, 19},  // Diners Club
    issuer_range{380000, 399999, 14, 19},  // Diners Club
    issuer_range{352800, 358999, 16, 19},  // JCB
    issuer_range{620000, 629999, 16, 19},  // UnionPay
    issuer_range{810000, 817199, 16, 19},  // UnionPay, RuPay
    issuer_range{500000, 509999, 13, 19},  // Maestro, RuPay, Elo
    issuer_range{560000, 589999, 13, 19},  // Maestro
    issuer_range{600000, 601099, 16, 19},  // RuPay
    issuer_range{601200, 609999, 16, 19},  // RuPay, Hipercard
    issuer_range{630400, 630499, 13, 19},  // Maestro
    issuer_range{639000, 639099, 13, 19},  // Maestro
    issuer_range{675900, 677099, 13, 19},  // Maestro
    issuer_range{220000, 220499, 16, 19},  // Mir
};

bool luhn(std::string_view digits) {
  unsigned sum = 0;
  bool twice = false;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it, twice = !twice) {
    unsigned d = static_cast<unsigned>(*it - '0') * (twice ? 2U : 1U);
    sum += d > 9 ? d - 9 : d;
  }
  return sum % 10 == 0;
}

bool is_ean13(std::string_view digits) {
  if (digits.size() != 13) return false;
  unsigned sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) sum += static_cast<unsigned>(digits[i] - '0') * (i % 2 == 0 ? 1U : 3U);
  return sum % 10 == 0;
}

bool is_card_number(std::string_view digits) {
  if (digits.size() < digits_min || digits.size() > digits_max) return false;
  std::uint32_t prefix = 0;
  for (char c : digits.substr(0, 6)) prefix = prefix * 10 + static_cast<std::uint32_t>(c - '0');
  const bool known = std::any_of(issuers.begin(), issuers.end(), [&](const issuer_range& r) {
    return prefix >= r.from && prefix <= r.to && digits.size() >= r.length_min && digits.size() <= r.length_max;
  });
  return known && luhn(digits) && !is_ean13(digits);
}

/// Digits of a text that is nothing but digits, blanks and dashes; empty otherwise. `out` has room for digits_max.
std::string_view stripped(std::string_view text, std::array<char, digits_max>& out) {
  std::size_t n = 0;
  for (char c : text) {
    if (c == ' ' || c == '-') continue;
    if (!is_digit(c) || n == out.size()) return {};
    out[n++] = c;
  }
  return {out.data(), n};
}

/// Looks for a number that begins with the group of digits at `at`.
bool number_begins_at(std::string_view text, std::size_t at) {
  std::array<char, digits_max> digits{};
  std::size_t n = 0;
  bool grouped = false;
  while (true) {
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    const auto length = end - at;
    if (n + length > digits_max) return false;
    const bool more = end + 1 < text.size() && (text[end] == ' ' || text[end] == '-') && is_digit(text[end + 1]);
    std::copy(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end), digits.begin() + static_cast<std::ptrdiff_t>(n));
    n += length;
    const bool word_ends = end == text.size() || !is_letter(text[end]);
    if (grouped && length > group_digits_max) return false;
    if (word_ends && is_card_number({digits.data(), n})) return true;
    if (!more || length > group_digits_max) return false;
    grouped = true;
    at = end + 1;
  }
}

}  // namespace

bool holds_card_number(std::string_view text) {
  if (text.size() < digits_min) return false;
  const auto count = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_digit));
  if (count < digits_min) return false;
  if (text.front() == '+' && count <= 15) return false;
  std::array<char, digits_max> buffer{};
  if (is_card_number(stripped(text, buffer))) return true;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (is_digit(text[i]) && (i == 0 || (!is_digit(text[i - 1]) && !is_letter(text[i - 1]))) && number_begins_at(text, i)) return true;
  return false;
}

std::string without_card_numbers(std::string text) {
  if (holds_card_number(text)) std::replace_if(text.begin(), text.end(), is_digit, '*');
  return text;
}

bool names_card_data(std::string_view key) {
  static constexpr std::array<std::string_view, 22> names{"cvv",
                                                          "cvv2",
                                                          "cvc",
                                                          "cvc2",
                                                          "csc",
                                                          "cvn",
                                                          "pan",
                                                          "cardnumber",
                                                          "cardno",
                                                          "cardnum",
                                                          "cardpan",
                                                          "cardcvv",
                                                          "cardcvc",
                                                          "ccnumber",
                                                          "ccnum",
                                                          "creditcardnumber",
                                                          "creditcard",
                                                          "securitycode",
                                                          "track",
                                                          "trackdata",
                                                          "cardsecuritycode",
                                                          "cardverificationvalue"};
  constexpr std::size_t longest = 24;
  if (key.size() < 3 || key.size() > 2 * longest) return false;
  std::array<char, longest> plain{};
  std::size_t n = 0;
  for (char c : key) {
    if (c == '_' || c == '-' || c == ' ' || c == '.') continue;
    if (n == plain.size()) return false;
    plain[n++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  const std::string_view name{plain.data(), n};
  if (name == "track1" || name == "track2" || name == "track3" || name == "track1data" || name == "track2data") return true;
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace coreldove::domain
