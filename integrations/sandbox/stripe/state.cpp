// What a change at Stripe leaves behind: ledger lines, webhooks, a line of the state file, and the way back from that.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/signing.hpp"
#include "integrations/sandbox/stripe/currencies.hpp"
#include "integrations/sandbox/stripe/stripe.hpp"

namespace coreldove::integrations::world {

namespace {

std::string stripe_signature(std::string_view secret, std::string_view body, std::int64_t unix_seconds) {
  std::string signed_text = fmt::format("{}.", unix_seconds);
  signed_text += body;
  return fmt::format("Stripe-Signature: t={},v1={}\r\n", unix_seconds, hex(hmac_sha256(secret, signed_text)));
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(name).append("\":");
  append_json(out, text);
}

std::string_view text_at(const simdjson::dom::element& line, std::string_view name) {
  std::string_view text;
  if (line[name].get_string().get(text) != simdjson::SUCCESS) return {};
  return text;
}

std::int64_t number_at(const simdjson::dom::element& line, std::string_view name) {
  std::int64_t n = 0;
  if (line[name].get_int64().get(n) != simdjson::SUCCESS) return 0;
  return n;
}

template <class Names>
std::uint8_t index_in(const Names& names, std::string_view name) {
  const auto it = std::find(std::begin(names), std::end(names), name);
  return it == std::end(names) ? std::uint8_t{0} : static_cast<std::uint8_t>(it - std::begin(names));
}

}  // namespace

kept_text stripe::book(operation op, domain::minor_units amount, std::int64_t at_ms, std::string_view key, std::uint32_t intent, std::uint32_t refund) {
  const payment_intent& p = intents_[intent];
  const std::string reference = op == operation::refund ? ids_.make("re_", refund) : ids_.make("pi_", intent);
  if (op == operation::capture || op == operation::refund) {
    std::string currency{p.currency.name()};
    for (char& c : currency) c = static_cast<char>(c - 'A' + 'a');
    balance_[currency] += op == operation::capture ? amount : -amount;
  }
  return world_.book.append({at_ms, name(), op, key, reference, p.order_id.view(), to_iso(amount, p.digits, p.currency), p.currency});
}

std::string_view stripe::key_behind(const call& c) const {
  const auto asked = asked_under_.find(c.intent);
  return c.key.empty() && asked != asked_under_.end() ? asked->second.view() : c.key;
}

void stripe::record(const call& c, std::uint64_t fingerprint, kept_text& key) {
  for (std::size_t i = 0; i < c.effects_size; ++i) {
    const done& e = c.effects[i];
    key = book(e.op, e.amount, c.now_ms, key_behind(c), c.intent, c.refund);
  }
  if (intents_[c.intent].face.status != intent_status::requires_action)
    asked_under_.erase(c.intent);
  else if (!c.key.empty())
    asked_under_[c.intent] = texts_.put(c.key);
  if (world_.log.enabled()) write_state(c, fingerprint);
  if (!world_.hooks->wanted()) return;
  for (std::size_t i = 0; i < c.effects_size; ++i)
    if (!c.effects[i].event.empty()) announce(c, c.effects[i].event, c.effects[i].op);
  if (c.shows == kept_answer::shows::refund) announce(c, "refund.updated", operation::refund);
  if (!c.event.empty()) announce(c, c.event, c.event == "payment_intent.canceled" ? operation::void_ : operation::authorize);
}

void stripe::announce(const call& c, std::string_view type, operation cause) {
  const payment_intent& p = intents_[c.intent];
  webhook w{name(), cause, ids_.make("evt_", ++last_event_), {}, std::string{p.order_id.view()}, {}, world_.options.stripe_webhook_secret, stripe_signature};
  fmt::format_to(std::back_inserter(w.body), R"({{"id":"{}","object":"event","api_version":"2023-08-16","created":{},"data":{{"object":)", w.event_id,
                 c.now_ms / 1000);
  if (type == "refund.updated") {
    w.reference = ids_.make("re_", c.refund);
    append_refund(w.body, ids_, c.refund, refunds_[c.refund], p);
  } else if (type == "charge.refunded") {
    w.reference = ids_.make("ch_", c.intent);
    append_charge(w.body, ids_, c.intent, p);
  } else {
    w.reference = ids_.make("pi_", c.intent);
    append_intent(w.body, ids_, c.intent, p, p.face);
  }
  fmt::format_to(std::back_inserter(w.body), R"(}},"livemode":false,"pending_webhooks":1,"request":{{"id":"{}","idempotency_key":)",
                 ids_.make("req_", last_event_));
  append_json_or_null(w.body, c.key);
  fmt::format_to(std::back_inserter(w.body), R"(}},"type":"{}"}})", type);
  world_.hooks->send(std::move(w));
}

void stripe::write_state(const call& c, std::uint64_t fingerprint) const {
  const payment_intent& p = intents_[c.intent];
  std::string line;
  auto to = std::back_inserter(line);
  fmt::format_to(to, R"({{"v":"stripe","at":{},"intent":{},"status":"{}")", c.now_ms, c.intent, to_string(p.face.status));
  if (c.created) {
    fmt::format_to(to, R"(,"amount":{},"currency":"{}","automatic":{},"multicapture":{})", p.amount, p.currency.name(), p.automatic, p.multicapture);
    append_member(line, "order_id", p.order_id.view());
    append_member(line, "description", p.description.view());
    append_member(line, "receipt_email", p.receipt_email.view());
    append_member(line, "customer", p.customer.view());
    append_member(line, "extra", p.extra.view());
  }
  if (p.face.status == intent_status::requires_action) append_member(line, "redirect", p.redirect.view());
  fmt::format_to(to, R"(,"capturable":{},"received":{},"refunded":{},"charged":{},"canceled_at":{})", p.face.capturable, p.face.received, p.refunded,
                 p.face.charged, p.face.canceled_at);
  append_member(line, "metadata", p.face.metadata.view());
  append_member(line, "token", p.face.token.view());
  append_member(line, "cancellation", cancellation_reasons[p.face.cancellation]);
  if (p.face.last != card_approves) append_member(line, "last", p.face.last == card_wants_customer ? "customer" : failure_of(p.face.last).name);
  if (c.shows == kept_answer::shows::refund) {
    const payment_refund& r = refunds_[c.refund];
    fmt::format_to(to, R"(,"refund":{},"refund_amount":{})", c.refund, r.amount);
    append_member(line, "refund_metadata", r.metadata.view());
    append_member(line, "refund_reason", refund_reasons[r.reason]);
  }
  append_member(line, "key", c.key);
  fmt::format_to(to, R"(,"fingerprint":{},"http":{},"did":[)", fingerprint, c.out.status);
  for (std::size_t i = 0; i < c.effects_size; ++i)
    fmt::format_to(to, R"({}{{"op":"{}","amount":{}}})", i > 0 ? "," : "", to_string(c.effects[i].op), c.effects[i].amount);
  line += "]}";
  world_.log.append(line);
}

void stripe::restore_intent(const simdjson::dom::element& line, std::uint32_t number) {
  if (number > intents_.size()) throw std::runtime_error("a payment intent before this one is missing");
  if (number == intents_.size()) {
    payment_intent p;
    const auto currency = find_stripe_currency(text_at(line, "currency"));
    if (!currency) throw std::runtime_error("the currency is not known");
    p.amount = number_at(line, "amount");
    p.currency = currency->iso;
    p.digits = currency->digits;
    p.automatic = line["automatic"].get_bool().value();
    p.multicapture = line["multicapture"].get_bool().value();
    p.created = static_cast<std::uint32_t>(number_at(line, "at") / 1000);
    p.order_id = texts_.put(text_at(line, "order_id"));
    p.description = texts_.put(text_at(line, "description"));
    p.receipt_email = texts_.put(text_at(line, "receipt_email"));
    p.customer = texts_.put(text_at(line, "customer"));
    p.extra = texts_.put(text_at(line, "extra"));
    intents_.push_back(p);
  }
  payment_intent& p = intents_[number];
  p.refunded = number_at(line, "refunded");
  p.face.capturable = number_at(line, "capturable");
  p.face.received = number_at(line, "received");
  p.face.charged = line["charged"].get_bool().value();
  p.face.canceled_at = static_cast<std::uint32_t>(number_at(line, "canceled_at"));
  p.face.status = intent_status_from(text_at(line, "status"));
  p.face.cancellation = index_in(cancellation_reasons, text_at(line, "cancellation"));
  p.face.last = answer_named(text_at(line, "last"));
  if (text_at(line, "metadata") != p.face.metadata.view()) p.face.metadata = texts_.put(text_at(line, "metadata"));
  if (text_at(line, "token") != p.face.token.view()) p.face.token = texts_.put(text_at(line, "token"));
  if (const auto redirect = text_at(line, "redirect"); !redirect.empty()) p.redirect = texts_.put(redirect);
}

void stripe::restore(const simdjson::dom::element& line) {
  const std::lock_guard lock(mutex_);
  const auto number = static_cast<std::uint32_t>(line["intent"].get_uint64().value());
  restore_intent(line, number);
  kept_answer a;
  a.object = number;
  a.what = kept_answer::shows::intent;
  a.face = intents_[number].face;
  std::uint64_t refund = 0;
  if (line["refund"].get_uint64().get(refund) == simdjson::SUCCESS) {
    if (refund != refunds_.size()) throw std::runtime_error("a refund before this one is missing");
    payment_refund r;
    r.intent = number;
    r.amount = number_at(line, "refund_amount");
    r.created = static_cast<std::uint32_t>(number_at(line, "at") / 1000);
    r.reason = index_in(refund_reasons, text_at(line, "refund_reason"));
    r.metadata = texts_.put(text_at(line, "refund_metadata"));
    refunds_.push_back(r);
    a.object = static_cast<std::uint32_t>(refund);
    a.what = kept_answer::shows::refund;
  }
  const auto key = text_at(line, "key");
  const auto asked = asked_under_.find(number);
  const auto behind = key.empty() && asked != asked_under_.end() ? asked->second.view() : key;
  for (const auto effect : line["did"].get_array()) {
    const auto op = operation_from(text_at(effect, "op"));
    if (!op) throw std::runtime_error("the operation is not known");
    a.key = book(*op, number_at(effect, "amount"), number_at(line, "at"), behind, number, static_cast<std::uint32_t>(refund));
  }
  const bool waits = intents_[number].face.status == intent_status::requires_action;
  if (!waits) asked_under_.erase(number);
  if (key.empty()) return;
  if (waits) asked_under_[number] = texts_.put(key);
  if (a.key.view().empty()) a.key = texts_.put(key);
  a.fingerprint = line["fingerprint"].get_uint64().value();
  a.status = static_cast<std::uint16_t>(number_at(line, "http"));
  answers_.push_back(a);
  index_for(key).insert(static_cast<std::uint32_t>(answers_.size() - 1));
}

}  // namespace coreldove::integrations::world
