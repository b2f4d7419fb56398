#include "integrations/sandbox/paypal/paypal.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <iterator>

#include "integrations/sandbox/form.hpp"
#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/paypal/signer.hpp"
#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

using clock = std::chrono::steady_clock;

namespace {

constexpr std::array operations_known{operation::authorize, operation::capture, operation::void_, operation::refund, operation::token, operation::webhook};
constexpr std::chrono::seconds token_life{32'400};
constexpr std::size_t tokens_max = 10'000, request_id_max = 108;
constexpr std::string_view certificates = "/v1/notifications/certs/";

std::string_view message_of(std::string_view name) {
  if (name == "INVALID_REQUEST") return "Request is not well-formed, syntactically incorrect, or violates schema.";
  if (name == "AUTHENTICATION_FAILURE") return "Authentication failed due to missing authorization header, or invalid authentication credentials.";
  if (name == "RESOURCE_NOT_FOUND") return "The specified resource does not exist.";
  if (name == "RESOURCE_CONFLICT") return "The server has detected a conflict while processing this request.";
  if (name == "RATE_LIMIT_REACHED") return "Too many requests. Blocked due to rate limiting.";
  if (name == "INTERNAL_SERVER_ERROR") return "An internal server error has occurred.";
  if (name == "UNSUPPORTED_MEDIA_TYPE") return "The server does not support the request payload's media type.";
  return "The requested action could not be performed, semantically incorrect, or failed business validation.";
}

void say(reply& out, int status, std::string_view name, std::string_view issue = {}, std::string_view description = {}, std::string_view link = {}) {
  out.status = status;
  auto to = std::back_inserter(out.body);
  fmt::format_to(to, R"({{"name":"{}","message":"{}","debug_id":"{:013x}")", name, message_of(name), random_number() >> 12U);
  if (!issue.empty()) {
    fmt::format_to(to, R"(,"details":[{{"issue":"{}","description":)", issue);
    append_json(out.body, description);
    out.body += "}]";
  }
  out.body += R"(,"links":[)";
  if (!link.empty()) {
    out.body += R"({"href":)";
    append_json(out.body, link);
    out.body += R"(,"rel":"redirect","method":"GET"},)";
  }
  fmt::format_to(to, R"({{"href":"https://developer.paypal.com/api/rest/responses/#{}","rel":"information_link","method":"GET"}}]}})",
                 issue.empty() ? name : issue);
}

/// Takes `before` off the front of the path and `after` off its end; the id between, or empty where it does not fit.
std::string_view between(std::string_view path, std::string_view before, std::string_view after) {
  if (!path.starts_with(before) || !path.ends_with(after) || path.size() <= before.size() + after.size()) return {};
  const auto id = path.substr(before.size(), path.size() - before.size() - after.size());
  return id.find('/') == std::string_view::npos ? id : std::string_view{};
}

}  // namespace

paypal::paypal(world& w) : world_(w), ids_(w.epoch) { last_event_ = static_cast<std::uint64_t>(w.now_ms()) * 100; }  // greater than in any run before

std::span<const operation> paypal::operations() const { return operations_known; }

paypal::route paypal::find_route(const request& rq) {
  constexpr std::string_view orders = "/v2/checkout/orders", holds = "/v2/payments/authorizations/", captures = "/v2/payments/captures/";
  struct row {
    std::string_view method, before, after;
    handler handle;
    operation op;
  };
  static constexpr std::array rows{
      row{"POST", "/v2/checkout/orders/", "/authorize", &paypal::authorize_order, operation::authorize},
      row{"POST", holds, "/capture", &paypal::capture, operation::capture},
      row{"POST", holds, "/void", &paypal::void_hold, operation::void_},
      row{"POST", holds, "/reauthorize", &paypal::reauthorize, operation::authorize},
      row{"POST", captures, "/refund", &paypal::refund, operation::refund},
      row{"GET", "/v2/checkout/orders/", "", &paypal::show_order, operation::authorize},
      row{"GET", holds, "", &paypal::show_authorization, operation::authorize},
      row{"GET", captures, "", &paypal::show_capture, operation::capture},
      row{"GET", "/v2/payments/refunds/", "", &paypal::show_refund, operation::refund},
  };
  if (rq.method == "POST" && rq.path == orders) return {&paypal::create_order, operation::authorize};
  for (const auto& r : rows)
    if (r.method == rq.method)
      if (const auto id = between(rq.path, r.before, r.after); !id.empty()) return {r.handle, r.op, id, r.method == "GET"};
  return {};
}

void paypal::answer(const request& rq, reply& out) {
  if (rq.path == "/v1/oauth2/token" && rq.method == "POST") return token(rq, out);
  if (rq.path == "/checkoutnow") return page(rq, out);
  if (rq.method == "GET" && rq.path.starts_with(certificates)) {
    if (rq.path.substr(certificates.size()) != signing_certificate().name) return say(out, 404, "RESOURCE_NOT_FOUND");
    out.content_type = "application/x-pem-file";
    out.body = signing_certificate().pem;
    return;
  }
  const auto r = find_route(rq);
  if (r.handle == nullptr) return say(out, 404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", fmt::format("There is no {} {}.", rq.method, rq.path));
  post(rq, out, r);
}

bool paypal::authorized(const request& rq) {
  const auto header = rq.header("Authorization");
  if (!header.starts_with("Bearer ")) return false;
  const auto it = tokens_.find(header.substr(7));
  return it != tokens_.end() && clock::now() < it->second;
}

void paypal::token(const request& rq, reply& out) {
  const auto f = world_.mishaps.take(name(), operation::token);
  if (ends_here(f, out)) return;
  if (is(f, fault_kind::error_500)) return say(out, 500, "INTERNAL_SERVER_ERROR");
  if (is(f, fault_kind::rate_limit_429)) return say(out, 429, "RATE_LIMIT_REACHED");
  const auto header = rq.header("Authorization");
  const auto credentials = header.starts_with("Basic ") ? from_base64(header.substr(6)) : std::string{};
  const auto colon = credentials.find(':');
  const auto& wanted = world_.options;
  const bool known = colon != std::string::npos && colon > 0 && colon + 1 < credentials.size() &&
                     (wanted.paypal_client_id.empty() || credentials.substr(0, colon) == wanted.paypal_client_id) &&
                     (wanted.paypal_client_secret.empty() || credentials.substr(colon + 1) == wanted.paypal_client_secret);
  form params;
  const bool asked = params.read(rq.body) && params.find("grant_type") == "client_credentials";
  if (!known || is(f, fault_kind::decline) || !asked) {
    out.status = known && !asked ? 400 : 401;
    out.body = out.status == 400 ? R"({"error":"unsupported_grant_type","error_description":"Grant Type is NULL"})"
                                 : R"({"error":"invalid_client","error_description":"Client Authentication failed"})";
    return;
  }
  const auto fresh = "A21AA" + random_word(40);
  {
    const std::lock_guard lock(mutex_);
    if (tokens_.size() >= tokens_max) tokens_.clear();  // their owners come for new ones
    tokens_[fresh] = clock::now() + token_life;
  }
  out.body = fmt::format(
      R"({{"scope":"https://uri.paypal.com/services/payments/payment/authcapture","access_token":"{}","token_type":"Bearer","app_id":"APP-80W284485P519543T","expires_in":{}}})",
      fresh, token_life.count());
  spoil(f, out);
}

void paypal::post(const request& rq, reply& out, const route& r) {
  const auto f = r.reads ? std::nullopt : world_.mishaps.take(name(), r.op);
  if (ends_here(f, out)) return;
  if (is(f, fault_kind::error_500)) return say(out, 500, "INTERNAL_SERVER_ERROR");
  if (is(f, fault_kind::rate_limit_429)) return say(out, 429, "RATE_LIMIT_REACHED");
  call c{rq, out, r.id, rq.header("PayPal-Request-Id")};
  if (!r.reads && !rq.body.empty() && !rq.header("Content-Type").starts_with("application/json")) return say(out, 415, "UNSUPPORTED_MEDIA_TYPE");
  thread_local simdjson::dom::parser parser;
  const std::string_view body = rq.body.empty() ? std::string_view{"{}"} : rq.body;
  if (parser.parse(body.data(), body.size()).get(c.doc) != simdjson::SUCCESS || !c.doc.is_object())
    return say(out, 400, "INVALID_REQUEST", "MALFORMED_REQUEST_JSON", "The request JSON is not well formed.");
  if (c.request_id.size() > request_id_max)
    return say(out, 400, "INVALID_REQUEST", "INVALID_STRING_LENGTH", "The value of a field is either too short or too long");
  c.now_ms = world_.now_ms();
  c.declined = is(f, fault_kind::decline);
  const auto fingerprint = digest(rq.body, digest(rq.path));
  const std::lock_guard lock(mutex_);
  if (!authorized(rq)) return say(out, 401, "AUTHENTICATION_FAILURE");
  if (const auto host = rq.header("Host"); !host.empty() && host != host_) host_ = host;
  if (r.reads) return (this->*r.handle)(c);
  if (!c.request_id.empty() && replay(c, fingerprint)) return spoil(f, out);
  (this->*r.handle)(c);
  kept_answer kept{fingerprint,
                   c.what,
                   c.number,
                   out.status,
                   c.what == shows::nothing ? out.body : std::string{},
                   is(f, fault_kind::slow) ? clock::now() + f->delay : clock::time_point{}};
  const bool keeps = c.keep && !c.request_id.empty();
  if (c.order != UINT32_MAX) record(c, keeps ? &kept : nullptr, c.now_ms);
  if (keeps) answers_.emplace(c.request_id, std::move(kept));
  spoil(f, out);
}

bool paypal::replay(call& c, std::uint64_t fingerprint) {
  const auto it = answers_.find(std::string{c.request_id});
  if (it == answers_.end()) return false;
  const auto& a = it->second;
  if (a.fingerprint != fingerprint) {
    unprocessable(c, "DUPLICATE_REQUEST_ID", "The PayPal-Request-Id was used before with another request.");
  } else if (clock::now() < a.busy_until) {
    refuse(c, 409, "RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS",
           "A previous request on this resource is currently in progress. Please wait for sometime and try again. It is best to space out the initial and the "
           "subsequent request(s) to avoid receiving this error.");
  } else if (a.what == shows::nothing) {
    c.out.status = a.status;
    c.out.body = a.text;
  } else {
    show(c, a.what, a.number, a.status == 201 ? 200 : a.status);
  }
  return true;
}

void paypal::show(call& c, shows what, std::uint32_t number, int status) {
  c.what = what;
  c.number = number;
  c.out.status = status;
  append(c.out.body, what, number);
}

void paypal::refuse(call& c, int status, std::string_view name, std::string_view issue, std::string_view description, std::string_view link) {
  say(c.out, status, name, issue, description, link);
}

bool paypal::find(call& c, char kind, std::size_t size, std::uint32_t& number) {
  const auto n = ids_.number_in(c.id, kind);
  if (n < size) {
    number = static_cast<std::uint32_t>(n);
    return true;
  }
  refuse(c, 404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "Specified resource ID does not exist. Please check the resource ID and try again.");
  return false;
}

}  // namespace coreldove::integrations::world
