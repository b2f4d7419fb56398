#include "integrations/stripe/objects.hpp"

namespace coreldove::integrations::stripe {

namespace dom = simdjson::dom;

namespace {

template <class Object>
std::optional<object_list<Object>> read_list(const std::string& body, Object (*to_object)(dom::element)) {
  const auto root = parse_object(body);
  dom::array data;
  if (!root || (*root)["data"].get(data) != simdjson::SUCCESS) return std::nullopt;
  object_list<Object> out;
  for (const auto e : data) out.data.push_back(to_object(e));
  if ((*root)["has_more"].get(out.has_more) != simdjson::SUCCESS) out.has_more = false;
  return out;
}

void read_metadata(dom::element e, std::string& order_id, std::string& key) {
  dom::element metadata;
  if (e["metadata"].get(metadata) != simdjson::SUCCESS) return;
  order_id = text_at(metadata, "order_id");
  key = text_at(metadata, "idempotency_key");
}

}  // namespace

dispute to_dispute(dom::element e) {
  dispute out;
  out.id = text_at(e, "id");
  out.status = text_at(e, "status");
  out.currency = text_at(e, "currency");
  out.payment_intent = text_at(e, "payment_intent");
  out.reason = text_at(e, "reason");
  out.amount = number_at(e, "amount");
  dom::element details;
  if (e["evidence_details"].get(details) == simdjson::SUCCESS) out.due_by = number_at(details, "due_by");
  return out;
}

intent to_intent(dom::element e) {
  intent out;
  out.id = text_at(e, "id");
  out.status = text_at(e, "status");
  out.currency = text_at(e, "currency");
  out.amount = number_at(e, "amount");
  out.amount_received = number_at(e, "amount_received");
  read_metadata(e, out.order_id, out.key);
  dom::element redirect;
  if (e.at_pointer("/next_action/redirect_to_url").get(redirect) == simdjson::SUCCESS) out.redirect_url = text_at(redirect, "url");
  dom::element failed;
  if (e["last_payment_error"].get(failed) == simdjson::SUCCESS && failed.is_object()) {
    out.error_code = text_at(failed, "decline_code");
    if (out.error_code.empty()) out.error_code = text_at(failed, "code");
    out.error_message = text_at(failed, "message");
  }
  return out;
}

refund to_refund(dom::element e) {
  refund out;
  out.id = text_at(e, "id");
  out.status = text_at(e, "status");
  out.currency = text_at(e, "currency");
  out.payment_intent = text_at(e, "payment_intent");
  out.failure_reason = text_at(e, "failure_reason");
  out.amount = number_at(e, "amount");
  read_metadata(e, out.order_id, out.key);
  return out;
}

std::optional<intent> read_intent(const std::string& body) {
  const auto root = parse_object(body);
  if (!root || text_at(*root, "object") != "payment_intent") return std::nullopt;
  return to_intent(*root);
}

std::optional<refund> read_refund(const std::string& body) {
  const auto root = parse_object(body);
  if (!root || text_at(*root, "object") != "refund") return std::nullopt;
  return to_refund(*root);
}

api_error read_error(const std::string& body) {
  api_error out;
  const auto root = parse_object(body);
  dom::element e;
  if (!root || (*root)["error"].get(e) != simdjson::SUCCESS) return out;
  out.type = text_at(e, "type");
  out.code = text_at(e, "code");
  out.decline_code = text_at(e, "decline_code");
  out.message = text_at(e, "message");
  dom::element about;
  if (e["payment_intent"].get(about) == simdjson::SUCCESS && about.is_object()) out.about = to_intent(about);
  return out;
}

std::optional<object_list<intent>> read_intents(const std::string& body) { return read_list<intent>(body, &to_intent); }
std::optional<object_list<refund>> read_refunds(const std::string& body) { return read_list<refund>(body, &to_refund); }

}  // namespace coreldove::integrations::stripe
