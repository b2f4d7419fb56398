#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "config/option.hpp"
#include "persistence/open_store.hpp"
#include "runtime/app/cli.hpp"

namespace coreldove::app {

std::optional<config::settings> read_settings() {
  auto loaded = config::load(config::process_environment());
  for (const auto& problem : loaded.problems) fmt::print(stderr, "{}\n", problem);
  if (!loaded.problems.empty()) return std::nullopt;
  for (const auto& note : loaded.notes) fmt::print(stderr, "note: {}\n", note);
  return std::move(loaded.values);
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

}  // namespace coreldove::app
