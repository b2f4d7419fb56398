#pragma once
// Every error of the interface as RFC 9457 problem details. `type` is one of the names below: a relative reference, stable, to be compared by clients.
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/result.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace coreldove::http {

/// A row of the catalogue of problems: what is always the same about it.
struct problem_kind {
  int status;
  std::string_view type, title;
};

namespace problems {
inline constexpr problem_kind malformed_request{400, "malformed-request", "The request could not be read"};
inline constexpr problem_kind malformed_json{400, "malformed-json", "The body is not valid JSON"};
inline constexpr problem_kind unauthorized{401, "unauthorized", "Credentials are missing or not accepted"};
inline constexpr problem_kind forbidden{403, "forbidden", "These credentials do not allow it"};
inline constexpr problem_kind https_required{403, "https-required", "Only HTTPS is served here"};
inline constexpr problem_kind not_found{404, "not-found", "There is no such thing"};
inline constexpr problem_kind method_not_allowed{405, "method-not-allowed", "The method is not allowed here"};
inline constexpr problem_kind request_timeout{408, "request-timeout", "The request did not arrive in time"};
inline constexpr problem_kind illegal_transition{409, "illegal-transition", "The order's status does not allow it"};
inline constexpr problem_kind conflict{409, "conflict", "Somebody else was faster"};
inline constexpr problem_kind precondition_failed{412, "precondition-failed", "If-Match does not hold"};
inline constexpr problem_kind content_too_large{413, "content-too-large", "The body is too large"};
inline constexpr problem_kind uri_too_long{414, "uri-too-long", "The request target is too long"};
inline constexpr problem_kind unsupported_media_type{415, "unsupported-media-type", "This kind of body is not understood"};
inline constexpr problem_kind expectation_failed{417, "expectation-failed", "The expectation can't be met"};
inline constexpr problem_kind invalid_input{422, "invalid-input", "Some fields are not acceptable"};
inline constexpr problem_kind card_data{422, "card-data-refused", "Card data is not accepted here"};
inline constexpr problem_kind key_reused{422, "idempotency-key-reused", "The idempotency key came with another body before"};
inline constexpr problem_kind rate_limited{429, "rate-limited", "Too many requests"};
inline constexpr problem_kind headers_too_large{431, "headers-too-large", "The header is too large"};
inline constexpr problem_kind internal{500, "internal", "Something went wrong here"};
inline constexpr problem_kind not_implemented{501, "not-implemented", "This is not understood"};
inline constexpr problem_kind overloaded{503, "overloaded", "Too much is going on"};
inline constexpr problem_kind unavailable{503, "unavailable", "This is not possible at the moment"};
inline constexpr problem_kind timed_out{504, "timed-out", "No answer in time; the outcome is not known"};
inline constexpr problem_kind version_not_supported{505, "version-not-supported", "HTTP/1.0 and HTTP/1.1 are spoken here"};
}  // namespace problems

struct problem {
  problem_kind kind = problems::internal;
  std::string detail;
  std::vector<domain::field_error> errors = {};
  std::vector<std::string> allowed = {};  // statuses an order may be moved to
  int retry_after_s = 0;                  // Retry-After; 0: none
};

/// A value, or the problem that is the answer.
template <class T>
using outcome = std::variant<T, problem>;

problem problem_of(const domain::failure& why);

/// What the answer says of the request: enough to find it in the log, nothing that may be secret.
struct problem_context {
  std::string instance;  // the path, empty where it is not to be repeated
  std::string trace_id;
};
problem_context context_of(const request& rq);

response to_response(const problem& p, const problem_context& where);
response to_response(const domain::failure& why, const problem_context& where);

}  // namespace coreldove::http
