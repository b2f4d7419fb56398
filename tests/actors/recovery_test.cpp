// Crashes of the process, of one order's actor, of the inventory; the journal out of order; sleep and waking up.
#include "tests/actors/engine_fixture.hpp"

namespace coreldove::actors::tests {

class Recovery : public Engine {};
class Sleep : public Engine {};

TEST_F(Recovery, AfterACrashUnfinishedOrdersGoOnByThemselves) {
  world->outside.delay = [] { return domain::duration{60'000}; };
  const auto id = placed();
  ASSERT_EQ(order(id).status, order_status::received);
  world->crash();
  world->outside.delay = nullptr;
  world->start();
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::confirmed; }, 5s));
  EXPECT_EQ(effects(operation_kind::authorize), 1u);
  EXPECT_EQ(calls(operation_kind::authorize), 2u);
  EXPECT_TRUE(world->outside.calls().back().repeat);
}

TEST_F(Recovery, TimersFireAfterARestart) {
  treat(operation_kind::authorize, manner::refuses, 1);
  const auto id = placed();
  ASSERT_EQ(world->store.disk.timers.size(), 1u);
  world->crash();
  world->advance(1h);
  world->start();
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::confirmed; }, 5s));
  world->pass(1min);
  EXPECT_EQ(calls(operation_kind::authorize), 2u);
}

TEST_F(Recovery, AnAuthorizationThatIsAboutToExpireIsShownToAPersonAlsoAfterARestart) {
  const auto id = placed();
  world->crash();
  world->advance(std::chrono::hours{24 * 6 + 1});
  world->start();
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::on_hold; }, 5s));
  EXPECT_EQ(order(id).reviews.back().kind, domain::review_kind::payment);
}

TEST_F(Recovery, ACrashBetweenCommitAndAnswerLosesTheAnswerButNotTheOrder) {
  const auto q = world->place(order_of(), with_key("k1"));
  while (world->store.jobs_waiting() == 0) {
    if (world->jobs() > 0)
      world->run_job(0);
    else
      world->store.reads().run(world->clock.now(), 0);
  }
  world->store.commit_some(1);
  world->crash();
  EXPECT_FALSE(q->answered());
  world->start();
  const auto again = world->place(order_of(), with_key("k1"));
  world->settle();
  ASSERT_TRUE(again->ok());
  EXPECT_TRUE(again->value().replayed);
  ASSERT_TRUE(world->until([&] { return order(again->value().order_id).status == order_status::confirmed; }, 5s));
  EXPECT_EQ(world->store.disk.orders.size(), 1u);
}

TEST_F(Recovery, ACrashBeforeTheCommitLeavesNothing) {
  const auto q = world->place(order_of());
  while (world->store.jobs_waiting() == 0) {
    if (world->jobs() > 0)
      world->run_job(0);
    else
      world->store.reads().run(world->clock.now(), 0);
  }
  world->crash();
  world->start();
  world->settle();
  EXPECT_FALSE(q->answered());
  EXPECT_TRUE(world->store.disk.orders.empty());
  EXPECT_EQ(stock().reserved, 0);
}

TEST_F(Recovery, MessagesThatWereNotSentGoOutAfterARestart) {
  world->outside.treat_mail = [](const integrations::mail&) { return manner::refuses; };
  placed();
  world->crash();
  world->outside.treat_mail = nullptr;
  world->start();
  ASSERT_TRUE(world->until([&] { return world->outside.mails().size() == 1; }, 5s));
  world->pass(1min);
  EXPECT_EQ(world->outside.mails().size(), 1u);
}

TEST_F(Recovery, AnOrderThatCouldNotBeStoredLetsGoOfStockThatItHadNotBeenToldOf) {
  world->crash();
  world->start();  // the stock is being read, for longer than an order waits for it
  const auto q = world->place(order_of());
  for (int tick = 0; tick < 40 && world->store.jobs_waiting() == 0; ++tick) {
    while (world->jobs() > 0) world->run_job(0);
    world->advance(250ms);
  }
  ASSERT_EQ(world->store.jobs_waiting(), 1u);
  world->store.commit_some(1, simulation::commit_fate::failed);
  world->pass(5s);
  ASSERT_TRUE(q->answered());
  EXPECT_FALSE(q->ok());
  const auto left = world->adjust("WIDGET-001", "EAST", 0);
  world->settle();
  ASSERT_TRUE(left->ok());
  EXPECT_EQ(left->value().rows.front().level.reserved, 0);
}

