#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <set>

#include "persistence/open_store.hpp"
#include "runtime/app/await.hpp"
#include "runtime/app/catalog_file.hpp"
#include "runtime/app/cli.hpp"

namespace coreldove::app {
namespace {

// Stock of something that neither the file nor the store knows could never be sold.
std::vector<std::string> unknown_references(const persistence::catalog& file, const persistence::catalog& stored) {
  std::set<std::string_view> skus, warehouses;
  for (const auto* c : {&file, &stored}) {
    for (const auto& item : c->items) skus.insert(item.sku);
    for (const auto& w : c->warehouses) warehouses.insert(w.id);
  }
  std::vector<std::string> out;
  for (const auto& row : file.levels) {
    if (!skus.contains(row.sku)) out.push_back(fmt::format("stock of \"{}\": there is no such product, in the file or in the store", row.sku));
    if (!warehouses.contains(row.warehouse))
      out.push_back(fmt::format("stock of \"{}\" at \"{}\": there is no such warehouse, in the file or in the store", row.sku, row.warehouse));
  }
  return out;
}

int refuse(const std::vector<std::string>& problems) {
  for (const auto& problem : problems) fmt::print(stderr, "{}\n", problem);
  fmt::print(stderr, "Nothing has been imported.\n");
  return failure;
}

}  // namespace

int import_catalog(const std::string& path, const config::settings& s) {
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file) return refuse({fmt::format("{}: cannot be read", path)});
  auto read = read_catalog(text);
  if (!read.problems.empty()) return refuse(read.problems);

  const auto store = persistence::open_store({.place = store_place(s), .readers = 1, .on_commit = {}, .observe = {}});
  const auto stored = await<domain::result<persistence::catalog>>([&](auto done) { store->store().load_catalog(std::move(done)); });
  if (!stored) return refuse({stored.error().detail});
  if (const auto unknown = unknown_references(read.items, *stored); !unknown.empty()) return refuse(unknown);

  const auto line =
      fmt::format("{} products, {} warehouses, {} rows of stock", read.items.items.size(), read.items.warehouses.size(), read.items.levels.size());
  const auto imported = await<domain::result<bool>>([&](auto done) { store->journal().import(std::move(read.items), std::move(done)); });
  if (!imported) return refuse({imported.error().detail});
  store->stop();
  fmt::print(stderr, "Imported {}. Rows of stock that were there already keep their stock.\n", line);
  return success;
}

}  // namespace coreldove::app
