// PayPal's objects as JSON, members in the order of its API reference.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/paypal/paypal.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::int64_t hold_life_ms = 29LL * 24 * 60 * 60 * 1000;
constexpr std::string_view protection = R"("seller_protection":{"status":"ELIGIBLE","dispute_categories":["ITEM_NOT_RECEIVED","UNAUTHORIZED_TRANSACTION"]})";

std::string time_text(std::int64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm at{};
  gmtime_r(&seconds, &at);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", at);
}

std::string money(domain::minor_units amount, const domain::currency& currency) {
  return fmt::format(R"({{"currency_code":"{}","value":"{}"}})", currency.name(), write_amount(amount, currency));
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  fmt::format_to(std::back_inserter(out), R"("{}":)", name);
  append_json(out, text);
  out.push_back(',');
}

void append_times(std::string& out, std::int64_t created_ms, std::int64_t updated_ms) {
  fmt::format_to(std::back_inserter(out), R"("create_time":"{}","update_time":"{}",)", time_text(created_ms), time_text(updated_ms));
}

}  // namespace

std::string paypal::link(std::string_view path, std::string_view rel, std::string_view method) const {
  std::string out = R"({"href":)";
  append_json(out, base() + std::string{path});
  fmt::format_to(std::back_inserter(out), R"(,"rel":"{}","method":"{}"}})", rel, method);
  return out;
}

void paypal::append(std::string& out, shows what, std::uint32_t number) const {
  switch (what) {
    case shows::nothing:
      return;
    case shows::order:
      return append_order(out, number);
    case shows::authorization:
      return append_authorization(out, number);
    case shows::capture:
      return append_capture(out, number);
    case shows::refund:
      return append_refund(out, number);
  }
}

void paypal::append_order(std::string& out, std::uint32_t n) const {
  const auto& o = orders_[n];
  const auto id = ids_.make(id_order, n);
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"id":"{}","intent":"AUTHORIZE","status":"{}",)", id, to_string(o.state));
  if (o.token.empty() && !o.email.empty()) {
    out += R"("payment_source":{"paypal":{"email_address":)";
    append_json(out, o.email);
    out += "}},";
  }
  fmt::format_to(to, R"("purchase_units":[{{"reference_id":"default","amount":{},)", money(o.amount, o.currency));
  append_member(out, "custom_id", o.custom_id);
  append_member(out, "invoice_id", o.invoice_id);
  if (o.hold != hold_state::none) {
    out += R"("payments":{"authorizations":[)";
    append_authorization(out, n);
    const auto list = [&](std::string_view name, const auto& by_order, auto append_one) {
      const auto found = by_order.find(n);
      if (found == by_order.end()) return;
      fmt::format_to(to, R"(],"{}":[)", name);
      for (std::size_t i = 0; i < found->second.size(); ++i) {
        if (i > 0) out.push_back(',');
        append_one(found->second[i]);
      }
    };
    list("captures", captures_of_, [&](std::uint32_t one) { append_capture(out, one); });
    list("refunds", refunds_of_, [&](std::uint32_t one) { append_refund(out, one); });
    out += "]},";
  }
  out.back() = '}';
  out += "],";
  append_times(out, o.created_ms, o.updated_ms);
  fmt::format_to(to, R"("links":[{})", link("/v2/checkout/orders/" + id, "self"));
  if (o.state == order_state::created || o.state == order_state::payer_action_required)
    fmt::format_to(to, ",{}", link("/checkoutnow?token=" + id, o.state == order_state::created ? "approve" : "payer-action"));
  if (o.state == order_state::approved) fmt::format_to(to, ",{}", link("/v2/checkout/orders/" + id + "/authorize", "authorize", "POST"));
  out += "]}";
}

void paypal::append_authorization(std::string& out, std::uint32_t n) const {
  const auto& o = orders_[n];
  const auto id = ids_.make(id_authorization, n), order = ids_.make(id_order, n);
  const auto path = "/v2/payments/authorizations/" + id;
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"id":"{}","status":"{}","amount":{},)", id, to_string(o.hold), money(o.amount, o.currency));
  append_member(out, "custom_id", o.custom_id);
  append_member(out, "invoice_id", o.invoice_id);
  if (!o.response_code.empty()) fmt::format_to(to, R"("processor_response":{{"response_code":"{}"}},)", o.response_code);
  fmt::format_to(to, R"({},"expiration_time":"{}",)", protection, time_text(o.held_ms + hold_life_ms));
  append_times(out, o.held_ms, o.updated_ms);
  fmt::format_to(to, R"("supplementary_data":{{"related_ids":{{"order_id":"{}"}}}},"links":[{},{},{},{},{}]}})", order, link(path, "self"),
                 link(path + "/capture", "capture", "POST"), link(path + "/void", "void", "POST"), link(path + "/reauthorize", "reauthorize", "POST"),
                 link("/v2/checkout/orders/" + order, "up"));
}

void paypal::append_capture(std::string& out, std::uint32_t n) const {
  const auto& x = captures_[n];
  const auto& o = orders_[x.order];
  const auto id = ids_.make(id_capture, n), authorization = ids_.make(id_authorization, x.order);
  const auto status = x.refunded == 0 ? "COMPLETED" : x.refunded == x.amount ? "REFUNDED" : "PARTIALLY_REFUNDED";
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"id":"{}","status":"{}","amount":{},"final_capture":{},)", id, status, money(x.amount, o.currency), x.last);
  append_member(out, "custom_id", o.custom_id);
  append_member(out, "invoice_id", x.invoice_id.empty() ? o.invoice_id : x.invoice_id);
  fmt::format_to(to, R"({},"seller_receivable_breakdown":{{"gross_amount":{}}},)", protection, money(x.amount, o.currency));
  append_times(out, x.at_ms, x.at_ms);
  fmt::format_to(to, R"("supplementary_data":{{"related_ids":{{"order_id":"{}","authorization_id":"{}"}}}},"links":[{},{},{}]}})", ids_.make(id_order, x.order),
                 authorization, link("/v2/payments/captures/" + id, "self"), link("/v2/payments/captures/" + id + "/refund", "refund", "POST"),
                 link("/v2/payments/authorizations/" + authorization, "up"));
}

void paypal::append_refund(std::string& out, std::uint32_t n) const {
  const auto& r = refunds_[n];
  const auto& o = orders_[captures_[r.capture].order];
  const auto id = ids_.make(id_refund, n);
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"id":"{}","status":"COMPLETED","amount":{},)", id, money(r.amount, o.currency));
  append_member(out, "custom_id", r.custom_id);
  append_member(out, "invoice_id", r.invoice_id);
  append_times(out, r.at_ms, r.at_ms);
  fmt::format_to(to, R"("links":[{},{}]}})", link("/v2/payments/refunds/" + id, "self"),
                 link("/v2/payments/captures/" + ids_.make(id_capture, r.capture), "up"));
}

}  // namespace coreldove::integrations::world
