#include "http/problem.hpp"

#include "domain/card_data.hpp"
#include "http/json_text.hpp"

namespace coreldove::http {
namespace {

constexpr int retry_after_overload_s = 1;
constexpr int retry_after_outage_s = 2;

void append_member(std::string& out, std::string_view key, std::string_view value) {
  out.append(",\"").append(key).append("\":");
  append_json(out, value);
}

}  // namespace

problem problem_of(const domain::failure& why) {
  problem p{problems::internal, why.detail, why.fields, {}, 0};
  switch (why.code) {
    case domain::errc::invalid_input:
      p.kind = problems::invalid_input;
      break;
    case domain::errc::malformed:
      p.kind = problems::malformed_request;
      break;
    case domain::errc::not_found:
      p.kind = problems::not_found;
      break;
    case domain::errc::wrong_state:
      p.kind = problems::illegal_transition;
      p.allowed = why.allowed;
      break;
    case domain::errc::conflict:
      p.kind = problems::conflict;
      break;
    case domain::errc::stale:
      p.kind = problems::precondition_failed;
      break;
    case domain::errc::key_reused:
      p.kind = problems::key_reused;
      break;
    case domain::errc::forbidden:
      p.kind = problems::forbidden;
      break;
    case domain::errc::overloaded:
      p.kind = problems::overloaded;
      p.retry_after_s = retry_after_overload_s;
      break;
    case domain::errc::unavailable:
      p.kind = problems::unavailable;
      p.retry_after_s = retry_after_outage_s;
      break;
    case domain::errc::timed_out:
      p.kind = problems::timed_out;
      break;
    case domain::errc::internal:
      p.detail.clear();
      break;  // what broke inside is for the log
  }
  return p;
}

problem_context context_of(const request& rq) { return {domain::holds_card_number(rq.path) ? std::string{} : std::string{rq.path}, rq.trace_id}; }

response to_response(const problem& p, const problem_context& where) {
  response r;
  r.status = p.kind.status;
  r.content_type = problem_type;
  auto& out = r.body;
  out.append("{\"type\":");
  append_json(out, p.kind.type);
  append_member(out, "title", p.kind.title);
  out.append(",\"status\":").append(std::to_string(p.kind.status));
  append_member(out, "detail", p.detail.empty() ? p.kind.title : p.detail);
  append_member(out, "instance", where.instance);
  append_member(out, "trace_id", where.trace_id);
  if (!p.errors.empty()) {
    out.append(",\"errors\":[");
    for (const auto& e : p.errors) {
      if (out.back() != '[') out.push_back(',');
      out.append("{\"pointer\":");
      append_json(out, e.pointer);
      append_member(out, "code", e.code);
      append_member(out, "message", e.message);
      out.push_back('}');
    }
    out.push_back(']');
  }
  if (p.kind.type == problems::illegal_transition.type) {
    out.append(",\"allowed\":[");
    for (const auto& a : p.allowed) {
      if (out.back() != '[') out.push_back(',');
      append_json(out, a);
    }
    out.push_back(']');
  }
  out.push_back('}');
  if (p.retry_after_s > 0) r.add_header("Retry-After", std::to_string(p.retry_after_s));
  if (p.kind.status == problems::unauthorized.status) r.add_header("WWW-Authenticate", "Bearer realm=\"coreldove\", ApiKey realm=\"coreldove\"");
  return r;
}

response to_response(const domain::failure& why, const problem_context& where) { return to_response(problem_of(why), where); }

}  // namespace coreldove::http
