#include "integrations/razorpay/amounts.hpp"

#include <algorithm>
#include <array>

namespace coreldove::integrations::razorpay {

namespace {

constexpr std::array<std::string_view, 16> without_digits{"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
                                                          "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"};
constexpr std::array<std::string_view, 6> with_three{"BHD", "IQD", "JOD", "KWD", "OMR", "TND"};
constexpr auto supported = std::to_array<std::string_view>(
    {"AED", "ALL", "AMD", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BZD", "CAD",
     "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD", "GBP", "GHS", "GIP", "GMD", "GNF", "GTQ",
     "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KRW", "KWD", "KYD", "KZT", "LAK",
     "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD",
     "OMR", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RUB", "RWF", "SAR", "SCR", "SEK", "SGD", "SLL", "SOS", "SSP", "SVC", "SZL", "THB", "TND",
     "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VND", "VUV", "XAF", "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW"});
static_assert(std::is_sorted(supported.begin(), supported.end()));

template <class Codes>
bool contains(const Codes& codes, std::string_view code) {
  return std::binary_search(codes.begin(), codes.end(), code);
}

int razorpay_digits(std::string_view code) {
  if (contains(without_digits, code)) return 0;
  return contains(with_three, code) ? 3 : 2;
}

}  // namespace

std::span<const std::string_view> supported_currencies() { return supported; }

bool is_supported(const domain::currency& currency) { return contains(supported, currency.name()); }

std::optional<std::int64_t> to_razorpay(domain::minor_units amount, const domain::currency& currency) {
  const int digits = razorpay_digits(currency.name());
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

domain::minor_units from_razorpay(std::int64_t amount, const domain::currency& currency) {
  const int digits = razorpay_digits(currency.name());
  for (int have = currency.digits; have > digits; --have) amount *= 10;
  for (int have = currency.digits; have < digits; ++have) amount /= 10;
  return amount;
}

}  // namespace coreldove::integrations::razorpay
