// What a change at PayPal leaves behind: ledger lines, webhooks, a line of the state file, and the way back from that.
#include <fmt/format.h>
#include <simdjson.h>

#include <iterator>
#include <stdexcept>

#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/paypal/paypal.hpp"
#include "integrations/sandbox/paypal/reading.hpp"
#include "integrations/sandbox/paypal/signer.hpp"
#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::string_view disputed_token = "tok_createDispute";

/// Another member of an object that has some already.
void add(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  fmt::format_to(std::back_inserter(out), R"(,"{}":)", name);
  append_json(out, text);
}

std::string event_id(std::uint64_t n) { return fmt::format("WH-{:017X}-{:017X}", n, digest(fmt::format("{}", n))); }

}  // namespace

void paypal::book(const effect_done& e, std::int64_t at_ms, std::string_view request_id) {
  std::string reference;
  std::uint32_t order = e.number;
  std::string_view key;
  switch (e.op) {
    case operation::capture:
      reference = ids_.make(id_capture, e.number);
      order = captures_[e.number].order;
      key = captures_[e.number].invoice_id;
      break;
    case operation::refund:
      reference = ids_.make(id_refund, e.number);
      order = captures_[refunds_[e.number].capture].order;
      key = refunds_[e.number].invoice_id;
      break;
    default:
      reference = ids_.make(id_authorization, e.number);
      key = e.op == operation::void_ ? std::string_view{} : std::string_view{orders_[order].invoice_id};
  }
  if (key.empty()) key = request_id;
  const auto& o = orders_[order];
  world_.book.append({at_ms, name(), e.op, key, reference, o.custom_id.empty() ? order_id_in(key) : std::string_view{o.custom_id}, e.amount, o.currency});
}

void paypal::record(const call& c, const kept_answer* answer, std::int64_t now_ms) {
  for (const auto& e : c.effects) book(e, now_ms, c.request_id);
  if (world_.log.enabled()) write_state(c, answer, now_ms);
  if (!world_.hooks->wanted()) return;
  for (const auto& e : c.events) announce(e, now_ms);
  for (const auto& e : c.effects)
    if (e.op == operation::capture && orders_[c.order].token == disputed_token) announce_dispute(e.number, now_ms);
}

std::string paypal::open_event(std::string_view id, std::string_view type, std::string_view resource_type, std::int64_t now_ms) const {
  std::string out = fmt::format(R"({{"id":"{}","event_version":"1.0","create_time":")", id);
  append_time(out, now_ms);
  fmt::format_to(std::back_inserter(out), R"(","resource_type":"{}","resource_version":"2.0","event_type":"{}","summary":"{}","resource":)", resource_type,
                 type, type);
  return out;
}

void paypal::announce(const event& e, std::int64_t now_ms) {
  constexpr std::string_view resource_types[] = {"", "checkout-order", "authorization", "capture", "refund"};
  webhook w{name(), e.cause, event_id(++last_event_), {}, {}, {}, {}};
  std::uint32_t order = e.number;
  switch (e.what) {
    case shows::capture:
      order = captures_[e.number].order;
      w.reference = ids_.make(id_capture, e.number);
      break;
    case shows::refund:
      order = captures_[refunds_[e.number].capture].order;
      w.reference = ids_.make(id_refund, e.number);
      break;
    default:
      w.reference = ids_.make(e.what == shows::order ? id_order : id_authorization, e.number);
  }
  w.order_id = orders_[order].custom_id;
  w.body = open_event(w.event_id, e.type, resource_types[static_cast<std::size_t>(e.what)], now_ms);
  append(w.body, e.what, e.number);
  w.body += R"(,"links":[]})";
  send(std::move(w), now_ms);
}

void paypal::announce_dispute(std::uint32_t capture, std::int64_t now_ms) {
  const auto& x = captures_[capture];
  const auto& o = orders_[x.order];
  webhook w{name(), operation::capture, event_id(++last_event_), fmt::format("PP-D-{}", capture + 1), o.custom_id, {}, {}};
  w.body = open_event(w.event_id, "CUSTOMER.DISPUTE.CREATED", "dispute", now_ms);
  fmt::format_to(std::back_inserter(w.body), R"({{"dispute_id":"{}","disputed_transactions":[{{"seller_transaction_id":"{}")", w.reference,
                 ids_.make(id_capture, capture));
  add(w.body, "invoice_number", x.invoice_id);
  add(w.body, "custom", o.custom_id);
  fmt::format_to(std::back_inserter(w.body),
                 R"(}}],"reason":"MERCHANDISE_OR_SERVICE_NOT_RECEIVED","status":"OPEN","dispute_amount":{{"currency_code":"{}","value":"{}"}},)"
                 R"("dispute_life_cycle_stage":"CHARGEBACK"}},"links":[]}})",
                 o.currency.name(), write_amount(x.amount, o.currency));
  send(std::move(w), now_ms);
}

