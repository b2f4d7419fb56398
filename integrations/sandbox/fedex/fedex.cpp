#include "integrations/sandbox/fedex/fedex.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <iterator>

#include "integrations/sandbox/form.hpp"
#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

using clock = std::chrono::steady_clock;

namespace {

constexpr std::array operations_known{operation::label, operation::void_label, operation::rates, operation::track, operation::token, operation::webhook};
constexpr std::chrono::seconds token_life{3600};
constexpr std::size_t tokens_max = 10'000;
constexpr std::string_view label_path = "/document/v1/labels/";

}  // namespace

fedex::fedex(world& w) : world_(w), first_number_(70'000'000'000ULL + digest(w.epoch) % 9'000'000'000ULL) {
  last_event_ = static_cast<std::uint64_t>(w.now_ms());  // greater than in any run before
}

std::span<const operation> fedex::operations() const { return operations_known; }

const fedex::route* fedex::find_route(const request& rq) {
  static constexpr std::array routes{
      route{"POST", "/oauth/token", operation::token, &fedex::token},
      route{"POST", "/rate/v1/rates/quotes", operation::rates, &fedex::quote},
      route{"POST", "/ship/v1/shipments", operation::label, &fedex::ship},
      route{"PUT", "/ship/v1/shipments/cancel", operation::void_label, &fedex::cancel},
      route{"POST", "/track/v1/trackingnumbers", operation::track, &fedex::track_numbers},
      route{"POST", "/track/v1/referencenumbers", operation::track, &fedex::track_references},
  };
  for (const auto& r : routes)
    if (r.method == rq.method && r.path == rq.path) return &r;
  return nullptr;
}

std::string fedex::transaction_id() const {
  std::string id = hex(std::string{reinterpret_cast<const char*>(std::array{random_number(), random_number()}.data()), 16});
  for (const std::size_t at : {20, 16, 12, 8}) id.insert(at, 1, '-');
  return id;
}

void fedex::refuse(const request& rq, reply& out, int status, std::string_view code, std::string_view message) const {
  out.status = status;
  out.body = fmt::format(R"({{"transactionId":"{}")", transaction_id());
  if (const auto theirs = rq.header("x-customer-transaction-id"); !theirs.empty()) {
    out.body += R"(,"customerTransactionId":)";
    append_json(out.body, theirs);
  }
  fmt::format_to(std::back_inserter(out.body), R"(,"errors":[{{"code":"{}","message":)", code);
  append_json(out.body, message);
  out.body += "}]}";
}

void fedex::open_answer(const request& rq, reply& out) const {
  fmt::format_to(std::back_inserter(out.body), R"({{"transactionId":"{}")", transaction_id());
  if (const auto theirs = rq.header("x-customer-transaction-id"); !theirs.empty()) {
    out.body += R"(,"customerTransactionId":)";
    append_json(out.body, theirs);
  }
  out.body += R"(,"output":)";
}

void fedex::answer(const request& rq, reply& out) {
  if (rq.method == "GET" && rq.path.starts_with(label_path)) return show_label(rq, out);
  const route* r = find_route(rq);
  if (r == nullptr)
    return refuse(rq, out, 404, "NOT.FOUND.ERROR", fmt::format("The resource you requested is no longer available. ({} {})", rq.method, rq.path));
  const auto f = world_.mishaps.take(name(), r->op);
  if (ends_here(f, out)) return;
  if (is(f, fault_kind::error_500))
    return refuse(rq, out, 500, "INTERNAL.SERVER.ERROR", "We encountered an unexpected error and are working to resolve the issue.");
  if (is(f, fault_kind::rate_limit_429))
    return refuse(rq, out, 429, "TOO.MANY.REQUESTS.ERROR", "We have received too many requests in a short duration. Please try again later.");
  const std::lock_guard lock(mutex_);
  if (r->op != operation::token) {
    if (!authorized(rq)) return refuse(rq, out, 401, "NOT.AUTHORIZED.ERROR", "Access token expired. Please modify your request and try again.");
    if (!rq.header("Content-Type").starts_with("application/json"))
      return refuse(rq, out, 415, "UNSUPPORTED.MEDIA.TYPE.ERROR", "We are unable to process this request: the body must be application/json.");
  }
  (this->*r->handle)(rq, out, is(f, fault_kind::decline));
  spoil(f, out);
}

bool fedex::authorized(const request& rq) {
  const auto header = rq.header("Authorization");
  if (!header.starts_with("Bearer ")) return false;
  const auto it = tokens_.find(header.substr(7));
  return it != tokens_.end() && clock::now() < it->second;
}

void fedex::token(const request& rq, reply& out, bool declined) {
  form params;
  const bool readable = rq.header("Content-Type").starts_with("application/x-www-form-urlencoded") && params.read(rq.body);
  if (!readable || params.find("grant_type") != "client_credentials")
    return refuse(rq, out, 400, "BAD.REQUEST.ERROR", "Missing or duplicate parameters: a form with grant_type=client_credentials is needed.");
  const auto id = params.find("client_id").value_or(""), secret = params.find("client_secret").value_or("");
  const auto& wanted = world_.options;
  const bool known = !id.empty() && !secret.empty() && (wanted.fedex_client_id.empty() || wanted.fedex_client_id == id) &&
                     (wanted.fedex_client_secret.empty() || wanted.fedex_client_secret == secret);
  if (!known || declined)
    return refuse(rq, out, 401, "NOT.AUTHORIZED.ERROR", "The given client credentials were not valid. Please modify your request and try again.");
  if (tokens_.size() >= tokens_max) tokens_.clear();  // their owners come for new ones
  const std::string fresh = random_word(40);
  tokens_[fresh] = clock::now() + token_life;
  out.body = fmt::format(R"({{"access_token":"{}","token_type":"bearer","expires_in":{},"scope":"CXS"}})", fresh, token_life.count());
}

}  // namespace coreldove::integrations::world
