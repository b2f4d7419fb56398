// Payments that wait for their buyer, and what gateways tell by themselves.
#include "tests/actors/engine_fixture.hpp"
#include "tests/simulation/world/notices.hpp"

namespace coreldove::actors::tests {

class Approval : public Engine {
protected:
  /// An order that waits for its buyer.
  std::string waiting_order() {
    treat(operation_kind::authorize, manner::wants_buyer, 1'000);
    return placed();
  }
  void let_the_buyer_approve() { world->outside.treat = nullptr; }

  domain::take_notice told(operation_kind kind, std::uint32_t n, operation_outcome outcome, std::string reference, std::string event = "evt_1") {
    return {"stripe", std::move(event), "some.event", kind, n, outcome, std::move(reference), {}, {}};
  }
};
class Notice : public Approval {};

TEST_F(Approval, AnswersWhoWaitsAtOnceWithTheNextAction) {
  treat(operation_kind::authorize, manner::wants_buyer, 1'000);
  auto rq = with_key("k1");
  rq.wait = 30s;
  const auto q = world->place(order_of(), rq);
  world->settle();
  ASSERT_TRUE(q->ok()) << "he would wait for nothing";
  EXPECT_EQ(q->value().status, 202);
  EXPECT_NE(q->value().document.find("\"payment_status\":\"pending\""), std::string::npos);
  EXPECT_NE(q->value().document.find("\"next_action\":{\"type\":\"redirect_to_url\",\"redirect_url\":\"https://pay.example/"), std::string::npos);
  const auto again = world->place(order_of(), rq);
  world->settle();
  ASSERT_TRUE(again->ok());
  EXPECT_TRUE(again->value().replayed);
  EXPECT_EQ(again->value().document, q->value().document);
}

TEST_F(Approval, KeepsItsPageWhenALookBringsNone) {
  const auto id = waiting_order();
  const auto page = order(id).operations.back().redirect_url;
  EXPECT_FALSE(page.empty());
  world->pass(2min);
  EXPECT_GT(calls(operation_kind::authorize), 1u);
  EXPECT_EQ(order(id).operations.back().redirect_url, page) << "the vendor names it once, in the answer to the first call";
  EXPECT_NE(world->store.disk.find(id)->row.document.find("\"redirect_url\":\"" + page + '"'), std::string::npos);
}

TEST_F(Approval, IsFoundByALookAfterARestart) {
  const auto id = waiting_order();
  EXPECT_EQ(order(id).status, order_status::received);
  world->crash();
  world->start();
  world->settle();
  EXPECT_EQ(calls(operation_kind::authorize), 1u) << "nothing is due yet";
  let_the_buyer_approve();
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::confirmed; }, 5min));
  EXPECT_EQ(calls(operation_kind::authorize), 2u);
  EXPECT_EQ(effects(operation_kind::authorize), 1u);
}

TEST_F(Approval, ThatNeverComesEndsTheOrderAndFreesItsStock) {
  const auto id = waiting_order();
  EXPECT_EQ(stock().reserved, 2);
  ASSERT_TRUE(world->until([&] { return order(id).status == order_status::rejected; }, 40min));
  EXPECT_EQ(order(id).rejection->code, "payment_expired");
  EXPECT_EQ(stock().reserved, 0);
  EXPECT_LT(calls(operation_kind::authorize), 12u);
  const auto seen = calls(operation_kind::authorize);
  world->pass(1h);
  EXPECT_EQ(calls(operation_kind::authorize), seen) << "nobody looks any more";
}

TEST_F(Approval, IsLookedAtAsSoonAsTheGatewayCalls) {
  const auto id = waiting_order();
  let_the_buyer_approve();
  const auto q = world->tell(id, told(operation_kind::authorize, 1, operation_outcome::awaiting_buyer, "pending"));
  world->settle();
  EXPECT_TRUE(q->ok());
  EXPECT_EQ(order(id).status, order_status::confirmed);
}

