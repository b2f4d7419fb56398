#pragma once
// Where the orders written last stand in the store: a writer that knows need not ask.
#include <cstdint>
#include <string>
#include <unordered_map>

#include "persistence/figures.hpp"
#include "persistence/hash_chain.hpp"

namespace coreldove::persistence {

/// The total with four decimals, whatever the currency has, so that totals of all currencies stand in one index.
std::int64_t with_four_decimals(std::int64_t total, std::uint8_t digits);

struct order_head {
  std::int64_t no = 0;
  std::uint64_t version = 0;
  digest hash{};
  order_figures figures;
  bool unfinished = false;
  std::size_t parcels = 0;  // tracking numbers known to be in the store
};

/// The head after `item`, whose last event has `hash`; before.version 0: a new order, to which `before` gave its number.
order_head head_after(const append& item, const order_head& before, const digest& hash);

/// The heads of the orders written last, in two generations: when the younger is full, the older is dropped.
class head_cache {
public:
  const order_head* find(const std::string& id) const;
  void put(const std::string& id, const order_head& head);
  void clear();

private:
  std::unordered_map<std::string, order_head> young_, old_;
};

}  // namespace coreldove::persistence