TEST_F(Recovery, AMessageThatTheOutboxReaderSawIsNotSentASecondTimeWhenTheReaderIsSlow) {
  world->crash();
  world->start();  // the notifier has asked for the outbox …
  while (world->jobs() > 0) world->run_job(0);
  world->store.reads().run(world->clock.now(), 0);
  const auto id = placed();
  EXPECT_EQ(world->outside.mails_with("<" + id + ".email.5@coreldove>") + world->outside.mails_with("<" + id + ".email.6@coreldove>"), 1u);
  world->pass(1min);
  EXPECT_EQ(world->outside.mails().size(), 1u);
}

TEST_F(Recovery, AJournalThatIsUnavailableGivesAClearFailureAndPromisesNothing) {
  world->store.disk_full(true);
  const auto q = world->place(order_of());
  world->settle();
  ASSERT_TRUE(q->answered());
  EXPECT_EQ(q->error().code, errc::unavailable);
  EXPECT_TRUE(world->store.disk.orders.empty());
  EXPECT_FALSE(world->engine().ready());
  world->store.disk_full(false);
  world->pass(2s);
  EXPECT_TRUE(world->engine().ready());
  EXPECT_EQ(order(placed()).status, order_status::confirmed);
}

TEST_F(Recovery, AJournalThatFailsUnderAnOrderGivesBackWhatItHeld) {
  const auto q = world->place(order_of("RARE-001", 100));
  while (world->store.jobs_waiting() == 0) {
    if (world->jobs() > 0)
      world->run_job(0);
    else
      world->store.reads().run(world->clock.now(), 0);
  }
  world->store.commit_some(1, simulation::commit_fate::failed);
  world->pass(2s);
  ASSERT_TRUE(q->answered());
  EXPECT_EQ(q->error().code, errc::unavailable);
  EXPECT_TRUE(world->store.disk.orders.empty());
  EXPECT_EQ(order(placed(order_of("RARE-001", 100))).status, order_status::confirmed);
}

TEST_F(Recovery, AnAnswerThatCouldNotBeWrittenIsAskedForAgain) {
  world->outside.delay = [] { return domain::duration{1'000}; };
  const auto id = placed();
  world->store.disk_full(true);
  world->pass(10s);
  EXPECT_EQ(order(id).status, order_status::received);
  world->store.disk_full(false);
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::confirmed; }, 1min));
  EXPECT_EQ(effects(operation_kind::authorize), 1u);
}

TEST_F(Recovery, AnOrderWhoseCommitNobodyKnowsOfGoesOnWhereItWasWritten) {
  const auto q = world->place(order_of());
  while (world->store.jobs_waiting() == 0) {
    if (world->jobs() > 0)
      world->run_job(0);
    else
      world->store.reads().run(world->clock.now(), 0);
  }
  world->store.commit_some(1, simulation::commit_fate::written_unknown);
  world->settle();
  ASSERT_TRUE(q->answered());
  ASSERT_EQ(world->store.disk.orders.size(), 1u);
  const auto id = world->store.disk.orders.begin()->first;
  EXPECT_TRUE(world->until([&] { return order(id).status == order_status::confirmed; }, 1min));
}

TEST_F(Recovery, TheCrashOfAnOrdersActorTouchesNoOtherOrderAndItStartsAnew) {
  const auto id = placed(), other = placed();
  world->store.throw_on_append(1, id);
  const auto crashed = world->tell(id, domain::cancel_order{"", "customer"});
  const auto fine = world->tell(other, domain::cancel_order{"", "customer"});
  world->settle();
  ASSERT_TRUE(crashed->answered());
  EXPECT_EQ(crashed->error().code, errc::timed_out);
  EXPECT_TRUE(fine->ok());
  EXPECT_EQ(world->metric("coreldove_order_crashes_total"), 1);
  world->pass(1s);
  const auto again = world->tell(id, domain::cancel_order{"", "customer"});
  world->settle();
  EXPECT_TRUE(again->ok());
  EXPECT_EQ(order(id).status, order_status::cancelled);
}

TEST_F(Recovery, AnOrderThatCrashesWhileItIsPlacedGivesBackWhatItHeld) {
  world->store.throw_on_append(1);
  const auto q = world->place(order_of("RARE-001", 100));
  world->pass(2s);
  ASSERT_TRUE(q->answered());
  EXPECT_EQ(q->error().code, errc::timed_out);
  EXPECT_EQ(order(placed(order_of("RARE-001", 100))).status, order_status::confirmed);
}