TEST_F(Approval, CanBeCancelledAndMoneyThatStillArrivesGoesBack) {
  const auto id = waiting_order();
  world->tell(id, domain::cancel_order{"changed my mind", "customer"});
  world->settle();
  ASSERT_EQ(order(id).status, order_status::cancelled);
  EXPECT_EQ(stock().reserved, 0);
  world->pass(1h);
  EXPECT_EQ(calls(operation_kind::authorize), 1u);
  world->outside.treat = nullptr;
  simulation::call c;  // the buyer approves after all, and the gateway holds the money by itself
  c.kind = operation_kind::authorize;
  c.party = "stripe";
  c.key = id + "/authorize/1";
  c.order_id = id;
  c.amount = order(id).total();
  integrations::outcome held;
  world->outside.ask(c, [&](const integrations::outcome& o) { held = o; });
  world->settle();
  world->tell(id, told(operation_kind::authorize, 1, operation_outcome::done, held.reference));
  world->settle();
  EXPECT_EQ(payment_status_of(order(id)), payment_status::voided);
  EXPECT_EQ(effects(operation_kind::void_authorization), 1u);
}

TEST_F(Notice, ThatConfirmsWhatIsKnownWritesNothing) {
  const auto id = placed();
  ASSERT_EQ(order(id).status, order_status::confirmed);
  const auto events = world->store.disk.log.size();
  const auto q = world->tell(id, told(operation_kind::authorize, 1, operation_outcome::done, order(id).operations[0].reference));
  world->settle();
  ASSERT_TRUE(q->ok());
  EXPECT_TRUE(q->value().document.empty()) << "nobody reads it, so nobody writes it";
  EXPECT_EQ(world->store.disk.log.size(), events);
}

TEST_F(Notice, IsInTheHistoryOnceHoweverOftenItComes) {
  const auto id = placed();
  const auto impossible = told(operation_kind::capture, 7, operation_outcome::done, "x");
  for (int i = 0; i < 3; ++i) {
    const auto q = world->tell(id, impossible);
    world->settle();
    EXPECT_TRUE(q->ok()) << "acknowledged, or it would come for ever";
  }
  EXPECT_EQ(order(id).notices.size(), 1u);
}

TEST_F(Notice, OfAnUnknownOrderIsAcknowledgedAndKeptInTheStoresInbox) {
  simulation::call c;
  c.kind = operation_kind::authorize;
  c.order_id = "ord_01ARYZ6S410000000000000000";
  c.key = c.order_id + "/authorize/1";
  const auto body = simulation::payment_body(c, {operation_outcome::done, "pi_1", {}, {}, {}});
  for (int i = 0; i < 2; ++i) {
    const auto q = world->webhook("stripe", simulation::signature_of(body), body);
    world->settle();
    EXPECT_TRUE(q->ok());
  }
  ASSERT_EQ(world->store.disk.inbox.size(), 1u);
  EXPECT_EQ(world->store.disk.inbox[0].verdict, domain::notice_verdict::not_ours);
  EXPECT_EQ(world->store.disk.inbox[0].subject, c.order_id);
}

TEST_F(Notice, OfADisputeHoldsWhatHasNotLeft) {
  const auto id = placed();
  world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
  world->settle();
  const auto amount = order(id).total();
  world->tell(id, domain::take_dispute{"stripe", "evt_9", "charge.dispute.created", domain::dispute::verdict::open, "dp_1", "pi", amount, "fraudulent", {}});
  world->settle();
  ASSERT_EQ(order(id).disputes.size(), 1u);
  EXPECT_NE(world->store.disk.find(id)->row.document.find("\"disputes\":[{\"gateway\":\"stripe\",\"reference\":\"dp_1\",\"status\":\"open\""),
            std::string::npos);
  EXPECT_EQ(order(id).reviews.back().kind, domain::review_kind::payment);
}

}  // namespace coreldove::actors::tests
