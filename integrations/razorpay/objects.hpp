#pragma once
// The parts of Razorpay's objects that matter here, read off its JSON. Whatever is missing, or of another type, reads as empty or 0.
#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/json_object.hpp"

namespace coreldove::integrations::razorpay {

/// What we send along as `notes`.
struct our_notes {
  std::string order_id, key;
};

struct payment {
  std::string id, status, currency, order_id;  // order_id: Razorpay's
  std::string error_code, error_reason, error_description;
  our_notes notes;
  std::int64_t amount = 0, amount_refunded = 0, created_at = 0;
};

struct order {
  std::string id, status, currency;
  our_notes notes;
  std::int64_t amount = 0;
};

struct refund {
  std::string id, status, currency, payment_id;
  our_notes notes;
  std::int64_t amount = 0;
};

struct api_error {
  std::string code, reason, description;
};

payment to_payment(simdjson::dom::element e);
refund to_refund(simdjson::dom::element e);

/// Nothing where the bytes are no JSON object of that kind.
std::optional<payment> read_payment(const std::string& body);
std::optional<std::vector<payment>> read_payments(const std::string& body);
std::optional<order> read_order(const std::string& body);
std::optional<refund> read_refund(const std::string& body);
api_error read_error(const std::string& body);

}  // namespace coreldove::integrations::razorpay
