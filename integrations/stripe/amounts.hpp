#pragma once
// Stripe's smallest currency units, which are not always ISO 4217's minor units. docs.stripe.com/currencies
#include <cstdint>
#include <optional>
#include <string>

#include "domain/money.hpp"

namespace coreldove::integrations::stripe {

/// An amount as Stripe writes it. Nothing where Stripe cannot express it exactly: three-decimal currencies end in 0 there (the last digit is not
/// carried by the card networks), and some have fewer digits than ISO gives them.
std::optional<std::int64_t> to_stripe(domain::minor_units amount, const domain::currency& currency);

/// The way back; nothing where Stripe's amount has digits that the currency has not.
std::optional<domain::minor_units> from_stripe(std::int64_t amount, const domain::currency& currency);

/// "usd"
std::string code_of(const domain::currency& currency);

}  // namespace coreldove::integrations::stripe
