#include "domain/stock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

using namespace coreldove::domain;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

namespace {

const destination chicago{"US", "IL", "60601"};

/// Warehouses near, in the same country and abroad of Chicago.
stock_ledger three_warehouses() {
  stock_ledger ledger;
  ledger.put_warehouse({"il", "Illinois", "US", "IL", "60601"});
  ledger.put_warehouse({"nv", "Nevada", "US", "NV", "89101"});
  ledger.put_warehouse({"de", "Germany", "DE", "", "10117"});
  ledger.put_item({"A", "prod_a", "Item A", 250, false});
  ledger.put_item({"B", "prod_b", "Item B", 900, true});
  return ledger;
}

stock_level level(const stock_ledger& ledger, std::string_view sku, std::string_view warehouse) {
  const auto* levels = ledger.levels(sku);
  if (levels == nullptr) return {};
  const auto row = levels->find(warehouse);
  return row == levels->end() ? stock_level{} : row->second;
}

/// "0 A il 2": line, SKU, warehouse, quantity.
std::vector<std::string> written(const std::vector<allocation>& allocations) {
  std::vector<std::string> out;
  for (const auto& a : allocations) out.push_back(std::to_string(a.line) + " " + a.sku + " " + a.warehouse + " " + std::to_string(a.quantity));
  return out;
}

TEST(StockLedger, ReservesFromOneWarehouseThatHasEverything) {
  auto ledger = three_warehouses();
  ledger.put_level("A", "il", {10, 0});
  ledger.put_level("A", "de", {10, 0});
  ledger.put_level("B", "de", {10, 0});
  const auto r = ledger.reserve("o1", {{0, "A", 2}, {1, "B", 1}}, chicago);
  EXPECT_THAT(written(r.allocations), ElementsAre("0 A de 2", "1 B de 1")) << "far, but in one parcel";
  EXPECT_EQ(r.allocations[1].weight_grams, 900);
  EXPECT_TRUE(r.allocations[1].inspect);
  EXPECT_EQ(level(ledger, "A", "de").reserved, 2);
  EXPECT_EQ(level(ledger, "A", "il").reserved, 0);
}

TEST(StockLedger, PrefersNearerWarehousesThenFullerOnes) {
  auto ledger = three_warehouses();
  for (auto warehouse : {"il", "nv", "de"}) ledger.put_level("A", warehouse, {10, 0});
  EXPECT_THAT(written(ledger.reserve("o1", {{0, "A", 1}}, chicago).allocations), ElementsAre("0 A il 1"));
  EXPECT_THAT(written(ledger.reserve("o2", {{0, "A", 1}}, {"US", "TX", "73301"}).allocations), ElementsAre("0 A nv 1")) << "il has one less by now";
  EXPECT_THAT(written(ledger.reserve("o3", {{0, "A", 1}}, {"DE", "", "10115"}).allocations), ElementsAre("0 A de 1"));
  EXPECT_THAT(written(ledger.reserve("o4", {{0, "A", 10}}, chicago).allocations), UnorderedElementsAre("0 A il 9", "0 A nv 1"));
}

TEST(StockLedger, GivesALineToOneWarehouseBeforeItSplitsIt) {
  auto ledger = three_warehouses();
  ledger.put_level("A", "il", {3, 0});
  ledger.put_level("A", "nv", {5, 0});
  ledger.put_level("B", "il", {5, 0});
  EXPECT_THAT(written(ledger.reserve("o1", {{0, "A", 5}, {1, "B", 1}}, chicago).allocations), ElementsAre("0 A nv 5", "1 B il 1"));
}

TEST(StockLedger, SplitsALineAsTheLastResort) {
  auto ledger = three_warehouses();
  ledger.put_level("A", "il", {3, 0});
  ledger.put_level("A", "nv", {3, 1});
  ledger.put_level("A", "de", {9, 0});
  EXPECT_THAT(written(ledger.reserve("o1", {{0, "A", 12}}, chicago).allocations), ElementsAre("0 A il 3", "0 A de 9"));
  EXPECT_THAT(ledger.reserve("o2", {{0, "A", 3}}, chicago).shortages, ElementsAre(shortage{0, "A", 3, 2}));
}

TEST(StockLedger, ReservesAllLinesOrNone) {
  auto ledger = three_warehouses();
  ledger.put_level("A", "il", {10, 0});
  ledger.put_level("B", "il", {1, 0});
  const auto r = ledger.reserve("o1", {{0, "A", 2}, {1, "B", 2}, {2, "C", 1}}, chicago);
  EXPECT_THAT(r.allocations, IsEmpty());
  EXPECT_THAT(r.shortages, ElementsAre(shortage{1, "B", 2, 1}, shortage{2, "C", 1, 0}));
  EXPECT_EQ(level(ledger, "A", "il").reserved, 0);
  EXPECT_FALSE(ledger.holds("o1"));
}

TEST(StockLedger, CountsLinesOfTheSameSkuTogether) {
  auto ledger = three_warehouses();
  ledger.put_level("A", "il", {3, 0});
  const auto r = ledger.reserve("o1", {{0, "A", 2}, {1, "A", 2}}, chicago);
  EXPECT_THAT(r.shortages, ElementsAre(shortage{1, "A", 2, 1}));
  EXPECT_THAT(written(ledger.reserve("o1", {{0, "A", 2}, {1, "A", 1}}, chicago).allocations), ElementsAre("0 A il 2", "1 A il 1"));
}

TEST(StockLedger, AnswersARepeatedReservationAsBefore) {
  auto ledger = three_warehouses();
  ledger.put_level("A", "il", {3, 0});
  const auto first = ledger.reserve("o1", {{0, "A", 2}}, chicago);
  const auto second = ledger.reserve("o1", {{0, "A", 2}}, chicago);
  EXPECT_EQ(first.allocations, second.allocations);
  EXPECT_EQ(level(ledger, "A", "il").reserved, 2);
}

TEST(StockLedger, ReleasesOnce) {
  auto ledger = three_warehouses();
  ledger.put_level("A", "il", {3, 0});
  ledger.reserve("o1", {{0, "A", 2}}, chicago);
  ledger.reserve("o2", {{0, "A", 1}}, chicago);
  ledger.release("o1");
  ledger.release("o1");
  ledger.release("never seen");
  EXPECT_EQ(level(ledger, "A", "il").reserved, 1);
  EXPECT_EQ(level(ledger, "A", "il").on_hand, 3);
  EXPECT_TRUE(ledger.holds("o2"));
}

TEST(StockLedger, KeepsUnitsReservedOnceTheHoldIsCommitted) {
  auto ledger = three_warehouses();
  ledger.put_level("A", "il", {3, 0});
  ledger.reserve("o1", {{0, "A", 2}}, chicago);
  EXPECT_TRUE(ledger.commit("o1"));
  EXPECT_FALSE(ledger.commit("o1"));
  EXPECT_FALSE(ledger.holds("o1"));
  ledger.release("o1");  // comes too late to take anything back
  EXPECT_EQ(level(ledger, "A", "il").reserved, 2);
  EXPECT_THAT(ledger.reserve("o2", {{0, "A", 2}}, chicago).shortages, ElementsAre(shortage{0, "A", 2, 1}));
}

TEST(StockLedger, AppliesWhatTheStoreHasCommitted) {
  auto ledger = three_warehouses();
  ledger.put_level("A", "il", {3, 2});
  EXPECT_TRUE(ledger.apply({"A", "il", -1, -1}));  // shipped
  EXPECT_TRUE(ledger.apply({"A", "il", 0, -1}));   // released
  EXPECT_TRUE(ledger.apply({"A", "il", 4, 0}));    // restocked
  EXPECT_TRUE(ledger.apply({"A", "il", 0, 5}));    // reserved elsewhere
  EXPECT_EQ(level(ledger, "A", "il").on_hand, 6);
  EXPECT_EQ(level(ledger, "A", "il").reserved, 5);
  EXPECT_TRUE(ledger.apply({"NEW", "nv", 1, 0}));
  EXPECT_EQ(level(ledger, "NEW", "nv").available(), 1);
}

TEST(StockLedger, RefusesMovementsThatDoNotFit) {
  auto ledger = three_warehouses();
  ledger.put_level("A", "il", {3, 2});
  for (const stock_movement& m :
       {stock_movement{"A", "il", 0, 2}, {"A", "il", 0, -3}, {"A", "il", -2, 0}, {"A", "il", -4, -2}, {"NEW", "nv", 0, 1}, {"NEW", "nv", -1, 0}})
    EXPECT_FALSE(ledger.apply(m)) << m.sku << ' ' << m.on_hand << ' ' << m.reserved;
  EXPECT_EQ(level(ledger, "A", "il").on_hand, 3);
  EXPECT_EQ(level(ledger, "A", "il").reserved, 2);
  EXPECT_EQ(ledger.levels("NEW"), nullptr) << "a refusal leaves nothing behind";
}

TEST(StockLedger, AdjustsDownToWhatIsReserved) {
  auto ledger = three_warehouses();
  ledger.put_level("A", "il", {5, 0});
  ledger.reserve("o1", {{0, "A", 3}}, chicago);
  const auto done = ledger.adjust("A", "il", -2);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->on_hand, 3);
  EXPECT_EQ(done->available(), 0);
  const auto refused = ledger.adjust("A", "il", -1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::wrong_state);
  EXPECT_EQ(ledger.adjust("A", "il", std::numeric_limits<std::int64_t>::max()).error().code, errc::wrong_state);
  EXPECT_EQ(level(ledger, "A", "il").on_hand, 3);
}

