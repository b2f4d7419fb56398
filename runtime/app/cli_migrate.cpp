#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "persistence/open_store.hpp"
#include "runtime/app/cli.hpp"

namespace coreldove::app {
namespace {

int migrate(const config::settings& s) {
  const auto place = store_place(s);
  const bool existed = persistence::store_exists(place);
  persistence::open_store({.place = place, .readers = 1, .on_commit = {}, .observe = {}})->stop();
  fmt::print(stderr, "{} {}.\n", persistence::shown(place), existed ? "is up to date" : "has been created");
  return success;
}

}  // namespace

void add_migrate(CLI::App& app, action& chosen) {
  auto* command = app.add_subcommand("migrate", "Create or upgrade the store's schema");
  command->footer("`coreldove serve` does this by itself; run it alone to see beforehand that an upgrade works. The server must not be running.\n");
  command->callback([&chosen] { chosen = with_settings(migrate); });
}

}  // namespace coreldove::app
