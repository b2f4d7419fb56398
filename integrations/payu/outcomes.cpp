#include "integrations/payu/outcomes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace coreldove::integrations::payu {

using domain::operation_outcome;

namespace {

constexpr std::size_t message_bytes_max = 500;  // goes into the order's history

// The card itself is no good, or the bank wants to see it no more. docs.payu.in, "Issuer Decline Error Codes"
constexpr std::array<std::string_view, 4> hard_codes{"E305", "E310", "E341", "E1632"};

template <class Words>
bool is_one_of(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}
constexpr std::array<std::string_view, 2> held{"auth", "captured"};
constexpr std::array<std::string_view, 9> ended{"failed",    "failure",  "dropped",        "bounced", "usercancelled",
                                                "cancelled", "canceled", "user cancelled", "refunded"};
constexpr std::array<std::string_view, 4> under_way{"queued", "requested", "in progress", "pending"};

outcome done(std::string reference) { return {operation_outcome::done, std::move(reference), {}, {}, {}}; }

outcome other(operation_outcome kind, std::string code, std::string message) {
  if (message.size() > message_bytes_max) {
    std::size_t end = message_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) --end;  // not within a character
    message.resize(end);
  }
  return {kind, {}, std::move(code), std::move(message), {}};
}

outcome mismatch(std::string_view id) {
  return other(operation_outcome::unknown, "answer_mismatch", fmt::format("the answer about {} names another amount than was asked for", id));
}

/// PayU writes whole amounts with and without their decimals.
bool is_amount(std::string_view text, domain::minor_units amount) { return domain::parse_amount(text, the_digits) == amount; }

std::string code_of(const answer& a) { return a.error_code.empty() ? "refused" : a.error_code; }

}  // namespace

outcome authorization(const transaction& t, domain::minor_units amount, const std::string& txnid) {
  if (is_one_of(held, t.status)) return is_amount(t.amount, amount) && !t.id.empty() ? done(t.id) : mismatch(txnid);
  if (is_one_of(ended, t.status)) {
    const bool says_why = !t.error_code.empty() && t.error_code != "E000";
    auto out = other(operation_outcome::declined, says_why ? t.error_code : t.status, t.error_message);
    out.soft = !is_one_of(hard_codes, t.error_code);
    return out;
  }
  // Not opened yet, on its way, or a word that PayU has added since: the buyer's time runs out by itself.
  return {operation_outcome::awaiting_buyer, txnid, {}, t.status == "not found" ? std::string{} : t.status, {}};
}

outcome fate(const action& a, wish w, domain::minor_units amount, const std::string& payment_id) {
  if (a.status == "failure" || a.status == "failed") return other(operation_outcome::declined, "failure", "PayU could not carry it out");
  if (!is_amount(a.amount, amount)) return mismatch(payment_id);
  if (a.status == "success") return done(w == wish::refund ? a.request_id : payment_id);
  if (w == wish::refund && is_one_of(under_way, a.status)) return done(a.request_id);
  return queued(a.status);
}

const action* find(const std::vector<action>& actions, wish w, std::string_view token) {
  for (const auto& a : actions)
    if (a.token == token) return &a;
  if (w != wish::capture) return nullptr;
  const auto is_capture = [](const action& a) { return a.kind == "capture" && a.token.empty(); };
  const auto at = std::find_if(actions.begin(), actions.end(), is_capture);
  return at == actions.end() ? nullptr : &*at;
}

refusal classify(const answer& a) {
  // 214: the same amount within five minutes, which several refunds of an order may well be; later it goes through.
  static constexpr std::array<std::string_view, 3> later{"120", "126", "214"};
  static constexpr std::array<std::string_view, 4> there{"106", "109", "227", "301"};
  if (is_one_of(later, a.error_code) || a.message.starts_with("Requests limit reached")) return refusal::nothing_happened;
  // The key or the salt is wrong: the order is not to blame.
  if (a.message.starts_with("Invalid Hash") || a.message.starts_with("Invalid hash") || a.message.starts_with("Invalid key")) return refusal::nothing_happened;
  if (is_one_of(there, a.error_code)) return refusal::there_already;
  return a.error_code == "111" ? refusal::wrong_state : refusal::final;
}

outcome refused(const answer& a) { return other(operation_outcome::declined, code_of(a), a.message); }

outcome nothing_happened(const answer& a) { return other(operation_outcome::not_done, code_of(a), a.message); }

outcome queued(std::string_view status) {
  return other(operation_outcome::unknown, "queued", fmt::format("PayU has it in its queue{}{}", status.empty() ? "" : ": ", status));
}

outcome trouble(const http::response& r) {
  if (r.kind == http::reach::not_sent) return other(operation_outcome::not_done, std::string{r.error}, "PayU was not reached");
  if (r.kind == http::reach::no_answer) return other(operation_outcome::unknown, std::string{r.error}, "no answer from PayU");
  if (r.status == 429) return other(operation_outcome::not_done, "http_429", "PayU takes no more requests for now");
  return other(operation_outcome::unknown, r.status == 200 ? "unreadable_answer" : fmt::format("http_{}", r.status),
               "PayU answered with something that is not its service's");
}

outcome harmless_trouble(const http::response& r) {
  auto out = trouble(r);
  out.kind = operation_outcome::not_done;
  return out;
}

outcome trouble_looking(const http::response& r) {
  auto out = trouble(r);
  out.kind = operation_outcome::unknown;
  return out;
}

}  // namespace coreldove::integrations::payu