TEST(StockLedger, AdjustCreatesRowsOfKnownWarehousesOnly) {
  auto ledger = three_warehouses();
  EXPECT_EQ(ledger.levels("NEW"), nullptr);
  ASSERT_TRUE(ledger.adjust("NEW", "il", 4));
  EXPECT_EQ(level(ledger, "NEW", "il").on_hand, 4);
  EXPECT_FALSE(ledger.adjust("NEWER", "il", -1));
  EXPECT_EQ(ledger.levels("NEWER"), nullptr) << "a refusal leaves nothing behind";
  const auto refused = ledger.adjust("A", "nowhere", 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::invalid_input);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/warehouse");
}

/// What the ledger should say, kept apart from it: sums over plain lists.
struct model {
  std::map<std::string, std::vector<allocation>> held;
  std::map<std::pair<std::string, std::string>, std::int64_t> on_hand, committed;

  std::int64_t reserved(const std::string& sku, const std::string& warehouse) const {
    const auto row = committed.find({sku, warehouse});
    std::int64_t sum = row == committed.end() ? 0 : row->second;
    for (const auto& [order, allocations] : held)
      for (const auto& a : allocations)
        if (a.sku == sku && a.warehouse == warehouse) sum += a.quantity;
    return sum;
  }
  std::int64_t available(const std::string& sku) const {
    std::int64_t sum = 0;
    for (const auto& [row, count] : on_hand)
      if (row.first == sku) sum += count - reserved(row.first, row.second);
    return sum;
  }
};

