#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "integrations/http/hmac.hpp"
#include "integrations/http/url.hpp"
#include "integrations/razorpay/amounts.hpp"
#include "integrations/razorpay/outcomes.hpp"
#include "integrations/razorpay/razorpay.hpp"

namespace coreldove::integrations::razorpay {

using domain::operation_outcome;
using nlohmann::json;

namespace {

constexpr std::size_t note_bytes_max = 256;          // Razorpay's
constexpr std::size_t idempotency_bytes_min = 10;    // Razorpay's
constexpr std::string_view own_payment_id = "pay_";  // how the ids of payments begin
constexpr std::string_view nobodys_payment = "/v1/payments/pay_00000000000000";

/// All that one operation needs until its end.
struct call {
  expectation want;
  std::string order_id, trace_id;
  std::chrono::steady_clock::time_point deadline;
  bool repeat = false;
  on_outcome done;
};
using call_ptr = std::shared_ptr<const call>;

call_ptr make_call(const call_context& ctx, std::int64_t amount, std::string_view currency, on_outcome done) {
  return std::make_shared<const call>(
      call{{amount, std::string{currency}}, ctx.order_id, ctx.trace_id, std::chrono::steady_clock::now() + ctx.timeout, ctx.repeat, std::move(done)});
}

bool is_success(const http::response& r) { return r.kind == http::reach::answered && r.status >= 200 && r.status < 300; }

/// Refused before anything is sent. Another gateway may well be able to.
void refuse(const on_outcome& done, std::string code, std::string message) {
  done({operation_outcome::declined, {}, std::move(code), std::move(message), {}, {}, true});
}

/// The key as a receipt: 40 characters at most.
std::string receipt_of(std::string_view key) { return http::to_hex(http::sha256(key)).substr(0, 40); }

/// The key as X-Refund-Idempotency takes it. An order's keys have slashes only, so equal results mean equal keys; any other key is digested.
std::string refund_key_of(std::string_view key) {
  const auto plain = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '/'; };
  if (key.size() < idempotency_bytes_min || !std::all_of(key.begin(), key.end(), plain)) return http::to_hex(http::sha256(key));
  std::string out{key};
  std::replace(out.begin(), out.end(), '/', '-');
  return out;
}

std::string note(std::string_view text) {
  std::size_t end = std::min(text.size(), note_bytes_max);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not within a character
  return std::string{text.substr(0, end)};
}

outcome owned_by(const std::string& order_id) {
  if (order_id.empty()) return {operation_outcome::declined, {}, "no_order", "the payment names no order of ours", {}};
  return {operation_outcome::done, order_id, {}, {}, {}};
}

json notes_of(const call_context& ctx) { return {{"order_id", ctx.order_id}, {"idempotency_key", ctx.idempotency_key}}; }

std::string text_of(const json& body) { return body.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

class gateway final : public payment_gateway, public std::enable_shared_from_this<gateway> {
public:
  gateway(options o, http::client& client, std::shared_ptr<const checkout::links> pages) : options_{std::move(o)}, client_{client}, pages_{std::move(pages)} {
    while (options_.api_base.ends_with('/')) options_.api_base.pop_back();
    get_headers_.add("Authorization", "Basic " + http::to_base64(options_.key_id + ':' + options_.key_secret));
    post_headers_ = get_headers_;
    post_headers_.add("Content-Type", "application/json");
  }

  std::string_view name() const override { return "razorpay"; }

  capabilities can() const override {
    const auto codes = supported_currencies();
    return {.voids = false, .partial_capture = false, .several_captures = false, .currencies = {codes.begin(), codes.end()}, .needs_buyer = true};
  }

  void authorize(const charge& c, const call_context& ctx, on_outcome done) override {
    const auto amount = checked_amount(c.amount, c.currency, done);
    if (!amount) return;
    const auto one = make_call(ctx, *amount, c.currency.name(), std::move(done));
    if (c.token.starts_with(own_payment_id)) return look_at_payment(one, c.token);
    if (!c.pending.empty()) return look_at_order(one, c, ctx, c.pending);
    // A repeat makes another order at Razorpay: the buyer has never been sent to the one before, whose answer was lost, so nobody can pay it.
    const json body{{"amount", *amount},
                    {"currency", one->want.currency},
                    {"receipt", receipt_of(ctx.idempotency_key)},
                    {"notes", notes_of(ctx)},
                    {"payment", {{"capture", "manual"}, {"capture_options", {{"manual_expiry_period", options_.expiry_minutes}, {"refund_speed", "normal"}}}}}};
    post("/v1/orders", text_of(body), {}, *one, [self = shared_from_this(), one, c, ctx](const http::response& r) {
      if (!is_success(r)) return one->done(harmless_trouble(r));
      const auto made = read_order(r.body);
      if (!made || made->id.empty() || made->amount != one->want.amount || made->currency != one->want.currency)
        return one->done({operation_outcome::not_done, {}, "unreadable_answer", "Razorpay's order is not the one that was asked for", {}});
      self->send_buyer(one, c, ctx, {operation_outcome::awaiting_buyer, made->id, {}, {}, {}});
    });
  }

  void capture(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, bool /*last*/, const call_context& ctx,
               on_outcome done) override {
    const auto units = checked_amount(amount, currency, done);
    if (!units) return;
    const auto one = make_call(ctx, *units, currency.name(), std::move(done));
    post(path_of(authorization) + "/capture", text_of({{"amount", *units}, {"currency", one->want.currency}}), {}, *one,
         [self = shared_from_this(), one, authorization](const http::response& r) {
           if (is_success(r)) {
             const auto p = read_payment(r.body);
             return one->done(p ? captured(*p, one->want) : unreadable());
           }
           self->settle_capture(one, authorization, r);
         });
  }

  void void_authorization(const std::string& authorization, const call_context& ctx, on_outcome done) override {
    const auto one = make_call(ctx, 0, {}, std::move(done));
    get(path_of(authorization), *one, [one](const http::response& r) {
      if (!is_success(r)) return one->done(harmless_trouble(r));
      const auto p = read_payment(r.body);
      one->done(p ? let_go(*p) : unreadable());
    });
  }

  void refund(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, const std::string& reason,
              const call_context& ctx, on_outcome done) override {
    const auto units = checked_amount(amount, currency, done);
    if (!units) return;
    auto notes = notes_of(ctx);
    if (!reason.empty()) notes["reason"] = note(reason);
    const auto one = make_call(ctx, *units, currency.name(), std::move(done));
    post(path_of(authorization) + "/refund", text_of({{"amount", *units}, {"speed", "normal"}, {"notes", notes}}), refund_key_of(ctx.idempotency_key), *one,
         [one, authorization](const http::response& r) {
           if (!is_success(r)) return one->done(trouble(r));
           const auto made = read_refund(r.body);
           one->done(made ? refunded(*made, one->want, authorization) : unreadable());
         });
  }

  void owner(const std::string& payment_id, const call_context& ctx, on_outcome done) override {
    const auto one = make_call(ctx, 0, {}, std::move(done));
    get(path_of(payment_id), *one, [self = shared_from_this(), one](const http::response& r) {
      const auto p = is_success(r) ? read_payment(r.body) : std::nullopt;
      if (!p) return one->done(is_success(r) ? unreadable() : harmless_trouble(r));
      if (!p->notes.order_id.empty() || p->order_id.empty()) return one->done(owned_by(p->notes.order_id));
      self->get("/v1/orders/" + http::percent_encoded(p->order_id), *one, [one](const http::response& read) {
        const auto parent = is_success(read) ? read_order(read.body) : std::nullopt;
        one->done(parent ? owned_by(parent->notes.order_id) : is_success(read) ? unreadable() : harmless_trouble(read));
      });
    });
  }

  void check(on_outcome done) override {
    const auto one = make_call({}, 0, {}, std::move(done));
    // Razorpay says 401 where it does not know the key; that there is no such payment is only said to those it knows.
    get(std::string{nobodys_payment}, *one, [one](const http::response& r) {
      const bool known = is_success(r) || (r.kind == http::reach::answered && (r.status == 400 || r.status == 404) && !read_error(r.body).code.empty());
      one->done(known ? outcome{operation_outcome::done, {}, {}, {}, {}} : trouble(r));
    });
  }

private:
  static std::string path_of(const std::string& payment_id) { return "/v1/payments/" + http::percent_encoded(payment_id); }

  static std::optional<std::int64_t> checked_amount(domain::minor_units amount, const domain::currency& currency, const on_outcome& done) {
    if (!is_supported(currency)) {
      refuse(done, "currency_not_supported", fmt::format("Razorpay takes no {}", currency.name()));
      return std::nullopt;
    }
    const auto units = to_razorpay(amount, currency);
    if (!units)
      refuse(done, "amount_not_representable",
             fmt::format("{} {} cannot be expressed in Razorpay's units", domain::format_amount(amount, currency.digits), currency.name()));
    return units;
  }

  void post(std::string path, std::string body, const std::string& refund_key, const call& c, http::on_response then) {
    http::request r{.method = "POST", .url = options_.api_base + std::move(path), .headers = post_headers_, .body = std::move(body)};
    if (!refund_key.empty()) r.headers.add("X-Refund-Idempotency", refund_key);
    r.retry_on_stale = !refund_key.empty();
    send(std::move(r), c, std::move(then));
  }

  void get(std::string path, const call& c, http::on_response then) {
    send({.method = "GET", .url = options_.api_base + std::move(path), .headers = get_headers_, .retry_on_stale = true}, c, std::move(then));
  }

  void send(http::request r, const call& c, http::on_response then) {
    r.timeout =
        std::chrono::ceil<std::chrono::milliseconds>(std::max(c.deadline - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration::zero()));
    r.trace_id = c.trace_id;
    client_.send(std::move(r), std::move(then));
  }

  void look_at_payment(const call_ptr& one, const std::string& id) {
    get(path_of(id), *one, [one](const http::response& r) {
      const auto p = is_success(r) ? read_payment(r.body) : std::nullopt;
      if (p) return one->done(brought_along(*p, one->want));
      auto o = is_success(r) ? unreadable() : trouble(r);
      if (o.kind == operation_outcome::not_done) o.kind = operation_outcome::unknown;  // the buyer's money may be held
      one->done(std::move(o));
    });
  }

  void look_at_order(const call_ptr& one, const charge& c, const call_context& ctx, const std::string& id) {
    get("/v1/orders/" + http::percent_encoded(id) + "/payments", *one, [self = shared_from_this(), one, c, ctx, id](const http::response& r) {
      const auto attempts = is_success(r) ? read_payments(r.body) : std::nullopt;
      if (!attempts) return one->done(is_success(r) ? unreadable() : trouble_looking(r));
      auto o = paid_so_far(*attempts, one->want, id);
      if (o.kind != operation_outcome::awaiting_buyer) return one->done(std::move(o));
      self->send_buyer(one, c, ctx, std::move(o));
    });
  }

  /// Razorpay's hosted Checkout takes a form by POST: the buyer's link leads to a page that sends it.
  void send_buyer(const call_ptr& one, const charge& c, const call_context& ctx, outcome o) const {
    checkout::posted_form form{options_.api_base + "/v1/checkout/embedded",
                               {{"key_id", options_.key_id},
                                {"order_id", o.reference},
                                {"amount", std::to_string(one->want.amount)},
                                {"currency", one->want.currency},
                                {"name", "Order " + ctx.order_id},
                                {"prefill[name]", c.customer_name},
                                {"prefill[email]", c.customer_email},
                                {"prefill[contact]", c.customer_phone},
                                {"notes[order_id]", ctx.order_id},
                                {"notes[idempotency_key]", ctx.idempotency_key}}};
    if (!c.return_url.empty()) {
      form.fields.emplace_back("callback_url", c.return_url);
      form.fields.emplace_back("cancel_url", c.return_url);
    }
    o.redirect_url = pages_->link(form);
    if (o.redirect_url.empty()) o = {operation_outcome::not_done, {}, "no_checkout_page", "the address where buyers are sent to is not known yet", {}};
    one->done(std::move(o));
  }

  /// Razorpay has no idempotency for captures, but captures a payment once: after anything but a clear answer the payment itself knows.
  void settle_capture(const call_ptr& one, const std::string& id, const http::response& r) {
    auto o = trouble(r);
    if (r.kind != http::reach::answered || o.kind == operation_outcome::not_done) return one->done(std::move(o));
    get(path_of(id), *one, [self = shared_from_this(), one, o = std::move(o)](const http::response& read) {
      const auto p = is_success(read) ? read_payment(read.body) : std::nullopt;
      if (!p) {
        auto doubt = o;
        doubt.kind = operation_outcome::unknown;
        return one->done(std::move(doubt));
      }
      if (p->status != "captured") return one->done(o);
      // Captured, by this operation if it was asked before, or if the payment belongs to an order of Razorpay's that was made for ours.
      if (one->repeat || o.kind == operation_outcome::unknown) return one->done(captured(*p, one->want));
      self->settle_foreign_capture(one, *p);
    });
  }

  void settle_foreign_capture(const call_ptr& one, const payment& p) {
    outcome otherwise{operation_outcome::declined, {}, "captured_elsewhere", "the payment has been captured, but not for this order", {}};
    if (p.order_id.empty()) return one->done(std::move(otherwise));
    get("/v1/orders/" + http::percent_encoded(p.order_id), *one, [one, p, otherwise = std::move(otherwise)](const http::response& r) {
      const auto parent = is_success(r) ? read_order(r.body) : std::nullopt;
      if (!parent) return one->done(is_success(r) ? unreadable() : trouble_looking(r));
      one->done(parent->notes.order_id == one->order_id ? captured(p, one->want) : otherwise);
    });
  }

  options options_;
  http::client& client_;
  std::shared_ptr<const checkout::links> pages_;
  http::header_block get_headers_, post_headers_;
};

std::shared_ptr<payment_gateway> make_razorpay(options o, http::client& client, std::shared_ptr<const checkout::links> pages) {
  return std::make_shared<gateway>(std::move(o), client, std::move(pages));
}

}  // namespace coreldove::integrations::razorpay
