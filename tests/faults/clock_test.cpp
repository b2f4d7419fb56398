// Somebody sets the wall clock of the machine, forward and back, while orders come in: nothing fires too early or in a storm, nothing waits for the clock to
// catch up, no order's history goes back in time, no id comes twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <string>
#include <thread>

#include "tests/faults/books.hpp"
#include "tests/faults/buyers.hpp"
#include "tests/faults/interposed.hpp"
#include "tests/program/shop.hpp"

namespace coreldove::faults_test {
namespace {

using namespace program_test;
using namespace std::chrono_literals;
using nlohmann::json;
using clock = std::chrono::steady_clock;

constexpr std::int64_t hour = 3600, day = 24 * hour;

class Clock : public testing::Test {
protected:
  Clock() {
    shop_.start_world();
    shop_.start(between_.variables());
  }
  void set_ahead(std::int64_t seconds) { between_->clock_offset_s = seconds; }
  /// Status of a read with a token that the command line has issued, by the clock that is right.
  int with_token(const std::string& token) const { return ask(shop_.port(), "GET", api + "/orders?limit=1", {{"Authorization", "Bearer " + token}}).status; }
  void fault(const json& what) const {
    ASSERT_EQ(ask(shop_.world_port(), "POST", "/faults", {{"Content-Type", "application/json"}}, what.dump()).status / 100, 2);
  }
  void no_faults() const { ASSERT_EQ(ask(shop_.world_port(), "DELETE", "/faults").status / 100, 2); }
  /// Every order's history and its times in order: they are text, of one form.
  std::vector<std::string> histories_that_go_back() const {
    std::vector<std::string> out;
    const auto page = json::parse(shop_.call("GET", "/orders?limit=200").body);
    for (const auto& o : page.at("items")) {
      const auto id = o.at("id").get<std::string>();
      const auto history = json::parse(shop_.call("GET", "/orders/" + id + "/events").body).at("items");
      if (!std::ranges::is_sorted(history, {}, [](const json& e) { return e.at("at").get<std::string>(); })) out.push_back(history.dump());
    }
    return out;
  }

  shop shop_;
  interposed between_{shop_.folder()};
};

TEST_F(Clock, ThatJumpsUnderLoadDisturbsNothing) {
  const auto before = on_hand(shop_);
  buyers told{shop_, 4, 1};
  for (const auto ahead : {hour, std::int64_t{0}, -hour, day, -day, std::int64_t{0}}) {
    set_ahead(ahead);
    const auto so_far = told.placed();
    const auto until = clock::now() + 10s;
    while (told.placed() < so_far + 20 && clock::now() < until) std::this_thread::sleep_for(5ms);
    EXPECT_GE(told.placed(), so_far + 20) << "no orders with the clock " << ahead << " s ahead";
  }
  told.stop();
  EXPECT_THAT(histories_that_go_back(), testing::IsEmpty());
  // No authorization is let go as if its time had come: each confirmed order has one.
  const auto found = settled_books(shop_, told, before, 30s);
  EXPECT_THAT(found.violations(), testing::IsEmpty());
  EXPECT_EQ(shop_.stop(SIGTERM).status, 0);
  const auto verified = run(shop_.folder(), {"verify"});
  EXPECT_EQ(verified.status, 0) << verified.out;
}

TEST_F(Clock, SetBackByAnHourHoldsUpNeitherAWaitNorARetry) {
  fault({{"vendor", "stripe"}, {"operation", "authorize"}, {"kind", "error_500"}, {"times", 1}});
  const auto id = json::parse(shop_.call("POST", "/orders", an_order()).body).at("id").get<std::string>();
  for (int i = 0; i < 200 && shop_.order(id).at("payment").at("attempts").empty(); ++i) std::this_thread::sleep_for(20ms);
  ASSERT_FALSE(shop_.order(id).at("payment").at("attempts").empty()) << "the first attempt has not failed";

  fault({{"vendor", "stripe"}, {"operation", "authorize"}, {"kind", "slow"}, {"delay_ms", 5'000}, {"rate", 1.0}});
  const auto begun = clock::now();
  const auto later = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(300ms);
    set_ahead(-hour);
  });
  const auto waited = shop_.call("POST", "/orders", an_order(), {{"Prefer", "wait=1"}});
  const auto took = clock::now() - begun;
  later.wait();
  EXPECT_EQ(waited.status, 202) << waited.body;
  EXPECT_LT(took, 4s) << "a wait of one second followed the wall clock";
  no_faults();
  shop_.until(id, "status", "confirmed");
  shop_.until(json::parse(waited.body).at("id"), "status", "confirmed");
}

TEST_F(Clock, MayBeALittleOffForTokensAndNoMore) {
  const auto made = run(shop_.folder(), {"token", "--role", "operator", "--subject", "alice", "--ttl", "1h"});
  ASSERT_EQ(made.status, 0) << made.err;
  const auto token = lines_of(made.out).at(0);
  for (const auto& [ahead, status] :
       std::map<std::int64_t, int>{{-2 * hour, 401}, {-120, 401}, {-20, 200}, {0, 200}, {hour - 30, 200}, {hour + 15, 200}, {hour + 120, 401}}) {
    set_ahead(ahead);
    EXPECT_EQ(with_token(token), status) << "with the clock " << ahead << " s ahead";
  }
}

}  // namespace
}  // namespace coreldove::faults_test
