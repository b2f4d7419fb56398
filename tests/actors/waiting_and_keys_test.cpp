// Prefer: wait, and idempotency keys.
#include "tests/actors/engine_fixture.hpp"

namespace coreldove::actors::tests {

class Waiting : public Engine {};
class IdempotencyKey : public Engine {};

TEST_F(Waiting, EndsWith201AsSoonAsTheOrderIsConfirmed) {
  world->outside.delay = [] { return domain::duration{2'000}; };
  const auto q = world->place(order_of(), waiting(30s));
  world->pass(1s);
  EXPECT_FALSE(q->answered());
  world->pass(2s);
  ASSERT_TRUE(q->ok());
  EXPECT_EQ(q->value().status, 201);
  EXPECT_NE(q->value().document.find("\"status\":\"confirmed\""), std::string::npos);
}

TEST_F(Waiting, EndsWith201WhereTheOrderIsRejectedOrHeldAtOnce) {
  const auto rejected = world->place(order_of("RARE-001", 101), waiting(30s));
  const auto held = world->place(dear_order(), waiting(30s));
  world->settle();
  ASSERT_TRUE(rejected->ok());
  EXPECT_EQ(rejected->value().status, 201);
  ASSERT_TRUE(held->ok());
  EXPECT_EQ(held->value().status, 201);
}

TEST_F(Waiting, EndsWith202WhenTheTimeIsUp) {
  world->outside.delay = [] { return domain::duration{9'000}; };
  const auto q = world->place(order_of(), waiting(2s));
  world->pass(1s);
  EXPECT_FALSE(q->answered());
  world->pass(1'500ms);
  ASSERT_TRUE(q->ok());
  EXPECT_EQ(q->value().status, 202);
  EXPECT_NE(q->value().document.find("\"status\":\"received\""), std::string::npos);
}

TEST_F(Waiting, WithAKeyGivesTheSameFinalAnswerToARepeatAfterARestart) {
  auto rq = with_key("k1");
  rq.wait = 30s;
  const auto first = world->place(order_of(), rq);
  world->settle();
  ASSERT_TRUE(first->ok());
  ASSERT_EQ(first->value().status, 201);
  world->crash();
  world->start();
  const auto again = world->place(order_of(), rq);
  world->settle();
  ASSERT_TRUE(again->ok());
  EXPECT_TRUE(again->value().replayed);
  EXPECT_EQ(again->value().status, 201);
  EXPECT_EQ(again->value().document, first->value().document);
}

TEST_F(IdempotencyKey, LetsOneOfManyDuplicatesThroughAndSharesItsAnswer) {
  std::vector<simulation::order_question> all;
  for (int i = 0; i < 20; ++i) all.push_back(world->place(order_of(), with_key("k1")));
  world->settle();
  std::size_t first_hand = 0;
  for (const auto& q : all) {
    ASSERT_TRUE(q->ok());
    EXPECT_EQ(q->value().order_id, all.front()->value().order_id);
    EXPECT_EQ(q->value().document, all.front()->value().document);
    if (!q->value().replayed) ++first_hand;
  }
  EXPECT_EQ(first_hand, 1u);
  EXPECT_EQ(world->store.disk.orders.size(), 1u);
  EXPECT_EQ(effects(operation_kind::authorize), 1u);
}

TEST_F(IdempotencyKey, OutlivesARestart) {
  const auto first = world->place(order_of(), with_key("k1"));
  world->settle();
  world->crash();
  world->start();
  const auto again = world->place(order_of(), with_key("k1"));
  world->settle();
  ASSERT_TRUE(again->ok());
  EXPECT_TRUE(again->value().replayed);
  EXPECT_EQ(again->value().order_id, first->value().order_id);
  EXPECT_EQ(again->value().document, first->value().document);
  EXPECT_EQ(world->store.disk.orders.size(), 1u);
}

TEST_F(IdempotencyKey, WithAnotherBodyIsRefusedInFlightAndAfterwards) {
  const auto first = world->place(order_of(), with_key("k1", "body"));
  const auto in_flight = world->place(order_of(), with_key("k1", "other body"));
  world->settle();
  const auto afterwards = world->place(order_of(), with_key("k1", "other body"));
  world->settle();
  EXPECT_TRUE(first->ok());
  ASSERT_TRUE(in_flight->answered());
  EXPECT_EQ(in_flight->error().code, errc::key_reused);
  ASSERT_TRUE(afterwards->answered());
  EXPECT_EQ(afterwards->error().code, errc::key_reused);
  EXPECT_EQ(world->store.disk.orders.size(), 1u);
}

TEST_F(IdempotencyKey, OfTwoScopesAreTwoKeys) {
  auto other = with_key("k1");
  other.key->scope = "somebody else POST /orders";
  const auto a = world->place(order_of(), with_key("k1"));
  const auto b = world->place(order_of(), other);
  world->settle();
  ASSERT_TRUE(a->ok());
  ASSERT_TRUE(b->ok());
  EXPECT_NE(a->value().order_id, b->value().order_id);
}

TEST_F(IdempotencyKey, OfAFailedRequestIsFreeForTheNextOneInLine) {
  const auto first = world->place(order_of(), with_key("k1"));
  const auto second = world->place(order_of(), with_key("k1"));
  while (world->store.jobs_waiting() == 0) {
    if (world->jobs() > 0)
      world->run_job(0);
    else
      world->store.reads().run(world->clock.now(), 0);
  }
  world->store.commit_some(1, simulation::commit_fate::failed);
  world->store.answer_commit();
  while (world->jobs() > 0) world->run_job(0);
  ASSERT_TRUE(first->answered());
  EXPECT_EQ(first->error().code, errc::unavailable);
  world->advance(1s);
  world->settle();
  ASSERT_TRUE(second->ok());
  EXPECT_FALSE(second->value().replayed);
  EXPECT_EQ(world->store.disk.orders.size(), 1u);
}

TEST_F(IdempotencyKey, OnARefundMakesOneRefundOfTwo) {
  const auto id = placed();
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  const domain::refund_order refund{1'000, {}, false, "late", "manager"};
  const auto a = world->tell(id, refund, with_key("r1"));
  const auto b = world->tell(id, refund, with_key("r1"));
  world->settle();
  world->crash();
  world->start();
  const auto c = world->tell(id, refund, with_key("r1"));
  world->settle();
  EXPECT_TRUE(a->ok());
  EXPECT_TRUE(b->ok());
  ASSERT_TRUE(c->ok());
  EXPECT_EQ(c->value().document, a->value().document);
  EXPECT_EQ(world->outside.sum(operation_kind::refund, id), 1'000);
}

TEST_F(IdempotencyKey, OfAWaitingRequestIsSharedWithItsRepeatsWhetherTheyWaitOrNot) {
  world->outside.delay = [] { return domain::duration{3'000}; };
  auto patient = with_key("k1");
  patient.wait = 30s;
  const auto first = world->place(order_of(), patient), second = world->place(order_of(), patient), hasty = world->place(order_of(), with_key("k1"));
  world->pass(2s);
  EXPECT_FALSE(first->answered() || second->answered() || hasty->answered());
  world->pass(2s);
  for (const auto& q : {first, second, hasty}) {
    ASSERT_TRUE(q->ok());
    EXPECT_EQ(q->value().status, 201);
    EXPECT_EQ(q->value().document, first->value().document);
  }
  EXPECT_FALSE(first->value().replayed);
  EXPECT_TRUE(second->value().replayed && hasty->value().replayed);
  EXPECT_EQ(world->store.disk.orders.size(), 1u);
}

TEST_F(IdempotencyKey, OfARefusedRequestCanBeUsedAgainWithAnotherBody) {
  const auto id = placed();
  const domain::refund_order refund{500, {}, false, "late", "manager"};
  const auto early = world->tell(id, refund, with_key("r1", "one"));
  world->settle();
  ASSERT_TRUE(early->answered());
  EXPECT_EQ(early->error().code, errc::wrong_state);
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  const auto again = world->tell(id, refund, with_key("r1", "two"));
  world->settle();
  ASSERT_TRUE(again->ok());
  EXPECT_FALSE(again->value().replayed);
  EXPECT_EQ(world->outside.sum(operation_kind::refund, id), 500);
}

TEST_F(IdempotencyKey, OfARequestThatFoundTheDoorShutCanBeUsedAgain) {
  world->store.disk_full(true);
  const auto shut_out = world->place(order_of(), with_key("k1", "one"));
  world->settle();
  ASSERT_TRUE(shut_out->answered());
  EXPECT_EQ(shut_out->error().code, errc::unavailable);
  world->store.disk_full(false);
  world->pass(2s);
  const auto again = world->place(order_of(), with_key("k1", "two"));
  world->settle();
  ASSERT_TRUE(again->ok());
  EXPECT_FALSE(again->value().replayed);
}

TEST_F(IdempotencyKey, GivesTheFirstAnswerThoughIfMatchDoesNotHoldAnyMore) {
  const auto id = placed();
  auto rq = with_key("c1");
  rq.expected_version = order(id).version;
  const auto first = world->tell(id, domain::cancel_order{"", "customer"}, rq);
  world->settle();
  ASSERT_TRUE(first->ok());
  const auto again = world->tell(id, domain::cancel_order{"", "customer"}, rq);
  world->settle();
  ASSERT_TRUE(again->ok());
  EXPECT_EQ(again->value().version, first->value().version);
  rq.key->key = "c2";
  const auto late = world->tell(id, domain::cancel_order{"", "customer"}, rq);
  world->settle();
  EXPECT_EQ(late->error().code, errc::stale);
}

TEST_F(IdempotencyKey, OfACommandThatChangesNothingIsKeptAllTheSame) {
  const auto id = placed();
  world->tell(id, domain::cancel_order{"", "customer"});
  world->settle();
  const auto version = order(id).version;
  const auto first = world->tell(id, domain::cancel_order{"", "customer"}, with_key("c1", "one"));
  world->settle();
  ASSERT_TRUE(first->ok());
  EXPECT_FALSE(first->value().replayed);
  world->crash();
  world->start();
  const auto again = world->tell(id, domain::cancel_order{"", "customer"}, with_key("c1", "one"));
  const auto other = world->tell(id, domain::cancel_order{"other", "customer"}, with_key("c1", "two"));
  world->settle();
  ASSERT_TRUE(again->ok());
  EXPECT_TRUE(again->value().replayed);
  EXPECT_EQ(again->value().document, first->value().document);
  EXPECT_EQ(other->error().code, errc::key_reused);
  EXPECT_EQ(order(id).version, version);
}

TEST_F(IdempotencyKey, OfAnOrderWhoseCommitNobodyKnowsOfIsLookedUpBeforeTheAnswer) {
  const auto q = world->place(order_of(), with_key("k1"));
  while (world->store.jobs_waiting() == 0) {
    if (world->jobs() > 0)
      world->run_job(0);
    else
      world->store.reads().run(world->clock.now(), 0);
  }
  world->store.commit_some(1, simulation::commit_fate::written_unknown);
  world->settle();
  ASSERT_TRUE(q->ok()) << "it is stored, and the store can tell";
  EXPECT_EQ(q->value().order_id, world->store.disk.orders.begin()->first);
  const auto again = world->place(order_of(), with_key("k1"));
  world->settle();
  ASSERT_TRUE(again->ok());
  EXPECT_TRUE(again->value().replayed);
  EXPECT_EQ(again->value().document, q->value().document);
}

TEST_F(IdempotencyKey, OfAnOrderWhoseActorCrashesIsFreeForTheNextOneInLine) {
  world->store.throw_on_append(1);
  const auto first = world->place(order_of(), with_key("k1")), second = world->place(order_of(), with_key("k1"));
  world->pass(1s);
  ASSERT_TRUE(first->answered());
  EXPECT_EQ(first->error().code, errc::timed_out);
  ASSERT_TRUE(second->ok());
  EXPECT_FALSE(second->value().replayed);
  EXPECT_EQ(world->store.disk.orders.size(), 1u);
}

/// Every command that takes a key, and the order that it fits.
struct keyed_command {
  enum class target { confirmed, shipped, held } on;
  domain::command what;
};

class KeyedCommand : public IdempotencyKey, public ::testing::WithParamInterface<keyed_command> {
protected:
  std::string fitting_order() {
    using target = keyed_command::target;
    const auto id = placed(GetParam().on == target::held ? dear_order() : order_of());
    if (GetParam().on == target::shipped) {
      world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
      world->settle();
    }
    return id;
  }
};

TEST_P(KeyedCommand, HappensOnceForManyAtOnceAndGivesItsFirstAnswerAlsoAfterARestart) {
  const auto id = fitting_order();
  const auto before = order(id).version;
  std::vector<simulation::order_question> all;
  for (int i = 0; i < 8; ++i) all.push_back(world->tell(id, GetParam().what, with_key("k1", "body")));
  const auto other = world->tell(id, GetParam().what, with_key("k1", "other body"));
  world->settle();
  const auto after = order(id).version;
  EXPECT_GT(after, before);
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto& q) { return q->ok() && !q->value().replayed; }), 1);
  world->crash();
  world->start();
  world->settle();
  all.push_back(world->tell(id, GetParam().what, with_key("k1", "body")));
  const auto still_other = world->tell(id, GetParam().what, with_key("k1", "other body"));
  auto somebody = with_key("k1", "other body");
  somebody.key->scope = "somebody else";
  const auto in_another_scope = world->tell(id, GetParam().what, somebody);
  world->settle();
  for (const auto& q : all) {
    ASSERT_TRUE(q->ok());
    EXPECT_EQ(q->value().document, all.front()->value().document);
    EXPECT_EQ(q->value().status, all.front()->value().status);
    EXPECT_EQ(q->value().version, all.front()->value().version);
  }
  EXPECT_TRUE(all.back()->value().replayed);
  for (const auto& q : {other, still_other}) {
    ASSERT_TRUE(q->answered());
    EXPECT_EQ(q->error().code, errc::key_reused);
  }
  ASSERT_TRUE(in_another_scope->answered());
  EXPECT_FALSE(in_another_scope->ok() && in_another_scope->value().replayed) << "it is a request of its own, whatever comes of it";
}

INSTANTIATE_TEST_SUITE_P(Of, KeyedCommand,
                         ::testing::Values(keyed_command{keyed_command::target::confirmed, domain::cancel_order{"r", "customer"}},
                                           keyed_command{keyed_command::target::confirmed, domain::fulfill_order{{}, {}, {}, "operator"}},
                                           keyed_command{keyed_command::target::shipped, domain::refund_order{1'000, {}, false, "late", "manager"}},
                                           keyed_command{keyed_command::target::confirmed, domain::change_status{order_status::on_hold, "look", "operator"}},
                                           keyed_command{keyed_command::target::held, domain::decide_review{1, true, "manager", "fine"}}));

TEST_F(IdempotencyKey, OnAnAdjustmentMovesTheStockOnceAndGivesTheFirstAnswerAgain) {
  const auto adjust = [&](const std::string& fingerprint) { return world->adjust("WIDGET-001", "EAST", 5, with_key("a1", fingerprint)); };
  std::vector<simulation::stock_question> all;
  for (int i = 0; i < 8; ++i) all.push_back(adjust("body"));
  const auto other = adjust("other body");
  world->settle();
  placed();  // the stock has moved since; the answer has not
  world->crash();
  world->start();
  world->settle();
  all.push_back(adjust("body"));
  const auto still_other = adjust("other body");
  world->settle();
  EXPECT_EQ(stock().on_hand, 1'005);
  for (const auto& q : all) {
    ASSERT_TRUE(q->ok());
    ASSERT_EQ(q->value().rows.size(), 1u);
    EXPECT_EQ(q->value().rows.front().level.on_hand, 1'005);
    EXPECT_EQ(q->value().rows.front().level.reserved, 0);
    EXPECT_EQ(q->value().rows.front().warehouse, "EAST");
  }
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto& q) { return !q->value().replayed; }), 1);
  for (const auto& q : {other, still_other}) EXPECT_EQ(q->error().code, errc::key_reused);
}

TEST_F(IdempotencyKey, OfARefusedAdjustmentCanBeUsedAgain) {
  placed(order_of("RARE-001", 60));
  const auto refused = world->adjust("RARE-001", "EAST", -41, with_key("a1", "one"));
  world->settle();
  EXPECT_EQ(refused->error().code, errc::wrong_state);
  const auto again = world->adjust("RARE-001", "EAST", -40, with_key("a1", "two"));
  world->settle();
  ASSERT_TRUE(again->ok());
  EXPECT_EQ(stock("RARE-001").on_hand, 60);
}

}  // namespace coreldove::actors::tests
