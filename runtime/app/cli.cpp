#include "runtime/app/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bench/bench.hpp"
#include "config/option.hpp"
#include "runtime/app/serve.hpp"

namespace coreldove::app {
namespace {

constexpr std::string_view examples = R"(Examples:
  coreldove serve                                  the server on http://127.0.0.1:8001, with the sandbox world
  PORT=0 DATA_DIR=/tmp/try coreldove serve         another one, on a free port
  coreldove token --role operator --subject alice  a token for `Authorization: Bearer`
  coreldove catalog import products.csv            products, warehouses and stock
  coreldove replay ord_01JD3Q8Z5V8N0M4T7W2X9Y6K1B  how an order came to be what it is
  coreldove verify                                 does everything in the store add up?

Exit status: 0 done, 1 failed, 2 wrong usage or a bad setting.
Settings are environment variables: see `coreldove serve --help`.
)";

// What is in effect, or what is wrong with it.
int print_settings() {
  const auto settings = read_settings();
  if (!settings) return bad_usage;
  fmt::print("{}", config::effective_text(*settings));
  return success;
}

/// The subcommand that the command line names, with its options; nothing is done before the whole of it has been understood.
class chosen_command {
public:
  /// `does` is what `command` does, given its options as they stand after parsing and the settings.
  template <class Options>
  void by(CLI::App* command, int (*does)(const Options&, const config::settings&), std::shared_ptr<Options> options) {
    command->callback([this, does, options] { run_ = [does, options](const config::settings& s) { return does(*options, s); }; });
  }
  void by(CLI::App* command, int (*does)(const config::settings&)) {
    command->callback([this, does] { run_ = does; });
  }
  explicit operator bool() const { return static_cast<bool>(run_); }
  int run() const {
    const auto settings = read_settings();
    return settings ? run_(*settings) : bad_usage;
  }

private:
  std::function<int(const config::settings&)> run_;
};

void add_serve(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("serve", "Run the server until SIGTERM or SIGINT");
  command->footer(config::help_text());
  chosen.by(command, serve);
}

void add_sandbox(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("sandbox", "Run the outside world on its own: payment gateways, carrier and mail receiver");
  const auto c = std::make_shared<sandbox_command>();
  c->options.port = 8100;
  c->options.webhook_base = "http://127.0.0.1:8001/api/order-workflow/webhooks/in";
  command->add_option("--host", c->options.host, "Address to listen on")->capture_default_str();
  command->add_option("--port", c->options.port, "Port for HTTP; 0 takes a free one")->capture_default_str();
  command->add_option("--smtp-port", c->smtp_port, "Port for mail; the one after --port unless given");
  command->add_option("--webhooks", c->options.webhook_base, "Where webhooks go, without the vendor's name")->capture_default_str();
  command->add_option("--state", c->options.state_file, "File that remembers what took effect across restarts");
  command->add_option("--threads", c->options.threads, "Threads that answer")->capture_default_str()->check(CLI::Range(1, 64));
  command->footer(
      "Example:\n  coreldove sandbox --port 8100 &\n  SANDBOX_URL=http://127.0.0.1:8100 coreldove serve\n\n"
      "What it did: GET /ledger. Faults: POST /faults. Moving parcels on: POST /advance.\n");
  chosen.by(command, run_sandbox, c);
}

void add_token(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("token", "Print a signed JSON Web Token");
  const auto o = std::make_shared<token_options>();
  command->add_option("--role", o->role, "customer, operator, manager or admin")->required();
  command->add_option("--subject", o->subject, "Whom the token names; for a customer, the customer_id")->required();
  command->add_option("--ttl", o->ttl, "How long it holds: 90s, 15m, 1h")->capture_default_str();
  command->footer(
      "Example:\n  curl -H \"Authorization: Bearer $(coreldove token --role operator --subject alice)\" \\\n    "
      "http://127.0.0.1:8001/api/order-workflow/orders\n");
  chosen.by(command, print_token, o);
}

void add_apikey(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("apikey", "Create, list and revoke API keys");
  command->require_subcommand(1);

  auto* create = command->add_subcommand("create", "Make a key and print it, this once");
  const auto o = std::make_shared<apikey_options>();
  const auto one_line = CLI::Validator(
      [](const std::string& name) {
        const bool right = !name.empty() && name.size() <= 100 && name.find_first_of("\r\n\t") == std::string::npos;
        return right ? std::string{} : std::string{"up to 100 bytes in one line"};
      },
      "NAME");
  create->add_option("--role", o->role, "customer, operator, manager or admin")->required()->check(CLI::IsMember({"customer", "operator", "manager", "admin"}));
  create->add_option("--name", o->name, "What the key is for; shown by list")->required()->check(one_line);
  chosen.by(create, create_key, o);

  chosen.by(command->add_subcommand("list", "Show all keys, without the keys themselves"), list_keys);

  auto* revoke = command->add_subcommand("revoke", "Refuse a key from now on");
  const auto id = std::make_shared<std::string>();
  revoke->add_option("ID", *id, "ak_…, from list")->required();
  chosen.by(revoke, revoke_key, id);
}

void add_migrate(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("migrate", "Create or upgrade the store's schema");
  command->footer("`coreldove serve` does this by itself; run it alone to see beforehand that an upgrade works. The server must not be running.\n");
  chosen.by(command, migrate);
}

void add_catalog(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("catalog", "Products, warehouses and stock");
  command->require_subcommand(1);
  auto* import = command->add_subcommand("import", "Take in a file, all of it or nothing; the server must not be running");
  const auto file = std::make_shared<std::string>();
  import->add_option("FILE", *file, "CSV with a header, or NDJSON")->required();
  import->footer(
      "Columns (or names, in NDJSON): record, and for\n"
      "  warehouse  warehouse, name, country, state, postal_code\n"
      "  product    sku, product_id, name, weight_grams, inspect\n"
      "  stock      sku, warehouse, on_hand\n"
      "Example: config/sample_catalog.csv.\n");
  chosen.by(import, import_catalog, file);
}

void add_replay(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("replay", "Rebuild one order from its events and print every step");
  const auto o = std::make_shared<replay_options>();
  command->add_option("ORDER_ID", o->order_id, "ord_…")->required();
  command->add_flag("--json", o->json, "Every step as one JSON object");
  command->footer(
      "Each line: seq, time, event, by whom, then status / payment / fulfilment after it. The last line is the order.\n"
      "Exit status 1 where the stored order differs from what its events make of it.\n");
  chosen.by(command, replay, o);
}

void add_verify(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("verify", "Check the whole store: events, stock, money, lists");
  const auto o = std::make_shared<verify_options>();
  auto* repair_flag = command->add_flag("--repair", o->repair, "Say for each finding what a repair would do");
  auto* yes_flag = command->add_flag("--yes", o->yes, "Do it; all or nothing, and no server may be running")->needs(repair_flag);
  command->add_option("--certificate", o->certificate, "A certificate of the stock ledger: is what it says still in the store?")
      ->check(CLI::ExistingFile)
      ->excludes(yes_flag);
  command->footer(
      "It replays every event and compares what follows from it with what the store holds. A server may be running.\n"
      "Each finding is a line: check: subject: detail. Exit status 1 where there is any.\n"
      "What follows from events can be made again from them. Events that were changed or are missing cannot: they are\n"
      "reported, and nothing of their order is touched.\n");
  chosen.by(command, verify, o);
}

void add_reconcile(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("reconcile", "Compare a gateway's settlement report with the orders' books");
  const auto o = std::make_shared<reconcile_options>();
  command->add_option("FILE", o->path, "CSV as the gateway gives it")->required();
  command->add_option("--gateway", o->gateway, "Whose report it is; left out: found out from its columns")
      ->check(CLI::IsMember({"stripe", "paypal", "razorpay", "payu"}));
  command->add_option("--server", o->server, "Address of the running server; left out: as the settings say, or none");
  command->add_flag("--report-only", o->report_only, "Print, and tell no order");
  command->footer(
      "Each finding is a line: what, order, detail. unmatched: no order has booked it; missing: the report does not list it; over, under: by amount.\n"
      "A finding opens a review of kind payment on its order, or goes to the inbox of payments where it has none; a second run adds nothing.\n"
      "Exit status 1 where there are findings.\n");
  chosen.by(command, reconcile, o);
}

void add_check(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("check", "Call one outside system with harmless real calls and print what worked");
  const auto name = std::make_shared<std::string>();
  command->add_option("INTEGRATION", *name, "stripe, paypal, razorpay, payu, fedex or smtp")->required()->check(CLI::IsMember(checkable));
  command->footer("It goes where the settings say: <NAME>_API_BASE, SANDBOX_URL, the vendor in production, else a sandbox world started for the check.\n");
  chosen.by(command, check, name);
}

void add_backtest(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("backtest", "What would another policy have brought?");
  command->require_subcommand(1);
  auto* routing = command->add_subcommand("routing", "Try a routing policy on the recorded decisions");
  const auto o = std::make_shared<backtest_options>();
  routing->add_option("--policy", o->policy_file, "The policy, a JSON file as for PAYMENT_ROUTING_POLICY")->required()->check(CLI::ExistingFile);
  routing->add_option("--since", o->since, "Only decisions from this time on (RFC 3339)");
  routing->add_flag("--json", o->json, "One JSON object");
  routing->footer(
      "Each decision was recorded with its candidates, what was known of them, and the probability that it was made with. From these the\n"
      "difference is estimated, doubly robust, with its 95 % interval; nothing is sent anywhere. A server may be running.\n");
  chosen.by(routing, backtest_routing, o);
}

int parse_and_run(int argc, const char* const* argv) {
  CLI::App app{"CoreLDove: an order engine."};
  app.name("coreldove");
  app.footer(std::string{examples});
  app.set_version_flag("--version", std::string{"coreldove "} + CORELDOVE_VERSION);
  chosen_command chosen;
  bool print_config = false;
  app.add_flag("--print-config", print_config, "Print the settings in effect, secrets masked, and end");
  add_serve(app, chosen);
  add_sandbox(app, chosen);
  add_token(app, chosen);
  add_apikey(app, chosen);
  add_migrate(app, chosen);
  add_catalog(app, chosen);
  add_replay(app, chosen);
  add_verify(app, chosen);
  add_reconcile(app, chosen);
  add_check(app, chosen);
  add_backtest(app, chosen);
  app.add_subcommand("bench", "The load generator; `coreldove bench --help` says more");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? success : bad_usage;  // prints help, version or complaint
  }
  if (print_config) return print_settings();
  if (chosen) return chosen.run();
  fmt::print(stderr, "{}", app.help());
  return bad_usage;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  try {
    // The load generator reads its own command line, all of it.
    if (argc > 1 && std::string_view{argv[1]} == "bench") return bench::main({argv + 2, argv + argc});
    return parse_and_run(argc, argv);
  } catch (const std::exception& e) {
    return fail(e.what());
  }
}

}  // namespace coreldove::app
