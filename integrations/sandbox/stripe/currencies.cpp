#include "integrations/sandbox/stripe/currencies.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

namespace coreldove::integrations::world {

namespace {

// docs.stripe.com, "Minimum and maximum charge amounts".
constexpr std::array<std::pair<std::string_view, domain::minor_units>, 24> minimums{{
    {"USD", 50},  {"AED", 200}, {"AUD", 50}, {"BGN", 100}, {"BRL", 50},    {"CAD", 50},  {"CHF", 50}, {"CZK", 1500},
    {"DKK", 250}, {"EUR", 50},  {"GBP", 30}, {"HKD", 400}, {"HUF", 17500}, {"INR", 50},  {"JPY", 50}, {"MXN", 1000},
    {"MYR", 200}, {"NOK", 300}, {"NZD", 50}, {"PLN", 200}, {"RON", 200},   {"SEK", 300}, {"SGD", 50}, {"THB", 1000},
}};

// docs.stripe.com, "Supported currencies": everything else has two, ISK and UGX among them, whose two must be 00.
constexpr std::array<std::string_view, 15> without_digits{"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA",
                                                          "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"};
constexpr std::array<std::string_view, 5> with_three{"BHD", "JOD", "KWD", "OMR", "TND"};

std::optional<stripe_currency> look_up(std::string_view upper) {
  const auto iso = domain::currency::find(upper);
  if (!iso) return std::nullopt;
  stripe_currency c{*iso};
  if (std::find(without_digits.begin(), without_digits.end(), upper) != without_digits.end()) c.digits = 0;
  if (std::find(with_three.begin(), with_three.end(), upper) != with_three.end()) c.digits = 3;
  for (const auto& [code, minimum] : minimums)
    if (code == upper) c.minimum = minimum;
  return c;
}

}  // namespace

std::optional<stripe_currency> find_stripe_currency(std::string_view code) {
  if (code.size() != 3) return std::nullopt;
  std::array<char, 3> upper{};
  for (std::size_t i = 0; i < 3; ++i) {
    const char c = code[i];
    if (c >= 'a' && c <= 'z')
      upper[i] = static_cast<char>(c - 'a' + 'A');
    else if (c >= 'A' && c <= 'Z')
      upper[i] = c;
    else
      return std::nullopt;
  }
  static std::mutex mutex;
  static std::map<std::array<char, 3>, std::optional<stripe_currency>> known;  // at most 26³
  const std::lock_guard lock(mutex);
  auto it = known.find(upper);
  if (it == known.end()) it = known.emplace(upper, look_up({upper.data(), upper.size()})).first;
  return it->second;
}

domain::minor_units to_iso(domain::minor_units amount, std::uint8_t stripe_digits, const domain::currency& currency) {
  for (auto have = stripe_digits; have < currency.digits; ++have) amount *= 10;
  for (auto have = currency.digits; have < stripe_digits; ++have) amount /= 10;
  return amount;
}

}  // namespace coreldove::integrations::world
