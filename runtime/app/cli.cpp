#include "runtime/app/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bench/bench.hpp"
#include "config/option.hpp"
#include "persistence/open_store.hpp"

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

int parse_and_run(int argc, const char* const* argv) {
  CLI::App app{"CoreLDove: an order engine."};
  app.name("coreldove");
  app.footer(std::string{examples});
  app.set_version_flag("--version", std::string{"coreldove "} + CORELDOVE_VERSION);
  action chosen;
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
  if (chosen) return chosen();
  fmt::print(stderr, "{}", app.help());
  return bad_usage;
}

}  // namespace

std::optional<config::settings> read_settings() {
  auto loaded = config::load(config::process_environment());
  for (const auto& problem : loaded.problems) fmt::print(stderr, "{}\n", problem);
  if (!loaded.problems.empty()) return std::nullopt;
  for (const auto& note : loaded.notes) fmt::print(stderr, "note: {}\n", note);
  return std::move(loaded.values);
}

action with_settings(std::function<int(const config::settings&)> run) {
  return [run = std::move(run)] {
    const auto settings = read_settings();
    return settings ? run(*settings) : bad_usage;
  };
}

std::string store_place(const config::settings& s) {
  auto place = config::database_place(s);
  if (persistence::is_postgres(place)) return place;
  if (const std::filesystem::path file = place; file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  return place;
}

int fail(std::string_view why) {
  fmt::print(stderr, "coreldove: {}\n", why);
  return failure;
}

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
