#include "integrations/paypal/amounts.hpp"

#include <algorithm>

namespace coreldove::integrations::paypal {

namespace {

int paypal_digits(std::string_view code) { return code == "JPY" || code == "HUF" || code == "TWD" ? 0 : 2; }

/// The amount with `to` digits instead of `from`; nothing where that would lose some, or is too large.
std::optional<domain::minor_units> rescaled(domain::minor_units amount, int from, int to) {
  for (; from < to; ++from) {
    const auto more = domain::checked_multiply(amount, 10);
    if (!more) return std::nullopt;
    amount = *more;
  }
  for (; from > to; --from) {
    if (amount % 10 != 0) return std::nullopt;
    amount /= 10;
  }
  return amount;
}

}  // namespace

const std::vector<std::string>& currencies() {
  static const std::vector<std::string> all{"AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS",
                                            "JPY", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"};
  return all;
}

bool takes(const domain::currency& currency) { return std::find(currencies().begin(), currencies().end(), currency.name()) != currencies().end(); }

std::optional<std::string> to_paypal(domain::minor_units amount, const domain::currency& currency) {
  const int digits = paypal_digits(currency.name());
  const auto units = rescaled(amount, currency.digits, digits);
  if (!units) return std::nullopt;
  return domain::format_amount(*units, static_cast<std::uint8_t>(digits));
}

std::optional<domain::minor_units> from_paypal(std::string_view value, const domain::currency& currency) {
  constexpr std::uint8_t digits_shown_max = 3;
  const auto read = domain::parse_amount(value, digits_shown_max);
  if (!read) return std::nullopt;
  return rescaled(*read, digits_shown_max, currency.digits);
}

}  // namespace coreldove::integrations::paypal
