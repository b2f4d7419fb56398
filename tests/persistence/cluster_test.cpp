// Several nodes over one PostgreSQL database: their transactions take turns, each writes the orders of its own shards alone, and whoever has lost a shard
// changes nothing in it, whatever it believes.
#include <fmt/format.h>

#include <atomic>
#include <thread>
#include <utility>

#include "persistence/verify.hpp"
#include "tests/persistence/fixture.hpp"
#include "tests/persistence/life.hpp"
#include "tests/postgres/server.hpp"

namespace coreldove::persistence::testing {
namespace {

using domain::cluster_shards;
using domain::errc;
using postgres_test::fresh_database;
using namespace std::chrono_literals;

const auto all_shards = cluster_shards{}.set();

std::unique_ptr<opened_store> node(const std::string& address, const std::string& name, std::chrono::milliseconds lease = 60s, commit_observers observe = {}) {
  return open_store({.place = address, .on_commit = {}, .observe = std::move(observe), .member = cluster_member{name, "127.0.0.1", 7'000, lease}});
}

std::string refusal(const std::string& address, std::optional<cluster_member> member) {
  try {
    open_store({.place = address, .on_commit = {}, .observe = {}, .member = std::move(member)});
    return {};
  } catch (const std::exception& e) {
    return e.what();
  }
}

template <class F>
bool soon(F condition) {
  const auto end = std::chrono::steady_clock::now() + answer_time;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

/// Every second shard, beginning with the first or the second.
cluster_shards half(std::size_t first) {
  cluster_shards s;
  for (auto n = first; n < s.size(); n += 2) s.set(n);
  return s;
}

/// The numbers of `count` orders whose shards are among these.
std::vector<int> orders_in(const cluster_shards& shards, std::size_t count, int from = 0) {
  std::vector<int> found;
  for (int n = from; found.size() < count; ++n)
    if (shards.test(domain::cluster_shard_of(order_id(n)))) found.push_back(n);
  return found;
}

std::uint64_t last_position(store& s) {
  return *answer<std::uint64_t>([&](reply<std::uint64_t> done) { s.last_position(std::move(done)); });
}

void expect_clean(const std::string& address) {
  const auto found = verify(*open_audit(address), {});
  for (const auto& f : found.findings) ADD_FAILURE() << f.check << ' ' << f.subject << ": " << f.detail;
}

TEST(ClusterStore, NodesWriteAtOnceAndTheBooksAddUp) {
  const fresh_database database;
  const auto a = node(database.address(), "a"), b = node(database.address(), "b");
  ASSERT_EQ(a->cluster()->take(half(0)), half(0));
  ASSERT_EQ(b->cluster()->take(half(1)), half(1));
  auto c = shelf("SKU-1", "berlin", 10'000);
  c.levels.push_back({"SKU-2", "berlin", {10'000, 0}});
  ASSERT_TRUE(import(a->journal(), c));
  std::atomic<int> refused{0}, written{0};
  const auto live = [&](opened_store& s, const std::vector<int>& numbers) {
    for (const int n : numbers) {
      living_order o(n, at(noon + n % 3));  // orders of one millisecond at both nodes
      const auto write = [&](append item) { put(s.journal(), std::move(item)) ? ++written : ++refused; };
      write(o.placed());
      write(o.answered());
      write(o.next(domain::fulfill_order{{}, "", "", "op"}));
      while (o.waits_for_an_answer()) write(o.answered());
    }
  };
  std::vector<std::thread> buyers;
  for (int i = 0; i < 3; ++i) {
    buyers.emplace_back([&, i] { live(*a, orders_in(half(0), 12, i * 1'000)); });
    buyers.emplace_back([&, i] { live(*b, orders_in(half(1), 12, i * 1'000)); });
  }
  for (auto& t : buyers) t.join();
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(list(a->store(), {}).total, 72u);
  std::uint64_t next = 0;
  for (;;) {
    const auto page = answer<std::vector<domain::history_entry>>([&](auto done) { b->store().feed(next, 1'000, std::move(done)); });
    ASSERT_TRUE(page);
    if (page->empty()) break;
    for (const auto& e : *page) ASSERT_EQ(e.position, ++next) << "positions have no gaps";
  }
  EXPECT_EQ(next, last_position(a->store()));
  EXPECT_GT(next, static_cast<std::uint64_t>(written.load()));
  expect_clean(database.address());
}

TEST(ClusterStore, AnOrderOfAnotherNodeIsRefusedAndTheRestOfItsTransactionIsWritten) {
  const fresh_database database;
  const auto a = node(database.address(), "a"), b = node(database.address(), "b");
  a->cluster()->take(half(0));
  b->cluster()->take(half(1));
  const auto mine = orders_in(half(0), 20), others = orders_in(half(1), 20);
  std::vector<std::future<domain::result<append_outcome>>> good, bad;
  const auto start = [&](int n, auto& answers) {
    auto p = std::make_shared<std::promise<domain::result<append_outcome>>>();
    answers.push_back(p->get_future());
    a->journal().append(new_order(n), [p](domain::result<append_outcome> r) { p->set_value(std::move(r)); });
  };
  for (std::size_t i = 0; i < mine.size(); ++i) {
    start(mine[i], good);
    start(others[i], bad);
  }
  for (auto& f : good) EXPECT_TRUE(wait(std::move(f)));
  for (auto& f : bad) {
    const auto r = wait(std::move(f));
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, errc::unavailable);
    EXPECT_NE(r.error().detail.find("belongs to another node"), std::string::npos) << r.error().detail;
  }
  EXPECT_TRUE(a->journal().healthy());
  EXPECT_EQ(list(b->store(), {}).total, mine.size());
  for (const int n : others) EXPECT_FALSE(document(a->store(), order_id(n)));
}

TEST(ClusterStore, ANodeThatHasLostItsShardsWhileItSleptWritesNothing) {
  const fresh_database database;
  const auto zombie = node(database.address(), "a", 300ms), heir = node(database.address(), "b");
  ASSERT_TRUE(zombie->cluster()->renew());
  ASSERT_EQ(zombie->cluster()->take(all_shards), all_shards);
  const auto first = new_order(0);
  ASSERT_TRUE(put(zombie->journal(), first));
  EXPECT_TRUE(heir->cluster()->take(all_shards).none()) << "its lease has not ended";
  cluster_shards taken;
  ASSERT_TRUE(soon([&] { return (taken |= heir->cluster()->take(all_shards)).all(); }));
  ASSERT_TRUE(put(heir->journal(), next_of(first)));
  for (const auto& late : {next_of(first), next_of(next_of(first)), new_order(1)}) {
    const auto r = put(zombie->journal(), late);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, errc::unavailable);
  }
  EXPECT_TRUE(zombie->cluster()->renew()) << "it lives again, but that brings no shard back";
  EXPECT_FALSE(put(zombie->journal(), next_of(next_of(first))));
  zombie->cluster()->release(all_shards);  // of what it does not hold any more
  const auto view = heir->cluster()->view();
  for (const auto& s : view.shards) {
    EXPECT_EQ(s.node, "b");
    EXPECT_EQ(s.epoch, 2);
  }
  EXPECT_EQ(load(heir->store(), order_id(0)).size(), 2u);
}

TEST(ClusterStore, ANodeThatStopsInTheMiddleOfATransactionHoldsUpTheOthersOnlyForAMoment) {
  const fresh_database database;
  std::atomic<bool> sleep{false};
  std::promise<void> asleep, wake;
  commit_observers observe;
  observe.before_commit = [&, awake = wake.get_future().share()] {
    if (!sleep.exchange(false)) return;
    asleep.set_value();
    awake.wait();
  };
  const auto zombie = node(database.address(), "a", 300ms, observe), heir = node(database.address(), "b");
  ASSERT_TRUE(zombie->cluster()->renew());
  zombie->cluster()->take(all_shards);
  ASSERT_TRUE(put(zombie->journal(), new_order(0)));
  sleep = true;
  auto late = std::async(std::launch::async, [&] { return put(zombie->journal(), next_of(new_order(0))); });
  asleep.get_future().wait();
  cluster_shards taken;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(soon([&] {
    try {
      return (taken |= heir->cluster()->take(all_shards)).all();
    } catch (const std::exception&) {
      return false;  // the sleeper's transaction was still in the way
    }
  }));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  ASSERT_TRUE(put(heir->journal(), next_of(new_order(0))));
  wake.set_value();
  const auto r = late.get();
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::timed_out);
  EXPECT_TRUE(soon([&] { return zombie->journal().healthy(); }));
  EXPECT_FALSE(put(zombie->journal(), next_of(new_order(0))));
  EXPECT_EQ(load(heir->store(), order_id(0)).size(), 2u);
}

TEST(ClusterStore, AShardThatComesBackBringsWhatWasWrittenMeanwhile) {
  const fresh_database database;
  const auto a = node(database.address(), "a"), b = node(database.address(), "b");
  a->cluster()->take(all_shards);
  const auto first = new_order(0);
  ASSERT_TRUE(put(a->journal(), first));
  a->cluster()->release(all_shards);
  EXPECT_FALSE(put(a->journal(), next_of(first))) << "it is nobody's";
  ASSERT_TRUE(b->cluster()->take(all_shards).all());
  ASSERT_TRUE(put(b->journal(), next_of(first)));
  b->cluster()->leave();
  ASSERT_TRUE(a->cluster()->take(all_shards).all());
  const auto outdated = put(a->journal(), next_of(first));
  ASSERT_FALSE(outdated);
  EXPECT_EQ(outdated.error().code, errc::conflict) << "a's own memory of the order is not true any more";
  EXPECT_TRUE(put(a->journal(), next_of(next_of(first))));
}

TEST(ClusterStore, OneOfTwoNodesGetsAKeyAndNoneSellsWhatIsNotThere) {
  const fresh_database database;
  const auto a = node(database.address(), "a"), b = node(database.address(), "b");
  a->cluster()->take(half(0));
  b->cluster()->take(half(1));
  ASSERT_TRUE(import(a->journal(), shelf("SKU-1", "berlin", 10)));
  const auto mine = orders_in(half(0), 12), others = orders_in(half(1), 12);
  std::atomic<int> sold{0}, refused{0}, keys{0};
  const auto sell = [&](opened_store& s, const std::vector<int>& numbers) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      auto order = new_order(numbers[i]);
      order.at = std::chrono::floor<domain::duration>(std::chrono::system_clock::now());  // answers are kept for some days only
      order.stock = {{"SKU-1", "berlin", 0, 1}};
      if (i < 3) order.idempotency = idempotency_record{"customer POST /orders", fmt::format("key-{}", i), "f", {202, 1, order.stream, "{}"}, false};
      const auto r = put(s.journal(), order);
      if (r && i < 3) ++keys;
      if (r) ++sold;
      if (!r) ++refused;
      if (!r) {
        EXPECT_EQ(r.error().code, errc::conflict) << r.error().detail;
      }
    }
  };
  std::thread one([&] { sell(*a, mine); }), other([&] { sell(*b, others); });
  one.join();
  other.join();
  EXPECT_EQ(keys, 3);
  EXPECT_EQ(sold, 10);
  EXPECT_EQ(refused, 14);
  EXPECT_EQ(level(a->store(), "SKU-1", "berlin").reserved, 10);
}

TEST(ClusterStore, IsNotSharedWithAServerThatWritesByItself) {
  const fresh_database database;
  {
    const auto a = node(database.address(), "a");
    EXPECT_NE(refusal(database.address(), {}).find("another server is using it"), std::string::npos);
  }
  const auto alone = open_store({.place = database.address(), .on_commit = {}, .observe = {}});
  EXPECT_NE(refusal(database.address(), cluster_member{"a", "127.0.0.1", 1, 100ms}).find("a server outside of the cluster is using it"), std::string::npos);
  const temporary_folder folder;
  EXPECT_NE(refusal((folder.path() / "store.db").string(), cluster_member{"a", "127.0.0.1", 1, 100ms}).find("need a PostgreSQL database"), std::string::npos);
}

TEST(ClusterStore, ANameIsOneProcessAtATime) {
  const fresh_database database;
  const auto first = node(database.address(), "a", 700ms);
  ASSERT_TRUE(first->cluster()->take(all_shards).all());
  std::atomic<bool> stop{false};
  std::thread renewing([&] {
    while (!stop) {
      EXPECT_TRUE(first->cluster()->renew());
      std::this_thread::sleep_for(50ms);
    }
  });
  EXPECT_NE(refusal(database.address(), cluster_member{"a", "127.0.0.1", 1, 100ms}).find("a node a is running already"), std::string::npos);
  stop = true;
  renewing.join();
  const auto second = node(database.address(), "a");  // waits until the lease has ended
  EXPECT_FALSE(first->cluster()->renew());
  EXPECT_TRUE(first->cluster()->take(all_shards).none());
  EXPECT_EQ(second->cluster()->incarnation(), first->cluster()->incarnation() + 1);
  EXPECT_TRUE(second->cluster()->take(all_shards).all()) << "what its earlier process held is nobody's";
  EXPECT_FALSE(put(first->journal(), new_order(0)));
  EXPECT_TRUE(put(second->journal(), new_order(0)));
}

TEST(ClusterStore, TheViewShowsWhoLivesAndWhoLeaves) {
  const fresh_database database;
  const auto a = node(database.address(), "a"), b = node(database.address(), "b", 200ms);
  a->cluster()->take(half(0));
  a->cluster()->announce_leaving();
  EXPECT_TRUE(soon([&] { return a->cluster()->view().alive("b", 1) == nullptr; })) << "its lease ends by itself";
  const auto view = a->cluster()->view();
  ASSERT_EQ(view.nodes.size(), 2u);
  EXPECT_TRUE(view.nodes[0].alive && view.nodes[0].leaving);
  EXPECT_FALSE(view.nodes[1].leaving);
  EXPECT_EQ(view.nodes[0].host, "127.0.0.1");
  EXPECT_EQ(view.nodes[0].port, 7'000);
  EXPECT_NE(view.alive("a", 1), nullptr);
  EXPECT_EQ(view.alive("a", 2), nullptr);
  EXPECT_EQ(view.shards[0].node, "a");
  EXPECT_EQ(view.shards[1].node, "");
  EXPECT_EQ(view.commits, 0u);
  ASSERT_TRUE(put(a->journal(), new_order(orders_in(half(0), 1).front())));
  EXPECT_EQ(a->cluster()->view().commits, 1u);
  a->cluster()->leave();
  EXPECT_EQ(a->cluster()->view().alive("a", 1), nullptr);
  EXPECT_EQ(a->cluster()->view().shards[0].node, "");
}

}  // namespace
}  // namespace coreldove::persistence::testing
