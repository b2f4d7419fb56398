// Restart budgets, the supervisor of a long-lived actor, and the door that measures how many may be in work.
#include "runtime/supervision.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>

#include "runtime/admission.hpp"

namespace coreldove::runtime {
namespace {

using namespace std::chrono_literals;

const steady_point start{1h};

struct quiet : testing::Test {
  quiet() { spdlog::set_level(spdlog::level::off); }
};
using RestartBudget = quiet;
using Supervisor = quiet;

TEST_F(RestartBudget, GivesThreeRestartsInAMinuteWithGrowingPauses) {
  restart_budget budget{3, 60s};
  EXPECT_EQ(budget.spend(start), 200ms);
  EXPECT_EQ(budget.spend(start + 1s), 1s);
  EXPECT_EQ(budget.spend(start + 2s), 5s);
  EXPECT_EQ(budget.spend(start + 3s), std::nullopt);
}

TEST_F(RestartBudget, ForgetsWhatIsOlderThanTheWindow) {
  restart_budget budget{3, 60s};
  for (int i = 0; i < 3; ++i) budget.spend(start + i * 1s);
  EXPECT_FALSE(budget.whole(start + 62s));
  EXPECT_EQ(budget.spend(start + 61s), 5s) << "one of three is forgotten";
  EXPECT_EQ(budget.spend(start + 61s), std::nullopt);
  EXPECT_TRUE(budget.whole(start + 122s));
  EXPECT_EQ(budget.spend(start + 122s), 200ms);
}

struct supervised {
  health_board board;
  supervisor watch{"part", board};
  std::vector<domain::duration> pauses;

  void fail(steady_point now) {
    watch.run(
        now, [] { throw std::runtime_error("broken"); }, [&](domain::duration pause) { pauses.push_back(pause); });
  }
};

TEST_F(Supervisor, AsksForRecoveryOnceHoweverMuchFailsMeanwhile) {
  supervised s;
  s.fail(start);
  s.fail(start);
  EXPECT_EQ(s.pauses, std::vector<domain::duration>{200ms});
  EXPECT_TRUE(s.watch.recovering());
  EXPECT_EQ(s.board.all().front().state, condition::degraded);
  EXPECT_EQ(s.board.all().front().detail, "failed: broken");
  s.watch.recovered();
  EXPECT_EQ(s.board.all().front().state, condition::up);
  EXPECT_FALSE(s.watch.recovering());
}

TEST_F(Supervisor, LetsTheNodeFailItsReadinessAfterTheFourthFailureInAMinuteAndTriesAgainLater) {
  supervised s;
  for (int i = 0; i < 3; ++i) {
    s.fail(start + i * 6s);
    EXPECT_TRUE(s.board.ready());
    s.watch.recovered();
  }
  s.fail(start + 20s);
  EXPECT_FALSE(s.board.ready());
  EXPECT_EQ(s.pauses, (std::vector<domain::duration>{200ms, 1s, 5s, 25s}));
  s.watch.recovered();
  EXPECT_TRUE(s.board.ready());
}

TEST_F(Supervisor, TakesAnExceptionOfAnyType) {
  supervised s;
  s.watch.run(
      start, [] { throw 7; }, [&](domain::duration pause) { s.pauses.push_back(pause); });
  EXPECT_EQ(s.pauses.size(), 1u);
  int ran = 0;
  s.watch.run(
      start, [&] { ++ran; }, [](domain::duration) { FAIL(); });
  EXPECT_EQ(ran, 1);
}

/// A server that does `per_second` commands a second in the order in which they came, none of them in less than `least`; asked for far more than that.
struct pressed_server {
  std::size_t done = 0, refused = 0;
  std::chrono::nanoseconds longest{0};

