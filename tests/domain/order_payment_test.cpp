// Payments that wait for their buyer, notices of gateways, disputes, gateways that capture once, and the books of all that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/ledger.hpp"
#include "domain/settlement.hpp"
#include "tests/domain/order_life.hpp"

using namespace coreldove::domain;
using samples::kinds;
using samples::life;
using samples::open_reviews;
using samples::refused;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using enum operation_outcome;
using namespace std::chrono_literals;

namespace {

constexpr minor_units total = 6498;

take_notice told(operation_kind kind, std::uint32_t n, operation_outcome outcome, std::string id = "evt_1") {
  return {"stripe", std::move(id), "payment_intent.something", kind, n, outcome, n > 0 ? "ref-" + std::to_string(n) : "", "", ""};
}

take_dispute dispute_step(dispute::verdict step, std::string id, minor_units amount = 1'000) {
  return {"stripe", std::move(id), "charge.dispute", step, "dp_1", "ref-1", amount, "fraudulent", {}};
}

notice_verdict verdict_of_last_notice(const life& l) {
  notice_verdict out = notice_verdict::repeated;
  for (const auto& [fact, at] : l.facts)
    if (const auto* n = std::get_if<notice_received>(&fact)) out = n->verdict;
  return out;
}

ledger_balances books_of(const life& l) {
  order o;
  ledger_balances books;
  for (const auto& [fact, at] : l.facts) {
    add_to(books, entry_of(o, fact));
    evolve(o, fact, at);
  }
  EXPECT_EQ(disagreement(books, o), "");
  return books;
}

life waiting_for_the_buyer() {
  life l;
  l.place();
  l.settle(1, awaiting_buyer);
  return l;
}

// ---- approval ------------------------------------------------------------------------------------------------------------------------------------

TEST(Approval, KeepsTheOrderPendingAndTellsWhereTheBuyerHasToGo) {
  const auto l = waiting_for_the_buyer();
  EXPECT_EQ(l.o.status, order_status::received);
  EXPECT_EQ(payment_status_of(l.o), payment_status::pending);
  EXPECT_THAT(open_operations(l.o), IsEmpty());
  EXPECT_TRUE(is_quiet(l.o)) << "nothing keeps the order awake";
  const auto* awaited = awaited_approval(l.o);
  ASSERT_NE(awaited, nullptr);
  EXPECT_EQ(awaited->redirect_url, "https://pay.example/1");
  EXPECT_EQ(*awaited->expires_at, l.now + 30min);
  EXPECT_EQ(l.o.attempts.size(), 1U);
}

TEST(Approval, LooksAgainLaterAndLaterUnderTheSameOperation) {
  auto l = waiting_for_the_buyer();
  auto pause = 0ms;
  for (int i = 0; i < 4; ++i) {
    const auto due = timers(l.o, l.rules);
    ASSERT_EQ(due.size(), 1U);
    EXPECT_GT(due[0].due_at - l.now, pause);
    pause = due[0].due_at - l.now;
    l.now = due[0].due_at;
    EXPECT_THAT(l.done(retry_operation{1}), ElementsAre("operation_retried"));
    EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("authorize"));
    EXPECT_NE(awaited_approval(l.o), nullptr) << "the buyer can still be sent there";
    EXPECT_THAT(l.settle(1, awaiting_buyer), ElementsAre("operation_settled"));
  }
  EXPECT_EQ(l.o.attempts.size(), 1U) << "looks are no attempts";
  l.done(retry_operation{1});
  EXPECT_THAT(l.settle(1, done), ElementsAre("operation_settled", "order_confirmed"));
  EXPECT_EQ(l.o.authorized, total);
  EXPECT_EQ(awaited_approval(l.o), nullptr);
}

