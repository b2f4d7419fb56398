#include <algorithm>
#include <charconv>
#include <utility>

#include "integrations/http/hmac.hpp"
#include "integrations/operation_key.hpp"
#include "integrations/stripe/amounts.hpp"
#include "integrations/stripe/outcomes.hpp"
#include "integrations/stripe/stripe.hpp"

namespace coreldove::integrations::stripe {

using domain::errc;
using domain::operation_kind;
using domain::operation_outcome;

namespace {

constexpr std::int64_t tolerance_seconds = 300;  // docs.stripe.com/webhooks

/// Calls `use(key, value)` for each "key=value" of "t=…,v1=…,v1=…".
template <class Use>
void each_pair(std::string_view header, Use use) {
  while (!header.empty()) {
    const auto comma = header.find(',');
    const auto item = header.substr(0, comma);
    const auto equals = item.find('=');
    if (equals != std::string_view::npos) use(item.substr(0, equals), item.substr(equals + 1));
    header = comma == std::string_view::npos ? std::string_view{} : header.substr(comma + 1);
  }
}

outcome with(operation_outcome kind, std::string reference, std::string code = {}, std::string message = {}) {
  return {kind, std::move(reference), std::move(code), std::move(message), {}};
}

void read_payment_intent(std::string_view type, const intent& i, payment_notice& out) {
  const auto kind = kind_of(i.key);
  out.order_id = i.order_id;
  out.idempotency_key = i.key;
  if (type == "payment_intent.canceled") {
    // A cancel carries no metadata of its own; the key that is there is an earlier operation's.
    out.operation = operation_kind::void_authorization;
    out.idempotency_key.clear();
    out.what = with(operation_outcome::done, i.id);
    out.relevant = !i.order_id.empty();
    return;
  }
  if (type == "payment_intent.amount_capturable_updated" && (kind == operation_kind::authorize || kind == operation_kind::capture)) {
    // Also sent when a part is captured, which leaves less to capture; the key says which of the two it was.
    out.operation = *kind;
    out.what = with(operation_outcome::done, i.id);
    out.relevant = true;
  } else if (type == "payment_intent.succeeded" && kind == operation_kind::capture) {
    out.operation = operation_kind::capture;
    out.what = with(operation_outcome::done, i.id);
    out.relevant = true;
  } else if (type == "payment_intent.payment_failed" && kind == operation_kind::authorize) {
    out.operation = operation_kind::authorize;
    out.what = with(operation_outcome::declined, i.id, i.error_code.empty() ? i.status : i.error_code, i.error_message);
    out.what.soft = is_soft(out.what.code);
    out.relevant = true;
  }
}

void read_refund_event(const refund& r, payment_notice& out) {
  out.order_id = r.order_id;
  out.idempotency_key = r.key;
  out.operation = operation_kind::refund;
  if (kind_of(r.key) != operation_kind::refund) return;
  out.relevant = true;
  if (r.status == "succeeded") {
    out.what = with(operation_outcome::done, r.id);
  } else if (r.status == "failed" || r.status == "canceled") {
    out.what = with(operation_outcome::declined, r.id, r.failure_reason.empty() ? r.status : r.failure_reason);
  } else {
    out.relevant = false;  // pending: said when it was asked for
  }
}

/// An inquiry ("warning_…") takes no money, so it is none of the ledger's business.
void read_dispute_event(std::string_view type, const dispute& d, payment_notice& out) {
  std::string code{d.currency};
  std::transform(code.begin(), code.end(), code.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; });
  const auto currency = domain::currency::find(code);
  const auto amount = currency ? from_stripe(d.amount, *currency) : std::nullopt;
  const bool closed = type == "charge.dispute.closed";
  const bool known = closed ? d.status == "won" || d.status == "lost" : type == "charge.dispute.created" && !d.status.starts_with("warning_");
  if (d.id.empty() || !amount || !known) return;
  dispute_notice n{dispute_notice::step::opened, d.id, d.payment_intent, *amount, d.reason, std::nullopt};
  if (closed) n.what = d.status == "won" ? dispute_notice::step::won : dispute_notice::step::lost;
  if (d.due_by > 0) n.answer_by = domain::time_point{std::chrono::seconds{d.due_by}};
  out.dispute = std::move(n);
  out.relevant = true;
}

/// A charge lists its refunds, newest first, in older API versions only; refund.updated tells the same in all of them.
void read_charge(simdjson::dom::element charge, payment_notice& out) {
  simdjson::dom::array refunds;
  if (charge["refunds"]["data"].get(refunds) != simdjson::SUCCESS || refunds.begin() == refunds.end()) return;
  read_refund_event(to_refund(*refunds.begin()), out);
}

class webhook final : public payment_webhook {
public:
  explicit webhook(std::string secret) : secret_{std::move(secret)} {}

  domain::result<payment_notice> read(const header_lookup& headers, std::string_view raw_body, domain::time_point now) const override {
    if (const auto wrong = check(headers("stripe-signature"), raw_body, now); !wrong.empty()) return domain::failure{errc::forbidden, std::string{wrong}};
    thread_local simdjson::dom::parser parser;
    simdjson::dom::element event;
    simdjson::dom::element object;
    if (parser.parse(raw_body.data(), raw_body.size()).get(event) != simdjson::SUCCESS || event["data"]["object"].get(object) != simdjson::SUCCESS)
      return domain::failure{errc::malformed, "not a Stripe event"};
    payment_notice out;
    out.event_id = text_at(event, "id");
    const auto type = text_at(event, "type");
    if (out.event_id.empty() || type.empty()) return domain::failure{errc::malformed, "a Stripe event without id or type"};
    out.type = type;
    if (type.starts_with("payment_intent.")) {
      read_payment_intent(type, to_intent(object), out);
    } else if (type.starts_with("charge.dispute.")) {
      read_dispute_event(type, to_dispute(object), out);
    } else if (type == "charge.refunded") {
      read_charge(object, out);
    } else if (type == "refund.updated" || type == "refund.failed" || type == "charge.refund.updated") {
      read_refund_event(to_refund(object), out);
    }
    return out;
  }

private:
  /// What is wrong with the signature; empty where it holds.
  std::string_view check(std::string_view header, std::string_view body, domain::time_point now) const {
    if (secret_.empty()) return "no signing secret is configured";  // an empty key would let anybody sign
    std::string_view signed_at;
    each_pair(header, [&](std::string_view key, std::string_view value) {
      if (key == "t") signed_at = value;
    });
    std::int64_t seconds = 0;
    const auto [end, ec] = std::from_chars(signed_at.data(), signed_at.data() + signed_at.size(), seconds);
    if (signed_at.empty() || ec != std::errc{} || end != signed_at.data() + signed_at.size()) return "the signature has no time";
    std::string message;
    message.reserve(signed_at.size() + 1 + body.size());
    message.append(signed_at).append(".").append(body);
    const auto expected = http::to_hex(http::hmac_sha256(secret_, message));
    bool holds = false;
    each_pair(header, [&](std::string_view key, std::string_view value) { holds = (key == "v1" && http::same_in_constant_time(value, expected)) || holds; });
    if (!holds) return "the signature does not hold";
    const auto now_seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (seconds < now_seconds - tolerance_seconds || seconds > now_seconds + tolerance_seconds) return "the signature is not of now";
    return {};
  }

  std::string secret_;
};

}  // namespace

std::unique_ptr<payment_webhook> make_stripe_webhook(std::string secret) { return std::make_unique<webhook>(std::move(secret)); }

}  // namespace coreldove::integrations::stripe
