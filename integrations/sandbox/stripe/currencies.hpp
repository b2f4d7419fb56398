#pragma once
// Stripe's view of currencies: the smallest charge, and how many minor digits an amount has there.
#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/money.hpp"

namespace coreldove::integrations::world {

struct stripe_currency {
  domain::currency iso;
  std::uint8_t digits = 2;           // how many Stripe's amounts have: mostly, but not always, ISO's
  domain::minor_units minimum = 50;  // Stripe's published smallest charge; 50 where it publishes none
};

/// From the lower- or upper-case code; nothing where Stripe takes no such currency. Cheap after the first time.
std::optional<stripe_currency> find_stripe_currency(std::string_view code);

/// From Stripe's minor units to ISO's: 500 of Stripe's ISK are 5.
domain::minor_units to_iso(domain::minor_units amount, std::uint8_t stripe_digits, const domain::currency& currency);

inline constexpr domain::minor_units stripe_amount_max = 99'999'999;  // eight digits

}  // namespace coreldove::integrations::world