TEST(Approval, EndsTheOrderWhenItsTimeIsOverAfterALastLook) {
  auto l = waiting_for_the_buyer();
  int looks = 0;
  while (l.o.status == order_status::received) {
    const auto due = timers(l.o, l.rules);
    ASSERT_EQ(due.size(), 1U);
    EXPECT_LE(due[0].due_at, *l.o.operations[0].expires_at);
    l.now = due[0].due_at;
    l.done(retry_operation{1});
    l.settle(1, awaiting_buyer);
    ASSERT_LT(++looks, 20);
  }
  EXPECT_EQ(l.o.status, order_status::rejected);
  EXPECT_EQ(l.o.rejection->code, "payment_expired");
  EXPECT_EQ(l.reserved_of_movements(), 0);
  EXPECT_THAT(timers(l.o, l.rules), IsEmpty());
}

TEST(Approval, GivesBackMoneyThatArrivesAfterTheEnd) {
  auto l = waiting_for_the_buyer();
  l.now += 31min;
  l.done(retry_operation{1});
  l.settle(1, awaiting_buyer);
  ASSERT_EQ(l.o.status, order_status::rejected);
  EXPECT_THAT(l.done(told(operation_kind::authorize, 1, done)), ElementsAre("notice_received", "operation_settled", "operation_requested"));
  EXPECT_EQ(verdict_of_last_notice(l), notice_verdict::late);
  EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("void_authorization"));
  l.let_the_world_answer();
  EXPECT_EQ(payment_status_of(l.o), payment_status::voided);
  EXPECT_EQ(books_of(l)["authorized_hold"], 0);
}

TEST(Approval, CanBeCancelledWhileItIsWaitedFor) {
  auto l = waiting_for_the_buyer();
  EXPECT_THAT(l.done(cancel_order{"", "user:1"}), ElementsAre("stock_released", "order_cancelled", "operation_settled"));
  EXPECT_THAT(timers(l.o, l.rules), IsEmpty());
  EXPECT_THAT(l.done(told(operation_kind::authorize, 1, awaiting_buyer)), ElementsAre("notice_received"))
      << "the buyer approves after all: nothing is asked for";
  EXPECT_EQ(verdict_of_last_notice(l), notice_verdict::late);
  EXPECT_THAT(open_operations(l.o), IsEmpty());
}

TEST(Approval, AnswersALookThatACancelHasOvertaken) {
  auto l = waiting_for_the_buyer();
  l.done(retry_operation{1});
  l.done(cancel_order{"", "user:1"});
  EXPECT_THAT(l.settle(1, awaiting_buyer), ElementsAre("operation_settled"));
  EXPECT_EQ(l.o.operations[0].state, operation_state::declined);
  EXPECT_THAT(timers(l.o, l.rules), IsEmpty());
}

TEST(Approval, IsLookedAtAtOnceWhenTheGatewayCalls) {
  auto l = waiting_for_the_buyer();
  EXPECT_THAT(l.done(told(operation_kind::authorize, 1, awaiting_buyer)), ElementsAre("notice_received", "operation_retried"));
  // It calls again while that look is under way, which finds nothing yet: the next one comes soon.
  EXPECT_THAT(l.done(told(operation_kind::authorize, 1, awaiting_buyer, "evt_2")), ElementsAre("notice_received"));
  l.settle(1, awaiting_buyer);
  EXPECT_EQ(timers(l.o, l.rules).at(0).due_at, l.now + l.rules.first_retry);
}

// ---- notices -------------------------------------------------------------------------------------------------------------------------------------

TEST(Notice, ThatComesBeforeTheAnswerCountsOnce) {
  life l;
  l.place();
  EXPECT_THAT(l.done(told(operation_kind::authorize, 1, done)), ElementsAre("notice_received", "operation_settled", "order_confirmed"));
  EXPECT_THAT(l.done(told(operation_kind::authorize, 1, done)), IsEmpty()) << "the same event again";
  EXPECT_THAT(l.settle(1, done), IsEmpty()) << "the answer says the same";
  EXPECT_EQ(l.o.authorized, total);
}

