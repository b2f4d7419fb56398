// What verify looks at besides the orders one by one: sums over all of them, and rows that belong to none.
#include <fmt/format.h>

#include "persistence/verify_auditor.hpp"

namespace coreldove::persistence {
namespace {

constexpr const char* recount = "count all orders anew";

std::string name_of(const figure_key& k) {
  return fmt::format("{}, {}/{}/{} in {}", k.bucket == all_time ? "all time" : fmt::format("hour {}", k.bucket), k.status, k.payment, k.fulfillment,
                     std::string_view(k.currency.data(), k.currency.size()));
}

std::string name_of(const std::string& sku, const std::string& warehouse) { return fmt::format("{} at {}", sku, warehouse); }

}  // namespace

void auditor::check_positions() {
  const auto p = source_.count_positions();
  result_.position = p.last;
  if (p.events == p.last) return;
  report("chain", "positions", fmt::format("the last event is at {}, but there are {} events: some are missing", p.last, p.events));
  complete_ = false;
}

void auditor::check_stock() {
  std::vector<domain::stock_row> wrong;
  const auto possible = [](const domain::stock_level& l) { return l.reserved >= 0 && l.reserved <= l.on_hand; };
  source_.each_stock_row([&](const domain::stock_row& row) {
    ++result_.stock_rows;
    const auto& level = row.level;
    if (!possible(level)) report("stock", name_of(row.sku, row.warehouse), fmt::format("{} reserved of {} on hand", level.reserved, level.on_hand));
    const auto moved = stock_.extract({row.sku, row.warehouse});
    const auto expected = moved.empty() ? domain::stock_level{} : moved.mapped();
    if (!complete_ || (expected.on_hand == level.on_hand && expected.reserved == level.reserved)) return;
    report("stock", name_of(row.sku, row.warehouse),
           fmt::format("the table says {} on hand, {} reserved; the events {} and {}", level.on_hand, level.reserved, expected.on_hand, expected.reserved),
           possible(expected) ? "set the row to what its events add up to" : "");
    if (possible(expected)) wrong.push_back({row.sku, row.warehouse, expected});
  });
  for (const auto& [row, level] : stock_) {
    if (!complete_ || (level.on_hand == 0 && level.reserved == 0)) continue;
    report("stock", name_of(row.first, row.second), "its events moved stock, but it has no row",
           possible(level) ? "make the row that its events add up to" : "");
    if (possible(level)) wrong.push_back({row.first, row.second, level});
  }
  if (options_.repair)
    for (const auto& row : wrong) options_.repair->put_stock(row);
}

void auditor::check_figures() {
  if (!complete_) return;
  bool fit = true;
  auto missing = figures_;
  source_.each_figure([&](const figure_key& k, const figure_values& v) {
    const auto counted = missing.extract(k);
    const auto expected = counted.empty() ? figure_values{} : counted.mapped();
    if (expected == v) return;
    report("figures", name_of(k), fmt::format("the counter says {} orders, there are {}, or their sums differ", v[0], expected[0]), recount);
    fit = false;
  });
  for (const auto& [k, v] : missing) {
    report("figures", name_of(k), fmt::format("there are {} orders, but no counter", v[0]), recount);
    fit = false;
  }
  if (!fit && options_.repair) options_.repair->put_figures(figures_);
}

/// The answers themselves are made again from the events; what can be wrong is what they name.
void auditor::check_answers() {
  source_.each_answer([this](const audit_source::kept_answer& a) {
    report("keys", fmt::format("{} {}", a.scope, a.key),
           a.stored_version == 0 ? fmt::format("its answer names {}, which is not there", a.order_id)
                                 : fmt::format("its answer names version {} of {}, which ends with {}", a.version, a.order_id, a.stored_version));
  });
}

/// A row may be all that is left of something, so nothing is taken away unless the events are whole; and an order's row never is.
void auditor::check_orphans() {
  const auto counted = source_.count_rows();
  std::vector<audit_source::orphan> gone;
  source_.each_orphan(complete_ && counted.listings != expected_rows_.listings, complete_ && counted.parcels != expected_rows_.parcels,
                      [&](const audit_source::orphan& row) {
                        const bool removable = complete_ && row.table != "orders";
                        report("orphans", fmt::format("{} {}", row.table, row.name), "no events account for this row", removable ? "remove it" : "");
                        if (removable) gone.push_back(row);
                      });
  if (options_.repair)
    for (const auto& row : gone) options_.repair->remove_orphan(row);
}

}  // namespace coreldove::persistence
