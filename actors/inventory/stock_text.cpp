#include "actors/inventory/stock_text.hpp"

#include <nlohmann/json.hpp>

namespace coreldove::actors {

using nlohmann::json;

std::string stock_text(const std::vector<domain::stock_row>& rows) {
  auto out = json::array();
  for (const auto& r : rows) out.push_back({r.warehouse, r.level.on_hand, r.level.reserved});
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<domain::stock_row> read_stock_text(const std::string& sku, std::string_view text) {
  std::vector<domain::stock_row> rows;
  for (const auto& r : json::parse(text)) rows.push_back({sku, r.at(0).get<std::string>(), {r.at(1).get<std::int64_t>(), r.at(2).get<std::int64_t>()}});
  return rows;
}

}  // namespace coreldove::actors
