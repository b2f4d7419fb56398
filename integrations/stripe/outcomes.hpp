#pragma once
// What Stripe's answers mean for an order: the one place where its words become ours. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "integrations/http/message.hpp"
#include "integrations/payment_gateway.hpp"
#include "integrations/stripe/objects.hpp"

namespace coreldove::integrations::stripe {

/// What was asked, in Stripe's units, for comparing the answer with.
struct expectation {
  std::int64_t amount = 0;
  std::string currency;
  std::string key;  // the operation's idempotency key
};

outcome authorization(const intent& i, const expectation& want);
outcome capture(const intent& i, const expectation& want);
outcome cancellation(const intent& i);
outcome refunded(const refund& r, const expectation& want);

/// The operation's fate read off the object as it is now, after an answer that did not say; nothing where the object does not tell either.
std::optional<outcome> capture_in_hindsight(const intent& i, const expectation& want);
std::optional<outcome> cancellation_in_hindsight(const intent& i);

/// A decline after which another try, or another gateway, may succeed.
bool is_soft(std::string_view decline_code);

/// Anything but a 2xx. `e` is read from the body.
outcome trouble(const http::response& r, const api_error& e);
/// An answer 2xx that could not be understood: something happened.
outcome unreadable();

/// The answer was one that Stripe repeats for the same idempotency key for as long as it keeps it, whatever really happened.
bool tells_nothing(const http::response& r);

}  // namespace coreldove::integrations::stripe
