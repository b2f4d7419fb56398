#include "integrations/sandbox/stripe/stripe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::array operations_known{operation::authorize, operation::capture, operation::void_, operation::refund, operation::webhook};
constexpr std::size_t key_indexes = 64;
constexpr std::size_t key_size_max = 255;

/// The API key out of "Bearer sk_…" or Basic with the key as user.
std::string key_of(std::string_view authorization) {
  if (authorization.starts_with("Bearer ")) return std::string{authorization.substr(7)};
  if (!authorization.starts_with("Basic ")) return {};
  const std::string user = from_base64(authorization.substr(6));
  return user.substr(0, user.find(':'));
}

void say(reply& out, const stripe_error& e) {
  out.status = e.status;
  append_error(out.body, e);
}

}  // namespace

stripe::stripe(world& w) : world_(w), ids_(w.epoch) {
  for (std::size_t i = 0; i < key_indexes; ++i) keys_.emplace_back(0, key_hash{&answers_}, key_equal{&answers_});
  last_event_ = static_cast<std::uint64_t>(w.now_ms()) * 100;  // greater than in any run before
}

std::span<const operation> stripe::operations() const { return operations_known; }

stripe::route stripe::find_route(const request& rq) {
  constexpr std::string_view intents = "/v1/payment_intents", refunds = "/v1/refunds";
  const bool post = rq.method == "POST";
  if (!post && rq.method != "GET") return {};
  if (rq.path == intents) return {post ? endpoint::create : endpoint::list_intents, {}};
  if (rq.path == refunds) return {post ? endpoint::refund : endpoint::list_refunds, {}};
  if (rq.path == "/v1/balance") return {post ? endpoint::none : endpoint::balance, {}};
  if (rq.path.starts_with(refunds) && rq.path[refunds.size()] == '/' && !post) return {endpoint::show_refund, rq.path.substr(refunds.size() + 1)};
  if (!rq.path.starts_with(intents) || rq.path[intents.size()] != '/') return {};
  const auto rest = rq.path.substr(intents.size() + 1);
  const auto slash = rest.find('/');
  const auto id = rest.substr(0, slash);
  if (slash == std::string_view::npos) return {post ? endpoint::none : endpoint::show_intent, id};
  const auto verb = rest.substr(slash + 1);
  if (post && verb == "confirm") return {endpoint::confirm, id};
  if (post && verb == "capture") return {endpoint::capture, id};
  if (post && verb == "cancel") return {endpoint::cancel, id};
  return {};
}

operation stripe::operation_of(endpoint to) {
  switch (to) {
    case endpoint::capture:
      return operation::capture;
    case endpoint::cancel:
      return operation::void_;
    case endpoint::refund:
      return operation::refund;
    default:
      return operation::authorize;
  }
}

bool stripe::authorized(const request& rq, reply& out) const {
  const std::string key = key_of(rq.header("Authorization"));
  const std::string& wanted = world_.options.stripe_secret_key;
  if (wanted.empty() ? key.starts_with("sk_test_") : key == wanted) return true;
  if (key.empty()) {
    say(out, {401, "invalid_request_error", "",
              "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
              "YOUR_SECRET_KEY')."});
  } else {
    const std::string hidden = key.substr(0, 8) + "****" + (key.size() > 12 ? key.substr(key.size() - 4) : "");
    say(out, {401, "invalid_request_error", "api_key_invalid", fmt::format("Invalid API Key provided: {}", hidden)});
  }
  return false;
}

void stripe::answer(const request& rq, reply& out) {
  if (rq.path.starts_with(customer_page)) return page(rq, rq.path.substr(customer_page.size()), out);
  if (!authorized(rq, out)) return;
  const route r = find_route(rq);
  if (r.to == endpoint::none) {
    const std::string message = fmt::format("Unrecognized request URL ({}: {}).", rq.method, rq.path);
    return say(out, {404, "invalid_request_error", "", message});
  }
  if (rq.method == "POST")
    post(rq, out, r);
  else
    get(rq, out, r);
}

void stripe::post(const request& rq, reply& out, const route& r) {
  const auto f = world_.mishaps.take(name(), operation_of(r.to));
  if (ends_here(f, out)) return;
  if (is(f, fault_kind::error_500)) return say(out, {500, "api_error", "", "An unknown error occurred."});
  if (is(f, fault_kind::rate_limit_429))
    return say(out, {429, "invalid_request_error", "rate_limit", "Request rate limit exceeded. Retry with exponential backoff."});
  thread_local form params;
  const auto type = rq.header("Content-Type");
  if (!rq.body.empty() && !type.starts_with("application/x-www-form-urlencoded"))
    return say(out, {400, "invalid_request_error", "", "Invalid request: the body must be application/x-www-form-urlencoded."});
  if (!params.read(rq.body)) return say(out, {400, "invalid_request_error", "", "Invalid request: the body is not percent-encoded UTF-8."});
  call c{rq, out, params, r.id, rq.header("Idempotency-Key")};
  if (c.key.size() > key_size_max) return say(out, {400, "invalid_request_error", "", "Idempotency keys must be at most 255 characters long."});
  c.now_ms = world_.now_ms();
  c.declined = is(f, fault_kind::decline);
  const std::uint64_t fingerprint = params.fingerprint() + digest(rq.path);
  const std::lock_guard lock(mutex_);
  if (c.key.empty() || !replay(c, fingerprint)) {
    run(c, r.to);
    kept_text key;
    if (c.changed) record(c, fingerprint, key);
    if (c.keep && !c.key.empty()) keep(c, fingerprint, key, is(f, fault_kind::slow) ? f->delay : std::chrono::milliseconds{0});
  }
  spoil(f, out);
}

void stripe::run(call& c, endpoint to) {
  switch (to) {
    case endpoint::create:
      return create(c);
    case endpoint::confirm:
      return confirm(c);
    case endpoint::capture:
      return capture(c);
    case endpoint::cancel:
      return cancel(c);
    case endpoint::refund:
      return create_refund(c);
    default:
      return;  // find_route gives no other endpoint for POST
  }
}

void stripe::get(const request& rq, reply& out, const route& r) {
  form query;
  if (!query.read(rq.query)) return say(out, {400, "invalid_request_error", "", "Invalid request: the query is not percent-encoded UTF-8."});
  const std::lock_guard lock(mutex_);
  switch (r.to) {
    case endpoint::show_intent:
      return show_intent(out, r.id);
    case endpoint::list_intents:
      return list_intents(out, query);
    case endpoint::show_refund:
      return show_refund(out, r.id);
    case endpoint::list_refunds:
      return list_refunds(out, query);
    case endpoint::balance:
      return balance(out);
    default:
      return;  // find_route gives no other endpoint for GET
  }
}

}  // namespace coreldove::integrations::world
