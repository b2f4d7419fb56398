#include "integrations/payu/objects.hpp"

#include <simdjson.h>

#include <algorithm>

#include "integrations/json_object.hpp"

namespace coreldove::integrations::payu {

namespace dom = simdjson::dom;

namespace {

std::string text_at(dom::element e, std::string_view key) {
  dom::element value;
  if (e[key].get(value) != simdjson::SUCCESS || value.is_null() || value.is_object() || value.is_array()) return {};
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? std::string{text} : simdjson::minify(value);
}

std::string in_small_letters(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return text;
}

std::string first_of(std::string a, std::string b) { return a.empty() ? std::move(b) : std::move(a); }

transaction to_transaction(dom::element e) {
  transaction out;
  out.id = text_at(e, "mihpayid");
  out.status = in_small_letters(first_of(text_at(e, "unmappedstatus"), text_at(e, "status")));
  if (in_small_letters(out.id) == "not found") {
    out.id.clear();
    out.status = "not found";
  }
  out.amount = first_of(first_of(text_at(e, "transaction_amount"), text_at(e, "amount")), text_at(e, "amt"));
  out.error_code = text_at(e, "error_code");
  out.error_message = first_of(text_at(e, "error_Message"), text_at(e, "field9"));
  out.order_id = text_at(e, "udf1");
  return out;
}

std::optional<dom::object> details_of(const std::string& body) {
  const auto root = parse_object(body);
  dom::object details;
  if (!root || (*root)["transaction_details"].get(details) != simdjson::SUCCESS) return std::nullopt;
  return details;
}

}  // namespace

std::optional<answer> read_answer(const std::string& body) {
  const auto root = parse_object(body);
  if (!root) return std::nullopt;
  const auto status = text_at(*root, "status");
  if (status.empty()) return std::nullopt;
  return answer{status == "1", text_at(*root, "msg"), text_at(*root, "error_code"), text_at(*root, "request_id")};
}

std::optional<transaction> read_verified(const std::string& body, std::string_view txnid) {
  const auto details = details_of(body);
  dom::element e;
  if (!details || (*details)[txnid].get(e) != simdjson::SUCCESS) return std::nullopt;
  if (!e.is_object()) return transaction{{}, "not found", {}, {}, {}, {}};
  return to_transaction(e);
}

std::optional<transaction> read_checked(const std::string& body) {
  const auto root = parse_object(body);
  dom::element details;
  if (!root || (*root)["transaction_details"].get(details) != simdjson::SUCCESS || !details.is_object()) return std::nullopt;
  auto out = to_transaction(details);
  if (out.id.empty() && out.status != "not found") return std::nullopt;
  return out;
}

std::optional<std::vector<action>> read_actions(const std::string& body) {
  const auto details = details_of(body);
  if (!details) return std::nullopt;
  std::vector<action> out;
  for (const auto about : *details) {
    dom::object requests;
    if (about.value.get(requests) != simdjson::SUCCESS) continue;  // "No action status found"
    for (const auto request : requests) {
      if (!request.value.is_object()) continue;
      const auto e = request.value;
      out.push_back({first_of(text_at(e, "request_id"), std::string{request.key}), in_small_letters(text_at(e, "action")), text_at(e, "token"),
                     text_at(e, "amt"), in_small_letters(text_at(e, "status"))});
    }
  }
  return out;
}

}  // namespace coreldove::integrations::payu
