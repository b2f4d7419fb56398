// The journal as a Redis stream, through everything that may happen to a Redis server.
#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>

#include "persistence/redis/event_feed.hpp"
#include "tests/redis_server/server.hpp"

namespace coreldove::persistence::redis {
namespace {

using namespace std::chrono_literals;
using redis_test::comes_true;
using redis_test::entries_of;
using redis_test::redis_server;
using testing::SizeIs;

/// A journal in memory: event n is at position n. Answers on the thread that asks, or on one of its own.
class memory_journal {
public:
  explicit memory_journal(std::string name = "ord") : name_(std::move(name)) {}

  std::uint64_t commit(std::uint64_t events) {
    const std::lock_guard lock{mutex_};
    return last_ += events;
  }
  std::uint64_t last() {
    const std::lock_guard lock{mutex_};
    return last_;
  }
  feed_event event(std::uint64_t position) const {
    return {position, name_ + "_" + std::to_string(position / 3), "type_" + std::to_string(position % 3), "{\"position\":" + std::to_string(position) + "}"};
  }
  feed_source source() {
    return {[this](std::uint64_t after, std::uint32_t limit, auto done) {
              if (unavailable) return done(domain::failure{domain::errc::unavailable, "away"});
              std::vector<feed_event> out;
              for (auto p = after + 1; p <= last() && out.size() < limit; ++p) out.push_back(event(p));
              done(std::move(out));
            },
            [this](auto done) { done(last()); }};
  }

  std::atomic<bool> unavailable{false};

private:
  const std::string name_;
  std::mutex mutex_;
  std::uint64_t last_ = 0;
};

/// A node with such a journal.
class node {
public:
  node(const redis_server& server, memory_journal& journal, std::uint64_t length = 100'000) : journal_(journal) {
    client_options o;
    o.where = server.address();
    o.connect_timeout = o.command_timeout = 300ms;
    o.retry_max = 100ms;
    o.tick = 20ms;
    redis_ = std::make_shared<client>(std::move(o));
    feed_options f;
    f.length = length;
    f.page = 50;
    f.rest = 50ms;
    f.state = [this](const std::string& problem) {
      const std::lock_guard lock{mutex_};
      problem_ = problem;
    };
    f.added = [this](std::uint64_t, std::uint64_t end) { end_ = end; };
    feed_.emplace(redis_, journal.source(), std::move(f));
    redis_->add(*feed_);
    redis_->start();
  }
  ~node() { redis_->stop(); }

