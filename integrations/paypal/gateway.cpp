#include <fmt/format.h>

#include <utility>

#include "integrations/http/url.hpp"
#include "integrations/paypal/amounts.hpp"
#include "integrations/paypal/api.hpp"
#include "integrations/paypal/outcomes.hpp"
#include "integrations/paypal/refunds.hpp"
#include "integrations/paypal/requests.hpp"

namespace coreldove::integrations::paypal {

using domain::operation_outcome;

namespace {

/// All that one operation needs until its end.
struct job {
  expectation want;
  std::string order_id, trace_id;
  std::chrono::steady_clock::time_point deadline;
  bool repeat = false;
  bool vaulted = false;  // authorizations: nobody has to approve
  on_outcome done;
};
using job_ptr = std::shared_ptr<const job>;

job_ptr make_job(const call_context& ctx, domain::minor_units amount, const domain::currency& currency, on_outcome done, bool vaulted = false) {
  return std::make_shared<const job>(job{{amount, currency, ctx.idempotency_key},
                                         ctx.order_id,
                                         ctx.trace_id,
                                         std::chrono::steady_clock::now() + ctx.timeout,
                                         ctx.repeat,
                                         vaulted,
                                         std::move(done)});
}

bool is_success(const http::response& r) { return r.kind == http::reach::answered && r.status >= 200 && r.status < 300; }

std::string order_path(const std::string& order) { return "/v2/checkout/orders/" + http::percent_encoded(order); }
std::string authorization_path(const std::string& id) { return "/v2/payments/authorizations/" + http::percent_encoded(id); }
std::string capture_path(const std::string& id) { return "/v2/payments/captures/" + http::percent_encoded(id); }

/// The amount as PayPal writes it; where it can't be, `done` hears so and nothing is sent.
std::optional<std::string> written(domain::minor_units amount, const domain::currency& currency, const on_outcome& done) {
  if (!takes(currency)) {
    done(refused("currency_not_supported", fmt::format("PayPal takes no {}", currency.name()), true));
    return std::nullopt;
  }
  auto out = to_paypal(amount, currency);
  if (!out)
    done(refused("amount_not_representable",
                 fmt::format("{} {} has decimals that PayPal does not take", domain::format_amount(amount, currency.digits), currency.name()), true));
  return out;
}

/// What a look that failed leaves of an operation: nothing was changed now, but an earlier call may have.
outcome unseen(const http::response& r, const job& one) {
  auto o = trouble(r, read_error(r.body));
  o.kind = one.repeat ? operation_outcome::unknown : operation_outcome::not_done;
  o.soft = false;
  return o;
}

}  // namespace

class gateway final : public payment_gateway, public std::enable_shared_from_this<gateway> {
public:
  gateway(options o, http::client& client) : api_{std::make_shared<api>(std::move(o), client)} {}

  std::string_view name() const override { return "paypal"; }

  capabilities can() const override { return {.currencies = currencies()}; }

  void authorize(const charge& c, const call_context& ctx, on_outcome done) override {
    const auto amount = written(c.amount, c.currency, done);
    if (!amount) return;
    const auto one = make_job(ctx, c.amount, c.currency, std::move(done), !c.token.empty());
    if (!c.pending.empty()) return look(one, c.pending, true);
    post(*one, "/v2/checkout/orders", order_request(c, ctx, *amount), one->want.key, [self = shared_from_this(), one](const http::response& r) {
      if (!is_success(r)) return one->done(not_taken(r, read_error(r.body)));
      auto o = read_order(r.body);
      if (!o) return one->done(unreadable());
      self->go_on(one, std::move(*o), true);
    });
  }

  void capture(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, bool last, const call_context& ctx,
               on_outcome done) override {
    const auto value = written(amount, currency, done);
    if (!value) return;
    const auto one = make_job(ctx, amount, currency, std::move(done));
    post(*one, authorization_path(authorization) + "/capture", capture_request(*value, currency.name(), last, one->want.key), one->want.key,
         [self = shared_from_this(), one, authorization](const http::response& r) {
           if (is_success(r)) return self->captured(one, r);
           const auto e = read_error(r.body);
           auto o = trouble(r, e);
           if (o.kind != operation_outcome::declined || kind_of_issue(e.issue) != issue_kind::already) return one->done(std::move(o));
           // Perhaps by this very operation, under an id that PayPal has forgotten since.
           self->with_order_of(one, authorization, std::move(o), [one](const checkout_order& order, outcome otherwise) {
             for (const auto& known : order.captures)
               if (known.invoice_id == fitted(one->want.key, invoice_id_max)) return one->done(paypal::capture(known, one->want));
             one->done(std::move(otherwise));
           });
         });
  }

