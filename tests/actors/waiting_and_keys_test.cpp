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

}  // namespace coreldove::actors::tests
