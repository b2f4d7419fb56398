#include "integrations/paypal/outcomes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "integrations/paypal/amounts.hpp"

namespace coreldove::integrations::paypal {

using domain::operation_outcome;

namespace {

constexpr std::size_t message_bytes_max = 500;  // goes into the order's history

using enum issue_kind;
constexpr auto issues = std::to_array<std::pair<std::string_view, issue_kind>>({
    {"INSTRUMENT_DECLINED", soft},
    {"TRANSACTION_REFUSED", soft},
    {"PAYMENT_SOURCE_DECLINED_BY_PROCESSOR", soft},
    {"PAYMENT_SOURCE_CANNOT_BE_USED", soft},
    {"PAYMENT_SOURCE_INFO_CANNOT_BE_VERIFIED", soft},
    {"PAYMENT_DENIED", soft},
    {"ALIAS_DECLINED_BY_PROCESSOR", soft},
    {"AUTHORIZATION_DENIED", soft},
    {"DECLINED_DUE_TO_RELATED_TXN", soft},
    {"MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED", soft},
    {"TRANSACTION_LIMIT_EXCEEDED", soft},
    {"TRANSACTION_RECEIVING_LIMIT_EXCEEDED", soft},
    {"REFUND_FAILED_INSUFFICIENT_FUNDS", soft},
    {"ORDER_EXPIRED", soft},
    {"TOKEN_EXPIRED", soft},
    // Our account's trouble, not the buyer's: another gateway may take the payment.
    {"PAYEE_ACCOUNT_INVALID", soft},
    {"PAYEE_ACCOUNT_LOCKED_OR_CLOSED", soft},
    {"PAYEE_ACCOUNT_RESTRICTED", soft},
    {"AUTH_CAPTURE_NOT_ENABLED", soft},
    {"NOT_ENABLED_FOR_CARD_PROCESSING", soft},
    {"PAYEE_NOT_ENABLED_FOR_CARD_PROCESSING", soft},
    {"PAYER_ACTION_REQUIRED", needs_customer},
    {"REDIRECT_PAYER_FOR_ALTERNATE_FUNDING", needs_customer},
    {"ORDER_NOT_APPROVED", needs_customer},
    {"ORDER_ALREADY_CAPTURED", already},
    {"ORDER_ALREADY_AUTHORIZED", already},
    {"ORDER_COMPLETED_OR_VOIDED", already},
    {"MAX_AUTHORIZATION_COUNT_EXCEEDED", already},
    {"AUTHORIZATION_ALREADY_CAPTURED", already},
    {"AUTHORIZATION_VOIDED", already},
    {"AUTHORIZATION_EXPIRED", already},
    {"PREVIOUSLY_VOIDED", already},
    {"PREVIOUSLY_CAPTURED", already},
    {"CANNOT_BE_VOIDED", already},
    {"CAPTURE_FULLY_REFUNDED", already},
    {"REFUND_AMOUNT_EXCEEDED", already},
    {"MAX_CAPTURE_AMOUNT_EXCEEDED", already},
    {"MAX_CAPTURE_COUNT_EXCEEDED", already},
    {"DUPLICATE_INVOICE_ID", already},
    {"ORDER_COMPLETION_IN_PROGRESS", in_progress},
    {"PREVIOUS_REQUEST_IN_PROGRESS", in_progress},
    {"PENDING_CAPTURE", not_yet},
});

// Answers of card processors that no second try mends: closed, restricted, expired, stolen, fraud. developer.paypal.com, "Processor response codes".
constexpr std::array<std::string_view, 11> hard_responses{"1330", "1335", "5140", "5150", "5160", "5180", "5400", "9500", "9510", "9520", "9540"};

outcome done(const transaction& t) { return {operation_outcome::done, t.id, {}, {}, {}}; }

outcome other(operation_outcome kind, std::string code, std::string message, bool soft_one = false) {
  if (message.size() > message_bytes_max) {
    std::size_t end = message_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) --end;  // not within a character
    message.resize(end);
  }
  return {kind, {}, std::move(code), std::move(message), {}, {}, soft_one};
}

outcome mismatch(const transaction& t) {
  return other(operation_outcome::unknown, "answer_mismatch", fmt::format("the answer about {} names another amount or currency than was asked for", t.id));
}

bool matches(const transaction& t, domain::minor_units amount, const domain::currency& currency) {
  return !t.id.empty() && t.amount.currency == currency.name() && from_paypal(t.amount.value, currency) == amount;
}

outcome undecided(const transaction& t) {
  return other(operation_outcome::unknown, t.reason.empty() ? t.status : t.reason, fmt::format("{} is not settled at PayPal yet", t.id));
}

outcome no(const transaction& t) {
  const bool final_one = std::find(hard_responses.begin(), hard_responses.end(), t.reason) != hard_responses.end();
  return other(operation_outcome::declined, t.reason.empty() ? t.status : t.reason, fmt::format("PayPal's answer is {}", t.status), !final_one);
}

}  // namespace