  void void_authorization(const std::string& authorization, const call_context& ctx, on_outcome done) override {
    const auto one = make_job(ctx, 0, {}, std::move(done));
    const auto path = authorization_path(authorization);
    post(*one, path + "/void", {}, one->want.key, [self = shared_from_this(), one, authorization, path](const http::response& r) {
      if (is_success(r)) {
        if (r.body.empty()) return one->done({operation_outcome::done, authorization, {}, {}, {}});  // 204
        const auto t = read_transaction(r.body);
        return one->done(t ? voided(*t) : unreadable());
      }
      const auto e = read_error(r.body);
      auto o = trouble(r, e);
      if (o.kind != operation_outcome::declined || kind_of_issue(e.issue) != issue_kind::already) return one->done(std::move(o));
      self->get(*one, path, [one, o = std::move(o)](const http::response& seen) {
        const auto t = is_success(seen) ? read_transaction(seen.body) : std::nullopt;
        if (!t) return one->done(unseen(seen, *one));
        auto now = voided(*t);
        one->done(now.kind == operation_outcome::done ? std::move(now) : o);
      });
    });
  }

  void refund(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, const std::string& /*reason: not the buyer's*/,
              const call_context& ctx, on_outcome done) override {
    if (!written(amount, currency, done)) return;
    const auto one = make_job(ctx, amount, currency, std::move(done));
    with_order_of(one, authorization, std::nullopt, [self = shared_from_this(), one](const checkout_order& order, const outcome&) {
      auto plan = std::make_shared<refund_plan>(plan_refund(order, one->want));
      if (plan->settled) return one->done(std::move(*plan->settled));
      self->give_back(one, plan, 0);
    });
  }

  void check(on_outcome done) override {
    api_->token([done = std::move(done)](const std::string& token, const http::response& why) {
      done(token.empty() ? trouble(why, read_error(why.body)) : outcome{operation_outcome::done, {}, {}, {}, {}});
    });
  }

private:
  void post(const job& one, std::string path, std::string body, std::string request_id, http::on_response then) {
    api_->send({"POST", std::move(path), std::move(body), std::move(request_id), one.deadline, one.trace_id}, std::move(then));
  }
  void get(const job& one, std::string path, http::on_response then) {
    api_->send({.path = std::move(path), .deadline = one.deadline, .trace_id = one.trace_id}, std::move(then));
  }

  /// An order that PayPal did not make or authorize. Invoice and request are named after the operation: where one is known, the operation has been here
  /// before, perhaps in other words, because the shop's address has changed since.
  static outcome not_taken(const http::response& r, const api_error& e) {
    auto o = trouble(r, e);
    if (e.issue == "DUPLICATE_INVOICE_ID" || e.issue == "DUPLICATE_REQUEST_ID") o.kind = operation_outcome::unknown;
    return o;
  }

  /// Wherever an order stands, the next step of its authorization. `may_authorize`: false where that has just been refused.
  void go_on(const job_ptr& one, checkout_order o, bool may_authorize) {
    if (!o.authorizations.empty()) {
      const auto& a = o.authorizations.back();
      if (!is_pending(a) || !one->repeat) return one->done(paypal::authorization(a, one->want));
      return get(*one, authorization_path(a.id), [one](const http::response& r) {
        const auto t = is_success(r) ? read_transaction(r.body) : std::nullopt;
        one->done(t ? paypal::authorization(*t, one->want) : unseen(r, *one));
      });
    }
    const bool approved = o.status == "APPROVED" || (o.status == "CREATED" && one->vaulted);
    if (approved && may_authorize) return hold(one, std::move(o));
    if (approved || o.status == "CREATED" || o.status == "SAVED" || o.status == "PAYER_ACTION_REQUIRED")
      return one->done(awaiting(std::move(o.id), std::move(o.approval_url)));
    if (o.status == "VOIDED") return one->done(refused("ORDER_VOIDED", "the order has ended at PayPal without a payment", true));
    one->done({operation_outcome::unknown, {}, o.status, "the order at PayPal shows no authorization", {}});
  }

