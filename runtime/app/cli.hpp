#pragma once
// The command line. Each subcommand has a file of its own, cli_<name>.cpp; results go to standard output, everything else to standard error.
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace CLI {
class App;
}

namespace coreldove::app {

/// Exit statuses. bad_usage: the command line or a setting is wrong, and nothing was done.
inline constexpr int success = 0, failure = 1, bad_usage = 2;

/// What the command line asks for; returns the exit status.
using action = std::function<int()>;

// Each adds its subcommand; where the command line names it, parsing leaves what is to be done in `chosen`.
void add_serve(CLI::App& app, action& chosen);
void add_sandbox(CLI::App& app, action& chosen);
void add_token(CLI::App& app, action& chosen);
void add_apikey(CLI::App& app, action& chosen);
void add_migrate(CLI::App& app, action& chosen);
void add_catalog(CLI::App& app, action& chosen);
void add_replay(CLI::App& app, action& chosen);
void add_verify(CLI::App& app, action& chosen);
void add_reconcile(CLI::App& app, action& chosen);
void add_check(CLI::App& app, action& chosen);
void add_backtest(CLI::App& app, action& chosen);

/// The settings of the environment. Nothing where some are wrong; each complaint has then been printed to standard error, one a line.
std::optional<config::settings> read_settings();

/// An action that reads the settings first and does nothing where some are wrong.
action with_settings(std::function<int(const config::settings&)> run);

/// Where the store is, as persistence::open_store takes it; a file's folder is made where it is missing. Throws std::filesystem::filesystem_error.
std::string store_place(const config::settings& s);

/// One line to standard error; returns `failure`.
int fail(std::string_view why);

/// The whole of main: 0, 1 or 2.
int run_command_line(int argc, const char* const* argv);

}  // namespace coreldove::app