TEST_F(Recovery, AnOrderThatCrashesAgainAndAgainGoesToAPersonWhoCanReleaseIt) {
  const auto id = placed();
  world->store.throw_on_append(4, id);
  for (int i = 0; i < 4; ++i) {
    world->tell(id, domain::change_status{order_status::on_hold, "look", "operator"});
    world->pass(6s);
  }
  EXPECT_EQ(world->metric("coreldove_orders_quarantined_total"), 1);
  ASSERT_EQ(order(id).status, order_status::on_hold);
  ASSERT_EQ(order(id).reviews.size(), 1u);
  EXPECT_NE(order(id).reviews.front().reason.find("crashed"), std::string::npos);
  const auto parked = world->tell(id, domain::cancel_order{"", "customer"});
  world->settle();
  ASSERT_TRUE(parked->answered());
  EXPECT_EQ(parked->error().code, errc::unavailable);
  const auto released = world->tell(id, domain::decide_review{1, true, "operator", "repaired"});
  world->settle();
  ASSERT_TRUE(released->ok()) << (released->answered() ? released->error().detail : "no answer");
  EXPECT_EQ(order(id).status, order_status::confirmed);
}

TEST_F(Recovery, AnOrderThatCannotEvenBeHandedToAPersonIsTriedAgainLater) {
  const auto id = placed();
  world->store.throw_on_append(5, id);  // the fifth time it is the quarantine itself
  for (int i = 0; i < 4; ++i) {
    world->tell(id, domain::change_status{order_status::on_hold, "look", "operator"});
    world->pass(6s);
  }
  EXPECT_TRUE(order(id).reviews.empty());
  world->pass(2min);
  const auto again = world->tell(id, domain::cancel_order{"", "customer"});
  world->settle();
  EXPECT_TRUE(again->ok());
}

