#include <openssl/evp.h>

#include <boost/crc.hpp>
#include <ctime>
#include <utility>

#include "integrations/operation_key.hpp"
#include "integrations/paypal/amounts.hpp"
#include "integrations/paypal/certificates.hpp"
#include "integrations/paypal/objects.hpp"
#include "integrations/paypal/outcomes.hpp"
#include "integrations/paypal/paypal.hpp"
#include "integrations/paypal/refunds.hpp"

namespace coreldove::integrations::paypal {

using domain::errc;
using domain::failure;
using domain::operation_kind;
using domain::operation_outcome;

namespace {

// PayPal repeats an event for three days under the time of its first sending. Older ones are refused; within that time the event's id tells a repeat.
constexpr std::chrono::hours age_max{3 * 24 + 1};
constexpr std::chrono::minutes ahead_max{5};
constexpr std::string_view algorithm = "SHA256withRSA";

/// "2026-02-18T20:01:35Z", with or without a fraction.
std::optional<domain::time_point> time_of(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') {
    ++rest;
    while (*rest >= '0' && *rest <= '9') ++rest;
  }
  if (*rest != 'Z' || rest[1] != '\0') return std::nullopt;
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::from_time_t(timegm(&parts)));
}

std::string from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::string out(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size())) < 0)
    return {};
  if (text.ends_with("==")) out.pop_back();
  if (text.ends_with('=')) out.pop_back();
  return out;
}

std::uint32_t crc32(std::string_view bytes) {
  boost::crc_32_type sum;
  sum.process_bytes(bytes.data(), bytes.size());
  return sum.checksum();
}

bool is_signed(EVP_PKEY* key, std::string_view message, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  const auto bytes = [](std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); };
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message), message.size()) == 1;
}

outcome with(operation_outcome kind, const transaction& t) {
  const auto why = t.reason.empty() ? t.status : t.reason;
  return {kind, t.id, kind == operation_outcome::done ? std::string{} : why, {}, {}};
}

/// Names the operation by the invoice; false where that is not ours, or of another kind.
bool name_operation(const std::string& invoice_id, const std::string& custom_id, operation_kind kind, payment_notice& out) {
  out.order_id = custom_id.empty() ? std::string{order_of(invoice_id)} : custom_id;
  out.idempotency_key = invoice_id;
  out.operation = kind;
  return kind_of(invoice_id) == kind && order_of(invoice_id) == out.order_id;
}

/// The buyer has done something, or PayPal has let go of what he did: what that means for the payment, the order itself tells.
void read_order_event(simdjson::dom::element resource, payment_notice& out) {
  const auto o = to_order(resource);
  out.relevant = name_operation(o.invoice_id, o.custom_id, operation_kind::authorize, out);
  out.what.kind = operation_outcome::awaiting_buyer;
  out.what.reference = o.id.empty() ? text_at(resource, "order_id") : o.id;
}

void read_authorization_event(std::string_view type, const transaction& t, payment_notice& out) {
  out.relevant = name_operation(t.invoice_id, t.custom_id, operation_kind::authorize, out);
  if (type == "PAYMENT.AUTHORIZATION.VOIDED") {
    // Voiding carries no key of its own; the one that is there is the authorization's.
    out.operation = operation_kind::void_authorization;
    out.idempotency_key.clear();
    out.what = with(operation_outcome::done, t);
  } else if (t.status == "DENIED") {
    out.what = with(operation_outcome::declined, t);
    out.what.soft = true;
  } else {
    out.what = with(operation_outcome::done, t);
    out.relevant = out.relevant && !is_pending(t);
  }
}

void read_capture_event(std::string_view type, const transaction& t, payment_notice& out) {
  out.relevant = name_operation(t.invoice_id, t.custom_id, operation_kind::capture, out);
  if (type == "PAYMENT.CAPTURE.COMPLETED")
    out.what = with(operation_outcome::done, t);
  else if (type == "PAYMENT.CAPTURE.DECLINED" || type == "PAYMENT.CAPTURE.DENIED")
    out.what = with(operation_outcome::declined, t);
  else
    out.relevant = false;  // pending: said when it was asked for
}

void read_refund_event(const transaction& t, payment_notice& out) {
  out.relevant = !is_part(t.invoice_id) && name_operation(t.invoice_id, t.custom_id, operation_kind::refund, out);
  if (t.status == "COMPLETED")
    out.what = with(operation_outcome::done, t);
  else if (t.status == "FAILED" || t.status == "CANCELLED")
    out.what = with(operation_outcome::declined, t);
  else
    out.relevant = false;
}

dispute_notice::step step_of(std::string_view type, simdjson::dom::element resource) {
  if (type != "CUSTOMER.DISPUTE.RESOLVED") return dispute_notice::step::opened;
  simdjson::dom::element decided;
  const auto code = resource["dispute_outcome"].get(decided) == simdjson::SUCCESS ? text_at(decided, "outcome_code") : std::string{};
  const bool ours = code == "RESOLVED_SELLER_FAVOUR" || code == "RESOLVED_WITH_PAYOUT" || code == "CANCELED_BY_BUYER" || code == "DENIED";
  return ours ? dispute_notice::step::won : dispute_notice::step::lost;
}

