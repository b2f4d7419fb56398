#pragma once
// The parts of Stripe's objects that matter here, read off its JSON. Whatever is missing, or of another type, reads as empty or 0.
#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/json_object.hpp"

namespace coreldove::integrations::stripe {

struct intent {
  std::string id, status, currency, order_id, key;  // order_id, key: our metadata
  std::string error_code, error_message;            // of the last attempt to pay
  std::string redirect_url;                         // requires_action: the page where the buyer proves who he is; empty where there is no such page
  std::int64_t amount = 0, amount_received = 0;
};

struct refund {
  std::string id, status, currency, payment_intent, failure_reason, order_id, key;
  std::int64_t amount = 0;
};

struct dispute {
  std::string id, status, currency, payment_intent, reason;
  std::int64_t amount = 0, due_by = 0;  // due_by: seconds since 1970; 0: not said
};

struct api_error {
  std::string type, code, decline_code, message;
  std::optional<intent> about;  // the PaymentIntent as it is, where Stripe says
};

intent to_intent(simdjson::dom::element e);
refund to_refund(simdjson::dom::element e);
dispute to_dispute(simdjson::dom::element e);

/// Nothing where the bytes are no JSON object of that kind.
std::optional<intent> read_intent(const std::string& body);
std::optional<refund> read_refund(const std::string& body);
api_error read_error(const std::string& body);

template <class Object>
struct object_list {
  std::vector<Object> data;
  bool has_more = false;
};
std::optional<object_list<intent>> read_intents(const std::string& body);
std::optional<object_list<refund>> read_refunds(const std::string& body);

}  // namespace coreldove::integrations::stripe
