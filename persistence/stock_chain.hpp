#pragma once
// The stock ledger as a hash chain for each SKU at each warehouse. No chain is stored, and writing an order costs nothing for it: whoever wants one reads the
// events, which carry the hash chains of their streams, and joins what they did to the stock in the order of their positions.
//
//   link = SHA-256(link before it, position of the event, the event's own hash, added to on_hand, added to reserved)
//
// The event's hash stands for the whole history of its stream up to it, so a link pins the orders that moved the stock and not only the quantities.
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "domain/query.hpp"
#include "domain/result.hpp"
#include "domain/stock.hpp"
#include "persistence/hash_chain.hpp"

namespace coreldove::persistence {

/// What one event did to one row of stock.
struct stock_entry {
  std::uint64_t position = 0;
  digest event{};
  domain::stock_movement moved;
};

/// Some of the ledger, in the order of the positions.
struct stock_ledger_page {
  std::vector<stock_entry> entries;
  std::uint64_t through = 0;  // all up to this position have been looked at
};

/// What an event does to the stock. `before`: the events before it in its stream; asked for only where they matter.
/// Errors: internal where an event cannot be read.
domain::result<std::vector<domain::stock_movement>> movements_of(const domain::history_entry& e,
                                                                 const std::function<std::vector<domain::history_entry>()>& before);

/// Whether events of this type can; what nobody can read may, too.
bool may_move_stock(std::string_view type);

/// The stream of a SKU's own events: "sku/<sku>".
inline constexpr std::string_view sku_stream_prefix = "sku/";

struct stock_row_name {
  std::string sku, warehouse;
  friend auto operator<=>(const stock_row_name&, const stock_row_name&) = default;
};

/// A row's chain up to some position.
struct chained_stock {
  domain::stock_level level;
  std::uint64_t movements = 0;
  digest head{};  // zeros: it has not moved yet
};

/// As large as the catalogue, however long the ledger.
using stock_chains = std::map<stock_row_name, chained_stock>;

void join(stock_chains& chains, const stock_entry& e);

}  // namespace coreldove::persistence
