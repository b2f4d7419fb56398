#include <algorithm>
#include <chrono>
#include <utility>

#include "integrations/fedex/answers.hpp"
#include "integrations/fedex/fedex.hpp"
#include "integrations/fedex/requests.hpp"
#include "integrations/http/form.hpp"
#include "integrations/http/token_source.hpp"

namespace coreldove::integrations::fedex {

namespace {

http::request token_request(const options& o) {
  http::form f;
  f.add("grant_type", "client_credentials").add("client_id", o.client_id).add("client_secret", o.client_secret);
  http::request r{.method = "POST", .url = o.api_base + "/oauth/token", .body = std::move(f).text()};
  r.headers.add("Content-Type", "application/x-www-form-urlencoded");
  return r;
}

options without_slash(options o) {
  while (o.api_base.ends_with('/')) o.api_base.pop_back();
  return o;
}

/// One request under a token, sent a second time under a fresh one where the first is refused.
struct call {
  http::request request;
  std::string transaction;
  std::chrono::steady_clock::time_point deadline;
  http::on_response done;
  bool token_was_refused = false;
};

}  // namespace

class fedex_carrier final : public carrier, public std::enable_shared_from_this<fedex_carrier> {
public:
  fedex_carrier(options o, http::client& client)
      : options_{without_slash(std::move(o))}, client_{client}, tokens_{std::make_shared<http::token_source>(client, token_request(options_))} {}

  std::string_view name() const override { return "fedex"; }

  void rates(const parcel& p, const call_context& ctx, std::function<void(domain::result<std::vector<rate>>)> done) override {
    ask("POST", "/rate/v1/rates/quotes", rate_request(p, options_), ctx, [done = std::move(done)](const http::response& r) { done(rates_of(r)); });
  }

  void buy_label(const parcel& p, const call_context& ctx, on_outcome done) override {
    if (!ctx.repeat) return ship(ship_request(p, options_), ctx, std::move(done));
    auto body = ship_request(p, options_);
    ask("POST", "/track/v1/referencenumbers", reference_request(p.reference, options_), ctx,
        [self = shared_from_this(), body = std::move(body), ctx, done = std::move(done), from = std::chrono::steady_clock::now()](const http::response& r) {
          auto known = found_by_reference(r);
          if (known.now != lookup::state::absent) return done(std::move(known.what));
          auto rest = ctx;
          rest.timeout -= std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - from);
          self->ship(body, rest, done);
        });
  }

  void void_label(const std::string& tracking_number, const call_context& ctx, on_outcome done) override {
    ask("PUT", "/ship/v1/shipments/cancel", cancel_request(tracking_number, options_), ctx,
        [tracking_number, done = std::move(done)](const http::response& r) { done(cancelled(r, tracking_number)); });
  }

  void track(const std::string& tracking_number, const call_context& ctx, std::function<void(domain::result<std::vector<tracking_event>>)> done) override {
    ask("POST", "/track/v1/trackingnumbers", track_request(tracking_number), ctx, [done = std::move(done)](const http::response& r) { done(events_of(r)); });
  }

  void check(on_outcome done) override {
    tokens_->get([done = std::move(done)](const std::string& token, const http::response& why) {
      done(token.empty() ? trouble(why) : outcome{domain::operation_outcome::done, {}, {}, {}, {}});
    });
  }

private:
  /// Asks a question, or something that may be asked twice.
  void ask(const char* method, const char* path, std::string body, const call_context& ctx, http::on_response done) {
    send(method, path, std::move(body), ctx, true, std::move(done));
  }

  /// Buys a label: twice is two labels, so a dead connection is not tried again behind our back, and nothing arrives after another may have bought it.
  void ship(std::string body, const call_context& ctx, on_outcome done) {
    send("POST", "/ship/v1/shipments", std::move(body), ctx, false, [done = std::move(done)](const http::response& r) { done(bought(r)); });
  }

  void send(const char* method, const char* path, std::string body, const call_context& ctx, bool may_repeat, http::on_response done) {
    auto one = std::make_shared<call>();
    one->request = {.method = method, .url = options_.api_base + path, .body = std::move(body), .trace_id = ctx.trace_id, .retry_on_stale = may_repeat};
    if (!may_repeat) one->request.time_left = ctx.time_left;
    one->transaction = ctx.idempotency_key;
    one->deadline = std::chrono::steady_clock::now() + ctx.timeout;
    one->done = std::move(done);
    with_token(std::move(one));
  }

  void with_token(std::shared_ptr<call> one) {
    tokens_->get([self = shared_from_this(), one](const std::string& token, const http::response& why) {
      if (!token.empty()) return self->send_under(token, one);
      // Whatever became of the request for a token, this one has not been sent.
      http::response r;
      r.kind = http::reach::not_sent;
      r.error = why.kind == http::reach::not_sent ? why.error : "no_token";
      one->done(std::move(r));
    });
  }

  void send_under(const std::string& token, const std::shared_ptr<call>& one) {
    auto r = one->request;
    r.headers.add("Authorization", "Bearer " + token).add("Content-Type", "application/json").add("x-locale", "en_US");
    r.headers.add("x-customer-transaction-id", one->transaction);
    r.timeout =
        std::chrono::ceil<std::chrono::milliseconds>(std::max(one->deadline - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration::zero()));
    client_.send(std::move(r), [self = shared_from_this(), one, token](http::response answer) {
      if (answer.kind != http::reach::answered || answer.status != 401 || std::exchange(one->token_was_refused, true)) return one->done(std::move(answer));
      self->tokens_->drop(token);
      self->with_token(one);
    });
  }

  options options_;
  http::client& client_;
  std::shared_ptr<http::token_source> tokens_;
};

std::shared_ptr<carrier> make_fedex(options o, http::client& client) { return std::make_shared<fedex_carrier>(std::move(o), client); }

}  // namespace coreldove::integrations::fedex
