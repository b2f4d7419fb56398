#include "integrations/sandbox/stripe/cards.hpp"

#include <algorithm>
#include <array>

namespace coreldove::integrations::world {

namespace {

constexpr card_answer first_failure = 2;

constexpr std::array failures{
    card_failure{"chargeDeclined", "card_declined", "generic_decline", "try_again_later", "Your card was declined."},
    card_failure{"chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", "try_again_later", "Your card has insufficient funds."},
    card_failure{"chargeDeclinedLostCard", "card_declined", "lost_card", "do_not_try_again", "Your card was declined."},
    card_failure{"chargeDeclinedStolenCard", "card_declined", "stolen_card", "do_not_try_again", "Your card was declined."},
    card_failure{"chargeDeclinedFraudulent", "card_declined", "fraudulent", "do_not_try_again", "Your card was declined."},
    card_failure{"chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded", "try_again_later",
                 "Your card was declined for making repeated attempts too frequently or exceeding its amount limit."},
    card_failure{"chargeDeclinedExpiredCard", "expired_card", "expired_card", "do_not_try_again", "Your card has expired."},
    card_failure{"chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc", "confirm_card_data", "Your card's security code is incorrect."},
    card_failure{"chargeDeclinedProcessingError", "processing_error", "processing_error", "try_again_later",
                 "An error occurred while processing your card. Try again in a little bit."},
    card_failure{"radarBlock", "card_declined", "fraudulent", "do_not_try_again", "Your card was declined."},
    card_failure{"authenticationRequired", "authentication_required", "authentication_required", "",
                 "Your card was declined. This transaction requires authentication."},
    card_failure{"authenticationFailed", "payment_intent_authentication_failure", "", "",
                 "We are unable to authenticate your payment method. Please choose a different payment method and try again."},
};

constexpr std::array<std::string_view, 18> approving{
    "visa", "visa_debit", "mastercard", "mastercard_debit", "mastercard_prepaid", "amex", "discover", "diners", "jcb", "unionpay", "us", "ca", "gb", "de",
    "fr",   "jp",         "in",         "bypassPending"};

constexpr std::array<std::string_view, 5> authenticating{"threeDSecure2Required", "threeDSecureRequired", "authenticationRequired",
                                                         "authenticationRequiredOnSetup", "authenticationRequiredChargeDeclinedInsufficientFunds"};

constexpr card_answer index_of(std::string_view name) {
  for (std::size_t i = 0; i < failures.size(); ++i)
    if (failures[i].name == name) return static_cast<card_answer>(first_failure + i);
  return card_approves;
}
static_assert(index_of("chargeDeclined") != card_approves && index_of("authenticationRequired") != card_approves &&
              index_of("authenticationFailed") != card_approves);

}  // namespace

std::optional<card_answer> answer_of_card(std::string_view payment_method) {
  std::string_view name;
  if (payment_method.starts_with("tok_"))
    name = payment_method.substr(4);
  else if (payment_method.starts_with("pm_card_"))
    name = payment_method.substr(8);
  else
    return std::nullopt;
  if (name.starts_with("visa_chargeDeclined")) name.remove_prefix(5);
  if (std::find(approving.begin(), approving.end(), name) != approving.end()) return card_approves;
  if (std::find(authenticating.begin(), authenticating.end(), name) != authenticating.end()) return card_wants_customer;
  const auto failure = index_of(name);
  if (failure != card_approves && failure != failed_authentication()) return failure;
  return std::nullopt;
}

const card_failure& failure_of(card_answer a) { return failures.at(static_cast<std::size_t>(a - first_failure)); }

card_answer plain_decline() { return index_of("chargeDeclined"); }

card_answer authentication_decline() { return index_of("authenticationRequired"); }

card_answer answer_after_authentication(std::string_view payment_method) {
  return index_of(payment_method.ends_with("ChargeDeclinedInsufficientFunds") ? "chargeDeclinedInsufficientFunds" : "");
}

card_answer failed_authentication() { return index_of("authenticationFailed"); }

card_answer answer_named(std::string_view name) { return name == "customer" ? card_wants_customer : index_of(name); }

}  // namespace coreldove::integrations::world
