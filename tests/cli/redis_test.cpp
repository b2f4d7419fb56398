// The built program with a Redis server that comes and goes: the same settings as ever, but for one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <map>

#include "tests/program/shop.hpp"
#include "tests/redis_server/server.hpp"

namespace coreldove::cli_test {
namespace {

using namespace program_test;
using namespace std::chrono_literals;
using redis_test::comes_true;
using redis_test::redis_server;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string password = "pa55-word";

nlohmann::json health_of(const shop& s) { return nlohmann::json::parse(ask(s.port(), "GET", "/health").body); }
std::string redis_state(const shop& s) { return health_of(s).at("components").at("redis").at("state"); }

/// What the stream holds of each order, by its number in the order's history.
std::map<std::string, std::vector<std::uint64_t>> orders_in(const redis_server& server) {
  std::map<std::string, std::vector<std::uint64_t>> out;
  std::uint64_t last = 0;
  for (const auto& e : redis_test::entries_of(server, password)) {
    const auto event = nlohmann::json::parse(e.event);
    EXPECT_GT(event.at("position").get<std::uint64_t>(), last) << "in the journal's order, each once";
    last = event.at("position");
    EXPECT_EQ(e.position, std::to_string(last));
    EXPECT_EQ(event.at("type"), e.type);
    if (event.contains("order_id")) out[e.stream].push_back(event.at("seq"));
  }
  return out;
}

TEST(WithRedis, OrdersGoOnWhileItHangsAndIsKilledAndTheStreamMissesNothing) {
  redis_server server{{"--requirepass", password}};
  shop s;
  s.start_world();
  s.start({{"REDIS_URL", "redis://:" + password + "@127.0.0.1:" + std::to_string(server.port()) + "/0"}});
  ASSERT_TRUE(comes_true([&] { return redis_state(s) == "up"; })) << health_of(s);
  std::vector<std::string> ids;
  const auto place = [&] {
    const auto before = std::chrono::steady_clock::now();
    const auto a = s.call("POST", "/orders", an_order());
    ASSERT_EQ(a.status, 202) << a.body;
    EXPECT_LT(std::chrono::steady_clock::now() - before, 900ms) << "less than a command to Redis may take";
    ids.push_back(nlohmann::json::parse(a.body).at("id"));
  };
  place();
  s.until(ids.back(), "status", "confirmed");
  server.signal(SIGSTOP);
  for (int i = 0; i < 5; ++i) place();
  EXPECT_TRUE(comes_true([&] { return redis_state(s) == "degraded"; }));
  EXPECT_EQ(health_of(s).at("status"), "degraded");
  EXPECT_THAT(health_of(s).at("components").at("redis").at("detail").get<std::string>(), AllOf(HasSubstr("127.0.0.1"), Not(HasSubstr(password))));
  EXPECT_EQ(s.readiness(), 200);
  server.kill();
  for (int i = 0; i < 5; ++i) place();
  EXPECT_EQ(s.readiness(), 200);
  server.start();
  place();
  for (const auto& id : ids) s.until(id, "status", "confirmed");
  EXPECT_TRUE(comes_true([&] { return redis_state(s) == "up"; }));

  const auto complete = [&] {
    const auto held = orders_in(server);
    for (const auto& id : ids) {
      std::vector<std::uint64_t> all;
      const auto events = nlohmann::json::parse(s.call("GET", "/orders/" + id + "/events").body);
      for (const auto& e : events.at("items")) all.push_back(e.at("seq"));
      const auto at = held.find(id);
      if (at == held.end() || at->second != all) return false;
    }
    return true;
  };
  EXPECT_TRUE(comes_true(complete));
  const auto figures = ask(s.port(), "GET", "/metrics").body;
  EXPECT_THAT(figures, AllOf(HasSubstr("coreldove_redis_connected 1\n"), HasSubstr("coreldove_redis_commands_total{outcome=\"answered\"}"),
                             HasSubstr("coreldove_redis_events_position "), HasSubstr("coreldove_redis_command_seconds_count ")));
  const auto end = s.stop(SIGTERM);
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_THAT(end.err, AllOf(HasSubstr("connected to Redis at 127.0.0.1:"), HasSubstr("does not answer"), Not(HasSubstr(password))));
}

TEST(WithRedis, TwoServersShareOneLimit) {
  const redis_server server;
  const environment shared{{"REDIS_URL", "redis://127.0.0.1:" + std::to_string(server.port())},
                           {"RATE_LIMIT_PER_MINUTE", "6"},
                           {"RATE_LIMIT_BURST", "30"},
                           {"CORELDOVE_EVENT_STREAM_LENGTH", "0"}};
  shop a, b;
  a.start(shared);
  b.start(shared);
  ASSERT_TRUE(comes_true([&] { return redis_state(a) == "up" && redis_state(b) == "up"; }));
  for (int i = 0; i < 30; ++i) ASSERT_EQ(a.call("GET", "/inventory").status, 200);
  EXPECT_EQ(a.call("GET", "/inventory").status, 429);
  EXPECT_TRUE(comes_true([&] { return server.say({"DBSIZE"}).number > 0; }));
  int let_in = 0;
  EXPECT_TRUE(comes_true([&] {
    const auto answer = b.call("GET", "/inventory");
    let_in += answer.status == 200 ? 1 : 0;
    return answer.status == 429;
  }));
  EXPECT_LT(let_in, 30) << "its own count would let that many in";
  EXPECT_EQ(server.say({"EXISTS", "coreldove:events"}).number, 0);
  EXPECT_EQ(a.stop(SIGTERM).status, 0);
  EXPECT_EQ(b.stop(SIGTERM).status, 0);
}

TEST(WithRedis, AnAddressThatAsksForTlsIsRefused) {
  const scratch dir;
  const auto p = run(dir.path(), {"serve"}, {{"REDIS_URL", "rediss://:" + password + "@cache.example.com"}});
  EXPECT_EQ(p.status, 2);
  EXPECT_THAT(
      p.err, AllOf(HasSubstr("REDIS_URL: \"rediss://***@cache.example.com\" is not allowed; this version speaks no TLS with Redis"), Not(HasSubstr(password))));
}

}  // namespace
}  // namespace coreldove::cli_test
