#pragma once
// Catalogue files: products, warehouses and stock as CSV with a header, or as NDJSON with the same names.
//
//   record     what the row is: warehouse, product or stock
//   warehouse  warehouse (its id), name, country; state, postal_code where they are known
//   product    sku, product_id, name, weight_grams; inspect (true or false, default false)
//   stock      sku, warehouse, on_hand
#include <string>
#include <string_view>
#include <vector>

#include "persistence/journal.hpp"

namespace coreldove::app {

/// `problems`: "line 7, sku: missing", every one in the file up to 100. Where there is any, `items` must not be used.
struct catalog_file {
  persistence::catalog items;
  std::vector<std::string> problems;
};

/// Tells the two formats apart by the first character: NDJSON begins with a brace.
catalog_file read_catalog(std::string_view text);

}  // namespace coreldove::app
