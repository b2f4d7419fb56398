#pragma once
// What PayPal's answers mean for an order: the one place where its words become ours. Pure.
#include <optional>
#include <string>
#include <string_view>

#include "integrations/http/message.hpp"
#include "integrations/payment_gateway.hpp"
#include "integrations/paypal/objects.hpp"

namespace coreldove::integrations::paypal {

/// What was asked, for comparing the answer with.
struct expectation {
  domain::minor_units amount = 0;
  domain::currency currency;
  std::string key;  // the operation's idempotency key
};

/// What an issue of a 4xx asks for.
enum class issue_kind : std::uint8_t {
  hard,            // a clear no that another try would only repeat
  soft,            // a clear no, but another instrument, gateway or day may do
  needs_customer,  // the buyer has to act on PayPal's page
  already,         // done before, or in a state that only looking tells
  in_progress,     // an earlier call is still at work
  not_yet,         // nothing happened; it can, later
};
/// hard for an issue that is not listed.
issue_kind kind_of_issue(std::string_view issue);

outcome authorization(const transaction& t, const expectation& want);
outcome capture(const transaction& t, const expectation& want);
outcome voided(const transaction& t);
/// Of one refund of `amount`.
outcome refunded(const transaction& t, domain::minor_units amount, const domain::currency& currency);
/// Nothing is charged; the buyer goes to `url`.
outcome awaiting(std::string order, std::string url);
/// Anything but a 2xx. `e` is read from the body.
outcome trouble(const http::response& r, const api_error& e);
/// An answer 2xx that could not be understood: something happened.
outcome unreadable();
/// Refused before anything is sent: our input, so never to be tried again.
outcome refused(std::string code, std::string message, bool soft = false);
/// PayPal has not made up its mind; a webhook, or asking again, will tell.
bool is_pending(const transaction& t);

}  // namespace coreldove::integrations::paypal
