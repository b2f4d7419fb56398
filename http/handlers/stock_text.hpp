#pragma once
// Rows of stock as JSON.
#include <span>
#include <string>

#include "domain/query.hpp"

namespace coreldove::http {

/// {"sku", "warehouses": [{"id", "on_hand", "reserved", "available"}], "on_hand", "reserved", "available"}; `rows` are all of one SKU.
void append_stock(std::string& out, std::span<const domain::stock_row> rows);

/// Takes the rows of the first SKU off the front.
std::span<const domain::stock_row> next_sku(std::span<const domain::stock_row>& rows);

}  // namespace coreldove::http
