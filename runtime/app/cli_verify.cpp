#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "persistence/sqlite/audit.hpp"
#include "persistence/verify.hpp"
#include "runtime/app/cli.hpp"

namespace coreldove::app {
namespace {

int verify(const config::settings& s) {
  const auto source = persistence::sqlite::open_audit(config::database_path(s));
  persistence::verify_options options;
  const bool watched = ::isatty(STDERR_FILENO) == 1;
  if (watched) options.progress = [](std::uint64_t orders) { fmt::print(stderr, "\r{} orders", orders); };
  const auto v = persistence::verify(*source, options);
  if (watched) fmt::print(stderr, "\r\033[K");

  for (const auto& f : v.findings) fmt::print("{}: {}: {}\n", f.check, f.subject, f.detail);
  if (v.findings_total > v.findings.size()) fmt::print("… and {} more\n", v.findings_total - v.findings.size());
  fmt::print("{} orders, {} events, {} rows of stock: {}\n", v.orders, v.events, v.stock_rows,
             v.findings_total == 0 ? "everything adds up" : fmt::format("{} findings", v.findings_total));
  return v.findings_total == 0 ? success : failure;
}

}  // namespace

void add_verify(CLI::App& app, action& chosen) {
  auto* command = app.add_subcommand("verify", "Check the whole store: events, stock, money, lists");
  command->footer(
      "It replays every event and compares what follows from it with what the store holds. A server may be running.\n"
      "Each finding is a line: check: subject: detail. Exit status 1 where there is any.\n");
  command->callback([&chosen] { chosen = with_settings(verify); });
}

}  // namespace coreldove::app