const std::vector<std::string> skus{"A", "B", "C"}, warehouses{"il", "nv", "de"};

void reserve_some(stock_ledger& ledger, model& m, const std::string& order) {
  std::vector<wanted_line> lines;
  std::map<std::string, std::int64_t> wanted;
  for (std::uint32_t i = 0, n = *rc::gen::inRange<std::uint32_t>(1, 4); i < n; ++i) {
    lines.push_back({i, *rc::gen::elementOf(skus), *rc::gen::inRange(1, 12)});
    wanted[lines.back().sku] += lines.back().quantity;
  }
  const auto r = ledger.reserve(order, lines, chicago);
  if (m.held.contains(order)) {
    RC_ASSERT(r.allocations == m.held.at(order));
    return;
  }
  const bool enough = std::ranges::all_of(wanted, [&](const auto& w) { return m.available(w.first) >= w.second; });
  RC_ASSERT(enough == r.shortages.empty());
  RC_ASSERT(enough != r.allocations.empty());
  if (!enough) return;
  for (const auto& line : lines) {
    std::int64_t sum = 0;
    for (const auto& a : r.allocations)
      if (a.line == line.line) {
        RC_ASSERT(a.sku == line.sku && a.quantity > 0);
        sum += a.quantity;
      }
    RC_ASSERT(sum == line.quantity);
  }
  m.held[order] = r.allocations;
}