issue_kind kind_of_issue(std::string_view issue) {
  const auto at = std::find_if(issues.begin(), issues.end(), [&](const auto& known) { return known.first == issue; });
  return at == issues.end() ? hard : at->second;
}

bool is_pending(const transaction& t) { return t.status == "PENDING"; }

outcome authorization(const transaction& t, const expectation& want) {
  if (!matches(t, want.amount, want.currency)) return mismatch(t);
  if (t.status == "CREATED" || t.status == "CAPTURED" || t.status == "PARTIALLY_CAPTURED") return done(t);
  if (t.status == "DENIED" || t.status == "VOIDED" || t.status == "EXPIRED") return no(t);
  return undecided(t);
}

outcome capture(const transaction& t, const expectation& want) {
  if (!matches(t, want.amount, want.currency)) return mismatch(t);
  if (t.status == "COMPLETED" || t.status == "PARTIALLY_REFUNDED" || t.status == "REFUNDED") return done(t);
  if (t.status == "DECLINED" || t.status == "FAILED") return no(t);
  return undecided(t);
}

outcome voided(const transaction& t) {
  if (t.status == "VOIDED" || t.status == "EXPIRED") return done(t);
  return undecided(t);
}

outcome refunded(const transaction& t, domain::minor_units amount, const domain::currency& currency) {
  if (!matches(t, amount, currency)) return mismatch(t);
  // A pending refund is on its way; the rare failure later comes as a webhook.
  if (t.status == "COMPLETED" || t.status == "PENDING") return done(t);
  if (t.status == "FAILED" || t.status == "CANCELLED") return no(t);
  return undecided(t);
}

outcome awaiting(std::string order, std::string url) {
  return {operation_outcome::awaiting_buyer, std::move(order), "PAYER_ACTION_REQUIRED", "the buyer has to approve the payment at PayPal", {}, std::move(url)};
}

outcome trouble(const http::response& r, const api_error& e) {
  if (r.kind == http::reach::not_sent) return other(operation_outcome::not_done, std::string{r.error}, "PayPal was not reached");
  if (r.kind == http::reach::no_answer) return other(operation_outcome::unknown, std::string{r.error}, "no answer from PayPal");
  auto code = !e.issue.empty() ? e.issue : !e.name.empty() ? e.name : fmt::format("http_{}", r.status);
  auto message = e.debug_id.empty() ? e.message : fmt::format("{} (PayPal's debug id {})", e.message, e.debug_id);
  // Refused credentials, or rights that the account lacks: nothing happened, and the order is not to blame.
  if (r.status == 401 || r.status == 403 || r.status == 429) return other(operation_outcome::not_done, std::move(code), std::move(message));
  const auto kind = kind_of_issue(code);
  // 409: the first call with this id is still running.
  if (r.status == 409 || r.status < 400 || r.status >= 500 || kind == in_progress)
    return other(operation_outcome::unknown, std::move(code), std::move(message));
  if (kind == not_yet) return other(operation_outcome::not_done, std::move(code), std::move(message));
  return other(operation_outcome::declined, std::move(code), std::move(message), kind == soft || kind == needs_customer);
}

outcome unreadable() { return other(operation_outcome::unknown, "unreadable_answer", "PayPal answered with something that could not be read"); }

outcome refused(std::string code, std::string message, bool soft_one) {
  return other(operation_outcome::declined, std::move(code), std::move(message), soft_one);
}

}  // namespace coreldove::integrations::paypal
