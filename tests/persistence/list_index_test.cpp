#include "persistence/list_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <thread>

namespace coreldove::persistence::testing {
namespace {

constexpr auto everywhere = std::numeric_limits<std::int64_t>::max();

/// What the index is to say, found the plain way.
class plain_list {
public:
  void put(const listed_order& o) {
    auto& mine = orders_[o.no];
    auto skus = o.skus.empty() ? mine.skus : o.skus;
    mine = o;
    mine.skus = std::move(skus);
  }
  list_index::found find(const list_filter& f, std::int64_t from, std::int64_t below, bool oldest_first, std::size_t limit) const {
    list_index::found out;
    for (const auto& [no, o] : orders_) {
      const bool meant = (!f.status || o.status == *f.status) && (!f.payment || o.payment == *f.payment) &&
                         (!f.fulfillment || o.fulfillment == *f.fulfillment) && (!f.sku || std::ranges::count(o.skus, *f.sku) > 0) &&
                         o.total_e4 >= f.total_from && o.total_e4 < f.total_below && no >= f.no_from && no < f.no_below;
      out.total += meant;
      if (meant && no >= from && no < below) out.numbers.push_back(no);
    }
    if (!oldest_first) std::ranges::reverse(out.numbers);
    if (out.numbers.size() > limit) out.numbers.resize(limit);
    return out;
  }
  const std::map<std::int64_t, listed_order>& orders() const { return orders_; }

private:
  std::map<std::int64_t, listed_order> orders_;
};

class ListIndex : public ::testing::Test {
protected:
  std::uint64_t below(std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>{0, n - 1}(random); }
  std::uint8_t small(std::uint64_t n) { return static_cast<std::uint8_t>(below(n)); }

  listed_order new_order(std::int64_t no) {
    return {no, small(4), small(3), small(3), static_cast<std::int64_t>(below(1'000)), {"A-" + std::to_string(below(40)), "B-" + std::to_string(below(3'000))}};
  }

  /// Mostly one after the other, some from before: clocks are set back.
  std::int64_t next_no() {
    last += 1 + static_cast<std::int64_t>(below(3));
    return below(50) == 0 ? -1'000'000 + last : last;
  }

  list_filter any_filter() {
    list_filter f;
    if (below(2) == 0) f.status = small(5);
    if (below(3) == 0) f.payment = small(3);
    if (below(3) == 0) f.fulfillment = small(3);
    if (below(3) == 0) f.sku = (below(2) == 0 ? "A-" : "B-") + std::to_string(below(50));
    if (below(3) == 0) f.total_from = static_cast<std::int64_t>(below(900)), f.total_below = f.total_from + static_cast<std::int64_t>(below(300));
    if (below(3) == 0) f.no_from = static_cast<std::int64_t>(below(20'000)), f.no_below = f.no_from + static_cast<std::int64_t>(below(10'000));
    return f;
  }

  void expect_the_same(int questions) {
    for (int i = 0; i < questions; ++i) {
      const auto f = any_filter();
      const auto from = below(2) == 0 ? -everywhere : static_cast<std::int64_t>(below(25'000));
      const auto end = below(2) == 0 ? everywhere : static_cast<std::int64_t>(below(25'000));
      const bool oldest_first = below(2) == 0;
      const auto limit = 1 + below(200);
      const auto expected = plain.find(f, from, end, oldest_first, limit);
      const auto got = index.find(f, from, end, oldest_first, limit);
      ASSERT_TRUE(got);
      ASSERT_EQ(got->total, expected.total);
      ASSERT_EQ(got->numbers, expected.numbers);
    }
  }

  std::mt19937_64 random{20'261'123};
  std::int64_t last = 0;
  plain_list plain;
  list_index index;
};

TEST_F(ListIndex, SaysWhatAPlainSearchSaysHoweverOrdersComeAndChange) {
  index.finish(index.begin());
  for (int round = 0; round < 12; ++round) {
    std::vector<listed_order> changed;
    for (int i = 0; i < 1'000; ++i) changed.push_back(new_order(next_no()));
    for (const auto& [no, o] : plain.orders())
      if (below(8) == 0) changed.push_back({no, small(4), small(3), small(3), o.total_e4});
    for (const auto& o : changed) plain.put(o);
    index.put(std::move(changed));
    expect_the_same(40);
  }
}

TEST_F(ListIndex, KeepsWhatIsPutWhileItIsBuiltAndTakesWhatWasReadAlready) {
  const auto build = index.begin();
  std::vector<listed_order> stored;
  for (int i = 0; i < 9'000; ++i) stored.push_back(new_order(next_no()));
  std::ranges::sort(stored, {}, &listed_order::no);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    plain.put(stored[i]);
    if (i % 3 == 0) {  // committed meanwhile, and perhaps before the store was read: then it comes twice
      listed_order later{stored[i].no, small(4), small(3), small(3), stored[i].total_e4, i % 2 == 0 ? stored[i].skus : std::vector<std::string>{}};
      plain.put(later);
      index.put({later});
    }
    ASSERT_TRUE(index.load(build, stored[i]));
  }
  index.put({{everywhere - 1, 1, 1, 1, 500, {"A-1"}}});
  plain.put({everywhere - 1, 1, 1, 1, 500, {"A-1"}});
  index.finish(build);
  expect_the_same(60);
}

TEST_F(ListIndex, ABuildThatWasOvertakenAddsNothing) {
  const auto first = index.begin();
  ASSERT_TRUE(index.load(first, new_order(1)));
  const auto second = index.begin();
  EXPECT_FALSE(index.load(first, new_order(2)));
  index.finish(first);  // of no effect: the second is still being built
  ASSERT_TRUE(index.load(second, new_order(3)));
  index.finish(second);
  const auto all = index.find({}, 0, everywhere, true, 10);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->numbers, std::vector<std::int64_t>{3});
}

TEST_F(ListIndex, QuestionsWaitUntilItIsBuiltOrStopped) {
  const auto build = index.begin();
  std::optional<list_index::found> answer;
  std::thread waiting([&] { answer = index.find({}, 0, everywhere, true, 10); });
  ASSERT_TRUE(index.load(build, new_order(7)));
  index.finish(build);
  waiting.join();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->total, 1u);

  index.begin();
  std::thread in_vain([&] { answer = index.find({}, 0, everywhere, true, 10); });
  index.stop();
  in_vain.join();
  EXPECT_FALSE(answer);
}

}  // namespace
}  // namespace coreldove::persistence::testing
