#include "integrations/paypal/api.hpp"

#include <algorithm>
#include <utility>

#include "integrations/http/form.hpp"
#include "integrations/http/hmac.hpp"
#include "integrations/paypal/requests.hpp"

namespace coreldove::integrations::paypal {

namespace {

constexpr std::size_t request_id_max = 108;  // for orders; other calls take more

options without_slash(options o) {
  while (o.api_base.ends_with('/')) o.api_base.pop_back();
  return o;
}

http::request token_request(const options& o) {
  http::form f;
  f.add("grant_type", "client_credentials");
  http::request r{.method = "POST", .url = o.api_base + "/v1/oauth2/token", .body = std::move(f).text()};
  r.headers.add("Authorization", "Basic " + http::to_base64(o.client_id + ":" + o.client_secret));
  r.headers.add("Content-Type", "application/x-www-form-urlencoded").add("Accept", "application/json");
  return r;
}

}  // namespace

struct api::job {
  http::request request;
  std::chrono::steady_clock::time_point deadline;
  http::on_response done;
  bool token_was_refused = false;
};

api::api(options o, http::client& client)
    : options_{without_slash(std::move(o))}, client_{client}, tokens_{std::make_shared<http::token_source>(client, token_request(options_))} {}

void api::send(call c, http::on_response done) {
  auto one = std::make_shared<job>();
  auto& r = one->request;
  r.method = std::move(c.method);
  r.url = options_.api_base + c.path;
  r.body = std::move(c.body);
  r.trace_id = std::move(c.trace_id);
  r.retry_on_stale = true;  // a read, or done once under its id
  if (r.method != "GET") {
    r.headers.add("Content-Type", "application/json").add("Prefer", "return=representation");
    r.headers.add("PayPal-Request-Id", fitted(c.request_id, request_id_max));
  }
  one->deadline = c.deadline;
  one->done = std::move(done);
  with_token(one);
}

void api::with_token(const std::shared_ptr<job>& one) {
  tokens_->get([self = shared_from_this(), one](const std::string& token, const http::response& why) {
    if (!token.empty()) return self->send_under(token, one);
    // Whatever became of the request for a token, this one has not been sent.
    http::response r;
    r.kind = http::reach::not_sent;
    r.error = why.kind == http::reach::not_sent ? why.error : "no_token";
    one->done(std::move(r));
  });
}

void api::send_under(const std::string& token, const std::shared_ptr<job>& one) {
  auto r = one->request;
  r.headers.add("Authorization", "Bearer " + token);
  r.timeout =
      std::chrono::ceil<std::chrono::milliseconds>(std::max(one->deadline - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration::zero()));
  client_.send(std::move(r), [self = shared_from_this(), one, token](http::response answer) {
    if (answer.kind != http::reach::answered || answer.status != 401 || std::exchange(one->token_was_refused, true)) return one->done(std::move(answer));
    self->tokens_->drop(token);
    self->with_token(one);
  });
}

}  // namespace coreldove::integrations::paypal
