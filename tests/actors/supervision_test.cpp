// Restart intensity of orders, and the long-lived actors: each fails in the middle of its work while questions wait, and nothing that was asked is lost.
#include "tests/actors/engine_fixture.hpp"

namespace coreldove::actors::tests {

class Supervision : public Engine {
protected:
  std::string health_of(const std::string& part) const {
    for (const auto& c : world->engine().health())
      if (c.name == part) return c.state;
    return "not shown";
  }
  simulation::order_question hold(const std::string& id) { return world->tell(id, domain::change_status{order_status::on_hold, "look", "operator"}); }
};

TEST_F(Supervision, ACrashedOrderPausesLongerEachTimeAndKeepsWhatItIsToldMeanwhile) {
  const auto id = placed();
  world->store.throw_on_append(3, id);
  std::vector<domain::duration> pauses;
  for (int i = 0; i < 3; ++i) {
    const auto crashing = hold(id);
    world->settle();
    ASSERT_TRUE(crashing->answered());
    EXPECT_EQ(crashing->error().code, errc::timed_out);
    const auto crashed_at = world->clock.now();
    const auto kept = world->tell(id, domain::change_status{order_status::confirmed, "", "operator"});
    world->settle();
    EXPECT_FALSE(kept->answered()) << "it is told once the order is back";
    ASSERT_TRUE(world->until([&] { return kept->answered(); }, 10s));
    EXPECT_TRUE(kept->ok());
    pauses.push_back(world->clock.now() - crashed_at);
  }
  EXPECT_LE(pauses[0], 500ms);
  EXPECT_GE(pauses[1], 1s);
  EXPECT_LE(pauses[1], 1'500ms);
  EXPECT_GE(pauses[2], 5s);
  EXPECT_LE(pauses[2], 5'500ms);
  const auto fine = hold(id);
  world->settle();
  EXPECT_TRUE(fine->ok());
  EXPECT_EQ(world->metric("coreldove_orders_quarantined_total"), 0);
}

TEST_F(Supervision, AnOrderMayCrashNowAndThenForEver) {
  const auto id = placed();
  for (int i = 0; i < 12; ++i) {
    world->store.throw_on_append(1, id);
    hold(id);
    world->pass(25s);
  }
  EXPECT_EQ(world->metric("coreldove_order_crashes_total"), 12);
  EXPECT_EQ(world->metric("coreldove_orders_quarantined_total"), 0);
  EXPECT_EQ(order(id).status, order_status::confirmed);
}

TEST_F(Supervision, AHundredPoisonOrdersGoToPeopleWithTheReasonAndNothingElseNotices) {
  std::vector<std::string> poison, healthy;
  for (int i = 0; i < 100; ++i) {
    poison.push_back(placed(order_of("WIDGET-001", 1)));
    healthy.push_back(placed(order_of("RARE-001", 1)));
  }
  const std::set<std::string> bad{poison.begin(), poison.end()};
  world->store.throw_on_append([&](const persistence::append& a) { return bad.contains(a.stream) && a.by == "poisoner"; });
  for (int round = 0; round < 4; ++round) {
    for (const auto& id : poison) world->tell(id, domain::change_status{order_status::on_hold, "", "poisoner"}, by("poisoner"));
    world->pass(6s);
  }
  EXPECT_EQ(world->metric("coreldove_orders_quarantined_total"), 100);
  EXPECT_EQ(world->metric("coreldove_order_crashes_total"), 400);
  for (const auto& id : poison) {
    ASSERT_EQ(order(id).reviews.size(), 1u);
    EXPECT_EQ(order(id).status, order_status::on_hold);
    EXPECT_NE(order(id).reviews.front().reason.find("crashed again and again; the last time: "), std::string::npos);
    EXPECT_NE(order(id).reviews.front().reason.find("no memory for the append"), std::string::npos);
    EXPECT_EQ(world->store.disk.reviews.at({id, 1}).state, "open");
  }
  EXPECT_TRUE(world->engine().ready());
  for (const auto* part : {"inventory", "shard"}) EXPECT_NE(health_of(part), "down") << part;
  for (const auto& id : healthy) {
    const auto q = world->tell(id, domain::cancel_order{"", "customer"});
    world->settle();
    EXPECT_TRUE(q->ok());
  }
  EXPECT_EQ(stock("WIDGET-001").reserved, 100);
  EXPECT_EQ(stock("RARE-001").reserved, 0);
}

TEST_F(Supervision, TheKeepersOfKeysFailureLosesNoClaim) {
  world->store.throw_on_read("key", 1);
  std::vector<simulation::order_question> all;
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 3; ++j) all.push_back(world->place(order_of(), with_key("k" + std::to_string(i))));
  ASSERT_TRUE(world->until([&] { return std::all_of(all.begin(), all.end(), [](const auto& q) { return q->ok(); }); }, 2s));
  EXPECT_EQ(world->store.disk.orders.size(), 5u);
  EXPECT_EQ(health_of("idempotency-keys"), "up");
}

TEST_F(Supervision, RisksFailureLosesNoOrder) {
  world->store.throw_on_read("past_orders", 1);
  std::vector<simulation::order_question> all;
  for (int i = 0; i < 5; ++i) {
    auto in = order_of();
    in.customer_id = "cust_" + std::to_string(i % 2);
    all.push_back(world->place(std::move(in)));
  }
  ASSERT_TRUE(world->until([&] { return std::all_of(all.begin(), all.end(), [](const auto& q) { return q->ok(); }); }, 1s));
  for (const auto& q : all) EXPECT_EQ(order(q->value().order_id).status, order_status::confirmed);
}

TEST_F(Supervision, TheTimekeepersFailureLosesNoTimer) {
  treat(operation_kind::authorize, manner::refuses, 1);
  const auto id = placed();
  ASSERT_EQ(order(id).status, order_status::received);
  world->store.throw_on_read("due_timers", 3);
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::confirmed; }, 30s));
  EXPECT_EQ(calls(operation_kind::authorize), 2u);
  EXPECT_EQ(health_of("timekeeper"), "up");
}

