#include "integrations/sandbox/stripe/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include "integrations/sandbox/json_text.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::array<std::string_view, 6> status_names{
    "requires_payment_method", "requires_confirmation", "requires_action", "requires_capture", "succeeded", "canceled"};
constexpr std::string_view digits62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t number_digits = 8;

void append_lower(std::string& out, const domain::currency& c) {
  for (char letter : c.code) out.push_back(static_cast<char>(letter - 'A' + 'a'));
}

void append_metadata(std::string& out, kept_text metadata) { out.append(metadata.view().empty() ? std::string_view{"{}"} : metadata.view()); }

void append_code(std::string& out, std::string_view code) {
  if (code.empty()) return;
  fmt::format_to(std::back_inserter(out), R"("code":"{0}","doc_url":"https://stripe.com/docs/error-codes/)", code);
  std::replace_copy(code.begin(), code.end(), std::back_inserter(out), '_', '-');
  out.append("\",");
}

void append_failure(std::string& out, const stripe_ids& ids, std::uint32_t number, const card_failure& f) {
  if (!f.decline_code.empty()) {
    out.append(R"("charge":")");
    ids.append(out, "ch_", number);
    out.append("\",");
  }
  append_code(out, f.code);
  if (!f.advice.empty()) fmt::format_to(std::back_inserter(out), R"("advice_code":"{}",)", f.advice);
  if (!f.decline_code.empty()) fmt::format_to(std::back_inserter(out), R"("decline_code":"{}",)", f.decline_code);
  fmt::format_to(std::back_inserter(out), R"("message":"{}",)", f.message);
}

/// A failure without a decline code is not the card's: nothing was charged.
std::string_view type_of(const card_failure& f) { return f.decline_code.empty() ? "invalid_request_error" : "card_error"; }

void append_next_action(std::string& out, const payment_intent& p, const intent_face& face) {
  if (face.status != intent_status::requires_action)
    out.append("null");
  else if (p.redirect.view().empty())
    out.append(R"({"type":"use_stripe_sdk","use_stripe_sdk":{"type":"three_d_secure_redirect"}})");
  else
    out.append(R"({"redirect_to_url":)").append(p.redirect.view()).append(R"(,"type":"redirect_to_url"})");
}

}  // namespace

std::string_view to_string(intent_status s) { return status_names[static_cast<std::size_t>(s)]; }

intent_status intent_status_from(std::string_view name) {
  const auto it = std::find(status_names.begin(), status_names.end(), name);
  return it == status_names.end() ? intent_status::requires_payment_method : static_cast<intent_status>(it - status_names.begin());
}

void stripe_ids::append(std::string& out, std::string_view prefix, std::uint64_t number) const {
  std::array<char, number_digits> text{};
  for (auto at = text.rbegin(); at != text.rend(); ++at, number /= 62) *at = digits62[number % 62];
  out.append(prefix).append("3").append(epoch_).append(text.data(), text.size());
}

std::string stripe_ids::make(std::string_view prefix, std::uint64_t number) const {
  std::string out;
  append(out, prefix, number);
  return out;
}

std::uint64_t stripe_ids::number_in(std::string_view id, std::string_view prefix) const {
  constexpr auto foreign = std::numeric_limits<std::uint64_t>::max();
  if (!id.starts_with(prefix)) return foreign;
  id.remove_prefix(prefix.size());
  if (id.size() != 1 + epoch_.size() + number_digits || id[0] != '3' || id.substr(1, epoch_.size()) != epoch_) return foreign;
  std::uint64_t number = 0;
  for (char c : id.substr(1 + epoch_.size())) {
    const auto digit = digits62.find(c);
    if (digit == std::string_view::npos) return foreign;
    number = number * 62 + digit;
  }
  return number;
}

