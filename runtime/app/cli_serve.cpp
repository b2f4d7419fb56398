#include <CLI/CLI.hpp>

#include "config/option.hpp"
#include "runtime/app/cli.hpp"
#include "runtime/app/serve.hpp"

namespace coreldove::app {

void add_serve(CLI::App& app, action& chosen) {
  auto* command = app.add_subcommand("serve", "Run the server until SIGTERM or SIGINT");
  command->footer(config::help_text());
  command->callback([&chosen] { chosen = with_settings(serve); });
}

}  // namespace coreldove::app
