#include "integrations/stripe/outcomes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "integrations/operation_key.hpp"

namespace coreldove::integrations::stripe {

using domain::operation_outcome;

namespace {

constexpr std::size_t message_bytes_max = 500;  // goes into the order's history

outcome done(std::string reference) { return {operation_outcome::done, std::move(reference), {}, {}, {}}; }

outcome other(operation_outcome kind, std::string code, std::string message) {
  if (message.size() > message_bytes_max) {
    std::size_t end = message_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) --end;  // not within a character
    message.resize(end);
  }
  return {kind, {}, std::move(code), std::move(message), {}};
}

outcome soft(outcome o) {
  o.soft = true;
  return o;
}

outcome mismatch(std::string_view id) {
  return other(operation_outcome::unknown, "answer_mismatch", fmt::format("the answer about {} names another amount or currency than was asked for", id));
}

outcome undecided(const std::string& status) { return other(operation_outcome::unknown, status, "not settled at Stripe yet"); }

}  // namespace

outcome authorization(const intent& i, const expectation& want) {
  if (i.amount != want.amount || i.currency != want.currency || i.id.empty()) return mismatch(i.id);
  if (i.status == "requires_capture" || i.status == "succeeded") return done(i.id);
  if (i.status == "requires_action" && !i.redirect_url.empty()) return {operation_outcome::awaiting_buyer, i.id, {}, {}, {}, i.redirect_url};
  // An action that no link leads to. Nobody is there to take it, so the intent never becomes a hold.
  if (i.status == "requires_action") return soft(other(operation_outcome::declined, "authentication_required", "the card asks for the customer"));
  if (i.status == "requires_payment_method") {
    auto o = other(operation_outcome::declined, i.error_code.empty() ? i.status : i.error_code, i.error_message);
    o.soft = is_soft(o.code);
    return o;
  }
  if (i.status == "canceled") return other(operation_outcome::declined, "canceled", "the payment was cancelled at Stripe");
  return undecided(i.status);
}

outcome capture(const intent& i, const expectation& want) {
  if (i.currency != want.currency || i.amount_received < want.amount || i.amount_received > i.amount || i.id.empty()) return mismatch(i.id);
  if (i.status == "succeeded" || i.status == "requires_capture") return done(i.id);  // the latter: more may be captured
  return undecided(i.status);
}

outcome cancellation(const intent& i) {
  if (i.status == "canceled" && !i.id.empty()) return done(i.id);
  return undecided(i.status);
}

outcome refunded(const refund& r, const expectation& want) {
  if (r.amount != want.amount || r.currency != want.currency || r.id.empty()) return mismatch(r.id);
  // A pending refund is on its way to the bank; the rare failure later comes as a webhook.
  if (r.status == "succeeded" || r.status == "pending") return done(r.id);
  if (r.status == "failed" || r.status == "canceled") return other(operation_outcome::declined, r.failure_reason.empty() ? r.status : r.failure_reason, {});
  return undecided(r.status);
}

std::optional<outcome> capture_in_hindsight(const intent& i, const expectation& want) {
  if (i.status == "canceled") return other(operation_outcome::declined, "canceled", "the authorization was cancelled at Stripe");
  if (i.key == want.key) return capture(i, want);
  // Captured by somebody else's hand (the dashboard) counts, another capture of ours does not: it would be counted twice.
  if (i.status == "succeeded" && i.amount_received == want.amount && i.currency == want.currency && kind_of(i.key) != domain::operation_kind::capture)
    return done(i.id);
  return std::nullopt;
}

std::optional<outcome> cancellation_in_hindsight(const intent& i) {
  if (i.status == "canceled") return done(i.id);
  return std::nullopt;
}

/// Stripe publishes no such split; this follows what its codes advise the merchant to do.
bool is_soft(std::string_view decline_code) {
  static constexpr std::array<std::string_view, 15> codes{"insufficient_funds",
                                                          "try_again_later",
                                                          "processing_error",
                                                          "issuer_not_available",
                                                          "reenter_transaction",
                                                          "approve_with_id",
                                                          "card_velocity_exceeded",
                                                          "withdrawal_count_limit_exceeded",
                                                          "generic_decline",
                                                          "do_not_honor",
                                                          "call_issuer",
                                                          "no_action_taken",
                                                          "card_declined",
                                                          "authentication_required",
                                                          "payment_intent_authentication_failure"};
  return std::find(codes.begin(), codes.end(), decline_code) != codes.end();
}

outcome trouble(const http::response& r, const api_error& e) {
  if (r.kind == http::reach::not_sent) return other(operation_outcome::not_done, std::string{r.error}, "Stripe was not reached");
  if (r.kind == http::reach::no_answer) return other(operation_outcome::unknown, std::string{r.error}, "no answer from Stripe");
  const auto code = !e.code.empty() ? e.code : !e.type.empty() ? e.type : fmt::format("http_{}", r.status);
  if (r.status == 402) {
    auto o = other(operation_outcome::declined, e.decline_code.empty() ? code : e.decline_code, e.message);
    o.soft = is_soft(o.code);
    return o;
  }
  if (r.status == 429) return other(operation_outcome::not_done, code, e.message);
  // Wrong or revoked key: nothing happened, and the order is not to blame.
  if (r.status == 401 || r.status == 403) return other(operation_outcome::not_done, code, e.message);
  // 409: the first call with this key is still running. stripe-should-retry overrules what the status says.
  if (r.status == 409 || r.status < 400 || r.status >= 500 || r.headers.find("stripe-should-retry") == "true")
    return other(operation_outcome::unknown, code, e.message);
  return other(operation_outcome::declined, e.type == "idempotency_error" ? e.type : code, e.message);
}

outcome unreadable() { return other(operation_outcome::unknown, "unreadable_answer", "Stripe answered with something that could not be read"); }

bool tells_nothing(const http::response& r) { return r.kind == http::reach::answered && r.status >= 500; }

}  // namespace coreldove::integrations::stripe
