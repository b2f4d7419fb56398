#include <fmt/format.h>

#include "persistence/open_store.hpp"
#include "runtime/app/cli.hpp"

namespace coreldove::app {

int migrate(const config::settings& s) {
  const auto place = store_place(s);
  const bool existed = persistence::store_exists(place);
  persistence::open_store({.place = place, .readers = 1, .on_commit = {}, .observe = {}})->stop();
  fmt::print(stderr, "{} {}.\n", persistence::shown(place), existed ? "is up to date" : "has been created");
  return success;
}

}  // namespace coreldove::app