/// Signed once: PayPal's repeats carry the time and the signature of the first sending.
void paypal::send(webhook w, std::int64_t now_ms) {
  std::string sent;
  append_time(sent, now_ms - now_ms % 1000);
  const auto transmission = hex(hmac_sha256("transmission", w.event_id)).substr(0, 32);
  const auto message = fmt::format("{}|{}|{}|{}", transmission, sent, world_.options.paypal_webhook_id, crc32(w.body));
  w.headers = fmt::format(
      "PAYPAL-TRANSMISSION-ID: {}\r\nPAYPAL-TRANSMISSION-TIME: {}\r\nPAYPAL-TRANSMISSION-SIG: {}\r\nPAYPAL-CERT-URL: "
      "{}/v1/notifications/certs/{}\r\nPAYPAL-AUTH-ALGO: SHA256withRSA\r\n",
      transmission, sent, rsa_signature(message), "http://" + (host_.empty() ? world_.address : host_) + "/paypal", signing_certificate().name);
  world_.hooks->send(std::move(w));
}

void paypal::write_state(const call& c, const kept_answer* answer, std::int64_t now_ms) const {
  const auto& o = orders_[c.order];
  std::string line;
  const auto to = std::back_inserter(line);
  fmt::format_to(to, R"({{"v":"paypal","at":{},"order":{},"state":"{}","hold":"{}","amount":{},"captured":{},"created":{},"updated":{},"held":{})", now_ms,
                 c.order, to_string(o.state), to_string(o.hold), o.amount, o.captured, o.created_ms, o.updated_ms, o.held_ms);
  add(line, "currency", o.currency.name());
  add(line, "invoice_id", o.invoice_id);
  add(line, "custom_id", o.custom_id);
  add(line, "token", o.token);
  add(line, "email", o.email);
  add(line, "return_url", o.return_url);
  add(line, "cancel_url", o.cancel_url);
  add(line, "response_code", o.response_code);
  add(line, "request_id", c.request_id);
  for (const auto& e : c.effects) {
    fmt::format_to(to, R"(,"op":"{}","number":{},"moved":{})", to_string(e.op), e.number, e.amount);
    if (e.op == operation::capture) {
      fmt::format_to(to, R"(,"last":{})", captures_[e.number].last);
      add(line, "invoice", captures_[e.number].invoice_id);
    } else if (e.op == operation::refund) {
      fmt::format_to(to, R"(,"capture":{})", refunds_[e.number].capture);
      add(line, "invoice", refunds_[e.number].invoice_id);
      add(line, "custom", refunds_[e.number].custom_id);
    }
  }
  if (answer != nullptr) {
    fmt::format_to(to, R"(,"fingerprint":{},"http":{},"shows":{},"shown":{})", answer->fingerprint, answer->status, static_cast<int>(answer->what),
                   answer->number);
    add(line, "text", answer->text);
  }
  line += '}';
  world_.log.append(line);
}

void paypal::restore_order(document line) {
  const auto n = static_cast<std::size_t>(number_in(line, "/order"));
  if (n > orders_.size()) throw std::runtime_error("an order before this one is missing");
  if (n == orders_.size()) orders_.emplace_back();
  auto& o = orders_[n];
  const auto currency = domain::currency::find(text_in(line, "/currency"));
  if (!currency) throw std::runtime_error("the currency is not known");
  o.currency = *currency;
  o.amount = number_in(line, "/amount");
  o.captured = number_in(line, "/captured");
  o.created_ms = number_in(line, "/created");
  o.updated_ms = number_in(line, "/updated");
  o.held_ms = number_in(line, "/held");
  o.invoice_id = text_in(line, "/invoice_id");
  o.custom_id = text_in(line, "/custom_id");
  o.token = text_in(line, "/token");
  o.email = text_in(line, "/email");
  o.return_url = text_in(line, "/return_url");
  o.cancel_url = text_in(line, "/cancel_url");
  o.response_code = text_in(line, "/response_code");
  o.state = order_state_from(text_in(line, "/state"));
  o.hold = hold_state_from(text_in(line, "/hold"));
}

void paypal::restore(const simdjson::dom::element& line) {
  const std::lock_guard lock(mutex_);
  restore_order(line);
  const auto order = static_cast<std::uint32_t>(number_in(line, "/order"));
  const auto at = number_in(line, "/at");
  const auto request_id = text_in(line, "/request_id");
  if (const auto op = operation_from(text_in(line, "/op"))) {
    const effect_done e{*op, number_in(line, "/moved"), static_cast<std::uint32_t>(number_in(line, "/number"))};
    const auto invoice = *op == operation::authorize ? orders_[order].invoice_id : text_in(line, "/invoice");
    if (*op == operation::capture) {
      if (e.number != captures_.size()) throw std::runtime_error("a capture before this one is missing");
      captures_.push_back({invoice, e.amount, 0, at, order, line["last"].get_bool().value()});
      captures_of_[order].push_back(e.number);
    } else if (*op == operation::refund) {
      const auto from = static_cast<std::uint32_t>(number_in(line, "/capture"));
      if (e.number != refunds_.size() || from >= captures_.size()) throw std::runtime_error("a refund or capture before this one is missing");
      refunds_.push_back({invoice, text_in(line, "/custom"), e.amount, at, from});
      refunds_of_[order].push_back(e.number);
      captures_[from].refunded += e.amount;
    }
    if (!invoice.empty()) invoices_.insert(invoice);
    book(e, at, request_id);
  }
  std::uint64_t fingerprint = 0;
  if (line["fingerprint"].get(fingerprint) != simdjson::SUCCESS) return;
  answers_.emplace(request_id, kept_answer{fingerprint, static_cast<shows>(number_in(line, "/shows")), static_cast<std::uint32_t>(number_in(line, "/shown")),
                                           static_cast<int>(number_in(line, "/http")), text_in(line, "/text")});
}

}  // namespace coreldove::integrations::world
