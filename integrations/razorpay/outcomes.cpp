#include "integrations/razorpay/outcomes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace coreldove::integrations::razorpay {

using domain::operation_outcome;

namespace {

constexpr std::size_t message_bytes_max = 500;  // goes into the order's history

// The buyer, his bank, or a system between them may act otherwise next time. Everything else is final.
constexpr std::array<std::string_view, 14> soft_reasons{"payment_timed_out",     "gateway_technical_error", "bank_technical_error", "insufficient_funds",
                                                        "card_declined",         "payment_cancelled",       "payment_failed",       "server_error",
                                                        "incorrect_otp",         "incorrect_cvv",           "incorrect_pin",        "otp_expired",
                                                        "authentication_failed", "user_not_eligible"};

outcome done(std::string reference) { return {operation_outcome::done, std::move(reference), {}, {}, {}}; }

outcome other(operation_outcome kind, std::string code, std::string message) {
  if (message.size() > message_bytes_max) {
    std::size_t end = message_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) --end;  // not within a character
    message.resize(end);
  }
  return {kind, {}, std::move(code), std::move(message), {}};
}

outcome refused(std::string code, std::string message) { return other(operation_outcome::declined, std::move(code), std::move(message)); }

outcome refused_for(const std::string& reason, const std::string& code, const std::string& message) {
  const bool says_why = !reason.empty() && reason != "NA";
  auto out = refused(says_why ? reason : code.empty() ? "declined" : code, message);
  out.soft = is_soft(reason);
  return out;
}

outcome mismatch(std::string_view id) {
  return other(operation_outcome::unknown, "answer_mismatch", fmt::format("the answer about {} names another amount or currency than was asked for", id));
}

bool is_for(const payment& p, const expectation& want) { return p.amount == want.amount && p.currency == want.currency && !p.id.empty(); }
bool is_held(const payment& p) { return p.status == "authorized" || p.status == "captured"; }

/// A status below 500 that is neither a success nor a matter of the request itself.
bool is_about_access(int status) { return status == 401 || status == 403 || status == 429; }

}  // namespace

bool is_soft(std::string_view reason) { return std::find(soft_reasons.begin(), soft_reasons.end(), reason) != soft_reasons.end(); }

outcome brought_along(const payment& p, const expectation& want) {
  if (!is_for(p, want)) return refused("payment_mismatch", fmt::format("the payment {} is of another amount or currency than the order", p.id));
  if (p.status == "authorized") return done(p.id);
  if (p.status == "failed") return refused_for(p.error_reason, p.error_code, p.error_description);
  if (p.status == "created") return {operation_outcome::awaiting_buyer, p.id, p.status, "Checkout has not finished with this payment", {}};
  // A captured payment may have paid for another order; that the money is there does not make it this one's.
  if (p.status == "captured") return refused("payment_already_captured", "the payment has been captured before this order came");
  return refused("payment_" + p.status, "the payment is no longer there to be captured");
}

outcome paid_so_far(const std::vector<payment>& attempts, const expectation& want, const std::string& order_id) {
  const auto held = std::find_if(attempts.begin(), attempts.end(), is_held);
  if (held != attempts.end()) return is_for(*held, want) ? done(held->id) : mismatch(held->id);
  if (std::any_of(attempts.begin(), attempts.end(), [](const payment& p) { return p.status == "refunded"; }))
    return refused("authorization_expired", "the payment was not captured in time and went back to the buyer");
  outcome out{operation_outcome::awaiting_buyer, order_id, {}, {}, {}};
  const auto latest = std::max_element(attempts.begin(), attempts.end(), [](const payment& a, const payment& b) { return a.created_at < b.created_at; });
  if (latest == attempts.end() || latest->status != "failed") return out;
  auto why = refused_for(latest->error_reason, latest->error_code, latest->error_description);
  if (latest->error_reason == "payment_cancelled") return why;
  out.code = std::move(why.code);
  out.message = std::move(why.message);
  return out;
}

outcome captured(const payment& p, const expectation& want) {
  if (!is_for(p, want)) return mismatch(p.id);
  if (p.status == "captured") return done(p.id);
  return other(operation_outcome::unknown, p.status, "not settled at Razorpay yet");
}

outcome let_go(const payment& p) {
  if (p.id.empty()) return unreadable();
  if (p.status == "captured") return refused("already_captured", "the payment is captured; it takes a refund");
  return done(p.id);
}

outcome refunded(const refund& r, const expectation& want, std::string_view payment_id) {
  if (r.amount != want.amount || r.currency != want.currency || r.payment_id != payment_id || r.id.empty()) return mismatch(r.id);
  // A pending refund is on its way to the bank; the rare failure later comes as a webhook.
  if (r.status == "processed" || r.status == "pending") return done(r.id);
  if (r.status == "failed") return refused("refund_failed", "Razorpay could not give the money back");
  return other(operation_outcome::unknown, r.status, "not settled at Razorpay yet");
}

outcome trouble(const http::response& r) {
  if (r.kind == http::reach::not_sent) return other(operation_outcome::not_done, std::string{r.error}, "Razorpay was not reached");
  if (r.kind == http::reach::no_answer) return other(operation_outcome::unknown, std::string{r.error}, "no answer from Razorpay");
  const auto e = read_error(r.body);
  const auto code = e.code.empty() ? fmt::format("http_{}", r.status) : e.code;
  if (is_about_access(r.status)) return other(operation_outcome::not_done, code, e.description);
  if (r.status < 400 || r.status >= 500) return other(operation_outcome::unknown, code, e.description);
  // 409: the first call with this key is still running, unless it says that the key was used for something else.
  if (r.status == 409 && !e.description.starts_with("Different request")) return other(operation_outcome::unknown, code, e.description);
  return refused_for(e.reason, code, e.description);
}

outcome harmless_trouble(const http::response& r) {
  auto out = trouble(r);
  if (out.kind == operation_outcome::unknown) out.kind = operation_outcome::not_done;
  return out;
}

outcome trouble_looking(const http::response& r) {
  auto out = trouble(r);
  out.kind = operation_outcome::unknown;
  return out;
}

outcome unreadable() { return other(operation_outcome::unknown, "unreadable_answer", "Razorpay answered with something that could not be read"); }

}  // namespace coreldove::integrations::razorpay