TEST(Notice, ThatConfirmsWhatIsKnownChangesNothing) {
  life l;
  l.confirm();
  EXPECT_THAT(l.done(told(operation_kind::authorize, 1, done)), IsEmpty());
}

TEST(Notice, AboutNothingThatTheOrderHasIsKeptAsImpossible) {
  life l;
  l.confirm();
  for (const auto& c :
       {told(operation_kind::capture, 9, done, "a"), told(operation_kind::capture, 1, done, "b"), told(operation_kind::void_authorization, 0, done, "c")}) {
    EXPECT_THAT(l.done(c), ElementsAre("notice_received"));
    EXPECT_EQ(verdict_of_last_notice(l), notice_verdict::impossible);
  }
  EXPECT_THAT(open_reviews(l.o), IsEmpty());
}

TEST(Notice, WithoutAKeyIsAboutTheLatestOperationOnThatPayment) {
  life l;
  l.confirm();
  l.done(cancel_order{"", "user:1"});
  auto c = told(operation_kind::void_authorization, 0, done);
  c.reference = "ref-1";
  EXPECT_THAT(l.done(c), ElementsAre("notice_received", "operation_settled"));
  EXPECT_EQ(payment_status_of(l.o), payment_status::voided);
}

TEST(Notice, ThatARefundHasFailedAfterAllAsksAPerson) {
  life l;
  l.ship();
  l.done(refund_order{1000, {}, false, "", "op:1"});
  const auto n = l.last_operation().n;
  l.let_the_world_answer();
  EXPECT_THAT(l.done(told(operation_kind::refund, n, declined)), ElementsAre("notice_received", "review_opened"));
  EXPECT_THAT(open_reviews(l.o), ElementsAre("payment"));
  EXPECT_EQ(l.o.refunded, 1000) << "what was booked stays until a person has looked";
}

TEST(Notice, OfACaptureThatWasDeclinedBeforeShipsTheGoods) {
  life l;
  l.confirm();
  l.done(fulfill_order{});
  l.settle(2, done);
  l.settle(3, declined, "card_declined");
  ASSERT_EQ(l.o.status, order_status::on_hold);
  EXPECT_THAT(l.done(told(operation_kind::capture, 3, done)), Contains("shipment_shipped"));
  EXPECT_EQ(l.o.captured, total);
  EXPECT_THAT(open_reviews(l.o), IsEmpty());
}

TEST(Notice, OfARefundThatNoLongerFitsAsksAPersonInsteadOfBreakingTheBooks) {
  life l;
  l.ship();
  l.done(refund_order{1000, {}, false, "", "op:1"});
  const auto first = l.last_operation().n;
  l.settle(first, declined, "bank_closed");
  l.done(refund_order{total, {}, false, "", "op:1"});
  l.let_the_world_answer();
  EXPECT_THAT(l.done(told(operation_kind::refund, first, done)), ElementsAre("notice_received", "review_opened"));
  EXPECT_EQ(l.o.refunded, total);
}

TEST(Notice, OfASettlementReportIsTakenInOnce) {
  life l;
  l.ship();
  const take_finding c{"reconcile/stripe", "missing/payment/x", "missing", "The report does not list it."};
  EXPECT_THAT(l.done(c), ElementsAre("notice_received", "review_opened"));
  EXPECT_THAT(l.done(c), IsEmpty());
  EXPECT_EQ(l.o.status, order_status::shipped);
}

// ---- disputes ------------------------------------------------------------------------------------------------------------------------------------