TEST_F(Recovery, AnAnswerThatCouldNotBeWrittenMakesTheNextCallARepeat) {
  const auto id = placed();
  world->outside.delay = [] { return domain::duration{1'000}; };
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  world->store.disk_full(true);
  world->pass(2s);  // the label's answer comes, and cannot be written
  world->store.disk_full(false);
  world->pass(1s);
  world->tell(id, domain::change_status{order_status::on_hold, "", "operator"});
  world->pass(30s);
  EXPECT_GE(calls(operation_kind::label), 2u);
  EXPECT_EQ(effects(operation_kind::label), 1u);
}

TEST_F(Recovery, ARefusalOfARepeatSaysNothingOfTheCallBeforeTheCrash) {
  treat(operation_kind::authorize, manner::keeps_silent);
  const auto id = placed();
  ASSERT_EQ(effects(operation_kind::authorize), 1u);
  world->crash();
  treat(operation_kind::authorize, manner::refuses, 1);
  world->start();
  world->settle();
  EXPECT_EQ(payment_status_of(order(id)), payment_status::unknown);
  world->tell(id, domain::cancel_order{"", "customer"});
  world->pass(1min);
  EXPECT_EQ(order(id).status, order_status::cancelled);
  EXPECT_EQ(effects(operation_kind::void_authorization), 1u);
}

TEST_F(Recovery, AMessageThatTheOutboxWouldNotLetGoOfIsNotSentTwice) {
  world->outside.treat_mail = [&](const integrations::mail&) {
    world->store.disk_full(true);  // right after it is sent nothing can be written
    return manner::answers;
  };
  placed();
  world->pass(5s);
  EXPECT_EQ(world->store.disk.outbox.size(), 1u);
  world->store.disk_full(false);
  world->pass(5s);
  EXPECT_TRUE(world->store.disk.outbox.empty());
  world->crash();
  world->start();
  world->pass(5s);
  EXPECT_EQ(world->outside.mails().size(), 1u);
}

TEST_F(Recovery, AStreamThatCannotBeTakenInEndsThatOrdersActorAndNoOther) {
  const auto id = placed(), other = placed();
  world->crash();
  world->store.poison(id, 1);
  world->start();
  const auto q = world->tell(id, domain::cancel_order{"", "customer"});
  const auto fine = world->tell(other, domain::cancel_order{"", "customer"});
  world->settle();
  ASSERT_TRUE(q->answered());
  EXPECT_FALSE(q->ok());
  EXPECT_TRUE(fine->ok());
  world->pass(1s);
  const auto again = world->tell(id, domain::cancel_order{"", "customer"});
  world->settle();
  EXPECT_TRUE(again->ok());
}

TEST_F(Recovery, TheInventoryReadsTheStoreAgainAfterAFailureAndLosesNoQuestion) {
  world->store.throw_on_adjust(1);
  const auto adjustment = world->adjust("WIDGET-001", "EAST", 5);
  std::vector<simulation::order_question> orders;
  for (int i = 0; i < 10; ++i) orders.push_back(world->place(order_of("RARE-001", 10)));
  world->pass(1s);
  ASSERT_TRUE(adjustment->answered());
  EXPECT_FALSE(adjustment->ok());
  for (const auto& q : orders) {
    ASSERT_TRUE(q->ok());
    EXPECT_EQ(order(q->value().order_id).status, order_status::confirmed);
  }
  EXPECT_EQ(stock("RARE-001").reserved, 100);
  const auto again = world->adjust("WIDGET-001", "EAST", 5);
  world->settle();
  ASSERT_TRUE(again->ok());
  EXPECT_EQ(again->value().rows.front().level.on_hand, 1'005);
}

TEST_F(Recovery, AStoreThatCannotBeReadAtTheStartIsReadAgain) {
  world->crash();
  world->store.fail_reads(20);
  world->start();
  world->pass(10s);
  EXPECT_TRUE(world->engine().ready());
  EXPECT_EQ(order(placed()).status, order_status::confirmed);
}

TEST_F(Recovery, AnAdjustmentThatTakesWhatIsReservedIsRefused) {
  placed(order_of("RARE-001", 60));
  const auto too_much = world->adjust("RARE-001", "EAST", -41);
  world->settle();
  ASSERT_TRUE(too_much->answered());
  EXPECT_EQ(too_much->error().code, errc::wrong_state);
  const auto possible = world->adjust("RARE-001", "EAST", -40);
  world->settle();
  ASSERT_TRUE(possible->ok());
  EXPECT_EQ(stock("RARE-001").on_hand, 60);
  EXPECT_EQ(order(placed(order_of("RARE-001", 1))).status, order_status::rejected);
}

TEST_F(Sleep, IdleOrdersFallAsleepAfterAWhileAndWakeUpWhenTheyAreSpokenTo) {
  const auto id = placed();
  EXPECT_EQ(world->metric("coreldove_order_actors"), 1);
  world->pass(6s);
  EXPECT_EQ(world->metric("coreldove_order_actors"), 0);
  const auto q = world->tell(id, domain::cancel_order{"", "customer"});
  world->settle();
  EXPECT_TRUE(q->ok());
  EXPECT_EQ(order(id).status, order_status::cancelled);
}

TEST_F(Sleep, OnlySoManyIdleOrdersAreKeptAwake) {
  simulation::world_options options;
  options.limits.idle_orders = 10;
  options.limits.idle_time = 1h;
  boot(std::move(options));
  std::vector<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(placed(order_of("WIDGET-001", 1)));
  EXPECT_LE(world->metric("coreldove_order_actors"), 10);
  EXPECT_GT(world->metric("coreldove_order_actors"), 0);
  for (const auto& id : ids) {
    const auto q = world->tell(id, domain::cancel_order{"", "customer"});
    world->settle();
    EXPECT_TRUE(q->ok());
  }
}

TEST_F(Sleep, ACommandThatComesWhileAnOrderFallsAsleepIsNotLost) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    simulation::world_options options;
    options.seed = seed;
    boot(std::move(options));
    const auto id = placed();
    world->pass(5s);
    std::vector<simulation::order_question> all;
    for (int i = 0; i < 6; ++i) {
      world->advance(100ms);  // the shard's tick that ends idle orders is among these
      all.push_back(world->tell(id, domain::change_status{i % 2 == 0 ? order_status::on_hold : order_status::confirmed, "", "operator"}));
      for (int j = 0; j < 3 && world->jobs() > 0; ++j) world->run_job(world->random.below(world->jobs()));
    }
    world->settle();
    for (const auto& q : all) EXPECT_TRUE(q->ok()) << "seed " << seed;
  }
}

TEST_F(Sleep, WorkKeepsAnOrderAwake) {
  treat(operation_kind::authorize, manner::keeps_silent);
  const auto id = placed();
  world->pass(20s);
  EXPECT_EQ(world->metric("coreldove_order_actors"), 1);
  EXPECT_EQ(order(id).status, order_status::received);
}

}  // namespace coreldove::actors::tests
