// What lists promise, whatever is behind them: each filter means what it says, totals are exact, pages neither skip nor repeat an order.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "tests/persistence/fixture.hpp"

namespace coreldove::persistence::testing {
namespace {

using domain::order_query;

constexpr std::int64_t minute = 60'000;

/// What the store should hold, kept beside it.
struct world {
  std::vector<append> orders;  // the last append of each
  std::mt19937 random{20261122};

  int pick(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }

  append invent() {
    auto a = new_order(static_cast<int>(orders.size()), noon + pick(600) * minute + pick(60'000));
    a.row.customer_id = fmt::format("cust_{}", pick(5));
    a.row.customer_email = fmt::format("{}{}@example.com", pick(2) ? "Ann" : "bob", pick(5));
    constexpr std::array<std::pair<const char*, std::uint8_t>, 3> currencies{{{"USD", 2}, {"JPY", 0}, {"KWD", 3}}};
    const auto& [code, digits] = currencies[static_cast<std::size_t>(pick(3))];
    a.row.currency = code;
    a.row.currency_digits = digits;
    a.row.total = pick(100'000);
    a.row.skus = {fmt::format("SKU-{}", pick(6))};
    if (pick(2)) a.row.skus.push_back("SKU-x");
    orders.push_back(a);
    return a;
  }
  append change() {
    auto& a = orders[static_cast<std::size_t>(pick(static_cast<int>(orders.size())))];
    a = next_of(a);
    a.row.status = static_cast<domain::order_status>(pick(8));
    a.row.payment = static_cast<domain::payment_status>(pick(9));
    a.row.fulfillment = static_cast<domain::fulfillment_status>(pick(7));
    a.row.captured = pick(1'000);
    if (pick(2)) a.row.confirmed_at = a.row.created_at + domain::duration{pick(10'000)};
    return a;
  }
};

double in_units(std::int64_t amount, int digits) {
  double v = static_cast<double>(amount);
  for (; digits > 0; --digits) v /= 10;
  return v;
}

std::string lower(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return s;
}

bool matches(const append& a, const order_query& q) {
  const auto& r = a.row;
  const auto total = in_units(r.total, r.currency_digits);
  return (!q.status || r.status == *q.status) && (!q.payment || r.payment == *q.payment) && (!q.fulfillment || r.fulfillment == *q.fulfillment) &&
         (q.customer_id.empty() || r.customer_id == q.customer_id) && (q.sku.empty() || std::find(r.skus.begin(), r.skus.end(), q.sku) != r.skus.end()) &&
         (!q.created_after || r.created_at >= *q.created_after) && (!q.created_before || r.created_at < *q.created_before) &&
         (!q.min_total || total >= std::stod(*q.min_total)) && (!q.max_total || total < std::stod(*q.max_total)) &&
         (q.q.empty() || a.stream == q.q || r.customer_id.starts_with(q.q) || lower(r.customer_email).starts_with(lower(q.q)));
}

/// All pages one after another.
std::vector<std::string> all_items(store& s, order_query q) {
  std::vector<std::string> items;
  do {
    auto p = list(s, q);
    items.insert(items.end(), p.items.begin(), p.items.end());
    q.cursor = p.next_cursor;
  } while (!q.cursor.empty());
  return items;
}

class ListContract : public StoreContract {
protected:
  /// Appends without waiting in between, so that they share commits.
  void put_all(const std::vector<append>& items) {
    std::vector<std::future<domain::result<append_outcome>>> answers;
    for (const auto& item : items) {
      auto p = std::make_shared<std::promise<domain::result<append_outcome>>>();
      answers.push_back(p->get_future());
      journal().append(item, [p](auto r) { p->set_value(std::move(r)); });
    }
    for (auto& a : answers) {
      const auto r = wait(std::move(a));
      ASSERT_TRUE(r) << r.error().detail;
    }
  }

  void fill(int orders, int changes) {
    std::vector<append> items;
    for (int i = 0; i < orders; ++i) items.push_back(world_.invent());
    for (int i = 0; i < changes; ++i) items.push_back(world_.change());
    put_all(items);
  }

  void expect_exact(const order_query& q, const std::string& what) {
    std::vector<append> expected;
    for (const auto& a : world_.orders)
      if (matches(a, q)) expected.push_back(a);
    std::stable_sort(expected.begin(), expected.end(), [&](const append& a, const append& b) {
      return q.oldest_first ? a.row.created_at < b.row.created_at : b.row.created_at < a.row.created_at;
    });
    EXPECT_EQ(list(store(), q).total, expected.size()) << what;
    std::multiset<std::string> wanted, found;
    for (const auto& a : expected) wanted.insert(a.row.document);
    const auto items = all_items(store(), q);
    for (const auto& i : items) found.insert(i);
    EXPECT_EQ(found, wanted) << what;
    ASSERT_EQ(items.size(), expected.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto it = std::find_if(world_.orders.begin(), world_.orders.end(), [&](const append& a) { return a.row.document == items[i]; });
      EXPECT_EQ(it->row.created_at, expected[i].row.created_at) << what << " at " << i;
    }
  }

  world world_;
};
INSTANTIATE_TEST_SUITE_P(Stores, ListContract, ::testing::ValuesIn(backends()), [](const auto& i) { return i.param.name; });

TEST_P(ListContract, EachFilterMeansWhatItSays) {
  fill(200, 400);
  order_query q;
  q.limit = 17;
  for (const bool oldest_first : {false, true}) {
    q.oldest_first = oldest_first;
    expect_exact(q, "none");
    auto x = q;
    x.status = domain::order_status::shipped;
    expect_exact(x, "status");
    x = q, x.payment = domain::payment_status::unknown;
    expect_exact(x, "payment");
    x = q, x.fulfillment = domain::fulfillment_status::returned;
    expect_exact(x, "fulfillment");
    x = q, x.customer_id = "cust_3";
    expect_exact(x, "customer");
    x = q, x.sku = "SKU-x";
    expect_exact(x, "sku");
    x = q, x.sku = "SKU-404";
    expect_exact(x, "unknown sku");
    x = q, x.min_total = "12.50";
    expect_exact(x, "min_total");
    x = q, x.max_total = "500";
    expect_exact(x, "max_total");
    x = q, x.q = "cust_";
    expect_exact(x, "q over customers");
    x = q, x.q = "ANN";
    expect_exact(x, "q over addresses");
    x = q, x.q = "cust%";
    expect_exact(x, "q with a sign that SQL knows");
    x = q, x.q = order_id(7);
    expect_exact(x, "q is an id");
    x = q, x.created_after = at(noon + 95 * minute);
    expect_exact(x, "created_after");
    x = q, x.created_before = at(noon + 125 * minute);
    expect_exact(x, "created_before");
  }
}

TEST_P(ListContract, AnyCombinationIsExactUnderRandomChanges) {
  for (int round = 0; round < 4; ++round) {
    fill(60, 150);
    for (int i = 0; i < 40; ++i) {
      order_query q;
      auto& w = world_;
      q.limit = static_cast<std::uint32_t>(1 + w.pick(40));
      q.oldest_first = w.pick(2) == 0;
      if (w.pick(3) == 0) q.status = static_cast<domain::order_status>(w.pick(8));
      if (w.pick(3) == 0) q.payment = static_cast<domain::payment_status>(w.pick(9));
      if (w.pick(3) == 0) q.fulfillment = static_cast<domain::fulfillment_status>(w.pick(7));
      if (w.pick(4) == 0) q.customer_id = fmt::format("cust_{}", w.pick(6));
      if (w.pick(4) == 0) q.sku = fmt::format("SKU-{}", w.pick(6));
      if (w.pick(3) == 0) q.created_after = at(noon + w.pick(600) * minute);
      if (w.pick(3) == 0) q.created_before = at(noon + w.pick(700) * minute);
      if (w.pick(4) == 0) q.min_total = fmt::format("{}", w.pick(1'000));
      if (w.pick(4) == 0) q.max_total = fmt::format("{}.5", w.pick(100'000));
      if (w.pick(5) == 0) q.q = w.pick(2) ? "bob" : "cust_1";
      expect_exact(q, fmt::format("round {}, query {}", round, i));
    }
  }
}

TEST_P(ListContract, PagesShowEveryOrderOnceWhileOthersAreAdded) {
  fill(90, 0);
  std::set<std::string> before;
  for (const auto& a : world_.orders) before.insert(a.row.document);
  for (const bool oldest_first : {false, true}) {
    order_query q;
    q.limit = 7;
    q.oldest_first = oldest_first;
    std::multiset<std::string> seen;
    do {
      const auto p = list(store(), q);
      seen.insert(p.items.begin(), p.items.end());
      q.cursor = p.next_cursor;
      put_all({world_.invent(), world_.invent()});
    } while (!q.cursor.empty());
    for (const auto& d : before) EXPECT_EQ(seen.count(d), 1u);
    for (const auto& d : seen) EXPECT_EQ(seen.count(d), 1u);
  }
}

TEST_P(ListContract, OrdersOfTheSameMillisecondAreAllListed) {
  std::vector<append> items;
  for (int i = 0; i < 50; ++i) items.push_back(new_order(i));
  put_all(items);
  order_query q;
  q.limit = 8;
  const auto all = all_items(store(), q);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 50u);
  EXPECT_EQ(all.size(), 50u);
}

TEST_P(ListContract, RefusesACursorOfSomebodyElseAndBoundsThatAreNoNumbers) {
  const auto refused = [&](order_query q) {
    const auto r = answer<domain::page>([&](reply<domain::page> done) { store().list(std::move(q), std::move(done)); });
    return !r && r.error().code == domain::errc::invalid_input && r.error().fields.size() == 1 ? r.error().fields[0].pointer : "";
  };
  order_query q;
  q.cursor = "'; DROP TABLE orders";
  EXPECT_EQ(refused(q), "/cursor");
  q = {}, q.min_total = "1e3";
  EXPECT_EQ(refused(q), "/min_total");
  q = {}, q.max_total = "lots";
  EXPECT_EQ(refused(q), "/max_total");
}

TEST_P(ListContract, PerformanceAddsUpWholeHoursAndTheirEdges) {
  fill(150, 300);
  for (const auto& [from, to] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {0, noon * 2}, {noon + 17 * minute, noon + 333 * minute}, {noon + 61 * minute, noon + 62 * minute}, {noon + 90 * minute, noon + 80 * minute}}) {
    const auto p =
        answer<domain::performance>([&, from = from, to = to](reply<domain::performance> done) { store().performance(at(from), at(to), std::move(done)); });
    ASSERT_TRUE(p);
    std::uint64_t n = 0, confirmed = 0, shipped_status = 0;
    std::int64_t usd = 0, captured = 0, confirm_ms = 0;
    for (const auto& a : world_.orders) {
      if (a.row.created_at < at(from) || a.row.created_at >= at(to)) continue;
      ++n;
      if (a.row.confirmed_at) ++confirmed, confirm_ms += (*a.row.confirmed_at - a.row.created_at).count();
      if (a.row.currency == "USD") usd += a.row.total, captured += a.row.captured;
      if (a.row.status == domain::order_status::shipped) ++shipped_status;
    }
    EXPECT_EQ(p->orders, n);
    EXPECT_EQ(p->confirmed, confirmed);
    EXPECT_EQ(p->average_confirm_ms, confirmed ? std::optional(confirm_ms / static_cast<std::int64_t>(confirmed)) : std::nullopt);
    const auto dollars = std::find_if(p->by_currency.begin(), p->by_currency.end(), [](const auto& c) { return c.currency == "USD"; });
    EXPECT_EQ(dollars == p->by_currency.end() ? 0 : dollars->total, usd);
    EXPECT_EQ(dollars == p->by_currency.end() ? 0 : dollars->captured, captured);
    const auto shipped = std::find_if(p->by_status.begin(), p->by_status.end(), [](const auto& x) { return x.first == domain::order_status::shipped; });
    EXPECT_EQ(shipped == p->by_status.end() ? 0 : shipped->second, shipped_status);
  }
}

TEST_P(ListContract, ReviewsAreListedOldestFirstByStateAndKind) {
  std::vector<append> items;
  for (int i = 0; i < 6; ++i) {
    auto a = new_order(i);
    a.reviews = {
        {1, i % 2 ? domain::review_kind::fraud : domain::review_kind::quality, i < 4 ? "open" : "approved", at(noon - i), fmt::format("{{\"i\":{}}}", i)}};
    items.push_back(a);
  }
  put_all(items);
  const auto ask = [&](domain::review_query q) { return *answer<domain::page>([&](reply<domain::page> done) { store().reviews(q, std::move(done)); }); };
  domain::review_query q;
  q.limit = 3;
  auto p = ask(q);
  EXPECT_EQ(p.total, 4u);
  EXPECT_EQ(p.items, (std::vector<std::string>{R"({"i":3})", R"({"i":2})", R"({"i":1})"}));
  q.cursor = p.next_cursor;
  p = ask(q);
  EXPECT_EQ(p.items, std::vector<std::string>{R"({"i":0})"});
  EXPECT_EQ(p.next_cursor, "");
  q = {}, q.state = "all", q.kind = domain::review_kind::fraud;
  EXPECT_EQ(ask(q).total, 3u);
  q = {}, q.state = "approved";
  EXPECT_EQ(ask(q).total, 2u);

  auto decided = next_of(items[0]);
  decided.reviews = {{1, domain::review_kind::quality, "rejected", at(noon), R"({"i":0,"no":1})"}};
  put_all({decided});
  q = {}, q.state = "rejected";
  EXPECT_EQ(ask(q).items, std::vector<std::string>{R"({"i":0,"no":1})"});
  EXPECT_EQ(ask({}).total, 3u);
}

TEST_P(ListContract, StockPagesHoldWholeSkus) {
  catalog c;
  for (int i = 0; i < 5; ++i)
    for (const char* w : {"berlin", "paris"}) c.levels.push_back({fmt::format("SKU-{}", i), w, {i, 0}});
  ASSERT_TRUE(import(journal(), c));
  const auto page = [&](const std::string& from) {
    return *answer<domain::stock_page>([&](reply<domain::stock_page> done) { store().stock(from, 2, std::move(done)); });
  };
  auto p = page("");
  EXPECT_EQ(p.total, 5u);
  ASSERT_EQ(p.rows.size(), 4u);
  EXPECT_EQ(p.rows[3].sku, "SKU-1");
  EXPECT_EQ(p.next_cursor, "SKU-1");
  p = page("SKU-3");
  EXPECT_EQ(p.rows.size(), 2u);
  EXPECT_EQ(p.next_cursor, "");
}

TEST_P(ListContract, HistoryGoesOnAfterASeqAndKnowsUnknownOrders) {
  auto a = new_order(1);
  put_all({a});
  for (int i = 0; i < 4; ++i) put_all({a = next_of(a)});
  const auto ask = [&](const std::string& id, std::uint64_t after, std::uint32_t limit) {
    return answer<std::vector<domain::history_entry>>(
        [&](reply<std::vector<domain::history_entry>> done) { store().history(id, after, limit, std::move(done)); });
  };
  const auto some = ask(a.stream, 1, 3);
  ASSERT_EQ(some->size(), 3u);
  EXPECT_EQ(some->front().seq, 2u);
  EXPECT_TRUE(ask(a.stream, 5, 3)->empty());
  ASSERT_FALSE(ask(order_id(404), 0, 3));
  EXPECT_EQ(ask(order_id(404), 0, 3).error().code, domain::errc::not_found);
}

TEST_P(ListContract, PastOrdersAreTheCustomersNewestFirst) {
  fill(80, 0);
  const auto past =
      answer<std::vector<domain::past_order>>([&](reply<std::vector<domain::past_order>> done) { store().past_orders("cust_2", 5, std::move(done)); });
  ASSERT_TRUE(past);
  std::vector<domain::time_point> expected;
  for (const auto& a : world_.orders)
    if (a.row.customer_id == "cust_2") expected.push_back(a.row.created_at);
  std::sort(expected.rbegin(), expected.rend());
  ASSERT_EQ(past->size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ((*past)[i].at, expected[i]);
}

}  // namespace
}  // namespace coreldove::persistence::testing