void commit(stock_ledger& ledger, model& m, const std::string& order) {
  RC_ASSERT(ledger.commit(order) == m.held.contains(order));
  for (const auto& a : m.held[order]) m.committed[{a.sku, a.warehouse}] += a.quantity;
  m.held.erase(order);
}

/// A movement of committed units, possible or not: nothing that is merely held may be touched by it.
void move_some(stock_ledger& ledger, model& m, const std::string& sku, const std::string& warehouse) {
  const auto on_hand = *rc::gen::inRange<std::int64_t>(-5, 6), reserved = *rc::gen::inRange<std::int64_t>(-5, 6);
  auto& committed = m.committed[{sku, warehouse}];
  if (committed + reserved < 0) return;  // the store does not do that
  const bool fits = m.reserved(sku, warehouse) + reserved <= m.on_hand[{sku, warehouse}] + on_hand;
  RC_ASSERT(ledger.apply({sku, warehouse, on_hand, reserved}) == fits);
  if (!fits) return;
  committed += reserved;
  m.on_hand[{sku, warehouse}] += on_hand;
}

void adjust_some(stock_ledger& ledger, model& m, const std::string& sku, const std::string& warehouse) {
  const auto delta = *rc::gen::inRange<std::int64_t>(-10, 20);
  const bool possible = m.on_hand[{sku, warehouse}] + delta >= m.reserved(sku, warehouse);
  RC_ASSERT(static_cast<bool>(ledger.adjust(sku, warehouse, delta)) == possible);
  if (possible) m.on_hand[{sku, warehouse}] += delta;
}

RC_GTEST_PROP(StockLedger, NeverPromisesWhatIsNotThereAndLosesNothing, ()) {
  auto ledger = three_warehouses();
  model m;
  for (int step = *rc::gen::inRange(1, 60); step > 0; --step) {
    const auto order = *rc::gen::element<std::string>("o1", "o2", "o3", "o4");
    const auto sku = *rc::gen::elementOf(skus), warehouse = *rc::gen::elementOf(warehouses);
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        reserve_some(ledger, m, order);
        break;
      case 1:
        ledger.release(order);
        m.held.erase(order);
        break;
      case 2:
        commit(ledger, m, order);
        break;
      case 3:
        move_some(ledger, m, sku, warehouse);
        break;
      default:
        adjust_some(ledger, m, sku, warehouse);
    }
    for (const auto& s : skus)
      for (const auto& w : warehouses) {
        const auto now = level(ledger, s, w);
        RC_ASSERT(0 <= now.reserved && now.reserved <= now.on_hand);
        RC_ASSERT(now.reserved == m.reserved(s, w));
        RC_ASSERT(now.on_hand == m.on_hand[std::pair(s, w)]);
      }
    for (auto o : {"o1", "o2", "o3", "o4"}) RC_ASSERT(ledger.holds(o) == m.held.contains(o));
  }
}

}  // namespace
