#include "integrations/razorpay/objects.hpp"

namespace coreldove::integrations::razorpay {

namespace dom = simdjson::dom;

namespace {

our_notes notes_of(dom::element e) {
  dom::element notes;
  if (e["notes"].get(notes) != simdjson::SUCCESS || !notes.is_object()) return {};  // an empty array where there are none
  return {text_at(notes, "order_id"), text_at(notes, "idempotency_key")};
}

}  // namespace

payment to_payment(dom::element e) {
  payment out;
  out.id = text_at(e, "id");
  out.status = text_at(e, "status");
  out.currency = text_at(e, "currency");
  out.order_id = text_at(e, "order_id");
  out.error_code = text_at(e, "error_code");
  out.error_reason = text_at(e, "error_reason");
  out.error_description = text_at(e, "error_description");
  out.notes = notes_of(e);
  out.amount = number_at(e, "amount");
  out.amount_refunded = number_at(e, "amount_refunded");
  out.created_at = number_at(e, "created_at");
  return out;
}

refund to_refund(dom::element e) {
  return {text_at(e, "id"), text_at(e, "status"), text_at(e, "currency"), text_at(e, "payment_id"), notes_of(e), number_at(e, "amount")};
}

std::optional<payment> read_payment(const std::string& body) {
  const auto root = parse_object(body);
  if (!root || text_at(*root, "entity") != "payment") return std::nullopt;
  return to_payment(*root);
}

std::optional<std::vector<payment>> read_payments(const std::string& body) {
  const auto root = parse_object(body);
  dom::array items;
  if (!root || (*root)["items"].get(items) != simdjson::SUCCESS) return std::nullopt;
  std::vector<payment> out;
  for (const auto e : items) out.push_back(to_payment(e));
  return out;
}

std::optional<order> read_order(const std::string& body) {
  const auto root = parse_object(body);
  if (!root || text_at(*root, "entity") != "order") return std::nullopt;
  return order{text_at(*root, "id"), text_at(*root, "status"), text_at(*root, "currency"), notes_of(*root), number_at(*root, "amount")};
}

std::optional<refund> read_refund(const std::string& body) {
  const auto root = parse_object(body);
  if (!root || text_at(*root, "entity") != "refund") return std::nullopt;
  return to_refund(*root);
}

api_error read_error(const std::string& body) {
  const auto root = parse_object(body);
  dom::element e;
  if (!root || (*root)["error"].get(e) != simdjson::SUCCESS) return {};
  return {text_at(e, "code"), text_at(e, "reason"), text_at(e, "description")};
}

}  // namespace coreldove::integrations::razorpay
