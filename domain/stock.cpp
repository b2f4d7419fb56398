#include "domain/stock.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace coreldove::domain {

/// Works on the lines of one order. Lines of the same SKU share one demand.
class stock_ledger::planner {
public:
  planner(stock_ledger& ledger, const destination& to) : ledger_(ledger), to_(to) {}

  /// Every line that cannot be served after the lines before it.
  std::vector<shortage> take_in(const std::vector<wanted_line>& lines) {
    std::vector<shortage> missing;
    wants_.reserve(lines.size());
    demands_.reserve(lines.size());
    for (const auto& line : lines) {
      assert(line.quantity > 0);
      const auto found = ledger_.items_.find(line.sku);
      if (found == ledger_.items_.end()) {
        missing.push_back({line.line, line.sku, line.quantity, 0});
        continue;
      }
      demand& d = demand_for(found->second);
      if (line.quantity > d.left) {
        missing.push_back({line.line, line.sku, line.quantity, d.left});
        continue;
      }
      d.left -= line.quantity;
      d.quantity += line.quantity;
      wants_.push_back({&line, &found->second});
    }
    return missing;
  }

  /// Call it only where nothing is missing.
  std::vector<allocation> reserve() {
    plan_.reserve(wants_.size());
    if (const std::string* warehouse = one_for_all())
      for (const want& w : wants_) take(w, *warehouse, w.item->levels.find(*warehouse)->second, w.line->quantity);
    else
      for (const want& w : wants_) gather(w);
    return std::move(plan_);
  }

private:
  struct demand {
    item_state* item;
    std::int64_t left;  // available, less what earlier lines want
    std::int64_t quantity = 0;
  };
  struct want {
    const wanted_line* line;
    item_state* item;
  };
  /// Better choices compare less: used already, nearer, fuller.
  using preference = std::tuple<bool, int, std::int64_t>;

  demand& demand_for(item_state& item) {
    const auto known = std::ranges::find(demands_, &item, &demand::item);
    if (known != demands_.end()) return *known;
    std::int64_t available = 0;
    for (const auto& [warehouse, level] : item.levels) available += level.available();
    return demands_.emplace_back(demand{&item, available});
  }

  int distance(const std::string& warehouse) const {
    const auto found = ledger_.warehouses_.find(warehouse);
    if (found == ledger_.warehouses_.end() || found->second.country != to_.country) return 2;
    return found->second.state == to_.state ? 0 : 1;
  }

  bool is_used(const std::string& warehouse) const { return std::ranges::find(plan_, warehouse, &allocation::warehouse) != plan_.end(); }

  /// The best warehouse that has everything, or nullptr.
  const std::string* one_for_all() const {
    const std::string* best = nullptr;
    preference best_rank;
    if (demands_.empty()) return best;
    for (const auto& [warehouse, first_level] : demands_.front().item->levels) {
      std::int64_t fullness = 0;
      const bool has_all = std::ranges::all_of(demands_, [&, &name = warehouse](const demand& d) {
        const auto level = d.item->levels.find(name);
        if (level == d.item->levels.end() || level->second.available() < d.quantity) return false;
        fullness += level->second.available();
        return true;
      });
      if (!has_all) continue;
      const preference rank{false, distance(warehouse), -fullness};
      if (best == nullptr || rank < best_rank) std::tie(best, best_rank) = std::tuple{&warehouse, rank};
    }
    return best;
  }

  /// One line: from a single warehouse if any has it all, else from as few as the preference leads to.
  void gather(const want& w) {
    std::int32_t left = w.line->quantity;
    while (left > 0) {
      std::pair<const std::string, stock_level>* best = nullptr;
      std::tuple<bool, preference> best_rank;
      for (auto& row : w.item->levels) {
        const std::int64_t available = row.second.available();
        if (available <= 0) continue;
        const std::tuple<bool, preference> rank{available < left, {!is_used(row.first), distance(row.first), -available}};
        if (best == nullptr || rank < best_rank) std::tie(best, best_rank) = std::tuple{&row, rank};
      }
      assert(best != nullptr);  // take_in has counted
      const auto part = static_cast<std::int32_t>(std::min<std::int64_t>(left, best->second.available()));
      take(w, best->first, best->second, part);
      left -= part;
    }
  }

