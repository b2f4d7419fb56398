#pragma once
// The stock ledger: every unit of a SKU at a warehouse is in exactly one account; a movement takes from one and gives to another.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/result.hpp"

namespace coreldove::domain {

/// Part of a line, promised from one warehouse.
struct allocation {
  std::uint32_t line = 0;  // index into the order's items
  std::string sku, warehouse;
  std::int32_t quantity = 0;
  std::int32_t weight_grams = 0;  // of one unit, from the catalogue
  bool inspect = false;           // the catalogue asks for a person's quality check
  friend bool operator==(const allocation&, const allocation&) = default;
};

/// What a committed event does to one row of stock. `on_hand` is what stands on the shelf, reserved units included.
struct stock_movement {
  std::string sku, warehouse;
  std::int64_t on_hand = 0;   // added to on_hand
  std::int64_t reserved = 0;  // added to reserved
  friend bool operator==(const stock_movement&, const stock_movement&) = default;
};

struct stock_level {
  std::int64_t on_hand = 0, reserved = 0;
  std::int64_t available() const { return on_hand - reserved; }
};

struct catalog_item {
  std::string sku, product_id, name;
  std::int32_t weight_grams = 0;
  bool inspect = false;
};

struct warehouse_info {
  std::string id, name, country, state, postal_code;
};

struct wanted_line {
  std::uint32_t line = 0;
  std::string sku;
  std::int32_t quantity = 0;
};

struct shortage {
  std::uint32_t line = 0;
  std::string sku;
  std::int64_t wanted = 0, available = 0;
  friend bool operator==(const shortage&, const shortage&) = default;
};

/// Where an order goes, for choosing among warehouses: nearer ones first.
struct destination {
  std::string country, state, postal_code;
};

/// All stock of the node in memory: what the store says, plus the holds of orders that are being written. Not thread-safe: the inventory actor
/// owns it. `reserved <= on_hand` holds at every return.
class stock_ledger {
public:
  void put_warehouse(warehouse_info w);
  void put_item(catalog_item item);
  /// A row as the store has it.
  void put_level(std::string_view sku, std::string_view warehouse, stock_level level);

  /// Holds all lines or none for an order, until commit() or release(). One warehouse that has everything is preferred over a split, nearer over
  /// farther (same state, same country, anywhere), then the fuller; lines may be split over warehouses as the last resort. Repeating it for the same
  /// order returns the same allocations.
  struct reservation {
    std::vector<allocation> allocations;  // empty where anything is short
    std::vector<shortage> shortages;      // every line that is short; an unknown SKU is short with 0 available
  };
  reservation reserve(const std::string& order_id, const std::vector<wanted_line>& lines, const destination& to);

  /// Drops a hold that was never committed. Unknown orders are fine.
  void release(const std::string& order_id);
  /// The reservation is in the store: its units stay reserved, the ledger no longer remembers whose they are (the order does). False where there was no hold.
  bool commit(const std::string& order_id);
  /// A movement that the store has committed. False, and nothing changed, where it does not fit: then this ledger has lost touch with the store.
  bool apply(const stock_movement& m);
  /// An operator's count or correction. Creates the row, and the SKU, where they are new. Errors: wrong_state where on_hand would fall below
  /// reserved or below zero, invalid_input at "/warehouse" for one that put_warehouse never named.
  result<stock_level> adjust(std::string_view sku, std::string_view warehouse, std::int64_t delta);

  const std::map<std::string, stock_level, std::less<>>* levels(std::string_view sku) const;  // by warehouse; nullptr for an unknown SKU
  bool holds(const std::string& order_id) const;

private:
  struct item_state {
    catalog_item item;
    std::map<std::string, stock_level, std::less<>> levels;
  };
  class planner;        // chooses the warehouses of one reservation
  struct string_hash {  // finds a std::string by a view of it
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };

  item_state& item_of(std::string_view sku);
  stock_level& level_of(std::string_view sku, std::string_view warehouse);  // creates the row
  stock_level peek(std::string_view sku, std::string_view warehouse) const;

  std::map<std::string, warehouse_info, std::less<>> warehouses_;
  std::unordered_map<std::string, item_state, string_hash, std::equal_to<>> items_;
  std::unordered_map<std::string, std::vector<allocation>> held_;  // by order, not yet committed
};

}  // namespace coreldove::domain
