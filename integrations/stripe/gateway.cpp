#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "integrations/http/form.hpp"
#include "integrations/http/url.hpp"
#include "integrations/stripe/amounts.hpp"
#include "integrations/stripe/outcomes.hpp"
#include "integrations/stripe/stripe.hpp"

namespace coreldove::integrations::stripe {

using domain::operation_outcome;

namespace {

constexpr int list_limit = 100;    // Stripe's most
constexpr int list_pages_max = 3;  // newest first; what is not among these is left to a person

/// All that one operation needs until its end.
struct call {
  expectation want;
  std::string order_id, trace_id;
  std::chrono::steady_clock::time_point deadline;
  bool repeat = false;
  on_outcome done;
};
using call_ptr = std::shared_ptr<const call>;

call_ptr make_call(const call_context& ctx, std::int64_t amount, std::string currency, on_outcome done) {
  return std::make_shared<const call>(call{{amount, std::move(currency), ctx.idempotency_key},
                                           ctx.order_id,
                                           ctx.trace_id,
                                           std::chrono::steady_clock::now() + ctx.timeout,
                                           ctx.repeat,
                                           std::move(done)});
}

bool is_success(const http::response& r) { return r.kind == http::reach::answered && r.status >= 200 && r.status < 300; }

bool is_stripe_reason(std::string_view reason) { return reason == "duplicate" || reason == "fraudulent" || reason == "requested_by_customer"; }

void add_metadata(http::form& f, const call_context& ctx) { f.add("metadata[order_id]", ctx.order_id).add("metadata[idempotency_key]", ctx.idempotency_key); }

/// Refused before anything is sent: our input, so never to be tried again.
void refuse(const on_outcome& done, std::string code, std::string message) { done({operation_outcome::declined, {}, std::move(code), std::move(message), {}}); }

void refuse_amount(const on_outcome& done, domain::minor_units amount, const domain::currency& currency) {
  refuse(done, "amount_not_representable",
         fmt::format("{} {} cannot be expressed in Stripe's units", domain::format_amount(amount, currency.digits), currency.name()));
}

}  // namespace

class gateway final : public payment_gateway, public std::enable_shared_from_this<gateway> {
public:
  gateway(options o, http::client& client) : options_{std::move(o)}, client_{client} {
    while (options_.api_base.ends_with('/')) options_.api_base.pop_back();
    get_headers_.add("Authorization", "Bearer " + options_.secret_key);
    post_headers_ = get_headers_;
    post_headers_.add("Content-Type", "application/x-www-form-urlencoded");
  }

  std::string_view name() const override { return "stripe"; }
  capabilities can() const override { return {.several_captures = options_.multicapture}; }

  void authorize(const charge& c, const call_context& ctx, on_outcome done) override {
    const auto amount = to_stripe(c.amount, c.currency);
    if (!amount) return refuse_amount(done, c.amount, c.currency);
    if (c.token.empty()) return refuse(done, "token_missing", "the order carries no payment token");
    const auto currency = code_of(c.currency);
    if (!c.pending.empty()) return look(make_call(ctx, *amount, currency, std::move(done)), c.pending);
    http::form f;
    f.add("amount", *amount).add("currency", currency).add("capture_method", "manual").add("confirm", "true").add("payment_method_types[0]", "card");
    // With an address to come back to, Stripe gives a link to the page where the buyer proves who he is; without one nobody could send him there.
    if (c.return_url.empty())
      f.add("error_on_requires_action", "true");
    else
      f.add("return_url", c.return_url);
    if (c.token.starts_with("tok_")) {
      f.add("payment_method_data[type]", "card").add("payment_method_data[card][token]", c.token);
    } else {
      f.add("payment_method", c.token);
    }
    if (options_.multicapture) f.add("payment_method_options[card][request_multicapture]", "if_available");
    add_metadata(f, ctx);
    const auto one = make_call(ctx, *amount, currency, std::move(done));
    post("/v1/payment_intents", std::move(f), *one, [self = shared_from_this(), one](const http::response& r) {
      if (is_success(r)) {
        const auto i = read_intent(r.body);
        return one->done(i ? authorization(*i, one->want) : unreadable());
      }
      const auto e = read_error(r.body);
      auto o = trouble(r, e);
      // Asked in other words before, because the shop's address or settings have changed since: what came of that is what counts.
      const bool reworded = e.type == "idempotency_error" && o.kind == operation_outcome::declined;
      if (!one->repeat || !(reworded || tells_nothing(r))) return one->done(std::move(o));
      o.kind = operation_outcome::unknown;
      self->find_authorization(one, std::move(o), {}, list_pages_max);
    });
  }

