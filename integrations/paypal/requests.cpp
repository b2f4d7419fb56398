#include "integrations/paypal/requests.hpp"

#include <nlohmann/json.hpp>

#include "integrations/http/hmac.hpp"

namespace coreldove::integrations::paypal {

using nlohmann::json;

namespace {

constexpr std::size_t email_min = 3, email_max = 254;
constexpr std::size_t custom_id_max = 127;

json money(const std::string& amount, std::string_view currency) { return {{"currency_code", currency}, {"value", amount}}; }

/// Where PayPal sends the buyer back to, whatever he decided; we ask PayPal, not him, what that was.
void add_return(json& context, const std::string& url) {
  if (url.empty()) return;
  context["return_url"] = url;
  context["cancel_url"] = url;
}

json buyer_on_paypals_page(const charge& c) {
  const bool by_card = c.method.find("card") != std::string::npos;
  json context{{"user_action", "PAY_NOW"},
               {"shipping_preference", "NO_SHIPPING"},  // the order has its address already
               {"landing_page", by_card ? "NO_PREFERENCE" : "LOGIN"},
               {"payment_method_preference", "IMMEDIATE_PAYMENT_REQUIRED"}};  // no eChecks, which settle days later
  add_return(context, c.return_url);
  json wallet{{"experience_context", std::move(context)}};
  if (c.customer_email.size() >= email_min && c.customer_email.size() <= email_max) wallet["email_address"] = c.customer_email;
  return {{"paypal", std::move(wallet)}};
}

json vaulted(const charge& c) {
  if (c.token.starts_with("B-")) return {{"token", {{"id", c.token}, {"type", "BILLING_AGREEMENT"}}}};
  json source{{"vault_id", c.token}};
  json context = json::object();
  add_return(context, c.return_url);  // the bank may want to see the buyer
  if (!context.empty()) source["experience_context"] = std::move(context);
  return {{c.method.starts_with("paypal") ? "paypal" : "card", std::move(source)}};
}

}  // namespace

std::string fitted(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string{text};
  const auto digest = http::to_hex(http::hmac_sha256("coreldove", text));
  return std::string{text.substr(0, most - digest.size() - 1)} + '-' + digest;
}

std::string order_request(const charge& c, const call_context& ctx, const std::string& amount) {
  return json{{"intent", "AUTHORIZE"},
              {"purchase_units",
               {{{"amount", money(amount, c.currency.name())},
                 {"custom_id", fitted(ctx.order_id, custom_id_max)},
                 {"invoice_id", fitted(ctx.idempotency_key, invoice_id_max)}}}},
              {"payment_source", c.token.empty() ? buyer_on_paypals_page(c) : vaulted(c)}}
      .dump();
}

std::string capture_request(const std::string& amount, std::string_view currency, bool last, std::string_view key) {
  return json{{"amount", money(amount, currency)}, {"invoice_id", fitted(key, invoice_id_max)}, {"final_capture", last}}.dump();
}

std::string refund_request(const std::string& amount, std::string_view currency, std::string_view invoice_id, const std::string& order_id) {
  return json{{"amount", money(amount, currency)}, {"invoice_id", fitted(invoice_id, invoice_id_max)}, {"custom_id", fitted(order_id, custom_id_max)}}.dump();
}

}  // namespace coreldove::integrations::paypal