  void take(const want& w, const std::string& warehouse, stock_level& level, std::int32_t quantity) {
    level.reserved += quantity;
    assert(level.reserved <= level.on_hand);
    plan_.push_back({w.line->line, w.line->sku, warehouse, quantity, w.item->item.weight_grams, w.item->item.inspect});
  }

  stock_ledger& ledger_;
  const destination& to_;
  std::vector<demand> demands_;
  std::vector<want> wants_;
  std::vector<allocation> plan_;
};

stock_ledger::item_state& stock_ledger::item_of(std::string_view sku) {
  if (const auto known = items_.find(sku); known != items_.end()) return known->second;
  item_state& fresh = items_[std::string{sku}];
  fresh.item.sku = sku;
  return fresh;
}

stock_level& stock_ledger::level_of(std::string_view sku, std::string_view warehouse) {
  auto& levels = item_of(sku).levels;
  if (const auto known = levels.find(warehouse); known != levels.end()) return known->second;
  return levels[std::string{warehouse}];
}

stock_level stock_ledger::peek(std::string_view sku, std::string_view warehouse) const {
  const auto* rows = levels(sku);
  if (rows == nullptr) return {};
  const auto row = rows->find(warehouse);
  return row == rows->end() ? stock_level{} : row->second;
}

void stock_ledger::put_warehouse(warehouse_info w) {
  std::string id = w.id;
  warehouses_.insert_or_assign(std::move(id), std::move(w));
}

void stock_ledger::put_item(catalog_item item) {
  item_state& state = item_of(item.sku);
  state.item = std::move(item);
}

void stock_ledger::put_level(std::string_view sku, std::string_view warehouse, stock_level level) {
  assert(0 <= level.reserved && level.reserved <= level.on_hand);
  level_of(sku, warehouse) = level;
}

stock_ledger::reservation stock_ledger::reserve(const std::string& order_id, const std::vector<wanted_line>& lines, const destination& to) {
  if (const auto known = held_.find(order_id); known != held_.end()) return {known->second, {}};
  planner plan{*this, to};
  reservation out;
  out.shortages = plan.take_in(lines);
  if (!out.shortages.empty()) return out;
  out.allocations = plan.reserve();
  if (!out.allocations.empty()) held_.emplace(order_id, out.allocations);
  return out;
}

void stock_ledger::release(const std::string& order_id) {
  const auto found = held_.find(order_id);
  if (found == held_.end()) return;
  for (const allocation& a : found->second) level_of(a.sku, a.warehouse).reserved -= a.quantity;
  held_.erase(found);
}

bool stock_ledger::commit(const std::string& order_id) { return held_.erase(order_id) > 0; }

bool stock_ledger::apply(const stock_movement& m) {
  const stock_level before = peek(m.sku, m.warehouse);
  const stock_level after{before.on_hand + m.on_hand, before.reserved + m.reserved};
  if (after.reserved < 0 || after.reserved > after.on_hand) return false;
  level_of(m.sku, m.warehouse) = after;
  return true;
}

result<stock_level> stock_ledger::adjust(std::string_view sku, std::string_view warehouse, std::int64_t delta) {
  if (!warehouses_.contains(warehouse))
    return failure{errc::invalid_input, "There is no such warehouse.", {{"/warehouse", "invalid", "is not a warehouse of the catalogue"}}};
  stock_level level = peek(sku, warehouse);
  std::int64_t on_hand = 0;
  if (__builtin_add_overflow(level.on_hand, delta, &on_hand) || on_hand < level.reserved)
    return failure{errc::wrong_state, std::to_string(level.on_hand) + " are on hand and " + std::to_string(level.reserved) +
                                          " of them are reserved: a change by " + std::to_string(delta) + " is not possible."};
  level.on_hand = on_hand;
  level_of(sku, warehouse) = level;
  return level;
}

const std::map<std::string, stock_level, std::less<>>* stock_ledger::levels(std::string_view sku) const {
  const auto found = items_.find(sku);
  return found == items_.end() ? nullptr : &found->second.levels;
}

bool stock_ledger::holds(const std::string& order_id) const { return held_.contains(order_id); }

}  // namespace coreldove::domain
