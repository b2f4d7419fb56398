#pragma once
// Everything between a request's header and its handler: route, credentials, roles, rate limits, content type, size, load. Knows nothing of sockets.
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "http/app.hpp"
#include "http/auth.hpp"
#include "http/header_guard.hpp"
#include "http/http_metrics.hpp"
#include "http/rate_limit.hpp"
#include "http/routes.hpp"

namespace coreldove::http {

/// What is to become of a request.
struct verdict {
  const route* row = nullptr;
  std::optional<response> refusal;  // the answer, instead of the handler's
  std::string more_fields;          // header lines for whatever the answer is
};

class dispatcher {
public:
  dispatcher(app& a, http_metrics& metrics, api_key_lookup lookup);

  /// Judges a header. Nothing: a key is being looked up; `later` runs once, on any thread, and then `judge` has the verdict.
  /// Sets rq.row.
  std::optional<verdict> admit(request& rq, const framing& f, std::function<void(authenticator::answer)> later);
  verdict judge(request& rq, const framing& f, authenticator::answer who);

  /// Calls the handler; whatever it throws becomes a 500.
  void dispatch(const route& row, const request& rq, const responder& reply);

  std::uint64_t body_bytes_max(const route* row) const;
  /// The handler's time for an answer.
  std::chrono::milliseconds patience(const request& rq) const;

  bool take_place();  // false: too much is in flight
  void free_place();
  http_metrics& metrics() { return metrics_; }
  const server_options& options() const { return app_.options; }
  rate_limiter& callers() { return per_principal_; }
  rate_limiter& failures() { return failures_; }

private:
  verdict refuse(const request& rq, const route* row, problem p) const;
  std::optional<problem> unsuitable_body(const request& rq, const route& row, const framing& f) const;

  app& app_;
  http_metrics& metrics_;
  authenticator authenticator_;
  rate_limiter per_principal_, failures_;
  std::atomic<std::size_t> in_flight_{0};
};

}  // namespace coreldove::http
