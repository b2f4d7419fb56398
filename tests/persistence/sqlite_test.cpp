// What only the embedded store has to answer for: its file, its one writer thread, a disk that says no.
#include "persistence/sqlite/sqlite.hpp"

#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <future>
#include <semaphore>

#include "persistence/order_number.hpp"
#include "persistence/sql/list.hpp"
#include "persistence/sqlite/database.hpp"
#include "persistence/sqlite/reader.hpp"
#include "tests/persistence/fixture.hpp"

namespace coreldove::persistence::testing {
namespace {

using domain::errc;
using sqlite::sqlite_options;
using sqlite::sqlite_store;

class SqliteStore : public ::testing::Test {
protected:
  std::filesystem::path file() const { return folder_.path() / "store.db"; }
  sqlite_options options() const { return {file(), 2, 1'000, {}, {}}; }

  /// Why the store refuses to open.
  std::string refusal() {
    try {
      sqlite_store s(options());
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "";
  }
  bool refuses_because(const std::string& words) { return refusal().find(words) != std::string::npos; }

  temporary_folder folder_;
};

/// Holds the writer thread in its on_commit until told to go on.
struct held_writer {
  std::binary_semaphore held{0}, go_on{0};
  std::atomic<bool> hold{false};
  std::function<void(std::uint64_t)> hook() {
    return [this](std::uint64_t) {
      if (!hold.exchange(false)) return;
      held.release();
      go_on.acquire();
    };
  }
  /// After the next commit the writer stands still.
  void stop_after_commit_of(journal& j, append item) {
    hold = true;
    ASSERT_TRUE(put(j, std::move(item)));
    held.acquire();
  }
};

TEST_F(SqliteStore, RefusesAStoreThatIsOpenElsewhere) {
  sqlite_store first(options());
  EXPECT_TRUE(refuses_because("another process is using it"));
  EXPECT_TRUE(refuses_because(file().string()));
}

TEST_F(SqliteStore, CanBeOpenedAgainOnceItIsClosed) {
  { sqlite_store first(options()); }
  EXPECT_EQ(refusal(), "");
}

TEST_F(SqliteStore, RefusesTheStoreOfANewerProgram) {
  { sqlite_store first(options()); }
  sqlite::database(file(), sqlite::access::write).execute("PRAGMA user_version=1000");
  EXPECT_TRUE(refuses_because("its schema is version 1000"));
}

TEST_F(SqliteStore, RefusesACorruptFile) {
  {
    sqlite_store s(options());
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(put(s.journal(), new_order(i)));
  }
  {
    std::fstream f(file(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string noise(4'096, '\x5a');
    const auto size = static_cast<long>(std::filesystem::file_size(file()));
    for (long at = 8'192; at < size; at += 16'384) f.seekp(at).write(noise.data(), static_cast<long>(noise.size()));
  }
  EXPECT_TRUE(refuses_because("it is corrupt")) << refusal();
}

TEST_F(SqliteStore, RefusesAFileThatIsNoStore) {
  std::ofstream(file()) << std::string(10'000, 'x');
  EXPECT_TRUE(refuses_because("it is corrupt")) << refusal();
}

TEST_F(SqliteStore, RefusesAPlaceThatCannotBeWritten) {
  try {
    sqlite_store s({"/proc/no-such-folder/store.db", 1, 10, {}, {}});
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("/proc/no-such-folder"), std::string::npos) << e.what();
  }
}

TEST_F(SqliteStore, CommitsWhatQueuedUpDuringACommitTogether) {
  held_writer writer;
  std::vector<std::size_t> batches;
  auto o = options();
  o.on_commit = writer.hook();
  o.observe.batch_size = [&](std::size_t n) { batches.push_back(n); };
  sqlite_store s(o);
  writer.stop_after_commit_of(s.journal(), new_order(0));
  std::vector<std::future<domain::result<append_outcome>>> answers;
  for (int i = 1; i <= 64; ++i) {
    auto p = std::make_shared<std::promise<domain::result<append_outcome>>>();
    answers.push_back(p->get_future());
    s.journal().append(new_order(i), [p](auto r) { p->set_value(std::move(r)); });
  }
  EXPECT_EQ(s.journal().queued(), 64u);
  writer.go_on.release();
  for (auto& a : answers) EXPECT_TRUE(wait(std::move(a)));
  s.stop();
  EXPECT_EQ(batches, (std::vector<std::size_t>{1, 64}));
}

TEST_F(SqliteStore, TakesNoMoreThanItsQueueHolds) {
  held_writer writer;
  auto o = options();
  o.max_queued = 3;
  o.on_commit = writer.hook();
  sqlite_store s(o);
  writer.stop_after_commit_of(s.journal(), new_order(0));
  std::vector<std::future<domain::result<append_outcome>>> answers;
  for (int i = 1; i <= 4; ++i) {
    auto p = std::make_shared<std::promise<domain::result<append_outcome>>>();
    answers.push_back(p->get_future());
    s.journal().append(new_order(i), [p](auto r) { p->set_value(std::move(r)); });
  }
  const auto refused = wait(std::move(answers[3]));
  writer.go_on.release();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::unavailable);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(wait(std::move(answers[static_cast<std::size_t>(i)])));
  EXPECT_FALSE(document(s.store(), order_id(4)));
}

TEST_F(SqliteStore, StopCommitsWhatIsQueuedAndEmptiesTheLog) {
  held_writer writer;
  auto o = options();
  o.on_commit = writer.hook();
  auto s = std::make_unique<sqlite_store>(o);
  writer.stop_after_commit_of(s->journal(), new_order(0));
  auto p = std::make_shared<std::promise<domain::result<append_outcome>>>();
  auto queued = p->get_future();
  s->journal().append(new_order(1), [p](auto r) { p->set_value(std::move(r)); });
  auto stopping = std::async(std::launch::async, [&] { s->stop(); });
  writer.go_on.release();
  stopping.get();
  EXPECT_TRUE(wait(std::move(queued)));
  const auto late = put(s->journal(), new_order(2));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, errc::unavailable);
  const auto read = document(s->store(), order_id(1));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::unavailable);
  EXPECT_FALSE(std::filesystem::exists(file().string() + "-wal"));
  s.reset();
  sqlite_store again(options());
  EXPECT_TRUE(document(again.store(), order_id(1)));
  EXPECT_FALSE(document(again.store(), order_id(2)));
}

/// Appends orders with large documents from `n` on until one is refused; the refused one's number.
int fill_until_refused(journal& j, int n, domain::failure& why) {
  for (; n < 10'000; ++n) {
    auto o = new_order(n);
    o.row.document = std::string(200'000, ' ');
    if (const auto r = put(j, std::move(o)); !r) {
      why = r.error();
      return n;
    }
  }
  throw std::runtime_error("the disk never filled up");
}

/// The store tries again each second; true as soon as it takes an order.
bool takes_orders_again(journal& j, int n) {
  const auto end = std::chrono::steady_clock::now() + answer_time;
  while (std::chrono::steady_clock::now() < end) {
    if (j.healthy() && put(j, new_order(n))) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

TEST_F(SqliteStore, RefusesOrdersWhileTheDiskSaysNoAndGoesOnAfterwards) {
  struct ignored_signal {
    ignored_signal() { before = std::signal(SIGXFSZ, SIG_IGN); }
    ~ignored_signal() { std::signal(SIGXFSZ, before); }
    void (*before)(int);
  } const no_signal;
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  sqlite_store s(options());
  ASSERT_TRUE(put(s.journal(), new_order(0)));

  const rlimit small{4u << 20, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  domain::failure why;
  const int refused = fill_until_refused(s.journal(), 1, why);
  EXPECT_EQ(why.code, errc::unavailable) << why.detail;
  EXPECT_FALSE(s.journal().healthy());
  EXPECT_TRUE(document(s.store(), order_id(refused - 1)));
  EXPECT_FALSE(document(s.store(), order_id(refused)));
  const auto correction = adjust(s.journal(), {"SKU-1", "berlin", "", "op", 1, at(noon)});
  ASSERT_FALSE(correction);
  EXPECT_EQ(correction.error().code, errc::unavailable);
  setrlimit(RLIMIT_FSIZE, &before);

  EXPECT_TRUE(takes_orders_again(s.journal(), 20'000));
  EXPECT_EQ(list(s.store(), {}).total, static_cast<std::uint64_t>(refused) + 1);
}

TEST_F(SqliteStore, SurvivesAFullDisk) {
  const auto disk = folder_.path() / "disk";
  std::filesystem::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=8m") != 0) GTEST_SKIP() << "needs the right to mount";
  {
    sqlite_store s({disk / "store.db", 1, 100, {}, {}});
    std::ofstream(disk / "ballast") << std::string(2u << 20, 'x');
    domain::failure why;
    const int refused = fill_until_refused(s.journal(), 0, why);
    EXPECT_EQ(why.code, errc::unavailable) << why.detail;
    EXPECT_TRUE(document(s.store(), order_id(refused - 1)));
    std::filesystem::remove(disk / "ballast");
    EXPECT_TRUE(takes_orders_again(s.journal(), 20'000));
    EXPECT_EQ(list(s.store(), {}).total, static_cast<std::uint64_t>(refused) + 1);
  }
  umount2(disk.c_str(), MNT_DETACH);
}

TEST_F(SqliteStore, ListsAreTheSameWhicheverFilterLeads) {
  sqlite_store s(options());
  for (int i = 0; i < 60; ++i) {
    auto o = new_order(i, noon + i % 7 * 1'000);
    o.row.customer_id = fmt::format("cust_{}", i % 4);
    o.row.customer_email = fmt::format("{}{}@example.com", i % 3 ? "cust_" : "x", i);
    o.row.skus = {fmt::format("SKU-{}", i % 5)};
    o.row.total = i * 100;
    o.row.status = static_cast<domain::order_status>(i % 3);
    ASSERT_TRUE(put(s.journal(), o));
  }
  sqlite::reader r(sqlite::database(file(), sqlite::access::read));
  std::vector<domain::order_query> queries(9);
  queries[0].q = "cust_";
  queries[1].min_total = "20";
  queries[2].min_total = "20", queries[2].q = "cust_1";
  queries[3].status = domain::order_status::on_hold, queries[3].max_total = "30";
  queries[4].sku = "SKU-2", queries[4].status = domain::order_status::received;
  queries[5].customer_id = "cust_1", queries[5].sku = "SKU-1";
  queries[6].q = "cust_2", queries[6].status = domain::order_status::received;
  queries[7].q = "x", queries[7].created_after = at(noon + 2'000);
  queries[8].sku = "SKU-3", queries[8].created_before = at(noon + 5'000);
  const auto expect_same = [](const domain::result<domain::page>& found, const domain::page& expected) {
    ASSERT_TRUE(found);
    EXPECT_EQ(found->items, expected.items);
    EXPECT_EQ(found->total, expected.total);
    EXPECT_EQ(found->next_cursor, expected.next_cursor);
  };
  for (auto& q : queries) {
    q.limit = 3;
    for (q.oldest_first = false;; q.oldest_first = true) {
      const auto expected = sql::list_orders(r, q);
      ASSERT_TRUE(expected);
      EXPECT_GT(expected->total, 0u);
      for (const std::int64_t narrow : {1, 5, 20}) expect_same(sql::list_orders(r, q, nullptr, narrow), *expected);
      expect_same(list(s.store(), q), *expected);
      auto next = q;
      next.cursor = expected->next_cursor;
      if (!next.cursor.empty()) expect_same(list(s.store(), next), *sql::list_orders(r, next));
      if (q.oldest_first) break;
    }
  }
}

TEST_F(SqliteStore, CursorsComeBackAndForeignTextsDoNot) {
  for (const std::int64_t no : {std::int64_t{0}, std::int64_t{35}, first_no(noon) + 7}) EXPECT_EQ(sql::no_of(sql::cursor_of(no)), no);
  for (const char* text : {"", "-5", "x y", "zzzzzzzzzzzzzzzzzzzz"}) EXPECT_FALSE(sql::no_of(text)) << text;
}

}  // namespace
}  // namespace coreldove::persistence::testing
