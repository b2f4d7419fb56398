// Limits that several nodes share through a Redis server, and what is left of them without it.
#include <csignal>
#include <thread>

#include "runtime/app/limit_sharing.hpp"
#include "tests/redis_server/server.hpp"

namespace coreldove::app {
namespace {

using namespace std::chrono_literals;
using persistence::redis::client;
using persistence::redis::client_options;
using redis_test::comes_true;
using redis_test::redis_server;
using clock = std::chrono::steady_clock;

constexpr auto tick = 20ms;

/// A node with one limit.
class node {
public:
  node(const persistence::redis::address& where, unsigned per_minute, unsigned burst)
      : limiter(per_minute, burst, 1'000), redis_(options_for(where)), sharing_(redis_, "test", limiter, observers()) {
    redis_.add(sharing_);
    redis_.start();
  }
  ~node() { redis_.stop(); }

  bool ask(const std::string& caller = "a") { return limiter.ask(caller, clock::now()).allowed; }
  unsigned left(const std::string& caller = "a") { return limiter.ask(caller, clock::now(), false).remaining; }
  unsigned take_all(const std::string& caller = "a") {
    unsigned n = 0;
    while (ask(caller)) ++n;
    return n;
  }
  /// What was asked until now has been reported and answered: two whole rounds have begun since.
  bool shared(const std::string& caller = "a") {
    const auto at = rounds_ + 2;
    return comes_true([&] {
      static_cast<void>(left(caller));
      return rounds_ >= at;
    });
  }
  bool connected() {
    return comes_true([this] { return connected_.load(); });
  }
  bool alone() {
    return comes_true([this] { return !connected_; });
  }
  std::string problem() {
    const std::lock_guard lock{mutex_};
    return problem_;
  }

  http::rate_limiter limiter;

private:
  client_options options_for(const persistence::redis::address& where) {
    client_options o;
    o.where = where;
    o.connect_timeout = o.command_timeout = 300ms;
    o.retry_max = 100ms;
    o.tick = tick;
    o.observe.state = [this](bool is, const std::string&) { connected_ = is; };
    return o;
  }
  limit_observers observers() {
    return {[this](const std::string& problem) {
              const std::lock_guard lock{mutex_};
              problem_ = problem;
            },
            [this](std::size_t) { ++rounds_; }};
  }

