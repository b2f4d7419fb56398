// Orders: how they are made, approved and authorized.
#include <fmt/format.h>
#include <simdjson.h>

#include "integrations/sandbox/form.hpp"
#include "integrations/sandbox/paypal/paypal.hpp"
#include "integrations/sandbox/paypal/reading.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::string_view html = "text/html; charset=utf-8";

constexpr std::string_view duplicate_invoice =
    "Duplicate Invoice ID detected. To avoid a potential duplicate transaction your account setting requires that Invoice Id be unique for each transaction.";
constexpr std::string_view wrong_vault_id =
    "The vault_id does not match the payment_source provided. Please verify that the vault_id token used refers to the matching payment_source and try again. "
    "For example, a PayPal token cannot be passed in the vault_id field in the payment_source.card object.";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '"')
      out += "&quot;";
    else
      out.push_back(c);
  }
  return out;
}

}  // namespace

bool paypal::read_unit(call& c, paypal_order& o) {
  simdjson::dom::array units;
  if (c.doc["purchase_units"].get(units) != simdjson::SUCCESS || units.size() == 0) {
    refuse(c, 400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER", "A required parameter is missing.");
    return false;
  }
  if (units.size() > 1) {
    unprocessable(c, "UNSUPPORTED_INTENT", "`intent=AUTHORIZE` is not supported for multiple purchase units. Only `intent=CAPTURE` is supported.");
    return false;
  }
  const auto unit = units.at(0).value();
  const auto value = text_in(unit, "/amount/value"), currency = text_in(unit, "/amount/currency_code");
  if (value.empty() || currency.empty()) {
    refuse(c, 400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER", "A required parameter is missing.");
    return false;
  }
  const auto asked = read_amount(value, currency);
  if (!asked.issue.empty()) {
    // Making an order knows one issue for all kinds of wrong decimals.
    const auto issue = asked.issue == "DECIMALS_NOT_SUPPORTED" ? std::string_view{"DECIMAL_PRECISION"} : asked.issue;
    if (issue == "INVALID_PARAMETER_SYNTAX")
      refuse(c, 400, "INVALID_REQUEST", issue, words_for(issue));
    else
      unprocessable(c, issue, words_for(issue));
    return false;
  }
  o.amount = asked.minor;
  o.currency = asked.currency;
  o.invoice_id = text_in(unit, "/invoice_id");
  o.custom_id = text_in(unit, "/custom_id");
  return true;
}

bool paypal::read_source(call& c, paypal_order& o, std::optional<instrument>& with) {
  document source;
  if (c.doc["payment_source"].get(source) != simdjson::SUCCESS) return true;
  for (const auto* kind : {"paypal", "card", "token"}) {
    document chosen;
    if (source[kind].get(chosen) != simdjson::SUCCESS) continue;
    o.token = text_in(chosen, std::string_view{kind} == "token" ? "/id" : "/vault_id");
    o.email = text_in(chosen, "/email_address");
    o.return_url = text_in(chosen, "/experience_context/return_url");
    o.cancel_url = text_in(chosen, "/experience_context/cancel_url");
    if (o.token.empty() && std::string_view{kind} != "paypal") {
      refuse(c, 400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER", "A required parameter is missing.");
      return false;
    }
    if (o.token.empty()) return true;
    with = find_instrument(o.token);
    if (with) return true;
    if (std::string_view{kind} == "token")
      unprocessable(c, "BILLING_AGREEMENT_NOT_FOUND", "The requested Billing Agreement token was not found.");
    else
      unprocessable(c, "MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE", wrong_vault_id);
    return false;
  }
  unprocessable(c, "INCOMPATIBLE_PARAMETER_VALUE", "The value of the field is incompatible/redundant with other fields in the order.");
  return false;
}

void paypal::create_order(call& c) {
  if (text_in(c.doc, "/intent") != "AUTHORIZE") return unprocessable(c, "UNSUPPORTED_INTENT", "Only `intent=AUTHORIZE` is supported here.");
  paypal_order o;
  std::optional<instrument> with;
  if (!read_unit(c, o) || !read_source(c, o, with)) return;
  if (with && c.request_id.empty())
    return refuse(c, 400, "INVALID_REQUEST", "PAYPAL_REQUEST_ID_REQUIRED",
                  "A PayPal-Request-Id is required if you are trying to process payment for an Order. Please specify a PayPal-Request-Id or Create the Order "
                  "without a 'payment_source' specified.");
  c.keep = true;
  if (with && invoices_.count(o.invoice_id) != 0) return unprocessable(c, "DUPLICATE_INVOICE_ID", duplicate_invoice);
  if (with && (c.declined || with->says == instrument::answer::declined))
    return unprocessable(c, "INSTRUMENT_DECLINED",
                         "The instrument presented  was either declined by the processor or bank, or it can't be used for this payment.");
  o.created_ms = o.updated_ms = c.now_ms;
  c.order = static_cast<std::uint32_t>(orders_.size());
  orders_.push_back(std::move(o));
  const bool waits = !with || with->says == instrument::answer::wants_buyer;
  if (waits)
    orders_.back().state = with || c.doc["payment_source"].error() == simdjson::SUCCESS ? order_state::payer_action_required : order_state::created;
  else
    pay(c, c.order, *with);
  show(c, shows::order, c.order, 201);
}

void paypal::pay(call& c, std::uint32_t n, const instrument& with) {
  auto& o = orders_[n];
  o.state = order_state::completed;
  o.held_ms = o.updated_ms = c.now_ms;
  if (with.says == instrument::answer::denied) {
    o.hold = hold_state::denied;
    o.response_code = with.response_code;
    return;
  }
  hold(c, n);
}

void paypal::hold(call& c, std::uint32_t n) {
  auto& o = orders_[n];
  o.state = order_state::completed;
  o.hold = hold_state::created;
  o.held_ms = o.updated_ms = c.now_ms;
  c.order = n;
  if (!o.invoice_id.empty()) invoices_.insert(o.invoice_id);
  c.effects.push_back({operation::authorize, o.amount, n});
  c.events.push_back({"PAYMENT.AUTHORIZATION.CREATED", operation::authorize, shows::authorization, n});
}

void paypal::show_order(call& c) {
  std::uint32_t n = 0;
  if (find(c, id_order, orders_.size(), n)) show(c, shows::order, n, 200);
}

void paypal::authorize_order(call& c) {
  std::uint32_t n = 0;
  if (!find(c, id_order, orders_.size(), n)) return;
  const auto& o = orders_[n];
  if (o.state == order_state::completed)
    return unprocessable(c, "ORDER_ALREADY_AUTHORIZED", "Order already authorized.If 'intent=AUTHORIZE' only one authorization per order is allowed.");
  if (o.state == order_state::voided) return unprocessable(c, "ORDER_COMPLETED_OR_VOIDED", "Order is voided or completed and hence cannot be authorized.");
  if (o.state != order_state::approved)
    return refuse(c, 422, "UNPROCESSABLE_ENTITY", "ORDER_NOT_APPROVED",
                  "Payer has not yet approved the Order for payment. Please redirect the payer to the 'rel':'approve' url returned as part of the HATEOAS "
                  "links within the Create Order call.",
                  page_of(n));
  if (invoices_.count(o.invoice_id) != 0) return unprocessable(c, "DUPLICATE_INVOICE_ID", duplicate_invoice);
  c.keep = true;
  if (c.declined) return unprocessable(c, "TRANSACTION_REFUSED", "The request was refused.");
  hold(c, n);
  show(c, shows::order, n, 201);
}

std::string paypal::page_of(std::uint32_t n) const { return base() + "/checkoutnow?token=" + ids_.make(id_order, n); }

std::optional<domain::result<decided_payment>> paypal::decide(std::string_view reference, bool approve) {
  const std::lock_guard lock(mutex_);
  const auto number = ids_.number_in(reference, id_order);
  if (number >= orders_.size()) return std::nullopt;
  auto& o = orders_[number];
  if (o.state != order_state::created && o.state != order_state::payer_action_required)
    return domain::failure{domain::errc::wrong_state, fmt::format("The order is {}: its buyer has nothing to decide.", to_string(o.state))};
  const request none{};
  reply nowhere;
  call c{none, nowhere, {}, {}};
  c.order = static_cast<std::uint32_t>(number);
  c.now_ms = o.updated_ms = world_.now_ms();
  o.state = approve ? order_state::approved : order_state::voided;
  c.events.push_back({approve ? "CHECKOUT.ORDER.APPROVED" : "CHECKOUT.ORDER.VOIDED", operation::authorize, shows::order, c.order});
  record(c, nullptr, c.now_ms);
  return decided_payment{std::string{reference}, std::string{to_string(o.state)}};
}

/// The page that `payer-action` leads to: GET shows it, POST is one of its buttons.
void paypal::page(const request& rq, reply& out) {
  form query, pressed;
  const std::string id{query.read(rq.query) ? query.find("token").value_or("") : ""};
  std::string decision, text, back;
  if (rq.method == "POST" && pressed.read(rq.body)) decision = pressed.find("decision").value_or("");
  const bool yes = decision == "approve";
  const auto decided = yes || decision == "decline" ? decide(id, yes) : std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    const auto number = ids_.number_in(id, id_order);
    out.content_type = html;
    out.status = number < orders_.size() ? 200 : 404;
    if (number >= orders_.size()) {
      text = "<p>PayPal knows no such payment.</p>";
    } else {
      const auto& o = orders_[number];
      back = yes ? o.return_url : o.cancel_url;
      text = fmt::format("<p>{} {} for {}</p>", write_amount(o.amount, o.currency), o.currency.name(), escaped(o.custom_id.empty() ? id : o.custom_id));
      if (o.state == order_state::created || o.state == order_state::payer_action_required)
        text +=
            R"(<form method="post"><button name="decision" value="approve">Approve</button> <button name="decision" value="decline">Decline</button></form>)";
      else
        text += fmt::format("<p>This payment is {}.</p>", to_string(o.state));
    }
  }
  if (decided && *decided && !back.empty()) {
    out.status = 303;
    out.add_header("Location", fmt::format("{}{}token={}{}", back, back.find('?') == std::string::npos ? '?' : '&', id, yes ? "&PayerID=QYR5Z8XDVJNXQ" : ""));
  } else if (decided && !*decided) {
    out.status = 409;
  }
  out.body = fmt::format(R"(<!doctype html><html lang="en"><meta charset="utf-8"><title>PayPal (sandbox)</title><h1>PayPal (sandbox)</h1>{}</html>)", text);
}

}  // namespace coreldove::integrations::world
