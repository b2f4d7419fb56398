#pragma once
// FedEx: rates, labels, tracking, over its REST APIs. developer.fedex.com
#include <memory>
#include <string>
#include <string_view>

#include "integrations/carrier.hpp"
#include "integrations/http/client.hpp"

namespace coreldove::integrations::fedex {

struct options {
  std::string api_base = "https://apis.fedex.com";
  std::string client_id = {}, client_secret = {};  // never logged
  std::string account_number = {};                 // pays for the labels
  std::string phone = "0000000000";                // FedEx wants a number for each party: for those that have none
};

/// The client must outlive the carrier's calls: stop it before it goes.
/// FedEx has no idempotency keys. A label whose fate is unknown (call_context::repeat) is looked up by its reference before another one is bought; FedEx
/// shows a new label there only after a while, so repeats should not come at once. A label is asked for only as long as call_context::time_left says.
std::shared_ptr<carrier> make_fedex(options o, http::client& client);

/// Where the signature of a tracking push is: base64 of HMAC-SHA256 over the raw body, keyed with the security token that was given to FedEx.
inline constexpr std::string_view signature_header = "fdx-signature";
std::unique_ptr<carrier_webhook> make_fedex_webhook(std::string security_token);

}  // namespace coreldove::integrations::fedex
