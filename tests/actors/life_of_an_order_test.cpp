// From placing to delivery, and the ways out: cancel, refund, review.
#include "tests/actors/engine_fixture.hpp"

namespace coreldove::actors::tests {

class LifeOfAnOrder : public Engine {};

TEST_F(LifeOfAnOrder, IsAcknowledgedOnceItIsOnDiskAndNotBefore) {
  const auto q = world->place(order_of());
  while (world->jobs() > 0 || world->store.reads().ready(world->clock.now()) > 0) {
    if (world->jobs() > 0)
      world->run_job(0);
    else
      world->store.reads().run(world->clock.now(), 0);
  }
  EXPECT_EQ(world->store.jobs_waiting(), 1u);
  EXPECT_FALSE(q->answered());
  world->store.commit_some(1);
  EXPECT_FALSE(q->answered());
  world->settle();
  ASSERT_TRUE(q->ok());
  EXPECT_EQ(q->value().status, 202);
  EXPECT_NE(world->order(q->value().order_id), nullptr);
}

TEST_F(LifeOfAnOrder, IsConfirmedOncePaidAndReserved) {
  const auto id = placed();
  const auto& o = order(id);
  EXPECT_EQ(o.status, order_status::confirmed);
  EXPECT_EQ(o.authorized, o.total());
  EXPECT_EQ(o.captured, 0);
  EXPECT_EQ(world->outside.sum(operation_kind::authorize, id), o.total());
  EXPECT_EQ(stock().reserved, 2);
  EXPECT_EQ(stock().on_hand, 1'000);
}

TEST_F(LifeOfAnOrder, IsCapturedAndLeavesTheShelfWhenItShips) {
  const auto id = placed();
  const auto q = world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  ASSERT_TRUE(q->ok());
  const auto& o = order(id);
  EXPECT_EQ(o.status, order_status::shipped);
  EXPECT_EQ(o.captured, o.total());
  ASSERT_EQ(o.shipments.size(), 1u);
  EXPECT_FALSE(o.shipments.front().tracking_number.empty());
  EXPECT_EQ(world->outside.sum(operation_kind::capture, id), o.total());
  EXPECT_EQ(stock().on_hand, 998);
  EXPECT_EQ(stock().reserved, 0);
}

TEST_F(LifeOfAnOrder, IsDeliveredWhenItsParcelIsAndRepeatsOfTheNewsChangeNothing) {
  const auto id = placed();
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  deliver(id);
  EXPECT_EQ(order(id).status, order_status::delivered);
  const auto version = order(id).version;
  deliver(id);
  EXPECT_EQ(order(id).version, version);
}

TEST_F(LifeOfAnOrder, TellsTheBuyerOnceOfEachStep) {
  const auto id = placed();
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  deliver(id);
  EXPECT_EQ(world->outside.mails().size(), 3u);  // confirmed, on its way, arrived
  world->pass(1min);
  EXPECT_EQ(world->outside.mails().size(), 3u);
  EXPECT_TRUE(world->store.disk.outbox.empty());
}

TEST_F(LifeOfAnOrder, EndsAsRejectedWhereThePaymentIsDeclinedAndTheStockGoesBack) {
  treat(operation_kind::authorize, manner::declines);
  const auto id = placed();
  EXPECT_EQ(order(id).status, order_status::rejected);
  EXPECT_EQ(order(id).rejection->code, "payment_declined");
  EXPECT_EQ(stock().reserved, 0);
}

TEST_F(LifeOfAnOrder, EndsAsRejectedWhereSomethingIsShortAndNobodyIsAskedForMoney) {
  const auto id = placed(order_of("RARE-001", 101));
  EXPECT_EQ(order(id).status, order_status::rejected);
  EXPECT_EQ(order(id).rejection->code, "out_of_stock");
  EXPECT_EQ(calls(operation_kind::authorize), 0u);
}

TEST_F(LifeOfAnOrder, OneHundredUnitsServeExactlyOneHundredOfFiveHundredOrders) {
  std::vector<simulation::order_question> all;
  for (int i = 0; i < 500; ++i) {
    auto in = order_of("RARE-001", 1);
    in.customer_id = "customer " + std::to_string(i);
    all.push_back(world->place(std::move(in)));
  }
  world->settle();
  std::size_t confirmed = 0, rejected = 0;
  for (const auto& q : all) {
    ASSERT_TRUE(q->ok());
    const auto status = order(q->value().order_id).status;
    if (status == order_status::confirmed) ++confirmed;
    if (status == order_status::rejected) ++rejected;
  }
  EXPECT_EQ(confirmed, 100u);
  EXPECT_EQ(rejected, 400u);
  EXPECT_EQ(stock("RARE-001").reserved, 100);
  EXPECT_EQ(stock("RARE-001").available(), 0);
}

TEST_F(LifeOfAnOrder, CancelledBeforeTheGatewayAnswersVoidsWhatTheAnswerBrings) {
  world->outside.delay = [] { return domain::duration{3'000}; };
  const auto id = placed();
  const auto q = world->tell(id, domain::cancel_order{"changed my mind", "customer"});
  world->settle();
  ASSERT_TRUE(q->ok());
  EXPECT_EQ(order(id).status, order_status::cancelled);
  EXPECT_EQ(stock().reserved, 0);
  world->pass(10s);
  EXPECT_EQ(effects(operation_kind::authorize), 1u);
  EXPECT_EQ(effects(operation_kind::void_authorization), 1u);
  EXPECT_EQ(payment_status_of(order(id)), payment_status::voided);
}

TEST_F(LifeOfAnOrder, CancelledWhenConfirmedVoidsTheAuthorization) {
  const auto id = placed();
  world->tell(id, domain::cancel_order{"", "customer"});
  world->settle();
  EXPECT_EQ(order(id).status, order_status::cancelled);
  EXPECT_EQ(effects(operation_kind::void_authorization), 1u);
  EXPECT_EQ(stock().reserved, 0);
}

TEST_F(LifeOfAnOrder, CancelledWhileItsLabelIsBoughtVoidsBothLabelAndAuthorization) {
  const auto id = placed();
  world->outside.delay = [] { return domain::duration{3'000}; };
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  world->tell(id, domain::cancel_order{"", "customer"});
  world->pass(30s);
  EXPECT_EQ(order(id).status, order_status::cancelled);
  EXPECT_EQ(effects(operation_kind::label), 1u);
  EXPECT_EQ(effects(operation_kind::void_label), 1u);
  EXPECT_EQ(effects(operation_kind::void_authorization), 1u);
  EXPECT_EQ(effects(operation_kind::capture), 0u);
  EXPECT_EQ(stock().reserved, 0);
  EXPECT_EQ(stock().on_hand, 1'000);
}

TEST_F(LifeOfAnOrder, CancelledWhileItsMoneyIsTakenGivesItBack) {
  const auto id = placed();
  world->outside.delay = [] { return domain::duration{3'000}; };
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  ASSERT_TRUE(world->until([&] { return effects(operation_kind::capture) == 1; }, 10s));
  world->tell(id, domain::cancel_order{"", "customer"});
  world->pass(30s);
  EXPECT_EQ(order(id).status, order_status::cancelled);
  EXPECT_EQ(world->outside.sum(operation_kind::refund, id), order(id).total());
  EXPECT_EQ(order(id).captured, order(id).refunded);
  EXPECT_EQ(stock().on_hand, 1'000);
}

TEST_F(LifeOfAnOrder, CannotBeCancelledOnceItHasLeft) {
  const auto id = placed();
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  const auto q = world->tell(id, domain::cancel_order{"", "customer"});
  world->settle();
  ASSERT_TRUE(q->answered());
  EXPECT_EQ(q->error().code, errc::wrong_state);
  EXPECT_EQ(q->error().allowed, std::vector<std::string>{"delivered"});
}

TEST_F(LifeOfAnOrder, NeverRefundsMoreThanWasCaptured) {
  const auto id = placed();
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  const auto total = order(id).total();
  const auto first = world->tell(id, domain::refund_order{total - 100, {}, false, "late", "manager"});
  const auto second = world->tell(id, domain::refund_order{total - 100, {}, false, "late", "manager"});
  world->settle();
  EXPECT_TRUE(first->ok());
  ASSERT_FALSE(second->ok());
  EXPECT_EQ(second->error().code, errc::invalid_input);
  EXPECT_EQ(world->outside.sum(operation_kind::refund, id), total - 100);
}

TEST_F(LifeOfAnOrder, HeldForReviewGoesOnWhenItIsApproved) {
  const auto id = placed(dear_order());
  EXPECT_EQ(order(id).status, order_status::on_hold);
  EXPECT_EQ(calls(operation_kind::authorize), 0u);
  world->tell(id, domain::decide_review{1, true, "manager", "a good customer"});
  world->settle();
  EXPECT_EQ(order(id).status, order_status::confirmed);
}

TEST_F(LifeOfAnOrder, HeldForReviewEndsWhenItIsRejectedAndTheStockGoesBack) {
  const auto id = placed(dear_order());
  EXPECT_EQ(stock().reserved, 1);
  world->tell(id, domain::decide_review{1, false, "manager", "no"});
  world->settle();
  EXPECT_EQ(order(id).status, order_status::rejected);
  EXPECT_EQ(stock().reserved, 0);
  EXPECT_EQ(calls(operation_kind::authorize), 0u);
}

TEST_F(LifeOfAnOrder, ThatFailsItsQualityCheckWritesTheGoodsOff) {
  const auto id = placed(order_of("FRAGILE-001", 3));
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  ASSERT_EQ(order(id).status, order_status::on_hold);
  world->tell(id, domain::decide_review{1, false, "inspector", "broken"});
  world->settle();
  EXPECT_EQ(order(id).status, order_status::rejected);
  EXPECT_EQ(stock("FRAGILE-001").on_hand, 47);
  EXPECT_EQ(stock("FRAGILE-001").reserved, 0);
  EXPECT_EQ(effects(operation_kind::void_authorization), 1u);
}

TEST_F(LifeOfAnOrder, RefusesACommandThatWasMeantForAnotherVersion) {
  const auto id = placed();
  request rq;
  rq.expected_version = order(id).version - 1;
  const auto q = world->tell(id, domain::cancel_order{"", "customer"}, rq);
  world->settle();
  ASSERT_FALSE(q->ok());
  EXPECT_EQ(q->error().code, errc::stale);
  EXPECT_EQ(order(id).status, order_status::confirmed);
  rq.expected_version = order(id).version;
  const auto again = world->tell(id, domain::cancel_order{"", "customer"}, rq);
  world->settle();
  EXPECT_TRUE(again->ok());
}

TEST_F(LifeOfAnOrder, OfAnOrderThatIsNotThereIsNotFound) {
  const auto unknown = world->tell("ord_01ARZ3NDEKTSV4RRFFQ69G5FAV", domain::cancel_order{"", "customer"});
  const auto no_id = world->tell("4711", domain::cancel_order{"", "customer"});
  world->settle();
  ASSERT_TRUE(unknown->answered());
  EXPECT_EQ(unknown->error().code, errc::not_found);
  ASSERT_TRUE(no_id->answered());
  EXPECT_EQ(no_id->error().code, errc::not_found);
}

}  // namespace coreldove::actors::tests
