// The outside world refuses, is silent, loses its answers, or repeats them.
#include "tests/actors/engine_fixture.hpp"

namespace coreldove::actors::tests {

class OutsideFailure : public Engine {
protected:
  std::vector<std::string> keys(operation_kind kind) const {
    std::vector<std::string> out;
    for (const auto& c : world->outside.calls())
      if (c.kind == kind) out.push_back(c.key);
    return out;
  }
};

TEST_F(OutsideFailure, ALostAnswerLeavesThePaymentUnknownAndIsAskedForWithTheSameKey) {
  treat(operation_kind::authorize, manner::loses_answer);
  const auto id = placed();
  world->pass(10s);
  EXPECT_EQ(payment_status_of(order(id)), payment_status::unknown);
  EXPECT_EQ(order(id).status, order_status::received);
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::confirmed; }));
  EXPECT_EQ(keys(operation_kind::authorize), (std::vector<std::string>{id + "/authorize/1", id + "/authorize/1"}));
  EXPECT_EQ(effects(operation_kind::authorize), 1u);
  EXPECT_EQ(payment_status_of(order(id)), payment_status::authorized);
}

TEST_F(OutsideFailure, AnAdapterThatNeverAnswersIsAskedAgainWithTheSameKey) {
  treat(operation_kind::authorize, manner::keeps_silent);
  const auto id = placed();
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::confirmed; }));
  EXPECT_EQ(keys(operation_kind::authorize), (std::vector<std::string>{id + "/authorize/1", id + "/authorize/1"}));
  EXPECT_EQ(effects(operation_kind::authorize), 1u);
}

TEST_F(OutsideFailure, ARefusedCallIsTriedAgainWithGrowingPauses) {
  treat(operation_kind::authorize, manner::refuses, 3);
  const auto id = placed();
  EXPECT_EQ(order(id).status, order_status::received);
  EXPECT_EQ(payment_status_of(order(id)), payment_status::pending);
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::confirmed; }));
  EXPECT_EQ(calls(operation_kind::authorize), 4u);
  EXPECT_EQ(effects(operation_kind::authorize), 1u);
}

TEST_F(OutsideFailure, PastTheLimitOfAttemptsAPersonTakesOver) {
  treat(operation_kind::authorize, manner::times_out, 1'000);
  const auto id = placed();
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::on_hold; }, 30min));
  EXPECT_EQ(calls(operation_kind::authorize), world->options.policy.attempts_before_person);
  ASSERT_EQ(order(id).reviews.size(), 1u);
  EXPECT_EQ(order(id).reviews.front().kind, domain::review_kind::payment);
  EXPECT_EQ(payment_status_of(order(id)), payment_status::unknown);
  world->outside.treat = nullptr;
  world->tell(id, domain::decide_review{1, true, "manager", "the gateway is back"});
  world->settle();
  EXPECT_EQ(order(id).status, order_status::confirmed);
  EXPECT_EQ(effects(operation_kind::authorize), 1u);
}

TEST_F(OutsideFailure, AnAnswerThatComesTwiceCountsOnce) {
  treat(operation_kind::authorize, manner::answers_twice);
  const auto id = placed();
  world->pass(5s);
  EXPECT_EQ(order(id).status, order_status::confirmed);
  EXPECT_EQ(order(id).authorized, order(id).total());
}

TEST_F(OutsideFailure, AnAnswerThatComesTooLateChangesNothingThatIsSettled) {
  treat(operation_kind::authorize, manner::answers_late);
  const auto id = placed();
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::confirmed; }));
  const auto version = order(id).version;
  world->pass(3min);
  EXPECT_EQ(order(id).version, version);
  EXPECT_EQ(effects(operation_kind::authorize), 1u);
}

TEST_F(OutsideFailure, AnAdapterThatThrowsCostsOneAttemptAndNoActor) {
  treat(operation_kind::authorize, manner::throws);
  const auto id = placed();
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::confirmed; }));
  EXPECT_EQ(world->metric("coreldove_order_crashes_total"), 0);
}

TEST_F(OutsideFailure, ALabelWhoseAnswerIsLostIsLookedForAndNotBoughtTwice) {
  const auto id = placed();
  treat(operation_kind::label, manner::loses_answer);
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::shipped; }));
  EXPECT_EQ(calls(operation_kind::label), 2u);
  EXPECT_EQ(effects(operation_kind::label), 1u);
}

TEST_F(OutsideFailure, ARefusalThatComesAfterTheCallWasMadeAgainDoesNotCount) {
  const auto id = placed();
  treat(operation_kind::label, manner::declines);
  world->outside.delay = [late = 40'000]() mutable { return domain::duration{std::exchange(late, 20'000)}; };
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->pass(2min);
  EXPECT_EQ(calls(operation_kind::label), 2u);
  EXPECT_EQ(effects(operation_kind::label), 1u);
  EXPECT_EQ(order(id).status, order_status::shipped);
}

TEST_F(OutsideFailure, ACaptureThatIsDeclinedAsksAPersonAndShipsNothing) {
  const auto id = placed();
  treat(operation_kind::capture, manner::declines);
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  EXPECT_EQ(order(id).status, order_status::on_hold);
  EXPECT_EQ(order(id).reviews.back().kind, domain::review_kind::payment);
  EXPECT_EQ(stock().on_hand, 1'000);
}

TEST_F(OutsideFailure, OfOneGatewayLeavesOrdersAtTheOtherAlone) {
  world->outside.treat = [](const call& c) { return c.party == "stripe" ? manner::times_out : manner::answers; };
  const auto slow = placed();
  auto in = order_of();
  in.payment_gateway = "paypal";
  const auto quick = placed(std::move(in));
  EXPECT_EQ(order(quick).status, order_status::confirmed);
  EXPECT_EQ(order(slow).status, order_status::received);
}

TEST_F(OutsideFailure, AMessageIsTriedAgainUntilItIsTaken) {
  std::size_t refusals = 3;
  world->outside.treat_mail = [&](const integrations::mail&) { return refusals > 0 ? (--refusals, manner::refuses) : manner::answers; };
  placed();
  EXPECT_TRUE(world->outside.mails().empty());
  ASSERT_TRUE(world->until([&] { return !world->outside.mails().empty(); }));
  world->pass(1min);
  EXPECT_EQ(world->outside.mails().size(), 1u);
  EXPECT_TRUE(world->store.disk.outbox.empty());
}

TEST_F(OutsideFailure, AMessageWhoseAnswerIsLostGoesOutAgainUnderTheSameId) {
  std::size_t losses = 1;
  world->outside.treat_mail = [&](const integrations::mail&) { return losses > 0 ? (--losses, manner::loses_answer) : manner::answers; };
  placed();
  ASSERT_TRUE(world->until([&] { return world->outside.mails().size() == 2; }));
  EXPECT_EQ(world->outside.mails()[0].message_id, world->outside.mails()[1].message_id);
}

TEST_F(OutsideFailure, AMessageThatIsRefusedForGoodIsNotTriedAgain) {
  std::size_t asked = 0;
  world->outside.treat_mail = [&](const integrations::mail&) { return ++asked, manner::declines; };
  placed();
  world->pass(10min);
  EXPECT_EQ(asked, 1u);
  EXPECT_TRUE(world->store.disk.outbox.empty());
}

}  // namespace coreldove::actors::tests
