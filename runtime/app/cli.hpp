#pragma once
// The command line: its grammar is in cli.cpp, and each subcommand is a function in a file of its own, cli_<name>.cpp. Results go to standard output,
// everything else to standard error.
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.hpp"
#include "integrations/sandbox/sandbox.hpp"

namespace coreldove::app {

/// Exit statuses. bad_usage: the command line or a setting is wrong, and nothing was done.
inline constexpr int success = 0, failure = 1, bad_usage = 2;

// Each returns the exit status. What could not be parsed away by the grammar they refuse as `bad_usage`; they throw std::exception with one sentence.

struct sandbox_command {
  integrations::sandbox_options options;
  std::optional<std::uint16_t> smtp_port;  // the one after options.port unless given
};
int run_sandbox(const sandbox_command& c, const config::settings& s);

struct token_options {
  std::string role, subject, ttl = "1h";
};
int print_token(const token_options& o, const config::settings& s);

struct apikey_options {
  std::string role, name;
};
int create_key(const apikey_options& o, const config::settings& s);
int list_keys(const config::settings& s);
int revoke_key(const std::string& id, const config::settings& s);

int migrate(const config::settings& s);

int import_catalog(const std::string& file, const config::settings& s);

struct replay_options {
  std::string order_id;
  bool json = false;
};
int replay(const replay_options& o, const config::settings& s);

struct verify_options {
  bool repair = false, yes = false;  // say what a repair would do; do it
  std::string certificate;           // a file, or empty
};
int verify(const verify_options& o, const config::settings& s);

struct reconcile_options {
  std::string path, gateway, server;  // gateway and server may be empty
  bool report_only = false;
};
int reconcile(const reconcile_options& o, const config::settings& s);

/// The outside systems that `check` knows.
inline constexpr std::initializer_list<const char*> checkable = {"stripe", "paypal", "razorpay", "payu", "fedex", "smtp"};
int check(const std::string& name, const config::settings& s);

struct backtest_options {
  std::string policy_file, since;  // since may be empty
  bool json = false;
};
int backtest_routing(const backtest_options& o, const config::settings& s);

/// The settings of the environment. Nothing where some are wrong; each complaint has then been printed to standard error, one a line.
std::optional<config::settings> read_settings();

/// Where the store is, as persistence::open_store takes it; a file's folder is made where it is missing. Throws std::filesystem::filesystem_error.
std::string store_place(const config::settings& s);

/// One line to standard error; returns `failure`.
int fail(std::string_view why);

/// The whole of main: 0, 1 or 2.
int run_command_line(int argc, const char* const* argv);

}  // namespace coreldove::app