  void commit(std::uint64_t events) {
    journal_.commit(events);
    feed_->committed();
  }
  void committed() { feed_->committed(); }
  bool caught_up() {
    return comes_true([this] { return end_ == journal_.last(); });
  }
  std::string problem() {
    const std::lock_guard lock{mutex_};
    return problem_;
  }

private:
  memory_journal& journal_;
  std::shared_ptr<client> redis_;
  std::optional<event_feed> feed_;
  std::atomic<std::uint64_t> end_{0};
  std::mutex mutex_;
  std::string problem_;
};

/// Every event from `first` to `last`, once, in order.
void expect_all(const redis_server& server, const memory_journal& journal, std::uint64_t first, std::uint64_t last) {
  const auto found = entries_of(server);
  ASSERT_THAT(found, SizeIs(last - first + 1));
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto e = journal.event(first + i);
    ASSERT_EQ(found[i].id, std::to_string(e.position) + "-0");
    ASSERT_EQ(found[i].position, std::to_string(e.position));
    ASSERT_EQ(found[i].stream, e.stream);
    ASSERT_EQ(found[i].type, e.type);
    ASSERT_EQ(found[i].event, e.document);
  }
}

TEST(EventFeed, HoldsWhatWasCommittedBeforeAndComesAfterwards) {
  const redis_server server;
  memory_journal journal;
  journal.commit(120);
  node n{server, journal};
  ASSERT_TRUE(n.caught_up());
  for (int i = 0; i < 30; ++i) n.commit(7);
  ASSERT_TRUE(n.caught_up());
  expect_all(server, journal, 1, 330);
  EXPECT_EQ(n.problem(), "");
}

TEST(EventFeed, GoesOnWhereItStoppedAfterARestartOfTheNode) {
  const redis_server server;
  memory_journal journal;
  journal.commit(70);
  {
    node n{server, journal};
    ASSERT_TRUE(n.caught_up());
  }
  journal.commit(70);
  node n{server, journal};
  ASSERT_TRUE(n.caught_up());
  expect_all(server, journal, 1, 140);
}

TEST(EventFeed, IsTrimmedAndAnEmptyStreamIsFilledOnlyAsFarBackAsItIsLong) {
  const redis_server server;
  memory_journal journal;
  node n{server, journal, 200};
  n.commit(1'000);
  ASSERT_TRUE(n.caught_up());
  const auto kept = entries_of(server);
  EXPECT_GE(kept.size(), 200U);
  EXPECT_LE(kept.size(), 400U) << "Redis trims in blocks of a hundred";
  EXPECT_EQ(kept.back().id, "1000-0");
  server.say({"FLUSHALL"});
  n.commit(1);
  ASSERT_TRUE(n.caught_up());
  const auto again = entries_of(server);
  EXPECT_EQ(again.front().id, "802-0");
  EXPECT_EQ(again.back().id, "1001-0");
}

TEST(EventFeed, HasNoGapWhereTheServerIsFlushedKilledAndPausedInTheMiddleOfLoad) {
  redis_server server;
  memory_journal journal;
  node n{server, journal};
  std::atomic<bool> stop{false};
  std::thread load{[&] {
    for (; !stop; std::this_thread::sleep_for(100us)) n.commit(3);
  }};
  const auto some_more = [&] {
    const auto at = journal.last() + 300;
    return comes_true([&] { return journal.last() >= at; });
  };
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(some_more());
    server.say({"FLUSHALL"});
    EXPECT_TRUE(some_more());
    server.kill();
    EXPECT_TRUE(some_more());
    server.start();
    EXPECT_TRUE(some_more());
    server.say({"CLIENT", "PAUSE", "400", "WRITE"});
    EXPECT_TRUE(some_more());
    server.signal(SIGSTOP);
    EXPECT_TRUE(some_more());
    EXPECT_TRUE(comes_true([at = std::chrono::steady_clock::now() + 400ms] { return std::chrono::steady_clock::now() > at; }))
        << "longer than a command may take";
    server.signal(SIGCONT);
  }
  stop = true;
  load.join();
  n.committed();
  ASSERT_TRUE(n.caught_up());
  expect_all(server, journal, 1, journal.last());
}

TEST(EventFeed, WaitsForRoomWhereTheServerIsFull) {
  const redis_server server;
  memory_journal journal;
  node n{server, journal};
  n.commit(10);
  ASSERT_TRUE(n.caught_up());
  server.say({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  server.say({"CONFIG", "SET", "maxmemory", "1mb"});
  n.commit(90);
  ASSERT_TRUE(comes_true([&] { return n.problem().find("OOM") != std::string::npos; })) << n.problem();
  n.commit(90);
  server.say({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_TRUE(n.caught_up());
  EXPECT_TRUE(comes_true([&] { return n.problem().empty(); }));
  expect_all(server, journal, 1, 190);
}

TEST(EventFeed, OfSeveralNodesAtOnceHoldsEveryEventOnce) {
  const redis_server server;
  memory_journal journal;
  node a{server, journal}, b{server, journal};
  for (int i = 0; i < 60; ++i) {
    a.commit(11);
    b.committed();
    if (i == 30) server.say({"DEL", std::string{event_feed::key}});
  }
  ASSERT_TRUE(comes_true([&] {
    a.committed();
    const auto all = entries_of(server);
    return !all.empty() && all.back().id == "660-0";
  }));
  expect_all(server, journal, 1, 660);
}

TEST(EventFeed, LeavesAnotherStoresStreamAlone) {
  const redis_server server;
  memory_journal journal, other{"other"};
  {
    node n{server, other};
    n.commit(40);
    ASSERT_TRUE(n.caught_up());
  }
  journal.commit(30);
  node n{server, journal};
  ASSERT_TRUE(comes_true([&] { return n.problem().find("another store's") != std::string::npos; }));
  server.say({"CONFIG", "RESETSTAT"});
  n.commit(50);
  ASSERT_TRUE(comes_true([&] { return server.say({"INFO", "commandstats"}).text.find("cmdstat_xinfo") != std::string::npos; })) << "it looks again";
  expect_all(server, other, 1, 40);
  server.say({"DEL", std::string{event_feed::key}});
  ASSERT_TRUE(n.caught_up());
  EXPECT_TRUE(comes_true([&] { return n.problem().empty(); }));
  expect_all(server, journal, 1, 80);
}

TEST(EventFeed, SaysWhatIsWrongWithAKeyOfAnotherKindAndWithMissingRights) {
  const redis_server server;
  server.say({"SET", std::string{event_feed::key}, "mine"});
  memory_journal journal;
  node n{server, journal};
  n.commit(5);
  ASSERT_TRUE(comes_true([&] { return n.problem().find("WRONGTYPE") != std::string::npos; })) << n.problem();
  server.say({"ACL", "SETUSER", "default", "-xadd"});
  server.say({"DEL", std::string{event_feed::key}});
  ASSERT_TRUE(comes_true([&] { return n.problem().find("can't run this command") != std::string::npos; })) << n.problem();
  server.say({"ACL", "SETUSER", "default", "+xadd"});
  ASSERT_TRUE(n.caught_up());
  expect_all(server, journal, 1, 5);
}

TEST(EventFeed, GoesOnWhenTheStoreIsBack) {
  const redis_server server;
  memory_journal journal;
  node n{server, journal};
  n.commit(10);
  ASSERT_TRUE(n.caught_up());
  journal.unavailable = true;
  n.commit(10);
  journal.unavailable = false;
  ASSERT_TRUE(n.caught_up()) << "nobody has to commit for that";
  expect_all(server, journal, 1, 20);
}

TEST(EventFeed, NeedsNoMoreRightsThanTheDocsSay) {
  const redis_server server;
  server.say({"ACL", "SETUSER", "shop", "on", ">pw", "~coreldove:*", "+ping", "+select", "+eval", "+xinfo", "+xrevrange", "+xadd", "+get", "+set", "+time"});
  server.say({"ACL", "SETUSER", "default", "-eval"});
  memory_journal journal;
  client_options o;
  o.where = server.address();
  o.where.user = "shop";
  o.where.password = "pw";
  const auto redis = std::make_shared<client>(std::move(o));
  std::atomic<std::uint64_t> end{0};
  event_feed feed{redis, journal.source(), {.added = [&](std::uint64_t, std::uint64_t at) { end = at; }}};
  redis->add(feed);
  journal.commit(3);
  redis->start();
  EXPECT_TRUE(comes_true([&] { return end == 3; }));
  redis->stop();
}

}  // namespace
}  // namespace coreldove::persistence::redis
