#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "integrations/http/form.hpp"
#include "integrations/payu/hashes.hpp"
#include "integrations/payu/outcomes.hpp"
#include "integrations/payu/payu.hpp"

namespace coreldove::integrations::payu {

using domain::operation_outcome;

namespace {

constexpr std::size_t email_bytes_max = 50;  // PayU's
constexpr std::size_t name_bytes_max = 60;   // PayU's
constexpr std::string_view nobodys_txnid = "coreldovecheck";

/// All that one operation needs until its end.
struct call {
  std::string payment_id, token, trace_id;
  domain::minor_units amount = 0;
  wish what = wish::capture;
  std::chrono::steady_clock::time_point deadline;
  bool repeat = false;
  on_outcome done;
};
using call_ptr = std::shared_ptr<const call>;

call_ptr make_call(const call_context& ctx, wish what, std::string payment_id, domain::minor_units amount, on_outcome done) {
  return std::make_shared<const call>(call{std::move(payment_id), short_id(ctx.idempotency_key), ctx.trace_id, amount, what,
                                           std::chrono::steady_clock::now() + ctx.timeout, ctx.repeat, std::move(done)});
}

/// Refused before anything is sent. Another gateway may well be able to.
void refuse(const on_outcome& done, std::string code, std::string message) {
  done({operation_outcome::declined, {}, std::move(code), std::move(message), {}, {}, true});
}

bool is_rupees(const domain::currency& currency, const on_outcome& done) {
  if (currency.name() == the_currency) return true;
  refuse(done, "currency_not_supported", fmt::format("PayU India takes no {}", currency.name()));
  return false;
}

/// Text for a field of the form: '|' separates the fields that PayU signs, so none may carry one.
std::string plain(std::string_view text, std::size_t bytes_max) {
  std::size_t end = std::min(text.size(), bytes_max);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not within a character
  std::string out{text.substr(0, end)};
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '|' || (static_cast<unsigned char>(c) < 0x20U) || c == 0x7f; }, ' ');
  return out;
}

std::optional<answer> answer_in(const http::response& r) { return r.kind == http::reach::answered && r.status == 200 ? read_answer(r.body) : std::nullopt; }

std::string rupees(domain::minor_units amount) { return domain::format_amount(amount, the_digits); }

}  // namespace

class gateway final : public payment_gateway, public std::enable_shared_from_this<gateway> {
public:
  gateway(options o, http::client& client, std::shared_ptr<const checkout::links> pages) : options_{std::move(o)}, client_{client}, pages_{std::move(pages)} {
    for (auto* base : {&options_.api_base, &options_.page_base})
      while (base->ends_with('/')) base->pop_back();
    headers_.add("Content-Type", "application/x-www-form-urlencoded");
  }

  std::string_view name() const override { return "payu"; }

  capabilities can() const override {
    return {.voids = true, .partial_capture = true, .several_captures = false, .currencies = {std::string{the_currency}}, .needs_buyer = true};
  }

  void authorize(const charge& c, const call_context& ctx, on_outcome done) override {
    if (!is_rupees(c.currency, done)) return;
    for (const auto& [value, field] : {std::pair{&c.customer_email, "email"}, {&c.customer_phone, "phone"}})
      if (value->empty()) return refuse(done, fmt::format("{}_missing", field), fmt::format("PayU wants the buyer's {}, the order has none", field));
    if (c.customer_email.size() > email_bytes_max) return refuse(done, "email_too_long", "PayU takes addresses of 50 characters at most");
    const auto one = make_call(ctx, wish::capture, {}, c.amount, std::move(done));
    // The transaction's id follows from the operation's key. Until the buyer has been there PayU knows nothing of it, so the first time needs no call.
    if (c.pending.empty() && !ctx.repeat) return send_buyer(*one, c, ctx, {operation_outcome::awaiting_buyer, one->token, {}, {}, {}});
    command("verify_payment", one->token, {}, {}, *one, [self = shared_from_this(), one, c, ctx](const http::response& r) {
      const auto found = answer_in(r) ? read_verified(r.body, one->token) : std::nullopt;
      if (!found) return one->done(trouble_looking(r));
      auto o = authorization(*found, c.amount, one->token);
      if (o.kind != operation_outcome::awaiting_buyer) return one->done(std::move(o));
      self->send_buyer(*one, c, ctx, std::move(o));
    });
  }

  void capture(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, bool /*last*/, const call_context& ctx,
               on_outcome done) override {
    if (!is_rupees(currency, done)) return;
    start(make_call(ctx, wish::capture, authorization, amount, std::move(done)));
  }

  void void_authorization(const std::string& authorization, const call_context& ctx, on_outcome done) override {
    const auto first = make_call(ctx, wish::cancellation, authorization, 0, std::move(done));
    // One command cancels what is reserved and refunds what is captured, so the payment is read first: a void must never become a refund.
    command("check_payment", authorization, {}, {}, *first, [self = shared_from_this(), first](const http::response& r) {
      const auto found = answer_in(r) ? read_checked(r.body) : std::nullopt;
      if (!found) return first->done(harmless_trouble(r));
      if (found->status == "captured")
        return first->done({operation_outcome::declined, {}, "already_captured", "the payment is captured; it takes a refund", {}});
      if (found->status != "auth" && found->status != "pending") return first->done({operation_outcome::done, first->payment_id, {}, {}, {}});
      const auto amount = domain::parse_amount(found->amount, the_digits);
      if (!amount) return first->done(harmless_trouble(r));
      auto whole = *first;
      whole.amount = *amount;
      self->start(std::make_shared<const call>(std::move(whole)));
    });
  }

