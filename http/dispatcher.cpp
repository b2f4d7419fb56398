#include "http/dispatcher.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>

#include "domain/card_data.hpp"
#include "http/conditions.hpp"
#include "http/handlers/handlers.hpp"
#include "http/query_string.hpp"

namespace coreldove::http {
namespace {

constexpr std::size_t buckets_max = 100'000;

/// The media type without its parameters.
std::string_view media_type(std::string_view value) {
  value = value.substr(0, value.find(';'));
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

bool target_holds_card_number(std::string_view target) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (std::count_if(target.begin(), target.end(), is_digit) < 13) return false;
  const auto plain = percent_decoded(target, true);
  if (!plain) return false;
  for (std::string_view rest = *plain; !rest.empty();) {  // piece by piece: a piece that begins with "+" may be a phone number
    const auto end = std::min(rest.find_first_of("/?&="), rest.size());
    if (domain::holds_card_number(rest.substr(0, end))) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace

dispatcher::dispatcher(app& a, http_metrics& metrics, api_key_lookup lookup)
    : app_(a),
      metrics_(metrics),
      authenticator_({a.options.api_key_header, a.options.jwt_secret, a.options.dev_admin_key}, std::move(lookup), a.clock),
      per_principal_(a.options.rate_limit_per_minute, a.options.rate_limit_burst, buckets_max),
      failures_(a.options.auth_failures_per_minute, a.options.auth_failures_burst, buckets_max) {}

verdict dispatcher::refuse(const request& rq, const route* row, problem p) const {
  auto where = context_of(rq);
  if (p.kind.type == problems::card_data.type) where.instance.clear();
  return {row, to_response(p, where), {}};
}

std::optional<verdict> dispatcher::admit(request& rq, const framing& f, std::function<void(authenticator::answer)> later) {
  const auto match = find_route(rq, !app_.options.node_pass.empty());
  if (!match.path_known) return refuse(rq, nullptr, {problems::not_found, "There is nothing at this path."});
  if (rq.method == method::options) {
    response r;
    r.status = 204;
    r.add_header("Allow", match.allow);
    return verdict{match.row, std::move(r), {}};
  }
  if (match.row == nullptr) {
    auto v = refuse(rq, nullptr, {problems::method_not_allowed, "Allowed here: " + match.allow + "."});
    v.refusal->add_header("Allow", match.allow);
    return v;
  }
  rq.row = match.row;
  const auto& row = *rq.row;
  if (app_.options.require_https && !rq.tls && row.pattern.starts_with('~')) return refuse(rq, &row, {problems::https_required, "Use https."});
  if (target_holds_card_number(rq.target)) return refuse(rq, &row, {problems::card_data, "The request target looks like it holds a card number."});
  if (row.handle == post_order)
    if (auto why = app_.engine.busy(actors::can_wait(
            parse_wait(rq.field("Prefer"))))) {  // before credentials are checked and the body is read: saying no has to cost less than saying yes
      metrics_.shed();
      return refuse(rq, &row, problem_of(*why));
    }
  if (row.roles.is_open()) return judge(rq, f, principal{});
  const bool patient = failures_.ask(rq.peer, std::chrono::steady_clock::now(), false).allowed;
  auto who = authenticator_.check(rq, patient, std::move(later));
  if (!who) return std::nullopt;
  return judge(rq, f, std::move(*who));
}

verdict dispatcher::judge(request& rq, const framing& f, authenticator::answer who) {
  const auto& row = *rq.row;
  const auto now = std::chrono::steady_clock::now();
  if (auto* p = std::get_if<problem>(&who)) {
    const bool guessed = p->kind.type == problems::unauthorized.type && (!rq.field("Authorization").empty() || !rq.field(app_.options.api_key_header).empty());
    if (guessed) failures_.ask(rq.peer, now);
    return refuse(rq, &row, std::move(*p));
  }
  rq.who = std::move(std::get<principal>(who));
  if (!row.roles.is_open() && !row.roles.has(rq.who.role))
    return refuse(rq, &row, {problems::forbidden, fmt::format("The role {} may not do this.", to_string(rq.who.role))});
  verdict out{&row, std::nullopt, {}};
  if (per_principal_.on() && !row.roles.is_open()) {
    const auto d = per_principal_.ask(rq.who.name, now);
    out.more_fields = fmt::format("RateLimit-Policy: \"default\";q={};w={}\r\nRateLimit: \"default\";r={};t={}\r\n", per_principal_.burst(),
                                  per_principal_.window_s(), d.remaining, d.full_after_s);
    if (!d.allowed) {
      problem p{problems::rate_limited, "Wait a moment and try again."};
      p.retry_after_s = static_cast<int>(d.retry_after_s);
      out.refusal = refuse(rq, &row, std::move(p)).refusal;
      return out;
    }
  }
  if (auto p = unsuitable_body(rq, row, f)) out.refusal = refuse(rq, &row, std::move(*p)).refusal;
  return out;
}

std::optional<problem> dispatcher::unsuitable_body(const request& rq, const route& row, const framing& f) const {
  const bool has_body = f.chunked || f.content_length.value_or(0) > 0;
  if (f.content_length.value_or(0) > body_bytes_max(&row))
    return problem{problems::content_too_large, fmt::format("At most {} bytes are taken here.", body_bytes_max(&row))};
  if (!has_body || row.body == body_kind::none || row.body == body_kind::raw) return std::nullopt;
  const auto encoding = rq.field("Content-Encoding");
  if (!encoding.empty() && !equal_ignoring_case(encoding, "identity"))
    return problem{problems::unsupported_media_type, "Content codings are not taken; send the body as it is."};
  const auto type = media_type(rq.field("Content-Type"));
  if (row.body == body_kind::ndjson) {
    for (const std::string_view known : {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
      if (equal_ignoring_case(type, known)) return std::nullopt;
    return problem{problems::unsupported_media_type, "Send NDJSON, with Content-Type application/x-ndjson."};
  }
  if (equal_ignoring_case(type, "application/json")) return std::nullopt;
  return problem{problems::unsupported_media_type, "Send JSON, with Content-Type application/json."};
}

void dispatcher::dispatch(const route& row, const request& rq, const responder& reply) {
  try {
    row.handle(app_, rq, reply);
  } catch (const std::exception& e) {
    spdlog::error("{} failed: {} trace_id={}", row.operation, e.what(), rq.trace_id);
    reply(to_response(problem{problems::internal, ""}, context_of(rq)));
  }
}

std::uint64_t dispatcher::body_bytes_max(const route* row) const {
  return row != nullptr && row->body == body_kind::ndjson ? app_.options.bulk_bytes_max : app_.options.body_bytes_max;
}

std::chrono::milliseconds dispatcher::patience(const request& rq) const {
  // A repeat under an idempotency key may have to wait for the first one, which may wait as long as anybody can.
  const auto longest = rq.field("Idempotency-Key").empty() ? std::chrono::seconds{0} : wait_max;
  return app_.options.handler_timeout + std::max(longest, parse_wait(rq.field("Prefer")).value_or(std::chrono::seconds{0}));
}

bool dispatcher::take_place() {
  if (in_flight_.fetch_add(1, std::memory_order_relaxed) >= app_.options.max_in_flight) {
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    metrics_.shed();
    return false;
  }
  metrics_.handed_on();
  return true;
}

void dispatcher::free_place() {
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  metrics_.settled();
}

}  // namespace coreldove::http
