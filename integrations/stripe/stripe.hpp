#pragma once
// Stripe: PaymentIntents with manual capture, over its public HTTP API. docs.stripe.com/api
#include <memory>
#include <string>

#include "integrations/http/client.hpp"
#include "integrations/payment_gateway.hpp"

namespace coreldove::integrations::stripe {

struct options {
  std::string api_base = "https://api.stripe.com";
  std::string secret_key = {};  // sk_test_… or sk_live_…; never logged
  /// Asks for several captures on one authorization where the card allows it. A feature that Stripe switches on per account; without it only the last
  /// capture of an order goes through, and an earlier, partial one is refused by Stripe (declined) instead of letting the rest of the hold go.
  bool multicapture = false;
};

/// The client must outlive the gateway's calls: stop it before it goes.
std::shared_ptr<payment_gateway> make_stripe(options o, http::client& client);

/// `secret`: the endpoint's whole "whsec_…" text, which is the key as it stands.
std::unique_ptr<payment_webhook> make_stripe_webhook(std::string secret);

}  // namespace coreldove::integrations::stripe