  void refund(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, const std::string& /*reason*/,
              const call_context& ctx, on_outcome done) override {
    if (!is_rupees(currency, done)) return;
    start(make_call(ctx, wish::refund, authorization, amount, std::move(done)));
  }

  void owner(const std::string& payment_id, const call_context& ctx, on_outcome done) override {
    const auto one = make_call(ctx, wish::capture, payment_id, 0, std::move(done));
    command("check_payment", payment_id, {}, {}, *one, [one](const http::response& r) {
      const auto found = answer_in(r) ? read_checked(r.body) : std::nullopt;
      if (!found) return one->done(harmless_trouble(r));
      if (found->order_id.empty()) return one->done({operation_outcome::declined, {}, "no_order", "the payment names no order of ours", {}});
      one->done({operation_outcome::done, found->order_id, {}, {}, {}});
    });
  }

  void check(on_outcome done) override {
    const auto one = make_call({}, wish::capture, {}, 0, std::move(done));
    command("verify_payment", std::string{nobodys_txnid}, {}, {}, *one, [one](const http::response& r) {
      const auto a = answer_in(r);
      if (!a) return one->done(trouble(r));
      one->done(read_verified(r.body, nobodys_txnid) ? outcome{operation_outcome::done, {}, {}, {}, {}} : nothing_happened(*a));
    });
  }

private:
  /// `var2`, `var3`: left out where empty.
  void command(std::string_view name, const std::string& var1, const std::string& var2, const std::string& var3, const call& c, http::on_response then) {
    http::form f;
    f.add("key", options_.merchant_key).add("command", name).add("var1", var1);
    if (!var2.empty()) f.add("var2", var2);
    if (!var3.empty()) f.add("var3", var3);
    f.add("hash", command_hash(options_.merchant_key, name, var1, options_.merchant_salt));
    http::request r{.method = "POST", .url = options_.api_base + "/merchant/postservice.php?form=2", .headers = headers_, .body = std::move(f).text()};
    r.timeout =
        std::chrono::ceil<std::chrono::milliseconds>(std::max(c.deadline - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration::zero()));
    r.trace_id = c.trace_id;
    r.retry_on_stale = true;  // a reading, or under a token
    client_.send(std::move(r), std::move(then));
  }

  void send_buyer(const call& one, const charge& c, const call_context& ctx, outcome o) const {
    const auto name = plain(c.customer_name, name_bytes_max);
    const auto back = c.return_url.empty() ? pages_->back() : c.return_url;
    http::form_fields f{{"key", options_.merchant_key},
                        {"txnid", one.token},
                        {"amount", rupees(c.amount)},
                        {"productinfo", "Order " + plain(ctx.order_id, name_bytes_max)},
                        {"firstname", name.empty() ? "Customer" : name},
                        {"email", plain(c.customer_email, email_bytes_max)},
                        {"phone", plain(c.customer_phone, name_bytes_max)},
                        {"surl", back},
                        {"furl", back},
                        {"pre_authorize", "1"},
                        {"udf1", ctx.order_id},
                        {"udf2", ctx.idempotency_key}};
    f["hash"] = request_hash(f, options_.merchant_salt);
    o.redirect_url = pages_->link({options_.page_base + "/_payment", {f.begin(), f.end()}});
    if (o.redirect_url.empty()) o = {operation_outcome::not_done, {}, "no_checkout_page", "the address where buyers are sent to is not known yet", {}};
    one.done(std::move(o));
  }

  /// Looks first where the action may have been asked for before: PayU drops a repeat by its token, but tells then only that there was one.
  void start(const call_ptr& one) {
    if (!one->repeat) return ask(one);
    look(one, [self = shared_from_this(), one] { self->ask(one); });
  }

  void ask(const call_ptr& one) {
    const auto* name = one->what == wish::capture ? "capture_transaction" : "cancel_refund_transaction";
    command(name, one->payment_id, one->token, rupees(one->amount), *one, [self = shared_from_this(), one](const http::response& r) {
      const auto a = answer_in(r);
      if (!a) return one->done(trouble(r));
      // Taken in. What became of it is under the payment; where that cannot be read now, the next time will tell.
      if (a->ok) return self->look(one, [one] { one->done(queued({})); });
      switch (classify(*a)) {
        case refusal::nothing_happened:
          return one->done(nothing_happened(*a));
        case refusal::there_already:
        case refusal::wrong_state:
          return self->look(one, [one, a] { one->done(refused(*a)); });
        case refusal::final:
          return one->done(refused(*a));
      }
    });
  }

  /// Settles the operation by the payment's list of actions; `if_absent` where PayU knows of none under this token.
  template <class IfAbsent>
  void look(const call_ptr& one, IfAbsent if_absent) {
    command("check_action_status", one->payment_id, "payuid", {}, *one, [one, if_absent](const http::response& r) {
      const auto actions = answer_in(r) ? read_actions(r.body) : std::nullopt;
      if (!actions) return one->done(trouble_looking(r));
      if (const auto* ours = find(*actions, one->what, one->token)) return one->done(fate(*ours, one->what, one->amount, one->payment_id));
      if_absent();
    });
  }

  options options_;
  http::client& client_;
  std::shared_ptr<const checkout::links> pages_;
  http::header_block headers_;
};

std::shared_ptr<payment_gateway> make_payu(options o, http::client& client, std::shared_ptr<const checkout::links> pages) {
  return std::make_shared<gateway>(std::move(o), client, std::move(pages));
}

}  // namespace coreldove::integrations::payu
