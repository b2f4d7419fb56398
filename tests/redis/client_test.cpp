// The one connection of a node, to real servers that come, go, hang, and refuse.
#include "persistence/redis/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <mutex>
#include <thread>

#include "tests/redis_server/server.hpp"

namespace coreldove::persistence::redis {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using redis_test::comes_true;
using redis_test::redis_server;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A client that writes down what it is told, with short patience.
class node {
public:
  explicit node(const address& where, std::size_t max_queued = 1'000) {
    client_options o;
    o.where = where;
    o.connect_timeout = o.command_timeout = 300ms;
    o.retry_max = 200ms;
    o.max_queued = max_queued;
    o.observe.state = [this](bool connected, const std::string& problem) {
      const std::lock_guard lock{mutex_};
      connected_ = connected;
      problems_.push_back(problem);
    };
    o.observe.turned_away = [this] { ++turned_away; };
    redis.emplace(std::move(o));
    redis->start();
  }

  bool connected() {
    const std::lock_guard lock{mutex_};
    return connected_;
  }
  std::string problem() {
    const std::lock_guard lock{mutex_};
    return problems_.empty() ? "" : problems_.back();
  }
  bool was_told(const std::string& part) {
    const std::lock_guard lock{mutex_};
    return std::any_of(problems_.begin(), problems_.end(), [&](const std::string& p) { return p.find(part) != std::string::npos; });
  }
  bool becomes(bool state) {
    return comes_true([&] { return connected() == state; });
  }
  /// Empty where it is not taken.
  std::optional<std::future<domain::result<answer>>> ask(command what) {
    auto promise = std::make_shared<std::promise<domain::result<answer>>>();
    auto future = promise->get_future();
    if (!redis->ask(std::move(what), [promise](domain::result<answer> a) { promise->set_value(std::move(a)); })) return std::nullopt;
    return future;
  }
  domain::result<answer> say(command what) {
    auto future = ask(std::move(what));
    if (!future) return domain::failure{domain::errc::overloaded, "not taken"};
    if (future->wait_for(10s) != std::future_status::ready) return domain::failure{domain::errc::internal, "no answer came"};
    return future->get();
  }

  std::atomic<int> turned_away{0};
  std::optional<client> redis;

private:
  std::mutex mutex_;
  bool connected_ = false;
  std::vector<std::string> problems_;
};

TEST(RedisClient, CarriesAnyBytesAndAnswersInOrder) {
  const redis_server server;
  node n{server.address()};
  ASSERT_TRUE(n.becomes(true));
  const auto bytes = "a\0b\r\n$5\r\n\xff'\" %s"s;
  EXPECT_EQ(n.say({"SET", bytes, bytes})->text, "OK");
  EXPECT_EQ(n.say({"GET", bytes})->text, bytes);
  EXPECT_EQ(n.say({"SET", "empty", ""})->text, "OK");
  EXPECT_EQ(n.say({"STRLEN", "empty"})->number, 0);
  EXPECT_EQ(n.say({"GET", "nothing"})->what, answer::kind::nothing);
  const auto refused = n.say({"INCR", bytes});
  EXPECT_EQ(refused->what, answer::kind::refused);
  EXPECT_THAT(refused->text, HasSubstr("not an integer"));
  const auto list = n.say({"MGET", "empty", "nothing"});
  ASSERT_EQ(list->list.size(), 2U);
  EXPECT_EQ(list->list[0].what, answer::kind::text);
  EXPECT_EQ(list->list[1].what, answer::kind::nothing);

  std::vector<std::future<domain::result<answer>>> many;
  for (int i = 0; i < 500; ++i) many.push_back(*n.ask({"INCR", "count"}));
  for (std::size_t i = 0; i < many.size(); ++i) ASSERT_EQ(many[i].get()->number, static_cast<std::int64_t>(i) + 1);
}

TEST(RedisClient, TellsAtOnceThatThereIsNoServerAndFindsItWhenItComes) {
  redis_server server;
  server.kill();
  node n{server.address()};
  ASSERT_TRUE(comes_true([&] { return !n.problem().empty(); }));
  EXPECT_THAT(n.problem(), HasSubstr("Connection refused"));
  EXPECT_FALSE(n.ask({"PING"}));
  EXPECT_EQ(n.turned_away, 1);
  server.start();
  ASSERT_TRUE(n.becomes(true));
  EXPECT_EQ(n.problem(), "");
  server.kill();
  ASSERT_TRUE(n.becomes(false)) << "nobody has to ask for that";
  server.start();
  ASSERT_TRUE(n.becomes(true));
  EXPECT_EQ(n.say({"PING"})->text, "PONG");
}

TEST(RedisClient, GivesUpAServerThatHangsAndSaysThatTheOutcomeIsNotKnown) {
  const redis_server server;
  node n{server.address(), 3};
  ASSERT_TRUE(n.becomes(true));
  server.signal(SIGSTOP);
  const auto before = std::chrono::steady_clock::now();
  std::vector<std::future<domain::result<answer>>> asked;
  for (int i = 0; i < 3; ++i) asked.push_back(*n.ask({"INCR", "count"}));
  EXPECT_FALSE(n.ask({"INCR", "count"})) << "there is no room for a fourth";
  EXPECT_LT(std::chrono::steady_clock::now() - before, 200ms) << "whoever asks does not wait";
  for (auto& a : asked) {
    ASSERT_EQ(a.wait_for(5s), std::future_status::ready);
    const auto r = a.get();
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, domain::errc::timed_out);
  }
  EXPECT_THAT(n.problem(), HasSubstr("does not answer"));
  EXPECT_FALSE(n.ask({"PING"}));
  server.signal(SIGCONT);
  ASSERT_TRUE(n.becomes(true));
  EXPECT_EQ(n.say({"PING"})->text, "PONG") << "late answers to what was asked before are not taken for it";
}