TEST(Dispute, IsAReviewUntilItIsWonAndKeepsTheMoneyBackMeanwhile) {
  life l;
  l.ship();
  EXPECT_THAT(l.done(dispute_step(dispute::verdict::open, "e1")), ElementsAre("notice_received", "dispute_opened", "review_opened"));
  EXPECT_THAT(open_reviews(l.o), ElementsAre("payment"));
  EXPECT_EQ(l.o.disputed(), 1'000);
  EXPECT_EQ(refused(l, refund_order{total, {}, false, "", "op:1"}).code, errc::invalid_input) << "it would be paid twice";
  auto books = books_of(l);
  EXPECT_EQ(books["disputed"], 1'000);
  EXPECT_EQ(books["gateway:stripe"], total - 1'000);
  EXPECT_THAT(l.done(dispute_step(dispute::verdict::open, "e2")), IsEmpty()) << "told again in other words";
  EXPECT_THAT(l.done(dispute_step(dispute::verdict::won, "e3")), ElementsAre("notice_received", "dispute_closed", "review_decided"));
  EXPECT_THAT(open_reviews(l.o), IsEmpty());
  EXPECT_EQ(books_of(l)["gateway:stripe"], total);
}

TEST(Dispute, ThatIsLostIsACostAndNoRefund) {
  life l;
  l.ship();
  l.done(dispute_step(dispute::verdict::open, "e1"));
  l.done(dispute_step(dispute::verdict::lost, "e2"));
  auto books = books_of(l);
  EXPECT_EQ(books["chargebacks"], 1'000);
  EXPECT_EQ(books["disputed"], 0);
  EXPECT_EQ(l.o.refunded, 0);
  l.done(refund_order{std::nullopt, {}, false, "", "op:1"});
  EXPECT_EQ(l.last_operation().amount, total - 1'000);
  EXPECT_THAT(l.done(dispute_step(dispute::verdict::won, "e3")), ElementsAre("notice_received", "review_opened")) << "it cannot have ended both ways";
}

TEST(Dispute, OverMoreThanWasCapturedIsForAPerson) {
  life l;
  l.ship();
  EXPECT_THAT(l.done(dispute_step(dispute::verdict::open, "e1", total + 1)), ElementsAre("notice_received", "review_opened"));
  EXPECT_THAT(l.o.disputes, IsEmpty());
  EXPECT_THAT(l.done(dispute_step(dispute::verdict::lost, "e2")), ElementsAre("notice_received", "review_opened")) << "of a dispute that nobody knows";
}

TEST(Dispute, KeepsWhatHasNotLeftInTheWarehouse) {
  life l;
  l.place();
  l.let_the_world_answer();
  l.done(fulfill_order{{{0, 1}}, {}, {}, "op:1"});
  l.let_the_world_answer();
  ASSERT_EQ(l.o.status, order_status::fulfilling);
  l.done(dispute_step(dispute::verdict::open, "e1"));
  EXPECT_EQ(l.o.status, order_status::on_hold);
  l.done(dispute_step(dispute::verdict::won, "e2"));
  EXPECT_EQ(l.o.status, order_status::fulfilling);
}

// ---- gateways that capture once --------------------------------------------------------------------------------------------------------------------

life half_and_half() {
  life l;
  l.rules.capture_once = {"stripe"};
  l.place(std::vector<allocation>{{0, "WIDGET-001", "il", 1, 250, false}, {0, "WIDGET-001", "nv", 1, 250, false}});
  l.let_the_world_answer();
  return l;
}

TEST(CaptureOnce, TakesAllWithTheFirstShipmentAndTheOthersWaitForIt) {
  auto l = half_and_half();
  l.done(fulfill_order{});
  for (const auto* op : open_operations(l.o)) l.settle(op->n, done);  // both labels
  EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("capture"));
  EXPECT_EQ(l.last_operation().amount, total);
  EXPECT_EQ(l.o.shipments[1].state, shipment_state::labelled) << "nothing leaves unpaid";
  l.let_the_world_answer();
  EXPECT_EQ(l.o.status, order_status::shipped);
  EXPECT_EQ(l.o.captured, total);
  books_of(l);
}

TEST(CaptureOnce, GivesBackTheShareOfWhatNeverLeaves) {
  auto l = half_and_half();
  l.done(fulfill_order{{}, "il", {}, "op:1"});
  l.let_the_world_answer();
  ASSERT_EQ(l.o.captured, total);
  l.done(change_status{order_status::on_hold, "odd", "op:1"});
  const auto n = l.o.reviews.back().n;
  EXPECT_THAT(l.done(decide_review{n, false, "op:1", ""}), Contains("operation_requested"));
  EXPECT_EQ(l.last_operation().kind, operation_kind::refund);
  EXPECT_EQ(l.last_operation().amount, total / 2);
  l.let_the_world_answer();
  EXPECT_EQ(l.o.status, order_status::shipped);
}

// ---- settlement ----------------------------------------------------------------------------------------------------------------------------------

settled_money money(std::string id, settled_kind kind, minor_units amount, std::string reference, std::string order, int minute) {
  return {std::move(id), kind, {std::move(reference)}, std::move(order), amount, "USD", time_point{std::chrono::minutes{minute}}};
}

TEST(Settlement, FindsWhatIsUnmatchedMissingOverAndUnder) {
  using enum settled_kind;
  const std::vector<settled_money> booked{money("a/9", payment, 1000, "pi_a", "a", 1), money("b/9", payment, 2000, "pi_b", "b", 2),
                                          money("c/9", payment, 3000, "pi_c", "c", 3), money("d/9", refund, 500, "re_d", "d", 4),
                                          money("e/9", payment, 700, "pi_e", "e", 99)};
  const std::vector<settled_money> report{money("t1", payment, 1000, "pi_a", "", 1), money("t2", payment, 2500, "pi_b", "", 2),
                                          money("t3", payment, 2999, "", "c", 3), money("t4", payment, 10, "pi_x", "", 5)};
  const auto r = compare_settlement("stripe", report, booked);
  EXPECT_EQ(r.matched, 3U);
  std::vector<std::string> ids;
  for (const auto& f : r.findings) ids.push_back(f.id + " " + f.order_id);
  EXPECT_THAT(ids, ElementsAre("over/payment/t2 b", "under/payment/t3 c", "unmatched/payment/t4 ", "missing/refund/d/9 d"))
      << "what was booked after the report's last line is not missing";
}

TEST(Settlement, PrefersEqualAmountsAmongSeveralCapturesOfOnePayment) {
  using enum settled_kind;
  const std::vector<settled_money> booked{money("a/9", payment, 1000, "pi_a", "a", 1), money("a/14", payment, 4000, "pi_a", "a", 2)};
  const std::vector<settled_money> report{money("t1", payment, 4000, "pi_a", "", 1), money("t2", payment, 1000, "pi_a", "", 2)};
  EXPECT_THAT(compare_settlement("stripe", report, booked).findings, IsEmpty());
  EXPECT_THAT(compare_settlement("stripe", {}, booked).findings, IsEmpty());
}

// ---- card numbers --------------------------------------------------------------------------------------------------------------------------------

TEST(CardNumbers, InAGatewaysWordsBecomeStarsBeforeTheyAreKept) {
  life l;
  l.place();
  l.done(settle_operation{1, declined, {}, "declined", "Card 4242 4242 4242 4242 was declined (code 05)", {}});
  EXPECT_EQ(l.last_operation().message, "Card **** **** **** **** was declined (code **)");
  life sold;
  sold.ship();
  auto told_of = dispute_step(dispute::verdict::open, "evt_9");
  told_of.reason = "5555555555554444";
  sold.done(told_of);
  for (const auto& r : sold.o.reviews) EXPECT_THAT(r.reason, Not(HasSubstr("5555")));
  ASSERT_EQ(sold.o.disputes.size(), 1U);
  EXPECT_EQ(sold.o.disputes[0].reason, "****************");
}

TEST(CardNumbers, OtherWordsStayAsTheyAre) {
  life l;
  l.place();
  l.done(settle_operation{1, declined, {}, "declined", "No funds for ord_01ARYZ6S410000000000000000, call +12175550100", {}});
  EXPECT_EQ(l.last_operation().message, "No funds for ord_01ARYZ6S410000000000000000, call +12175550100");
}

}  // namespace
