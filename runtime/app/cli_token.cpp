#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "config/option.hpp"
#include "http/auth.hpp"
#include "runtime/app/cli.hpp"
#include "runtime/app/signing_key.hpp"
#include "runtime/clock.hpp"

namespace coreldove::app {
namespace {

struct token_options {
  std::string role, subject, ttl = "1h";
};

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

}  // namespace

void add_token(CLI::App& app, action& chosen) {
  auto* command = app.add_subcommand("token", "Print a signed JSON Web Token");
  const auto o = std::make_shared<token_options>();
  command->add_option("--role", o->role, "customer, operator, manager or admin")->required();
  command->add_option("--subject", o->subject, "Whom the token names; for a customer, the customer_id")->required();
  command->add_option("--ttl", o->ttl, "How long it holds: 90s, 15m, 1h")->capture_default_str();
  command->footer(
      "Example:\n  curl -H \"Authorization: Bearer $(coreldove token --role operator --subject alice)\" \\\n    "
      "http://127.0.0.1:8001/api/order-workflow/orders\n");
  command->callback([&chosen, o] { chosen = with_settings([o](const config::settings& s) { return print_token(*o, s); }); });
}

}  // namespace coreldove::app