  void capture(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, bool last, const call_context& ctx,
               on_outcome done) override {
    const auto units = to_stripe(amount, currency);
    if (!units) return refuse_amount(done, amount, currency);
    http::form f;
    f.add("amount_to_capture", *units);
    if (!last) f.add("final_capture", "false");  // else Stripe lets the rest of the hold go
    add_metadata(f, ctx);
    const auto one = make_call(ctx, *units, code_of(currency), std::move(done));
    post(path_of(authorization) + "/capture", std::move(f), *one, [self = shared_from_this(), one, authorization](const http::response& r) {
      if (is_success(r)) {
        const auto i = read_intent(r.body);
        return one->done(i ? stripe::capture(*i, one->want) : unreadable());
      }
      self->settle_by_state(one, authorization, r, [one](const intent& i) { return capture_in_hindsight(i, one->want); });
    });
  }

  void void_authorization(const std::string& authorization, const call_context& ctx, on_outcome done) override {
    http::form f;
    f.add("cancellation_reason", "requested_by_customer");
    const auto one = make_call(ctx, 0, {}, std::move(done));
    post(path_of(authorization) + "/cancel", std::move(f), *one, [self = shared_from_this(), one, authorization](const http::response& r) {
      if (is_success(r)) {
        const auto i = read_intent(r.body);
        return one->done(i ? cancellation(*i) : unreadable());
      }
      self->settle_by_state(one, authorization, r, cancellation_in_hindsight);
    });
  }

  void refund(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, const std::string& reason,
              const call_context& ctx, on_outcome done) override {
    const auto units = to_stripe(amount, currency);
    if (!units) return refuse_amount(done, amount, currency);
    http::form f;
    f.add("payment_intent", authorization).add("amount", *units);
    if (is_stripe_reason(reason)) f.add("reason", reason);
    add_metadata(f, ctx);
    const auto one = make_call(ctx, *units, code_of(currency), std::move(done));
    post("/v1/refunds", std::move(f), *one, [self = shared_from_this(), one, authorization](const http::response& r) {
      if (is_success(r)) {
        const auto found = read_refund(r.body);
        return one->done(found ? refunded(*found, one->want) : unreadable());
      }
      const auto e = read_error(r.body);
      auto o = trouble(r, e);
      // Perhaps by this very operation, under a key that Stripe has forgotten since.
      if (e.code == "charge_already_refunded" || (one->repeat && tells_nothing(r))) return self->find_refund(one, authorization, std::move(o));
      one->done(std::move(o));
    });
  }

  void owner(const std::string& payment, const call_context& ctx, on_outcome done) override {
    const auto one = make_call(ctx, 0, {}, std::move(done));
    get(path_of(payment), *one, [one](const http::response& r) {
      if (!is_success(r)) return one->done(trouble(r, read_error(r.body)));
      const auto i = read_intent(r.body);
      if (!i) return one->done(unreadable());
      one->done(i->order_id.empty() ? outcome{operation_outcome::declined, {}, "no_order", {}, {}} : outcome{operation_outcome::done, i->order_id, {}, {}, {}});
    });
  }

  void check(on_outcome done) override {
    const auto one = make_call({}, 0, {}, std::move(done));
    get("/v1/payment_intents?limit=1", *one, [one](const http::response& r) {
      if (!is_success(r)) return one->done(trouble(r, read_error(r.body)));
      one->done(read_intents(r.body) ? outcome{operation_outcome::done, {}, {}, {}, {}} : unreadable());
    });
  }

private:
  static std::string path_of(const std::string& authorization) { return "/v1/payment_intents/" + http::percent_encoded(authorization); }