  std::atomic<bool> connected_{false};
  std::atomic<int> rounds_{0};
  std::mutex mutex_;
  std::string problem_;
  client redis_;
  limit_sharing sharing_;
};

TEST(SharedLimit, CountsWhatIsTakenAtOtherNodesWithinATick) {
  const redis_server server;
  node a{server.address(), 6, 100}, b{server.address(), 6, 100};
  ASSERT_TRUE(a.connected() && b.connected());
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(a.ask());
  EXPECT_TRUE(a.shared());
  EXPECT_TRUE(b.ask()) << "b decides at once";
  EXPECT_TRUE(comes_true([&] { return b.left() <= 40; }));
  EXPECT_LE(b.take_all(), 40U);
  EXPECT_TRUE(b.shared());
  EXPECT_TRUE(comes_true([&] { return a.left() == 0; }));
  EXPECT_FALSE(a.ask());
  EXPECT_TRUE(a.ask("another caller"));
}

TEST(SharedLimit, IsExceededByNoMoreThanTheBoundAndPaidBack) {
  const redis_server server;
  constexpr unsigned nodes = 3, burst = 30, per_second = 20;
  std::vector<std::unique_ptr<node>> all;
  for (unsigned i = 0; i < nodes; ++i) all.push_back(std::make_unique<node>(server.address(), per_second * 60, burst));
  for (const auto& n : all) ASSERT_TRUE(n->connected());
  const auto start = clock::now();
  unsigned allowed = 0;
  while (clock::now() < start + 200ms)
    for (const auto& n : all) allowed += n->ask() ? 1 : 0;
  EXPECT_GE(allowed, burst) << "the limit itself is there for the callers";
  const auto bound = [&](clock::duration t) {
    const double seconds = std::chrono::duration<double>(t).count(), stale = 0.1;  // twice a tick and a busy machine's delay
    return burst + per_second * seconds + (nodes - 1) * (burst + per_second * stale);
  };
  EXPECT_LE(allowed, bound(clock::now() - start));
  while (clock::now() < start + 4s) {
    for (const auto& n : all) allowed += n->ask() ? 1 : 0;
    std::this_thread::sleep_for(1ms);
  }
  const double seconds = std::chrono::duration<double>(clock::now() - start).count();
  EXPECT_LE(allowed, burst + per_second * seconds + (nodes - 1) * 4.0) << "what was let through too much at first has been made up for";
  EXPECT_GE(allowed, burst + per_second * seconds - nodes * 4.0) << "and nothing beyond that was taken from them";
}

TEST(SharedLimit, IsEachNodesOwnWithoutRedisAndSharedAgainWhenItIsBack) {
  redis_server server;
  node a{server.address(), 6, 20}, b{server.address(), 6, 20};
  ASSERT_TRUE(a.connected() && b.connected());
  server.kill();
  ASSERT_TRUE(a.alone() && b.alone());
  EXPECT_EQ(a.take_all(), 20U);
  EXPECT_EQ(b.take_all("b"), 20U);
  EXPECT_EQ(a.left("b"), 20U);
  server.start();
  ASSERT_TRUE(a.connected() && b.connected());
  EXPECT_TRUE(comes_true([&] { return b.left("a") == 0; })) << "what a took meanwhile";
  EXPECT_TRUE(comes_true([&] {
    static_cast<void>(b.left("b"));
    return a.left("b") == 0;
  }));
}

TEST(SharedLimit, GivesNobodyMoreWhereRedisIsFlushed) {
  const redis_server server;
  node a{server.address(), 6, 20}, b{server.address(), 6, 20};
  ASSERT_TRUE(a.connected() && b.connected());
  EXPECT_EQ(a.take_all(), 20U);
  EXPECT_TRUE(a.shared());
  ASSERT_TRUE(comes_true([&] { return b.left() == 0; }));
  server.say({"FLUSHALL"});
  EXPECT_TRUE(a.shared());
  EXPECT_TRUE(b.shared());
  EXPECT_EQ(a.left(), 0U);
  EXPECT_EQ(b.left(), 0U);
}

TEST(SharedLimit, IsDecidedAtOnceWhileRedisHangs) {
  const redis_server server;
  node a{server.address(), 60'000, 1'000};
  ASSERT_TRUE(a.connected());
  EXPECT_TRUE(a.ask());
  server.signal(SIGSTOP);
  clock::duration longest{};
  for (const auto end = clock::now() + 500ms; clock::now() < end;) {
    const auto before = clock::now();
    static_cast<void>(a.ask());
    longest = std::max(longest, clock::now() - before);
  }
  EXPECT_LT(longest, 100ms) << "a command may take three times as long";
  EXPECT_TRUE(a.alone());
  server.signal(SIGCONT);
  EXPECT_TRUE(a.connected());
}

TEST(SharedLimit, SaysThatItIsNotSharedWhereRedisIsFullAndLosesNoCount) {
  const redis_server server;
  node a{server.address(), 6, 20}, b{server.address(), 6, 20};
  ASSERT_TRUE(a.connected() && b.connected());
  server.say({"CONFIG", "SET", "maxmemory", "1mb"});
  EXPECT_TRUE(comes_true([&] {
    static_cast<void>(a.ask());
    return a.problem().find("OOM") != std::string::npos;
  })) << a.problem();
  a.take_all();
  server.say({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(comes_true([&] {
    static_cast<void>(a.left());
    return a.problem().empty() && b.left() == 0;
  }));
}

TEST(SharedLimit, OfManyCallersIsReportedInPiecesAndNamesNobody) {
  const redis_server server;
  node a{server.address(), 60, 20}, b{server.address(), 60, 20};
  ASSERT_TRUE(a.connected() && b.connected());
  for (int i = 0; i < 600; ++i)
    for (int n = 0; n < 5; ++n) a.ask("cust_" + std::to_string(i) + "@example.com");
  EXPECT_TRUE(comes_true([&] { return server.say({"DBSIZE"}).number == 600; }));
  EXPECT_TRUE(comes_true([&] { return b.left("cust_0@example.com") <= 16 && b.left("cust_599@example.com") <= 16; }));
  const auto keys = server.say({"KEYS", "*"});
  for (const auto& k : keys.list) {
    ASSERT_EQ(k.text.substr(0, 20), "coreldove:rate:test:");
    ASSERT_EQ(k.text.find("cust"), std::string::npos);
    ASSERT_GT(server.say({"PTTL", k.text}).number, 0) << "it goes by itself";
    break;
  }
}

}  // namespace
}  // namespace coreldove::app
