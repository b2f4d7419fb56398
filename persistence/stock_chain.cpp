#include "persistence/stock_chain.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "persistence/codec/event_codec.hpp"

namespace coreldove::persistence {
namespace {

domain::failure unreadable(const domain::history_entry& e, std::string_view why) {
  return {domain::errc::internal, fmt::format("event {} of {} cannot be read: {}", e.seq, e.stream, why)};
}

domain::result<std::vector<domain::stock_movement>> adjusted(const domain::history_entry& e) {
  try {
    simdjson::dom::parser parser;
    const simdjson::dom::element data = parser.parse(e.data);
    const std::string_view warehouse = data["warehouse"];
    return std::vector<domain::stock_movement>{{e.stream.substr(sku_stream_prefix.size()), std::string(warehouse), std::int64_t(data["delta"]), 0}};
  } catch (const simdjson::simdjson_error& x) {
    return unreadable(e, x.what());
  }
}

}  // namespace

bool may_move_stock(std::string_view type) {
  constexpr std::array<std::string_view, 6> types{"stock_adjusted", "stock_reserved", "stock_released", "stock_restocked", "shipment_shipped", ""};
  return std::find(types.begin(), types.end(), type) != types.end();
}

domain::result<std::vector<domain::stock_movement>> movements_of(const domain::history_entry& e,
                                                                 const std::function<std::vector<domain::history_entry>()>& before) {
  if (e.stream.starts_with(sku_stream_prefix)) return adjusted(e);
  if (e.stream.starts_with(settings_prefix)) return std::vector<domain::stock_movement>{};
  const auto event = decode(e.type, e.data);
  if (!event) return unreadable(e, event.error().detail);
  if (!std::holds_alternative<domain::shipment_shipped>(*event)) return stock_movements({}, *event);  // its own data says it all
  const auto order = rebuild(before());
  if (!order) return order.error();
  const auto n = std::get<domain::shipment_shipped>(*event).shipment;
  if (n == 0 || n > order->shipments.size()) return unreadable(e, "it ships what was never planned");
  return stock_movements(*order, *event);
}

void join(stock_chains& chains, const stock_entry& e) {
  const auto& m = e.moved;
  auto& row = chains[{m.sku, m.warehouse}];
  row.head = field_hash{}
                 .hash(row.head)
                 .number(e.position)
                 .hash(e.event)
                 .number(static_cast<std::uint64_t>(m.on_hand))
                 .number(static_cast<std::uint64_t>(m.reserved))
                 .finish();
  row.level.on_hand += m.on_hand;
  row.level.reserved += m.reserved;
  ++row.movements;
}

}  // namespace coreldove::persistence
