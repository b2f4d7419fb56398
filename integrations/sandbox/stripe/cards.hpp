#pragma once
// Stripe's published test tokens and payment methods, and what each of them does.
#include <cstdint>
#include <optional>
#include <string_view>

namespace coreldove::integrations::world {

struct card_failure {
  std::string_view name;  // as in the token: "chargeDeclinedLostCard"
  std::string_view code, decline_code, advice, message;
};

/// 0: approved. 1: the customer must authenticate. Else failure_of() tells why not.
using card_answer = std::uint8_t;
inline constexpr card_answer card_approves = 0;
inline constexpr card_answer card_wants_customer = 1;

/// "tok_visa", "pm_card_mastercard", "tok_chargeDeclinedLostCard", …; nothing for what Stripe's test mode does not know.
std::optional<card_answer> answer_of_card(std::string_view payment_method);
/// For answers above 1.
const card_failure& failure_of(card_answer a);
/// What the decline fault gives: a generic decline.
card_answer plain_decline();
/// What error_on_requires_action makes of a card that wants the customer.
card_answer authentication_decline();
/// What a card says whose customer has been asked: approved or not; the customer has refused to, or could not, prove who he is.
card_answer answer_after_authentication(std::string_view payment_method);
card_answer failed_authentication();
/// Back from a name; approved for an unknown one.
card_answer answer_named(std::string_view name);

}  // namespace coreldove::integrations::world
