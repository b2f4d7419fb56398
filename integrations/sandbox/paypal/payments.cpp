// What happens to an authorization: captures, voids, refunds.
#include <fmt/format.h>
#include <simdjson.h>

#include "integrations/sandbox/paypal/paypal.hpp"
#include "integrations/sandbox/paypal/reading.hpp"

namespace coreldove::integrations::world {

namespace {

/// The amount that a capture or refund asks for, `whole` where it names none; the issue where it is not possible.
asked_amount amount_in(const simdjson::dom::element& doc, const domain::currency& currency, domain::minor_units whole, std::string_view other_currency) {
  simdjson::dom::element given;
  if (doc["amount"].get(given) != simdjson::SUCCESS) return {whole, currency, {}};
  auto asked = read_amount(text_in(given, "/value"), text_in(given, "/currency_code"));
  if (asked.issue.empty() && asked.currency != currency) asked.issue = other_currency;
  return asked;
}

}  // namespace

bool paypal::new_invoice(call& c, const std::string& invoice, std::string_view complaint) {
  if (invoice.empty() || invoices_.count(invoice) == 0) return true;
  unprocessable(c, "DUPLICATE_INVOICE_ID", complaint);
  return false;
}

void paypal::show_authorization(call& c) {
  std::uint32_t n = 0;
  if (!find(c, id_authorization, orders_.size(), n)) return;
  if (orders_[n].hold != hold_state::none) return show(c, shows::authorization, n, 200);
  refuse(c, 404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "Specified resource ID does not exist. Please check the resource ID and try again.");
}

void paypal::capture(call& c) {
  std::uint32_t n = 0;
  if (!find(c, id_authorization, orders_.size(), n)) return;
  auto& o = orders_[n];
  c.keep = true;
  if (o.hold == hold_state::captured) return unprocessable(c, "AUTHORIZATION_ALREADY_CAPTURED", "Authorization has previously been captured.");
  if (o.hold == hold_state::voided) return unprocessable(c, "AUTHORIZATION_VOIDED", "A voided authorization cannot be captured or reauthorized. ");
  if (o.hold != hold_state::created && o.hold != hold_state::partially_captured)
    return unprocessable(c, "AUTHORIZATION_DENIED", "An denied authorization cannot be captured.");
  const auto asked = amount_in(c.doc, o.currency, o.amount - o.captured, "AUTH_CAPTURE_CURRENCY_MISMATCH");
  if (!asked.issue.empty())
    return unprocessable(
        c, asked.issue,
        asked.issue == "AUTH_CAPTURE_CURRENCY_MISMATCH" ? "Currency of capture must be the same as currency of authorization." : words_for(asked.issue));
  if (asked.minor > o.amount - o.captured)
    return unprocessable(c, "MAX_CAPTURE_AMOUNT_EXCEEDED",
                         "Capture amount exceeds allowable limit. Please contact customer service or your account manager to request the change to your "
                         "overage limit. The default overage limit is 115%, which allows the sum of all captures to be up to 115% of the order amount. The "
                         "ability to over capture is subjected to regulatory approvals.");
  const auto invoice = text_in(c.doc, "/invoice_id");
  if (!new_invoice(c, invoice, "Requested invoice_id has been previously captured. Possible duplicate transaction.")) return;
  if (c.declined) return unprocessable(c, "TRANSACTION_REFUSED", "PayPal's internal controls prevent authorization from being captured.");
  bool last = false;
  if (c.doc["final_capture"].get(last) != simdjson::SUCCESS) last = false;
  o.captured += asked.minor;
  o.updated_ms = c.now_ms;
  o.hold = last || o.captured == o.amount ? hold_state::captured : hold_state::partially_captured;  // what is left over goes back to the buyer
  const auto number = static_cast<std::uint32_t>(captures_.size());
  captures_.push_back({invoice, asked.minor, 0, c.now_ms, n, last});
  captures_of_[n].push_back(number);
  if (!invoice.empty()) invoices_.insert(invoice);
  c.order = n;
  c.effects.push_back({operation::capture, asked.minor, number});
  c.events.push_back({"PAYMENT.CAPTURE.COMPLETED", operation::capture, shows::capture, number});
  show(c, shows::capture, number, 201);
}

void paypal::void_hold(call& c) {
  std::uint32_t n = 0;
  if (!find(c, id_authorization, orders_.size(), n)) return;
  auto& o = orders_[n];
  c.keep = true;
  if (o.hold == hold_state::voided) return unprocessable(c, "PREVIOUSLY_VOIDED", "Authorization has been previously voided and hence cannot be voided again.");
  if (o.hold == hold_state::captured) return unprocessable(c, "PREVIOUSLY_CAPTURED", "Authorization has been previously captured and hence cannot be voided.");
  if (c.declined || (o.hold != hold_state::created && o.hold != hold_state::partially_captured))
    return unprocessable(c, "CANNOT_BE_VOIDED", "A reauthorization cannot be voided. Please void the original parent authorization.");
  o.hold = hold_state::voided;
  o.updated_ms = c.now_ms;
  c.order = n;
  c.effects.push_back({operation::void_, o.amount - o.captured, n});
  c.events.push_back({"PAYMENT.AUTHORIZATION.VOIDED", operation::void_, shows::authorization, n});
  show(c, shows::authorization, n, 200);
  if (c.rq.header("Prefer").find("return=representation") != std::string_view::npos) return;
  c.out.status = 204;
  c.out.body.clear();
  c.what = shows::nothing;
}

void paypal::reauthorize(call& c) {
  std::uint32_t n = 0;
  if (find(c, id_authorization, orders_.size(), n))
    unprocessable(c, "REAUTHORIZATION_NOT_SUPPORTED", "A reauthorize cannot be attempted on an authorization_id that is less than four days old.");
}

void paypal::show_capture(call& c) {
  std::uint32_t n = 0;
  if (find(c, id_capture, captures_.size(), n)) show(c, shows::capture, n, 200);
}

void paypal::refund(call& c) {
  std::uint32_t n = 0;
  if (!find(c, id_capture, captures_.size(), n)) return;
  auto& from = captures_[n];
  const auto& o = orders_[from.order];
  c.keep = true;
  const auto left = from.amount - from.refunded;
  if (left == 0) return unprocessable(c, "CAPTURE_FULLY_REFUNDED", "The capture has already been fully refunded");
  const auto asked = amount_in(c.doc, o.currency, left, "REFUND_CAPTURE_CURRENCY_MISMATCH");
  if (!asked.issue.empty())
    return unprocessable(c, asked.issue,
                         asked.issue == "REFUND_CAPTURE_CURRENCY_MISMATCH" ? "Refund must be in the same currency as the capture" : words_for(asked.issue));
  if (asked.minor > left)
    return unprocessable(c, "REFUND_AMOUNT_EXCEEDED", "The refund amount must be less than or equal to the capture amount that has not yet been refunded.");
  paypal_refund r{text_in(c.doc, "/invoice_id"), text_in(c.doc, "/custom_id"), asked.minor, c.now_ms, n};
  if (!new_invoice(c, r.invoice_id, "Invoice ID was previously used to refund a capture.")) return;
  if (c.declined) return unprocessable(c, "REFUND_NOT_ALLOWED", "Capture cannot be refunded.");
  from.refunded += asked.minor;
  if (!r.invoice_id.empty()) invoices_.insert(r.invoice_id);
  const auto number = static_cast<std::uint32_t>(refunds_.size());
  refunds_.push_back(std::move(r));
  refunds_of_[from.order].push_back(number);
  c.order = from.order;
  c.effects.push_back({operation::refund, asked.minor, number});
  c.events.push_back({"PAYMENT.CAPTURE.REFUNDED", operation::refund, shows::refund, number});
  show(c, shows::refund, number, 201);
}

void paypal::show_refund(call& c) {
  std::uint32_t n = 0;
  if (find(c, id_refund, refunds_.size(), n)) show(c, shows::refund, n, 200);
}

}  // namespace coreldove::integrations::world
