#include "domain/fraud.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/domain/order_samples.hpp"

using namespace coreldove::domain;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

constexpr std::int32_t threshold = 750;
const time_point now{1'700'000'000'000ms};
const currency usd = *currency::find("USD");

std::vector<past_order> orders(std::size_t count, duration apart, minor_units total = 6498) {
  std::vector<past_order> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back({now - apart * static_cast<std::int64_t>(i + 1), total, usd});
  return out;
}

std::vector<std::string> codes(const fraud_assessment& a) {
  std::vector<std::string> out;
  for (const auto& r : a.reasons) out.push_back(r.code);
  return out;
}

TEST(FraudScore, OfAnOrdinaryOrderIsZero) {
  const auto a = assess(samples::input(), {}, now, threshold);
  EXPECT_EQ(a.score, 0);
  EXPECT_EQ(a.decision, "accept");
  EXPECT_THAT(a.reasons, IsEmpty());
}

TEST(FraudScore, OfAGiftToAnotherStateStaysFarBelowTheThreshold) {
  auto in = samples::input();
  in.shipping.state = "CA";
  in.shipping.postal_code = "90210";
  const auto a = assess(in, {}, now, threshold);
  EXPECT_THAT(codes(a), ElementsAre("address_mismatch"));
  EXPECT_LE(a.score, 100);
}

TEST(FraudScore, HoldsNobodyForBeingBusy) {
  const auto a = assess(samples::input(), orders(10'000, 100ms), now, threshold);
  EXPECT_THAT(codes(a), ElementsAre("velocity"));
  EXPECT_EQ(a.score, 400);
  EXPECT_EQ(a.decision, "accept");
}

TEST(FraudScore, CountsOrdersOfTheLastHourAndDay) {
  EXPECT_EQ(assess(samples::input(), orders(4, 1min), now, threshold).score, 0);
  EXPECT_EQ(assess(samples::input(), orders(5, 1min), now, threshold).score, 100);
  EXPECT_EQ(assess(samples::input(), orders(10, 1min), now, threshold).score, 200);
  EXPECT_EQ(assess(samples::input(), orders(30, 1min), now, threshold).score, 400);
  EXPECT_EQ(assess(samples::input(), orders(15, 90min), now, threshold).score, 100);
  EXPECT_EQ(assess(samples::input(), orders(30, 25h), now, threshold).score, 0);
}

TEST(FraudScore, ComparesTheAmountWithTheCustomersOwnHistory) {
  auto in = samples::input();
  EXPECT_EQ(assess(in, orders(3, 48h, 6498 / 4), now, threshold).score, 100);
  EXPECT_EQ(assess(in, orders(3, 48h, 6498 / 10), now, threshold).score, 250);
  EXPECT_EQ(assess(in, orders(3, 48h, 6498 / 4 + 1), now, threshold).score, 0);
  EXPECT_EQ(assess(in, orders(2, 48h, 1), now, threshold).score, 0) << "two orders are no habit";
  EXPECT_EQ(assess(in, orders(3, 48h, 0), now, threshold).score, 0) << "free orders say nothing";
  in.currency = *currency::find("EUR");
  EXPECT_EQ(assess(in, orders(3, 48h, 1), now, threshold).score, 0) << "another currency does not compare";
}

TEST(FraudScore, CountsEachSignOnce) {
  auto in = samples::input();
  in.shipping = {"A", "B", "", "Toronto", "ON", "V5K 0A1", "CA", ""};
  in.billing.postal_code = "90210";
  in.billing.phone = "+2348012345678";
  in.customer_email = "x@mailinator.com";
  in.items[0].quantity = 50;
  const auto a = assess(in, {}, now, threshold);
  EXPECT_THAT(codes(a), ElementsAre("address_mismatch", "postal_code_mismatch", "disposable_email", "phone_mismatch", "bulk_first_order"));
  EXPECT_EQ(a.score, 250 + 150 + 300 + 50 + 200);
  EXPECT_EQ(a.decision, "review");
}

TEST(FraudScore, AsksForAReviewFromTheThresholdOn) {
  auto in = samples::input();
  in.customer_email = "x@mailinator.com";
  EXPECT_EQ(assess(in, {}, now, 300).decision, "review");
  EXPECT_EQ(assess(in, {}, now, 301).decision, "accept");
}

TEST(FraudScore, LooksAtTheQuantityOfFirstOrdersOnly) {
  auto in = samples::input();
  in.items.assign(3, in.items[0]);
  for (auto& line : in.items) line.quantity = 34;
  EXPECT_THAT(codes(assess(in, {}, now, threshold)), ElementsAre("bulk_first_order"));
  EXPECT_THAT(codes(assess(in, orders(1, 48h, in.total()), now, threshold)), IsEmpty());
}

RC_GTEST_PROP(FraudScore, IsTheSumOfItsReasonsWithinItsBoundsAndRepeatable, (std::string email, bool abroad, std::string postal_code)) {
  auto in = samples::input();
  in.customer_email = email;
  in.shipping.postal_code = postal_code;
  if (abroad) in.shipping.country = "CA";
  in.items[0].quantity = *rc::gen::inRange(1, 10'000);
  const auto history =
      orders(*rc::gen::inRange<std::size_t>(0, 60), duration{*rc::gen::inRange<std::int64_t>(1, 10'000'000)}, *rc::gen::inRange<minor_units>(0, 100'000));
  const auto a = assess(in, history, now, threshold);
  std::int32_t sum = 0;
  for (const auto& r : a.reasons) {
    RC_ASSERT(r.points > 0);
    RC_ASSERT(!r.detail.empty());
    RC_ASSERT(email.size() < 4 || r.detail.find(email) == std::string::npos);
    sum += r.points;
  }
  RC_ASSERT(a.score == std::min(sum, 1000));
  RC_ASSERT((a.decision == "review") == (a.score >= threshold));
  RC_ASSERT(a == assess(in, history, now, threshold));
}

}  // namespace
