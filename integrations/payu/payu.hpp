#pragma once
// PayU India: the buyer's browser posts a signed form to PayU's payment page, which only reserves the money (pre_authorize); captures, cancellations and
// refunds go to PayU's postservice commands, which are queued there. docs.payu.in
//
// There is no authorization by server alone: every payment waits for its buyer.
#include <memory>
#include <string>

#include "integrations/checkout/links.hpp"
#include "integrations/http/client.hpp"
#include "integrations/payment_gateway.hpp"

namespace coreldove::integrations::payu {

struct options {
  std::string api_base = "https://info.payu.in";     // commands: <base>/merchant/postservice.php?form=2
  std::string page_base = "https://secure.payu.in";  // the buyer's form: <base>/_payment
  std::string merchant_key = {};
  std::string merchant_salt = {};  // signs both ways; never logged, never sent
};

/// The client must outlive the gateway's calls: stop it before it goes. `pages`: where buyers are sent to PayU from.
std::shared_ptr<payment_gateway> make_payu(options o, http::client& client, std::shared_ptr<const checkout::links> pages);

/// Payments come as signed forms. The signature covers little, so a webhook only says "look now". Refunds come as unsigned JSON, which changes nothing.
std::unique_ptr<payment_webhook> make_payu_webhook(std::string merchant_key, std::string merchant_salt);

}  // namespace coreldove::integrations::payu
