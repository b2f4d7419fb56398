#pragma once
// The stock of one SKU as text, so that the first answer to an adjustment can be kept under its idempotency key.
#include <string>
#include <string_view>
#include <vector>

#include "domain/query.hpp"

namespace coreldove::actors {

/// A JSON array of [warehouse, on hand, reserved].
std::string stock_text(const std::vector<domain::stock_row>& rows);
/// Throws nlohmann::json::exception for what stock_text has not written.
std::vector<domain::stock_row> read_stock_text(const std::string& sku, std::string_view text);

}  // namespace coreldove::actors
