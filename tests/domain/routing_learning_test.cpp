// What the router learns, when it keeps away from a gateway, and what a policy may not say.
#include <gtest/gtest.h>

#include <algorithm>

#include "domain/routing.hpp"
#include "domain/routing_breaker.hpp"

namespace coreldove::domain {
namespace {

TEST(RoutingLearning, ANewCellLeansOnItsWiderGroup) {
  success_table t{2, {}};
  const payment_kind small{{'U', 'S', 'D'}, 0, 3}, large{{'U', 'S', 'D'}, 0, 7}, elsewhere{{'J', 'P', 'Y'}, 0, 9};
  for (int i = 0; i < 2'000; ++i) t.observe(small, 0, i % 2 == 0);
  EXPECT_NEAR(t.estimate(small, 0).rate, 0.5, 0.03);
  EXPECT_NEAR(t.estimate(large, 0).rate, 0.5, 0.05) << "never seen at this size, but in this currency";
  EXPECT_NEAR(t.estimate(elsewhere, 0).rate, 0.5, 0.1);
  EXPECT_LT(t.estimate(large, 0).evidence, 21) << "borrowed evidence stays small";
  EXPECT_NEAR(t.estimate(small, 1).rate, 0.9, 0.01) << "of the other gateway nothing is known";
  for (int i = 0; i < 200; ++i) t.observe(large, 0, true);
  EXPECT_GT(t.estimate(large, 0).rate, 0.9) << "its own experience outweighs the group";
  EXPECT_NEAR(t.estimate(small, 0).rate, 0.5, 0.05);
}

TEST(RoutingLearning, AChangeShowsInManyThinCellsTogether) {
  success_table t{1, {}};
  const auto kind = [](int i) { return payment_kind{{'U', 'S', 'D'}, 0, static_cast<std::uint8_t>(i % 16)}; };
  for (int i = 0; i < 16 * 40; ++i) t.observe(kind(i), 0, i % 20 != 0);
  EXPECT_NEAR(t.estimate(kind(5), 0).rate, 0.95, 0.05);
  for (int i = 0; i < 16 * 10; ++i) t.observe(kind(i), 0, i % 5 == 0);
  EXPECT_LT(t.estimate(kind(5), 0).rate, 0.5) << "no cell has seen more than ten failures";
}

TEST(RoutingLearning, WhatIsNotUsedIsForgotten) {
  success_table t{2, {}};
  const payment_kind k{{'U', 'S', 'D'}, 0, 3};
  for (int i = 0; i < 500; ++i) t.observe(k, 0, false);
  const auto then = t.estimate(k, 0);
  for (int i = 0; i < 30'000; ++i) t.observe(k, 1, true);
  const auto now = t.estimate(k, 0);
  EXPECT_LT(then.rate, 0.1);
  EXPECT_GT(now.spread(), 2 * then.spread());
  EXPECT_LT(now.evidence, 10);
}

TEST(RoutingLearning, PaymentsAreSortedByCurrencyMethodAndSize) {
  const auto usd = *currency::find("USD"), jpy = *currency::find("JPY");
  EXPECT_EQ(kind_of_payment(usd, "credit_card", 6'498), kind_of_payment(usd, "debit_card", 5'000));
  EXPECT_NE(kind_of_payment(usd, "credit_card", 6'498), kind_of_payment(usd, "paypal", 6'498));
  EXPECT_EQ(kind_of_payment(usd, "card", 99).size, 0);
  EXPECT_EQ(kind_of_payment(usd, "card", 100).size, 1);
  EXPECT_EQ(kind_of_payment(usd, "card", 1'000).size, 3);
  EXPECT_EQ(kind_of_payment(jpy, "card", 10).size, 3);
  EXPECT_EQ(kind_of_payment(usd, "card", amount_max).size, size_max);
  EXPECT_EQ(method_name(method_index("upi")), "upi");
  EXPECT_EQ(method_name(method_index("barter")), "other");
}

TEST(CircuitBreaker, OpensAfterFailuresInARowAndClosesAfterGoodTrials) {
  using pass = circuit_breaker::pass;
  circuit_breaker b{breaker_rules{}};
  time_point now{};
  for (int i = 0; i < 4; ++i) b.failed(b.admit(now), now);
  b.answered(b.admit(now), now);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(b.state(now), circuit::closed);
    b.failed(b.admit(now), now);
  }
  EXPECT_EQ(b.state(now), circuit::open);
  EXPECT_EQ(b.admit(now + duration{4'999}), pass::no);
  now += duration{5'000};
  EXPECT_EQ(b.state(now), circuit::half_open);
  const auto first = b.admit(now), second = b.admit(now);
  EXPECT_EQ(first, pass::trial);
  EXPECT_EQ(second, pass::trial);
  EXPECT_EQ(b.admit(now), pass::no) << "trials are limited";
  b.answered(first, now);
  EXPECT_EQ(b.state(now), circuit::half_open);
  b.answered(second, now);
  EXPECT_EQ(b.state(now), circuit::closed);
  EXPECT_EQ(b.admit(now), pass::yes);
}

TEST(CircuitBreaker, AFailedTrialDoublesThePause) {
  circuit_breaker b{breaker_rules{}};
  time_point now{};
  b.trip(now);
  for (const auto pause : {5'000, 10'000, 20'000, 40'000, 60'000, 60'000}) {
    EXPECT_EQ(b.admit(now + duration{pause - 1}), circuit_breaker::pass::no);
    now += duration{pause};
    const auto t = b.admit(now);
    ASSERT_EQ(t, circuit_breaker::pass::trial);
    b.failed(t, now);
  }
}

TEST(CircuitBreaker, OpensWhenHalfOfTheWindowFailed) {
  circuit_breaker b{breaker_rules{}};
  const time_point now{};
  for (int i = 0; i < 31; ++i) {
    const auto p = b.admit(now);
    if (i % 2 == 0)
      b.failed(p, now);
    else
      b.answered(p, now);
  }
  EXPECT_EQ(b.state(now), circuit::closed) << "the window is not full";
  b.failed(b.admit(now), now);
  EXPECT_EQ(b.state(now), circuit::open);
}

TEST(CircuitBreaker, ATrialThatIsTakenBackOrLostMakesRoomForAnother) {
  using pass = circuit_breaker::pass;
  circuit_breaker b{breaker_rules{}};
  time_point now{};
  b.trip(now);
  now += duration{5'000};
  const auto t = b.admit(now);
  EXPECT_EQ(b.admit(now), pass::trial);
  EXPECT_EQ(b.admit(now), pass::no);
  b.taken_back(t);
  EXPECT_EQ(b.admit(now), pass::trial);
  EXPECT_EQ(b.admit(now), pass::no);
  EXPECT_EQ(b.admit(now + duration{60'001}), pass::trial) << "what has not reported in a minute never will";
}

TEST(RoutingPolicy, MistakesAreNamed) {
  EXPECT_TRUE(problems_of(usual_routing_policy()).empty());
  auto p = usual_routing_policy();
  p.gateways.push_back({"mollie", 2 * one_million, {}, {}, {}, {{"XYZ", -1, 5, 4}}});
  p.breaker.window = 65;
  p.learning.decay = 0;
  std::vector<std::string> pointers;
  for (const auto& e : problems_of(p)) pointers.push_back(e.pointer);
  for (const auto* expected : {"/gateways/mollie", "/gateways/mollie/percentage", "/gateways/mollie/amounts/XYZ", "/gateways/mollie/amounts/XYZ/fixed",
                               "/gateways/mollie/amounts/XYZ/min", "/breaker/window", "/learning/memory"})
    EXPECT_NE(std::find(pointers.begin(), pointers.end(), expected), pointers.end()) << expected;
  routing_controls c;
  c.pinned = "stripe";
  c.drained = {"stripe", "paypal", "paypal"};
  EXPECT_EQ(problems_of(c, {"stripe", "paypal"}).size(), 2u);
}

}  // namespace
}  // namespace coreldove::domain