  void run(admission& door, double per_second, std::chrono::milliseconds least, std::chrono::seconds time, steady_point& now) {
    std::deque<steady_point> in;
    longest = {};
    done = refused = 0;
    double credit = 0;
    for (const auto end = now + time; now < end; now += 1ms) {
      credit = std::min(credit + per_second / 1000, 50.0);
      while (credit >= 1 && !in.empty() && now - in.front() >= least) {
        door.leave(admission::whose::anew, in.front(), now);
        longest = std::max<std::chrono::nanoseconds>(longest, now - in.front());
        in.pop_front();
        ++done;
        credit -= 1;
      }
      for (int i = 0; i < 20; ++i) {
        if (door.enter(admission::whose::anew))
          in.push_back(now);
        else
          ++refused;
      }
    }
    for (const auto& entered : in) door.leave(admission::whose::anew, entered, now);
  }
};

TEST(Admission, FindsTheNumberAtWhichAllIsDoneWithinTheTarget) {
  admission door{admission_options{.fewest = 16, .first = 64}};
  auto now = start;
  pressed_server server;
  server.run(door, 2'000, 2ms, 10s, now);
  server.run(door, 2'000, 2ms, 5s, now);
  EXPECT_NEAR(static_cast<double>(door.limit()), 2'000 * 0.025, 15);
  EXPECT_GT(server.done, 9'900u) << "nothing of its throughput is lost";
  EXPECT_LT(server.longest, 60ms);
  EXPECT_GT(server.refused, 80'000u);
}

TEST(Admission, FollowsAServerThatGetsSlowerAndFasterAgain) {
  admission door{admission_options{.fewest = 16, .first = 64}};
  auto now = start;
  pressed_server server;
  server.run(door, 4'000, 2ms, 10s, now);
  const auto fast = door.limit();
  server.run(door, 1'000, 2ms, 10s, now);
  EXPECT_LT(door.limit(), 80u);
  EXPECT_LT(server.longest, 200ms);
  server.run(door, 4'000, 2ms, 60s, now);
  EXPECT_NEAR(static_cast<double>(door.limit()), static_cast<double>(fast), 25);
}

TEST(Admission, LetsMoreInWhereTheDiskTakesItsTimeEvenWithNoQueue) {
  admission door{admission_options{.fewest = 16, .first = 64}};
  auto now = start;
  pressed_server server;
  server.run(door, 10'000, 40ms, 60s, now);
  EXPECT_GT(door.base(), 30ms);
  EXPECT_LT(door.base(), 60ms);
  server.run(door, 10'000, 40ms, 5s, now);
  EXPECT_GT(server.done, 40'000u) << "a limit for 25 ms would allow 6,250 a second at the most";
}

TEST(Admission, NeverFallsBelowTheFewest) {
  admission door{admission_options{.fewest = 16}};
  auto now = start;
  pressed_server server;
  server.run(door, 20, 2ms, 60s, now);
  EXPECT_GE(door.limit(), 16u);
  EXPECT_LE(door.limit(), 64u);
}

TEST(Admission, KeepsRoomForWhatIsBegunAndAheadWhenNothingNewIsLetIn) {
  admission door{admission_options{.first = 8, .most = 12}};
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(door.enter(admission::whose::anew));
  EXPECT_FALSE(door.enter(admission::whose::anew));
  EXPECT_TRUE(door.full(admission::whose::anew));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(door.enter(admission::whose::begun));
  EXPECT_FALSE(door.enter(admission::whose::begun));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(door.enter(admission::whose::ahead));
  EXPECT_FALSE(door.enter(admission::whose::ahead));
  EXPECT_EQ(door.in_work(), 12u);
}

TEST(Admission, ThoseWhoCanWaitQueueBesideTheOthersAndAreNoSignOfTooMuch) {
  admission door{admission_options{.first = 8, .most = 100, .patient = 50, .samples = 4}};
  auto now = start;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(door.enter(admission::whose::patient));
  EXPECT_FALSE(door.enter(admission::whose::patient));
  EXPECT_TRUE(door.full(admission::whose::patient));
  EXPECT_FALSE(door.full(admission::whose::anew));
  EXPECT_EQ(door.in_work(), 0u);
  const auto limit = door.limit();
  for (int i = 0; i < 50; ++i) door.leave(admission::whose::patient, start, now += 1s);
  EXPECT_EQ(door.limit(), limit);
  EXPECT_TRUE(door.enter(admission::whose::patient));
}

TEST(Admission, TheMostHoldsAlsoWhereItIsLessThanTheFewest) {
  admission door{admission_options{.most = 4}};
  auto now = start;
  pressed_server server;
  server.run(door, 4'000, 2ms, 3s, now);
  EXPECT_EQ(door.limit(), 4u);
}

TEST(Admission, WithoutATargetOnlyTheMostCounts) {
  admission door{admission_options{.target = 0ns, .most = 1'000}};
  auto now = start;
  pressed_server server;
  server.run(door, 100, 2ms, 10s, now);
  EXPECT_EQ(door.limit(), 1'000u);
  EXPECT_GT(server.longest, 5s);
}

}  // namespace
}  // namespace coreldove::runtime
