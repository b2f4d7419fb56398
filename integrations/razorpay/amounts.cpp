#include "integrations/razorpay/amounts.hpp"

#include <algorithm>
#include <array>

namespace coreldove::integrations::razorpay {

namespace {

constexpr auto supported = std::to_array<std::string_view>(
    {"AED", "ALL", "AMD", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BZD", "CAD",
     "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD", "GBP", "GHS", "GIP", "GMD", "GNF",
     "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KRW", "KWD", "KYD",
     "KZT", "LAK", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO",
     "NOK", "NPR", "NZD", "OMR", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RUB", "RWF", "SAR", "SCR", "SEK", "SGD", "SOS", "SSP", "SVC",
     "SZL", "THB", "TND", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VND", "VUV", "XAF", "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW"});
static_assert(std::is_sorted(supported.begin(), supported.end()));

}  // namespace

std::span<const std::string_view> supported_currencies() { return supported; }

bool is_supported(const domain::currency& currency) { return std::binary_search(supported.begin(), supported.end(), currency.name()); }

std::optional<std::int64_t> to_razorpay(domain::minor_units amount, const domain::currency& currency) {
  if (currency.digits == 3 && amount % 10 != 0) return std::nullopt;
  return amount;
}

}  // namespace coreldove::integrations::razorpay