  /// Takes the authorization of an order that its buyer has approved. The id of the call changes with the order: a buyer who comes back with another card
  /// is not answered with what became of the first one.
  void hold(const job_ptr& one, checkout_order o) {
    auto path = order_path(o.id) + "/authorize";
    auto request_id = fmt::format("{}/{}", one->want.key, o.update_time.empty() ? "authorize" : o.update_time);
    post(*one, std::move(path), "{}", std::move(request_id), [self = shared_from_this(), one, o = std::move(o)](const http::response& r) mutable {
      if (is_success(r)) {
        auto now = read_order(r.body);
        return now ? self->go_on(one, std::move(*now), false) : one->done(unreadable());
      }
      auto e = read_error(r.body);
      auto answer = not_taken(r, e);
      if (answer.kind != operation_outcome::declined) return one->done(std::move(answer));
      const auto kind = kind_of_issue(e.issue);
      if (kind == issue_kind::already) return self->look(one, o.id, false);
      // A refused instrument of a buyer who is at PayPal's page: he can choose another one there.
      if (kind == issue_kind::needs_customer || (kind == issue_kind::soft && !e.redirect_url.empty()))
        return one->done(awaiting(std::move(o.id), e.redirect_url.empty() ? std::move(o.approval_url) : std::move(e.redirect_url)));
      one->done(std::move(answer));
    });
  }

  void look(const job_ptr& one, const std::string& order, bool may_authorize) {
    get(*one, order_path(order), [self = shared_from_this(), one, may_authorize](const http::response& r) {
      if (is_success(r)) {
        auto o = read_order(r.body);
        return o ? self->go_on(one, std::move(*o), may_authorize) : one->done(unreadable());
      }
      // PayPal forgets an order that was not approved in time.
      if (r.kind == http::reach::answered && r.status == 404)
        return one->done(refused("ORDER_EXPIRED", "PayPal knows the order no more: it was not approved in time", true));
      auto o = trouble(r, read_error(r.body));
      o.kind = operation_outcome::unknown;  // an earlier call may have taken the authorization
      one->done(std::move(o));
    });
  }

  void captured(const job_ptr& one, const http::response& r) {
    const auto t = read_transaction(r.body);
    if (!t) return one->done(unreadable());
    if (!is_pending(*t) || !one->repeat) return one->done(paypal::capture(*t, one->want));
    get(*one, capture_path(t->id), [one](const http::response& seen) {
      const auto now = is_success(seen) ? read_transaction(seen.body) : std::nullopt;
      one->done(now ? paypal::capture(*now, one->want) : unseen(seen, *one));
    });
  }

  /// Reads the order that an authorization belongs to: only there do captures and refunds stand side by side. `otherwise`: what to say where that can't
  /// be read; nothing makes it say that nothing was done.
  template <class Use>
  void with_order_of(const job_ptr& one, const std::string& authorization, std::optional<outcome> otherwise, Use use) {
    get(*one, authorization_path(authorization), [self = shared_from_this(), one, otherwise = std::move(otherwise), use](const http::response& r) {
      const auto t = is_success(r) ? read_transaction(r.body) : std::nullopt;
      if (!t || t->order_id.empty()) return one->done(otherwise.value_or(unseen(r, *one)));
      self->get(*one, order_path(t->order_id), [one, otherwise, use](const http::response& seen) {
        const auto order = is_success(seen) ? read_order(seen.body) : std::nullopt;
        if (!order) return one->done(otherwise.value_or(unseen(seen, *one)));
        use(*order, otherwise.value_or(outcome{}));
      });
    });
  }

  /// The parts one after another. Where one fails after another has gone through, the whole is in doubt, and asking again takes up where it stopped.
  void give_back(const job_ptr& one, const std::shared_ptr<refund_plan>& plan, std::size_t n) {
    const auto& part = plan->parts[n];
    const auto value = to_paypal(part.amount, one->want.currency);
    if (!value) return one->done(unreadable());
    post(*one, capture_path(part.capture) + "/refund", refund_request(*value, one->want.currency.name(), part.invoice_id, one->order_id), part.invoice_id,
         [self = shared_from_this(), one, plan, n](const http::response& r) {
           const auto& now = plan->parts[n];
           const auto t = is_success(r) ? read_transaction(r.body) : std::nullopt;
           auto o = t ? refunded(*t, now.amount, one->want.currency) : is_success(r) ? unreadable() : trouble(r, read_error(r.body));
           if (o.kind != operation_outcome::done) {
             if (!plan->first_reference.empty()) o.kind = operation_outcome::unknown;
             return one->done(std::move(o));
           }
           if (plan->first_reference.empty()) plan->first_reference = o.reference;
           if (n + 1 < plan->parts.size()) return self->give_back(one, plan, n + 1);
           o.reference = plan->first_reference;
           one->done(std::move(o));
         });
  }

  std::shared_ptr<api> api_;
};

std::shared_ptr<payment_gateway> make_paypal(options o, http::client& client) { return std::make_shared<gateway>(std::move(o), client); }

}  // namespace coreldove::integrations::paypal