TEST(RedisClient, SaysWhyItIsNotLetInWithoutThePassword) {
  const redis_server server{{"--requirepass", "0pen-sesame"}};
  {
    node n{server.address()};
    ASSERT_TRUE(comes_true([&] { return !n.problem().empty(); }));
    EXPECT_THAT(n.problem(), HasSubstr("NOAUTH"));
  }
  auto wrong = server.address();
  wrong.password = "s3cret-guess";
  {
    node n{wrong};
    ASSERT_TRUE(comes_true([&] { return !n.problem().empty(); }));
    EXPECT_THAT(n.problem(), AllOf(HasSubstr("WRONGPASS"), Not(HasSubstr("s3cret"))));
    EXPECT_FALSE(n.connected());
  }
  auto right = server.address();
  right.password = "0pen-sesame";
  right.database = 3;
  node n{right};
  ASSERT_TRUE(n.becomes(true));
  EXPECT_EQ(n.say({"SET", "there", "1"})->text, "OK");
  EXPECT_EQ(server.say({"EXISTS", "there"}, "0pen-sesame").number, 0) << "that looks into database 0";
  EXPECT_EQ(shown(right), "127.0.0.1:" + std::to_string(server.port()) + "/3");
  right.database = 9'999;
  node none{right};
  ASSERT_TRUE(comes_true([&] { return !none.problem().empty(); }));
  EXPECT_THAT(none.problem(), HasSubstr("DB index"));
}

TEST(RedisClient, LooksNamesUpInABoundedTime) {
  const redis_server server;
  auto by_name = server.address();
  by_name.host = "localhost";
  node n{by_name};
  EXPECT_TRUE(n.becomes(true)) << "by one of its addresses";
  by_name.host = "there-is-no-such-host.invalid";
  node lost{by_name};
  ASSERT_TRUE(comes_true([&] { return !lost.problem().empty(); }));
  EXPECT_THAT(lost.problem(), HasSubstr("there-is-no-such-host.invalid"));
}

TEST(RedisClient, LeavesAServerThatTalksNonsense) {
  const int door = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof a;
  ASSERT_EQ(bind(door, reinterpret_cast<sockaddr*>(&a), size), 0);
  ASSERT_EQ(listen(door, 8), 0);
  ASSERT_EQ(getsockname(door, reinterpret_cast<sockaddr*>(&a), &size), 0);
  std::atomic<bool> stop{false};
  std::thread talker{[&] {
    for (int s = -1; !stop && (s = accept(door, nullptr, nullptr)) >= 0; close(s)) {
      const std::string_view nonsense = "HTTP/1.1 400 Bad Request\r\n\r\n";
      static_cast<void>(!write(s, nonsense.data(), nonsense.size()));
      char byte = 0;
      while (read(s, &byte, 1) > 0) continue;
    }
  }};
  {
    address where;
    where.port = ntohs(a.sin_port);
    node n{where};
    EXPECT_TRUE(comes_true([&] { return n.problem().find("Protocol error") != std::string::npos; })) << n.problem();
    EXPECT_FALSE(n.connected());
  }
  stop = true;
  shutdown(door, SHUT_RDWR);
  talker.join();
  close(door);
}

TEST(RedisClient, StopsAtOnceAndAnswersWhatItStillOwes) {
  const redis_server server;
  std::future<domain::result<answer>> owed;
  std::chrono::steady_clock::time_point before;
  {
    node n{server.address()};
    ASSERT_TRUE(n.becomes(true));
    server.signal(SIGSTOP);
    owed = *n.ask({"PING"});
    before = std::chrono::steady_clock::now();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - before, 250ms) << "it does not wait for the answer";
  ASSERT_EQ(owed.wait_for(0s), std::future_status::ready);
  EXPECT_FALSE(owed.get());
  server.signal(SIGCONT);
}

TEST(RedisClient, LeavesAReplicaThatTakesNoWritesAndTriesAgain) {
  const redis_server server;
  node n{server.address()};
  ASSERT_TRUE(n.becomes(true));
  server.say({"REPLICAOF", "127.0.0.1", std::to_string(redis_test::free_port())});
  const auto refused = n.say({"SET", "a", "1"});
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->text, HasSubstr("READONLY"));
  EXPECT_TRUE(comes_true([&] { return n.was_told("READONLY"); }));
  server.say({"REPLICAOF", "NO", "ONE"});
  EXPECT_TRUE(comes_true([&] {
    const auto a = n.say({"SET", "a", "1"});
    return a && a->text == "OK";
  }));
}

}  // namespace
}  // namespace coreldove::persistence::redis
