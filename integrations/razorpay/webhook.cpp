#include <utility>

#include "integrations/http/hmac.hpp"
#include "integrations/operation_key.hpp"
#include "integrations/razorpay/outcomes.hpp"
#include "integrations/razorpay/razorpay.hpp"

namespace coreldove::integrations::razorpay {

namespace dom = simdjson::dom;
using domain::errc;
using domain::operation_kind;
using domain::operation_outcome;

namespace {

/// Something happened to a payment that the buyer was asked for: whether it is enough is for the adapter to read, not for the webhook to tell.
void read_attempt(const payment& p, payment_notice& out) {
  out.order_id = p.notes.order_id;
  out.idempotency_key = p.notes.key;
  out.operation = operation_kind::authorize;
  out.what = {operation_outcome::awaiting_buyer, p.order_id, {}, {}, {}};
  out.relevant = kind_of(p.notes.key) == operation_kind::authorize;
}

/// A capture carries no notes of its own: those that are there are the payment's.
void read_capture(const payment& p, payment_notice& out) {
  out.order_id = p.notes.order_id;
  out.operation = operation_kind::capture;
  out.what = {operation_outcome::done, p.id, {}, {}, {}};
  out.relevant = !p.notes.order_id.empty();
}

void read_refund_event(const refund& r, bool processed, payment_notice& out) {
  out.order_id = r.notes.order_id;
  out.idempotency_key = r.notes.key;
  out.operation = operation_kind::refund;
  out.what = processed ? outcome{operation_outcome::done, r.id, {}, {}, {}}
                       : outcome{operation_outcome::declined, r.id, "refund_failed", "Razorpay could not give the money back", {}};
  out.relevant = kind_of(r.notes.key) == operation_kind::refund;
}

std::optional<dispute_notice::step> step_of(std::string_view event) {
  if (event == "payment.dispute.created") return dispute_notice::step::opened;
  if (event == "payment.dispute.won") return dispute_notice::step::won;
  if (event == "payment.dispute.lost") return dispute_notice::step::lost;
  return std::nullopt;
}

void read_dispute(dispute_notice::step step, dom::element e, payment_notice& out) {
  dispute_notice d;
  d.what = step;
  d.reference = text_at(e, "id");
  d.payment = text_at(e, "payment_id");
  if (d.reference.empty() || d.payment.empty()) return;
  d.amount = number_at(e, "amount");
  d.reason = text_at(e, "reason_code");
  if (const auto until = number_at(e, "respond_by"); until > 0) d.answer_by = domain::time_point{std::chrono::seconds{until}};
  out.dispute = std::move(d);
  out.relevant = true;
}

class webhook final : public payment_webhook {
public:
  explicit webhook(std::string secret) : secret_{std::move(secret)} {}

  domain::result<payment_notice> read(const header_lookup& headers, std::string_view raw_body, domain::time_point) const override {
    if (secret_.empty()) return domain::failure{errc::forbidden, "no webhook secret is configured"};  // an empty key would let anybody sign
    const auto expected = http::to_hex(http::hmac_sha256(secret_, raw_body));
    if (!http::same_in_constant_time(headers("x-razorpay-signature"), expected)) return domain::failure{errc::forbidden, "the signature does not hold"};
    thread_local dom::parser parser;
    dom::element event, payload, entity;
    if (parser.parse(raw_body.data(), raw_body.size()).get(event) != simdjson::SUCCESS || event["payload"].get(payload) != simdjson::SUCCESS)
      return domain::failure{errc::malformed, "not a Razorpay event"};
    payment_notice out;
    out.type = text_at(event, "event");
    if (out.type.empty()) return domain::failure{errc::malformed, "a Razorpay event without a name"};
    out.event_id = headers("x-razorpay-event-id");
    if (out.event_id.empty()) out.event_id = expected;  // the same for the same event, which is all that is needed of it
    if (const auto step = step_of(out.type); step && payload["dispute"]["entity"].get(entity) == simdjson::SUCCESS) {
      read_dispute(*step, entity, out);
    } else if ((out.type == "refund.processed" || out.type == "refund.failed") && payload["refund"]["entity"].get(entity) == simdjson::SUCCESS) {
      read_refund_event(to_refund(entity), out.type == "refund.processed", out);
    } else if (payload["payment"]["entity"].get(entity) == simdjson::SUCCESS) {
      if (out.type == "payment.authorized" || out.type == "payment.failed") read_attempt(to_payment(entity), out);
      if (out.type == "payment.captured") read_capture(to_payment(entity), out);
    }
    return out;
  }

private:
  std::string secret_;
};

}  // namespace

std::unique_ptr<payment_webhook> make_razorpay_webhook(std::string secret) { return std::make_unique<webhook>(std::move(secret)); }

}  // namespace coreldove::integrations::razorpay
