#pragma once
// The bodies that go to PayPal. Pure.
#include <string>
#include <string_view>

#include "integrations/payment_gateway.hpp"

namespace coreldove::integrations::paypal {

/// `text`, or where it is longer than `most`, its beginning and a digest: still the same for the same text, and no two alike.
std::string fitted(std::string_view text, std::size_t most);

inline constexpr std::size_t invoice_id_max = 127;

/// Who pays: a vaulted card or wallet where the charge has a token, else a buyer on PayPal's page. `amount` as to_paypal wrote it.
std::string order_request(const charge& c, const call_context& ctx, const std::string& amount);
std::string capture_request(const std::string& amount, std::string_view currency, bool last, std::string_view key);
/// `invoice_id` tells PayPal's refunds apart, and says whose they are.
std::string refund_request(const std::string& amount, std::string_view currency, std::string_view invoice_id, const std::string& order_id);

}  // namespace coreldove::integrations::paypal
