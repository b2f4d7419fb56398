#pragma once
// PayPal: orders with the intent to authorize, over its public REST API (Orders v2, Payments v2). developer.paypal.com/docs/api
#include <memory>
#include <string>

#include "integrations/http/client.hpp"
#include "integrations/payment_gateway.hpp"

namespace coreldove::integrations::paypal {

struct options {
  std::string api_base = "https://api-m.paypal.com";  // live; api-m.sandbox.paypal.com to try
  std::string client_id = {}, client_secret = {};     // of the REST app; the secret is never logged
};

/// A charge without a token is approved by the buyer on PayPal's page; a token is a vaulted wallet (payment method "paypal") or a vaulted card.
/// An authorization's reference is PayPal's authorization id, a capture's the capture id, a refund's the refund id; while the buyer is to approve,
/// the reference is PayPal's order id. The client must outlive the gateway's calls: stop it before it goes.
std::shared_ptr<payment_gateway> make_paypal(options o, http::client& client);

struct webhook_options {
  std::string webhook_id;  // the endpoint's id at PayPal: part of what is signed, so that nobody else's events pass
  /// The signing certificate comes from https://*.paypal.com and has to stand in a chain to a public authority. Where this base is not PayPal's own, a
  /// certificate from below it is taken as well, as it is: who answers there is trusted with the payments themselves.
  std::string api_base = "https://api-m.paypal.com";
  std::string authorities = {};  // PEM; trusted besides the system's
};

/// The certificate is fetched by the client in the background; until it is there, `read` answers unavailable, so that PayPal sends the event again.
std::unique_ptr<payment_webhook> make_paypal_webhook(webhook_options o, http::client& client);

}  // namespace coreldove::integrations::paypal
