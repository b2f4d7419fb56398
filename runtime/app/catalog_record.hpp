#pragma once
// One row of a catalogue file, whatever the format, and the checks that turn rows into a catalogue.
#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/app/catalog_file.hpp"

namespace coreldove::app {

enum class column : std::size_t { record, sku, product_id, name, weight_grams, inspect, warehouse, country, state, postal_code, on_hand };
inline constexpr std::array<std::string_view, 11> column_names = {"record",    "sku",     "product_id", "name",        "weight_grams", "inspect",
                                                                  "warehouse", "country", "state",      "postal_code", "on_hand"};
std::optional<column> column_from(std::string_view name);

struct catalog_record {
  std::size_t line = 0;                                 // where it begins, from 1
  std::array<std::string, column_names.size()> values;  // empty: not there
  const std::string& operator[](column c) const { return values[static_cast<std::size_t>(c)]; }
  std::string& operator[](column c) { return values[static_cast<std::size_t>(c)]; }
};

/// Takes rows in, complains about what is wrong with them, and keeps what is right.
class catalog_builder {
public:
  void take(const catalog_record& row);
  void complain(std::size_t line, std::string_view where, std::string_view what);
  /// True where so much is wrong that reading on makes no sense.
  bool hopeless() const { return out_.problems.size() >= problems_max; }
  catalog_file finish() && { return std::move(out_); }

private:
  static constexpr std::size_t problems_max = 100;

  const std::string& text(const catalog_record& row, column c, std::size_t bytes_max, bool required = true);
  std::int64_t number(const catalog_record& row, column c, std::int64_t max);
  void refuse_others(const catalog_record& row, std::initializer_list<column> known);
  void take_warehouse(const catalog_record& row);
  void take_product(const catalog_record& row);
  void take_stock(const catalog_record& row);

  catalog_file out_;
  std::set<std::pair<std::string, std::string>> seen_;  // what a row is about: ("product", sku), …
};

}  // namespace coreldove::app
