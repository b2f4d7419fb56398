#include "integrations/paypal/objects.hpp"

namespace coreldove::integrations::paypal {

namespace dom = simdjson::dom;

namespace {

/// The member, where it is an object.
std::optional<dom::element> object_at(dom::element e, std::string_view key) {
  dom::element found;
  if (e[key].get(found) != simdjson::SUCCESS || !found.is_object()) return std::nullopt;
  return found;
}

template <class Use>
void each_of(dom::element e, std::string_view key, Use use) {
  dom::array all;
  if (e[key].get(all) != simdjson::SUCCESS) return;
  for (const auto one : all) use(one);
}

std::string link_at(dom::element e, std::initializer_list<std::string_view> wanted) {
  std::string out;
  each_of(e, "links", [&](dom::element link) {
    const auto rel = text_at(link, "rel");
    for (const auto name : wanted)
      if (out.empty() && rel == name) out = text_at(link, "href");
  });
  return out;
}

std::vector<transaction> transactions_at(dom::element e, std::string_view key) {
  std::vector<transaction> out;
  each_of(e, key, [&](dom::element one) { out.push_back(to_transaction(one)); });
  return out;
}

void append(std::vector<transaction>& to, std::vector<transaction> more) {
  for (auto& one : more) to.push_back(std::move(one));
}

}  // namespace

money money_at(dom::element e, std::string_view key) {
  const auto found = object_at(e, key);
  return found ? money{text_at(*found, "value"), text_at(*found, "currency_code")} : money{};
}

transaction to_transaction(dom::element e) {
  transaction out;
  out.id = text_at(e, "id");
  out.status = text_at(e, "status");
  out.invoice_id = text_at(e, "invoice_id");
  out.custom_id = text_at(e, "custom_id");
  out.amount = money_at(e, "amount");
  if (const auto details = object_at(e, "status_details")) out.reason = text_at(*details, "reason");
  if (const auto said = object_at(e, "processor_response"); said && out.reason.empty()) out.reason = text_at(*said, "response_code");
  const auto up = link_at(e, {"up"});
  const auto last = up.rfind('/');
  if (last != std::string::npos) out.parent = up.substr(last + 1);
  if (const auto data = object_at(e, "supplementary_data"))
    if (const auto ids = object_at(*data, "related_ids")) out.order_id = text_at(*ids, "order_id");
  if (out.order_id.empty() && up.find("/checkout/orders/") != std::string::npos) out.order_id = out.parent;
  return out;
}

checkout_order to_order(dom::element e) {
  checkout_order out;
  out.id = text_at(e, "id");
  out.status = text_at(e, "status");
  out.update_time = text_at(e, "update_time");
  out.approval_url = link_at(e, {"payer-action", "approve"});
  each_of(e, "purchase_units", [&](dom::element unit) {
    if (out.invoice_id.empty()) out.invoice_id = text_at(unit, "invoice_id");
    if (out.custom_id.empty()) out.custom_id = text_at(unit, "custom_id");
    const auto payments = object_at(unit, "payments");
    if (!payments) return;
    append(out.authorizations, transactions_at(*payments, "authorizations"));
    append(out.captures, transactions_at(*payments, "captures"));
    append(out.refunds, transactions_at(*payments, "refunds"));
  });
  return out;
}

std::optional<transaction> read_transaction(const std::string& body) {
  const auto root = parse_object(body);
  if (!root || text_at(*root, "id").empty()) return std::nullopt;
  return to_transaction(*root);
}

std::optional<checkout_order> read_order(const std::string& body) {
  const auto root = parse_object(body);
  if (!root || text_at(*root, "id").empty()) return std::nullopt;
  return to_order(*root);
}

api_error read_error(const std::string& body) {
  api_error out;
  const auto root = parse_object(body);
  if (!root) return out;
  out.name = text_at(*root, "name");
  if (out.name.empty()) out.name = text_at(*root, "error");  // of the token endpoint
  out.message = text_at(*root, "message");
  if (out.message.empty()) out.message = text_at(*root, "error_description");
  out.debug_id = text_at(*root, "debug_id");
  each_of(*root, "details", [&](dom::element detail) {
    if (!out.issue.empty()) return;
    out.issue = text_at(detail, "issue");
    if (auto said = text_at(detail, "description"); !said.empty()) out.message = std::move(said);
  });
  out.redirect_url = link_at(*root, {"redirect", "payer-action", "approve"});
  return out;
}

}  // namespace coreldove::integrations::paypal