TEST_F(Supervision, TheNotifiersFailureLosesNoMessageAndSendsNoneTwice) {
  std::size_t refusals = 4;
  world->outside.treat_mail = [&](const integrations::mail&) { return refusals > 0 ? (--refusals, manner::refuses) : manner::answers; };
  for (int i = 0; i < 4; ++i) placed();
  world->store.throw_on_read("outbox", 2);  // the next looks into the outbox
  for (int i = 0; i < 4; ++i) placed();
  world->pass(2min);
  EXPECT_TRUE(world->store.disk.outbox.empty());
  EXPECT_EQ(world->outside.mails().size(), 8u);
  EXPECT_EQ(health_of("notifier"), "up");
}

TEST_F(Supervision, AMailerThatThrowsIsTriedAgain) {
  std::size_t throws = 2;
  world->outside.treat_mail = [&](const integrations::mail&) -> manner {
    if (throws == 0) return manner::answers;
    --throws;
    throw std::runtime_error("no socket");
  };
  placed();
  ASSERT_TRUE(world->until([&] { return world->outside.mails().size() == 1; }));
  world->pass(1min);
  EXPECT_EQ(world->outside.mails().size(), 1u);
  EXPECT_TRUE(world->store.disk.outbox.empty());
}

TEST_F(Supervision, ThePaymentRoutersFailuresLoseNoPaymentAndMakeNoneTwice) {
  treat(operation_kind::authorize, manner::throws, 6);
  std::vector<simulation::order_question> all;
  for (int i = 0; i < 10; ++i) all.push_back(world->place(order_of()));  // all wait in its mailbox
  ASSERT_TRUE(world->until(
      [&] {
        return std::all_of(all.begin(), all.end(), [&](const auto& q) { return q->ok() && order(q->value().order_id).status == order_status::confirmed; });
      },
      2min));
  EXPECT_EQ(effects(operation_kind::authorize), 10u);
  EXPECT_GE(calls(operation_kind::authorize), 16u);
  EXPECT_EQ(world->metric("coreldove_order_crashes_total"), 0);
}

TEST_F(Supervision, TheCarriersFailuresLoseNoParcelAndBuyNoLabelTwice) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(placed());
  treat(operation_kind::label, manner::throws, 4);
  for (const auto& id : ids) world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  ASSERT_TRUE(
      world->until([&] { return std::all_of(ids.begin(), ids.end(), [&](const auto& id) { return order(id).status == order_status::shipped; }); }, 5min));
  EXPECT_EQ(effects(operation_kind::label), 5u);
  EXPECT_EQ(effects(operation_kind::capture), 5u);
  EXPECT_EQ(world->metric("coreldove_order_crashes_total"), 0);
}

TEST_F(Supervision, TheInventoryThatFailsAgainAndAgainShutsTheDoorAndOpensItWhenItHasRecovered) {
  for (int i = 0; i < 4; ++i) {
    world->store.throw_on_adjust(1);
    const auto q = world->adjust("WIDGET-001", "EAST", 5);
    world->settle();
    EXPECT_FALSE(q->ok());
    if (i < 3) world->pass(6s);
  }
  EXPECT_FALSE(world->engine().ready());
  ASSERT_TRUE(world->engine().busy(false).has_value());
  EXPECT_EQ(world->engine().busy(true)->code, errc::unavailable);
  const auto refused = world->place(order_of());
  world->settle();
  ASSERT_TRUE(refused->answered());
  EXPECT_EQ(refused->error().code, errc::unavailable);
  EXPECT_TRUE(world->store.disk.orders.empty());
  world->pass(26s);
  EXPECT_TRUE(world->engine().ready());
  EXPECT_EQ(order(placed()).status, order_status::confirmed);
  EXPECT_EQ(stock().on_hand, 1'000);
}

TEST_F(Supervision, FiftyFailuresOfTheInventoryOverTimeLeakNoStock) {
  for (int i = 0; i < 50; ++i) {
    world->store.throw_on_adjust(1);
    std::vector<simulation::order_question> waiting;
    waiting.push_back(world->place(order_of("RARE-001", 1)));
    world->adjust("WIDGET-001", "EAST", 5);
    waiting.push_back(world->place(order_of("RARE-001", 1)));
    world->pass(21s);
    for (const auto& q : waiting) ASSERT_TRUE(q->ok()) << i;
  }
  EXPECT_EQ(stock("RARE-001").reserved, 100);
  const auto none_left = world->place(order_of("RARE-001", 1));
  world->settle();
  ASSERT_TRUE(none_left->ok());
  EXPECT_EQ(order(none_left->value().order_id).status, order_status::rejected);
}

}  // namespace coreldove::actors::tests
