#include "integrations/stripe/amounts.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace coreldove::integrations::stripe {

namespace {

// ISK and UGX have no minor unit any more, but Stripe keeps two digits for them, always 00; MGA's fifths are not used there.
constexpr std::array<std::string_view, 15> without_digits{"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA",
                                                          "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"};
constexpr std::array<std::string_view, 5> with_three{"BHD", "JOD", "KWD", "OMR", "TND"};

int stripe_digits(std::string_view code) {
  if (std::find(without_digits.begin(), without_digits.end(), code) != without_digits.end()) return 0;
  return std::find(with_three.begin(), with_three.end(), code) != with_three.end() ? 3 : 2;
}

}  // namespace

std::optional<std::int64_t> to_stripe(domain::minor_units amount, const domain::currency& currency) {
  const int digits = stripe_digits(currency.name());
  for (int have = currency.digits; have < digits; ++have) {
    const auto more = domain::checked_multiply(amount, 10);
    if (!more) return std::nullopt;
    amount = *more;
  }
  for (int have = currency.digits; have > digits; --have) {
    if (amount % 10 != 0) return std::nullopt;
    amount /= 10;
  }
  if (digits == 3 && amount % 10 != 0) return std::nullopt;
  return amount;
}

std::optional<domain::minor_units> from_stripe(std::int64_t amount, const domain::currency& currency) {
  const int digits = stripe_digits(currency.name());
  for (int have = digits; have < currency.digits; ++have) {
    const auto more = domain::checked_multiply(amount, 10);
    if (!more) return std::nullopt;
    amount = *more;
  }
  for (int have = digits; have > currency.digits; --have) {
    if (amount % 10 != 0) return std::nullopt;
    amount /= 10;
  }
  return amount;
}

std::string code_of(const domain::currency& currency) {
  std::string out{currency.name()};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return out;
}

}  // namespace coreldove::integrations::stripe
