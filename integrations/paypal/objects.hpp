#pragma once
// The parts of PayPal's objects that matter here, read off its JSON. Whatever is missing, or of another type, reads as empty.
#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/json_object.hpp"

namespace coreldove::integrations::paypal {

struct money {
  std::string value, currency;
};

/// An authorization, a capture or a refund: they share their shape.
struct transaction {
  std::string id, status, reason;  // reason: status_details.reason, or the card processor's response code
  std::string invoice_id;          // the operation's key, where it is ours
  std::string custom_id;           // our order's id, where it is ours
  std::string order_id;            // PayPal's order, where it is told
  std::string parent;              // the last segment of the link "up": a refund's capture, a capture's authorization
  money amount;
};

struct checkout_order {
  std::string id, status, update_time;
  std::string approval_url;  // where the buyer goes
  std::string invoice_id, custom_id;
  std::vector<transaction> authorizations, captures, refunds;
};

struct api_error {
  std::string name, issue, message, debug_id;
  std::string redirect_url;  // where PayPal wants the buyer sent now
};

transaction to_transaction(simdjson::dom::element e);
checkout_order to_order(simdjson::dom::element e);
money money_at(simdjson::dom::element e, std::string_view key);

/// Nothing where the bytes are no JSON object with an id.
std::optional<transaction> read_transaction(const std::string& body);
std::optional<checkout_order> read_order(const std::string& body);
api_error read_error(const std::string& body);

}  // namespace coreldove::integrations::paypal