void append_intent(std::string& out, const stripe_ids& ids, std::uint32_t number, const payment_intent& p, const intent_face& face) {
  auto to = std::back_inserter(out);
  out.append(R"({"id":")");
  ids.append(out, "pi_", number);
  fmt::format_to(to, R"(","object":"payment_intent","amount":{},"amount_capturable":{},"amount_details":{{"tip":{{}}}},"amount_received":{},)", p.amount,
                 face.capturable, face.received);
  out.append(R"("application":null,"application_fee_amount":null,"automatic_payment_methods":null,"canceled_at":)");
  if (face.canceled_at == 0)
    out.append("null");
  else
    fmt::format_to(to, "{}", face.canceled_at);
  out.append(R"(,"cancellation_reason":)");
  append_json_or_null(out, cancellation_reasons[face.cancellation]);
  fmt::format_to(to, R"(,"capture_method":"{}","client_secret":")", p.automatic ? "automatic" : "manual");
  ids.append(out, "pi_", number);
  fmt::format_to(to, R"(_secret_test","confirmation_method":"automatic","created":{},"currency":")", p.created);
  append_lower(out, p.currency);
  out.append(R"(","customer":)");
  append_json_or_null(out, p.customer.view());
  out.append(R"(,"description":)");
  append_json_or_null(out, p.description.view());
  out.append(R"(,"invoice":null,"last_payment_error":)");
  if (face.last > card_wants_customer) {
    out.push_back('{');
    append_failure(out, ids, number, failure_of(face.last));
    out.append(R"("type":")").append(type_of(failure_of(face.last))).append("\"}");
  } else {
    out.append("null");
  }
  out.append(R"(,"latest_charge":)");
  append_json_or_null(out, face.charged ? ids.make("ch_", number) : std::string{});
  out.append(R"(,"livemode":false,"metadata":)");
  append_metadata(out, face.metadata);
  out.append(R"(,"next_action":)");
  append_next_action(out, p, face);
  out.append(R"(,"on_behalf_of":null,"payment_method":)");
  append_json_or_null(out, face.token.view().empty() ? std::string{} : ids.make("pm_", number));
  out.append(R"(,"payment_method_options":{"card":{"installments":null,"mandate_options":null,"network":null,"request_three_d_secure":"automatic"}},)"
             R"("payment_method_types":["card"],"processing":null,"receipt_email":)");
  append_json_or_null(out, p.receipt_email.view());
  out.append(R"(,"review":null,"shipping":null)");
  out.append(p.extra.view().empty() ? R"(,"setup_future_usage":null,"statement_descriptor":null,"statement_descriptor_suffix":null,"transfer_group":null)"
                                    : p.extra.view());
  fmt::format_to(to, R"(,"status":"{}","transfer_data":null}})", to_string(face.status));
}

void append_refund(std::string& out, const stripe_ids& ids, std::uint32_t number, const payment_refund& r, const payment_intent& p) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"id":"{}","object":"refund","amount":{},"balance_transaction":null,"charge":"{}","created":{},"currency":")", ids.make("re_", number),
                 r.amount, ids.make("ch_", r.intent), r.created);
  append_lower(out, p.currency);
  out.append(R"(","metadata":)");
  append_metadata(out, r.metadata);
  fmt::format_to(to, R"(,"payment_intent":"{}","reason":)", ids.make("pi_", r.intent));
  append_json_or_null(out, refund_reasons[r.reason]);
  out.append(R"(,"receipt_number":null,"source_transfer_reversal":null,"status":"succeeded","transfer_reversal":null})");
}

void append_charge(std::string& out, const stripe_ids& ids, std::uint32_t number, const payment_intent& p) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"id":"{}","object":"charge","amount":{},"amount_captured":{},"amount_refunded":{},"captured":{},"created":{},"currency":")",
                 ids.make("ch_", number), p.amount, p.face.received, p.refunded, p.face.received > 0, p.created);
  append_lower(out, p.currency);
  out.append(R"(","description":)");
  append_json_or_null(out, p.description.view());
  out.append(R"(,"livemode":false,"metadata":)");
  append_metadata(out, p.face.metadata);
  fmt::format_to(to, R"(,"paid":true,"payment_intent":"{}","payment_method":"{}","refunded":{},"status":"succeeded"}})", ids.make("pi_", number),
                 ids.make("pm_", number), p.refunded == p.face.received);
}

void append_error(std::string& out, const stripe_error& e, const stripe_ids* ids, std::uint32_t number, const payment_intent* p, const intent_face* face) {
  out.append(R"({"error":{)");
  append_code(out, e.code);
  if (!e.advice.empty()) fmt::format_to(std::back_inserter(out), R"("advice_code":"{}",)", e.advice);
  if (!e.decline_code.empty()) fmt::format_to(std::back_inserter(out), R"("decline_code":"{}",)", e.decline_code);
  out.append(R"("message":)");
  append_json(out, e.message);
  if (!e.param.empty()) {
    out.append(R"(,"param":)");
    append_json(out, e.param);
  }
  if (p != nullptr) {
    out.append(R"(,"payment_intent":)");
    append_intent(out, *ids, number, *p, *face);
  }
  fmt::format_to(std::back_inserter(out), R"(,"type":"{}"}}}})", e.type);
}

void append_decline(std::string& out, const stripe_ids& ids, std::uint32_t number, const payment_intent& p, const intent_face& face) {
  out.append(R"({"error":{)");
  append_failure(out, ids, number, failure_of(face.last));
  out.append(R"("payment_intent":)");
  append_intent(out, ids, number, p, face);
  out.append(R"(,"type":"card_error"}})");
}

}  // namespace coreldove::integrations::world
