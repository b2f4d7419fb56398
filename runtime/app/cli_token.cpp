#include <fmt/format.h>

#include "config/option.hpp"
#include "http/auth.hpp"
#include "runtime/app/cli.hpp"
#include "runtime/app/signing_key.hpp"
#include "runtime/clock.hpp"

namespace coreldove::app {

int print_token(const token_options& o, const config::settings& settings) {
  const auto role = http::role_from(o.role);
  const auto ttl = config::parse_span(o.ttl);
  if (!role) fmt::print(stderr, "--role: \"{}\" is not allowed; allowed is one of customer, operator, manager, admin\n", o.role);
  if (o.subject.empty()) fmt::print(stderr, "--subject: may not be empty\n");
  if (!ttl || *ttl < std::chrono::seconds{1}) fmt::print(stderr, "--ttl: \"{}\" is not allowed; allowed is a time from 1s on, such as 90s, 15m or 1h\n", o.ttl);
  if (!role || o.subject.empty() || !ttl || *ttl < std::chrono::seconds{1}) return bad_usage;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*ttl);
  fmt::print("{}\n", http::issue_token(signing_key(settings), *role, o.subject, seconds, runtime::system_clock().now()));
  return success;
}

}  // namespace coreldove::app