  void post(std::string path, http::form body, const call& c, http::on_response then) {
    http::request r{.method = "POST", .url = options_.api_base + std::move(path), .headers = post_headers_, .body = std::move(body).text()};
    r.headers.add("Idempotency-Key", c.want.key);
    send(std::move(r), c, std::move(then));
  }

  void get(std::string path, const call& c, http::on_response then) {
    send({.method = "GET", .url = options_.api_base + std::move(path), .headers = get_headers_}, c, std::move(then));
  }

  void send(http::request r, const call& c, http::on_response then) {
    r.timeout =
        std::chrono::ceil<std::chrono::milliseconds>(std::max(c.deadline - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration::zero()));
    r.trace_id = c.trace_id;
    r.retry_on_stale = true;  // a read, or under an idempotency key
    client_.send(std::move(r), std::move(then));
  }

  /// Whether the buyer has proved who he is.
  void look(const call_ptr& one, const std::string& pending) {
    get(path_of(pending), *one, [one](const http::response& r) {
      if (is_success(r)) {
        const auto i = read_intent(r.body);
        return one->done(i ? authorization(*i, one->want) : unreadable());
      }
      auto o = trouble(r, read_error(r.body));
      o.kind = operation_outcome::unknown;  // he may have: a look that fails takes nothing back
      o.soft = false;
      one->done(std::move(o));
    });
  }

  /// A refusal because of the state that the intent is in, or a stored 5xx: the intent itself knows.
  template <class Hindsight>
  void settle_by_state(const call_ptr& one, const std::string& authorization, const http::response& r, Hindsight hindsight) {
    const auto e = read_error(r.body);
    auto o = trouble(r, e);
    const bool other_state = e.code == "payment_intent_unexpected_state" || e.code == "charge_already_captured";
    if (!other_state && !(one->repeat && tells_nothing(r))) return one->done(std::move(o));
    if (e.about) return one->done(hindsight(*e.about).value_or(std::move(o)));
    get(path_of(authorization), *one, [one, hindsight, o = std::move(o)](const http::response& read) {
      const auto i = is_success(read) ? read_intent(read.body) : std::nullopt;
      one->done(i ? hindsight(*i).value_or(o) : o);
    });
  }

  void find_authorization(const call_ptr& one, outcome otherwise, const std::string& after, int pages) {
    auto path = fmt::format("/v1/payment_intents?limit={}", list_limit);
    if (!after.empty()) path += "&starting_after=" + http::percent_encoded(after);
    get(std::move(path), *one, [self = shared_from_this(), one, otherwise = std::move(otherwise), pages](const http::response& r) {
      const auto page = is_success(r) ? read_intents(r.body) : std::nullopt;
      if (!page || page->data.empty()) return one->done(otherwise);
      const auto ours = std::find_if(page->data.begin(), page->data.end(), [&](const intent& i) { return i.key == one->want.key; });
      if (ours != page->data.end()) return one->done(authorization(*ours, one->want));
      if (!page->has_more || pages <= 1) return one->done(otherwise);
      self->find_authorization(one, otherwise, page->data.back().id, pages - 1);
    });
  }

  void find_refund(const call_ptr& one, const std::string& authorization, outcome otherwise) {
    get(fmt::format("/v1/refunds?limit={}&payment_intent={}", list_limit, http::percent_encoded(authorization)), *one,
        [one, otherwise = std::move(otherwise)](const http::response& r) {
          const auto page = is_success(r) ? read_refunds(r.body) : std::nullopt;
          if (!page) return one->done(otherwise);
          const auto ours = std::find_if(page->data.begin(), page->data.end(), [&](const stripe::refund& x) { return x.key == one->want.key; });
          one->done(ours == page->data.end() ? otherwise : refunded(*ours, one->want));
        });
  }

  options options_;
  http::client& client_;
  http::header_block get_headers_, post_headers_;
};

std::shared_ptr<payment_gateway> make_stripe(options o, http::client& client) { return std::make_shared<gateway>(std::move(o), client); }

}  // namespace coreldove::integrations::stripe
