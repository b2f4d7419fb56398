#pragma once
// Razorpay's currencies and their smallest units. razorpay.com/docs/payments/international-payments
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "domain/money.hpp"

namespace coreldove::integrations::razorpay {

std::span<const std::string_view> supported_currencies();
bool is_supported(const domain::currency& currency);

/// An amount as Razorpay writes it, which is in ISO's minor units. Nothing where Razorpay cannot take it: of a three-decimal currency the last digit must be 0.
std::optional<std::int64_t> to_razorpay(domain::minor_units amount, const domain::currency& currency);

}  // namespace coreldove::integrations::razorpay
