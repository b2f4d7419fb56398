#pragma once
// Razorpay: orders that the buyer pays in Razorpay's Checkout, captured by hand, over its public HTTP API. razorpay.com/docs/api
//
// There is no authorization by server alone. Either the shop's own front end has run Checkout already and the order's payment_token is the "pay_…" id, or
// a Razorpay order is made here and the buyer is sent to Razorpay's hosted Checkout. Razorpay cannot void: what is not captured goes back to the buyer by
// itself at the end of the expiry period.
#include <memory>
#include <string>

#include "integrations/checkout/links.hpp"
#include "integrations/http/client.hpp"
#include "integrations/payment_gateway.hpp"

namespace coreldove::integrations::razorpay {

struct options {
  std::string api_base = "https://api.razorpay.com";
  std::string key_id = {};      // rzp_test_… or rzp_live_…
  std::string key_secret = {};  // never logged
  int expiry_minutes = 7200;    // how long an authorized payment waits for its capture; 12 to 7200, which is five days
};

/// The client must outlive the gateway's calls: stop it before it goes. `pages`: where buyers are sent to Checkout from.
std::shared_ptr<payment_gateway> make_razorpay(options o, http::client& client, std::shared_ptr<const checkout::links> pages);

/// `secret`: the webhook's, as set in Razorpay's dashboard.
std::unique_ptr<payment_webhook> make_razorpay_webhook(std::string secret);

}  // namespace coreldove::integrations::razorpay
