#pragma once
// Amounts as PayPal writes them: decimal strings, with digits that are not always ISO 4217's.
// developer.paypal.com/docs/reports/reference/paypal-supported-currencies
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/money.hpp"

namespace coreldove::integrations::paypal {

/// The currencies that PayPal takes; no three-decimal one is among them.
const std::vector<std::string>& currencies();
bool takes(const domain::currency& currency);

/// "59.98"; "60" for JPY, HUF and TWD, which have no decimals at PayPal. Nothing where the amount has some that PayPal cannot express.
std::optional<std::string> to_paypal(domain::minor_units amount, const domain::currency& currency);

/// The way back, whatever number of decimals PayPal shows; nothing where it is no amount of that currency.
std::optional<domain::minor_units> from_paypal(std::string_view value, const domain::currency& currency);

}  // namespace coreldove::integrations::paypal