void read_dispute(std::string_view type, simdjson::dom::element resource, payment_notice& out) {
  if (type != "CUSTOMER.DISPUTE.CREATED" && type != "CUSTOMER.DISPUTE.RESOLVED") return;  // in between, nothing moves
  dispute_notice d{step_of(type, resource), text_at(resource, "dispute_id"), {}, 0, text_at(resource, "reason"), std::nullopt};
  simdjson::dom::element first;
  if (resource.at_pointer("/disputed_transactions/0").get(first) == simdjson::SUCCESS) {
    d.payment = text_at(first, "seller_transaction_id");
    const auto invoice = text_at(first, "invoice_number"), ours = text_at(first, "custom");
    out.order_id = ours.empty() ? std::string{order_of(invoice)} : ours;
  }
  const auto asked = money_at(resource, "dispute_amount");
  if (const auto currency = domain::currency::find(asked.currency)) d.amount = from_paypal(asked.value, *currency).value_or(0);
  d.answer_by = time_of(text_at(resource, "seller_response_due_date"));
  out.relevant = !d.reference.empty() && !d.payment.empty();
  out.dispute = std::move(d);
}

void read_event(std::string_view type, simdjson::dom::element resource, payment_notice& out) {
  if (type == "CHECKOUT.ORDER.APPROVED" || type == "CHECKOUT.ORDER.VOIDED" || type == "CHECKOUT.PAYMENT-APPROVAL.REVERSED")
    read_order_event(resource, out);
  else if (type == "PAYMENT.AUTHORIZATION.CREATED" || type == "PAYMENT.AUTHORIZATION.VOIDED")
    read_authorization_event(type, to_transaction(resource), out);
  else if (type == "PAYMENT.CAPTURE.REFUNDED" || type == "PAYMENT.REFUND.FAILED")
    read_refund_event(to_transaction(resource), out);  // what PayPal shows is the refund, not the capture
  else if (type.starts_with("PAYMENT.CAPTURE.") && type != "PAYMENT.CAPTURE.REVERSED")
    read_capture_event(type, to_transaction(resource), out);
  else if (type.starts_with("CUSTOMER.DISPUTE."))
    read_dispute(type, resource, out);
}

class webhook final : public payment_webhook {
public:
  webhook(webhook_options o, http::client& client)
      : webhook_id_{std::move(o.webhook_id)}, certificates_{std::make_shared<certificates>(std::move(o.api_base), std::move(o.authorities), client)} {}

  domain::result<payment_notice> read(const header_lookup& headers, std::string_view raw_body, domain::time_point now) const override {
    if (const auto wrong = check(headers, raw_body, now)) return *wrong;
    thread_local simdjson::dom::parser parser;
    simdjson::dom::element event;
    simdjson::dom::element resource;
    if (parser.parse(raw_body.data(), raw_body.size()).get(event) != simdjson::SUCCESS || event["resource"].get(resource) != simdjson::SUCCESS)
      return failure{errc::malformed, "not a PayPal event"};
    payment_notice out;
    out.event_id = text_at(event, "id");
    out.type = text_at(event, "event_type");
    if (out.event_id.empty() || out.type.empty()) return failure{errc::malformed, "a PayPal event without id or type"};
    read_event(out.type, resource, out);
    return out;
  }

private:
  /// What is wrong with the signature; nothing where it holds.
  std::optional<failure> check(const header_lookup& headers, std::string_view body, domain::time_point now) const {
    const auto no = [](const char* why) { return failure{errc::forbidden, why}; };
    if (webhook_id_.empty()) return no("no webhook id is configured");
    const auto id = headers("paypal-transmission-id"), sent = headers("paypal-transmission-time"), signature = from_base64(headers("paypal-transmission-sig"));
    if (id.empty() || signature.empty()) return no("the signature is missing");
    if (headers("paypal-auth-algo") != algorithm) return no("the signature is of another kind than SHA256withRSA");
    const auto at = time_of(sent);
    if (!at) return no("the signature has no time");
    if (*at < now - age_max || *at > now + ahead_max) return no("the signature is not of now");
    auto key = certificates_->key_of(headers("paypal-cert-url"), now);
    if (!key) return std::move(key).error();
    std::string message;
    message.reserve(id.size() + sent.size() + webhook_id_.size() + 16);
    message.append(id).append("|").append(sent).append("|").append(webhook_id_).append("|").append(std::to_string(crc32(body)));
    if (!is_signed(key->get(), message, signature)) return no("the signature does not hold");
    return std::nullopt;
  }

  std::string webhook_id_;
  std::shared_ptr<certificates> certificates_;
};

}  // namespace

std::unique_ptr<payment_webhook> make_paypal_webhook(webhook_options o, http::client& client) { return std::make_unique<webhook>(std::move(o), client); }

}  // namespace coreldove::integrations::paypal
