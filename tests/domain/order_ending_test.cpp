// Orders that are cancelled, rejected or refunded, and moved by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/domain/order_life.hpp"

using namespace coreldove::domain;
using samples::kinds;
using samples::life;
using samples::open_reviews;
using samples::refused;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using enum operation_outcome;

namespace {

constexpr minor_units total = 6498;

TEST(EndingOrder, CancelsBeforeTheAnswerAndVoidsWhenItComes) {
  life l;
  l.place();
  EXPECT_THAT(l.done(cancel_order{"changed my mind", "user:1"}), ElementsAre("stock_released", "order_cancelled"));
  EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("authorize")) << "the money may be on its way";
  EXPECT_THAT(l.settle(1, done), ElementsAre("operation_settled", "operation_requested"));
  EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("void_authorization"));
  l.let_the_world_answer();
  EXPECT_EQ(l.o.status, order_status::cancelled);
  EXPECT_EQ(payment_status_of(l.o), payment_status::voided);
  EXPECT_EQ(l.reserved_of_movements(), 0);
  EXPECT_THAT(l.done(cancel_order{"again", "user:1"}), IsEmpty());
}

TEST(EndingOrder, CancelsWithoutAVoidWhereTheGatewayNeverHadTheMoney) {
  life l;
  l.place();
  l.settle(1, not_done);
  l.done(cancel_order{"", "user:1"});
  EXPECT_THAT(open_operations(l.o), IsEmpty());
  EXPECT_THAT(timers(l.o, l.rules), IsEmpty());
  EXPECT_EQ(l.o.operations[0].state, operation_state::declined);
}

TEST(EndingOrder, GoesOnAskingTheGatewayAfterACancelWhereTheOutcomeIsUnknown) {
  life l;
  l.place();
  l.settle(1, unknown);
  l.done(cancel_order{"", "user:1"});
  ASSERT_EQ(timers(l.o, l.rules).size(), 1U);
  l.done(retry_operation{1});
  l.let_the_world_answer();
  EXPECT_EQ(payment_status_of(l.o), payment_status::voided);
}

TEST(EndingOrder, AsksTheGatewayOnceMoreWhereACancelMeetsAnAbandonedUnknownPayment) {
  life l;
  l.rules.attempts_before_person = 1;
  l.place();
  l.settle(1, unknown);
  ASSERT_EQ(l.o.operations[0].state, operation_state::abandoned);
  l.done(cancel_order{"", "user:1"});
  EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("authorize"));
  l.settle(1, unknown);
  EXPECT_THAT(open_reviews(l.o), ElementsAre("payment")) << "still silent: a person has to know";
  l.settle(1, done);
  l.let_the_world_answer();
  EXPECT_EQ(payment_status_of(l.o), payment_status::voided);
  EXPECT_THAT(open_reviews(l.o), IsEmpty());
}

TEST(EndingOrder, AsksTheGatewayOnceMoreWhereAPersonRejectsTheReviewOfAnUnknownPayment) {
  life x;
  x.rules.attempts_before_person = 1;
  x.place();
  x.settle(1, operation_outcome::unknown);
  x.done(cancel_order{"changed my mind", "user:1"});
  x.settle(1, operation_outcome::unknown);
  ASSERT_EQ(x.o.reviews.back().state, review::verdict::open);
  ASSERT_EQ(x.o.status, order_status::cancelled);
  x.done(decide_review{x.o.reviews.back().n, false, "user:2", "no"});
  ASSERT_EQ(open_operations(x.o).size(), 1u);
  x.settle(1, operation_outcome::done);
  EXPECT_EQ(x.last_operation().kind, operation_kind::void_authorization);
}

TEST(EndingOrder, CancelsAConfirmedOrderByAVoid) {
  life l;
  l.confirm();
  EXPECT_THAT(l.done(cancel_order{"", "user:1"}), ElementsAre("stock_released", "order_cancelled", "operation_requested"));
  EXPECT_EQ(l.last_operation().kind, operation_kind::void_authorization);
  EXPECT_EQ(l.last_operation().target, "ref-1");
  EXPECT_EQ(l.last_operation().amount, total);
}

TEST(EndingOrder, CancelsBoughtLabelsToo) {
  life l;
  l.confirm();
  l.done(fulfill_order{});
  l.settle(2, done);
  l.settle(3, not_done);  // the capture has not happened
  l.done(cancel_order{"", "user:1"});
  EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("void_label", "void_authorization"));
  EXPECT_EQ(l.o.shipments[0].state, shipment_state::cancelled);
}

TEST(EndingOrder, CancelsALabelThatComesTooLate) {
  life l;
  l.confirm();
  l.done(fulfill_order{});
  l.done(cancel_order{"", "user:1"});
  l.settle(2, done);
  EXPECT_THAT(kinds(open_operations(l.o)), testing::UnorderedElementsAre("void_authorization", "void_label"));
}

TEST(EndingOrder, RefundsACaptureThatCouldNotBeStopped) {
  life l;
  l.confirm();
  l.done(fulfill_order{});
  l.settle(2, done);
  l.done(cancel_order{"", "user:1"});
  EXPECT_THAT(kinds(open_operations(l.o)), testing::UnorderedElementsAre("capture", "void_label"));
  l.settle(3, done);
  EXPECT_EQ(l.last_operation().kind, operation_kind::refund);
  EXPECT_EQ(l.last_operation().amount, total);
  l.let_the_world_answer();
  EXPECT_EQ(l.o.captured, l.o.refunded);
  EXPECT_EQ(payment_status_of(l.o), payment_status::refunded);
  EXPECT_EQ(l.o.status, order_status::cancelled);
}

TEST(EndingOrder, RefusesToCancelWhatHasLeft) {
  life l;
  l.ship();
  const auto why = refused(l, cancel_order{"", "user:1"});
  EXPECT_EQ(why.code, errc::wrong_state);
  EXPECT_THAT(why.allowed, ElementsAre("delivered"));
}

TEST(EndingOrder, NamesTheAllowedMovesWhereOneIsIllegal) {
  life l;
  l.place();
  auto why = refused(l, fulfill_order{});
  EXPECT_EQ(why.code, errc::wrong_state);
  EXPECT_THAT(why.allowed, ElementsAre("on_hold", "rejected", "cancelled"));
  EXPECT_THAT(refused(l, change_status{order_status::shipped, "", "op:1"}).allowed, Not(Contains("shipped")));
  EXPECT_EQ(refused(l, refund_order{}).code, errc::wrong_state);
  l.done(cancel_order{"", "user:1"});
  for (auto to :
       {order_status::received, order_status::confirmed, order_status::fulfilling, order_status::shipped, order_status::delivered, order_status::rejected}) {
    why = refused(l, change_status{to, "", "op:1"});
    EXPECT_EQ(why.code, errc::wrong_state);
    EXPECT_THAT(why.allowed, IsEmpty());
  }
  EXPECT_THAT(l.done(change_status{order_status::cancelled, "", "op:1"}), IsEmpty()) << "it is there already";
}

TEST(EndingOrder, MovesByHandWhereThatIsAllowed) {
  life l;
  l.confirm();
  l.done(change_status{order_status::on_hold, "looks odd", "op:1"});
  EXPECT_EQ(l.o.status, order_status::on_hold);
  l.done(change_status{order_status::confirmed, "", "op:1"});
  EXPECT_EQ(l.o.status, order_status::confirmed);
  l.done(change_status{order_status::fulfilling, "", "op:1"});
  EXPECT_EQ(l.o.status, order_status::fulfilling);
  l.let_the_world_answer();
  l.done(change_status{order_status::delivered, "handed over", "op:1"});
  EXPECT_EQ(l.o.status, order_status::delivered);
  EXPECT_EQ(l.o.shipments[0].state, shipment_state::delivered);
}

TEST(EndingOrder, RejectsByHandAndVoidsTheMoneyThatIsOnItsWay) {
  life l;
  l.place();
  l.done(change_status{order_status::rejected, "no", "op:1"});
  EXPECT_EQ(l.o.status, order_status::rejected);
  l.let_the_world_answer();
  EXPECT_EQ(payment_status_of(l.o), payment_status::voided);
}

TEST(EndingOrder, RefundsInPartsButNeverMoreThanWasCaptured) {
  life l;
  l.ship();
  EXPECT_THAT(l.done(refund_order{1000, {}, false, "late", "op:1"}), ElementsAre("refund_asked", "operation_requested"));
  auto why = refused(l, refund_order{total - 999, {}, false, "", "op:1"});
  EXPECT_EQ(why.code, errc::invalid_input) << "the first refund is pending and counts";
  EXPECT_EQ(why.fields.at(0).pointer, "/amount");
  l.let_the_world_answer();
  EXPECT_EQ(payment_status_of(l.o), payment_status::partially_refunded);
  for (minor_units amount : {minor_units{0}, minor_units{-1}, total})
    EXPECT_EQ(refused(l, refund_order{amount, {}, false, "", "op:1"}).code, errc::invalid_input) << amount;
  l.done(refund_order{std::nullopt, {}, false, "", "op:1"});
  EXPECT_EQ(l.last_operation().amount, total - 1000);
  l.let_the_world_answer();
  EXPECT_EQ(l.o.refunded, total);
  EXPECT_EQ(payment_status_of(l.o), payment_status::refunded);
  EXPECT_EQ(refused(l, refund_order{1, {}, false, "", "op:1"}).code, errc::invalid_input);
}

TEST(EndingOrder, AsksAPersonWhereARefundIsDeclinedAndAllowsItAgain) {
  life l;
  l.ship();
  l.done(refund_order{1000, {}, false, "", "op:1"});
  l.settle(l.last_operation().n, declined, "card_closed");
  EXPECT_THAT(open_reviews(l.o), ElementsAre("payment"));
  EXPECT_EQ(l.o.status, order_status::shipped) << "the parcel is on its way all the same";
  l.done(refund_order{total, {}, false, "", "op:1"});
  EXPECT_EQ(l.last_operation().amount, total);
}

TEST(EndingOrder, RefundsLinesWithTheirShareOfTheDiscountAndPutsThemBackOnce) {
  auto in = samples::input();
  in.items.push_back({"prod_2", "GADGET", "Gadget", 1, 1002, 1002});  // subtotal 70.00
  in.discount = 700;
  life l;
  l.place(std::vector<allocation>{{0, "WIDGET-001", "il", 2, 250, false}, {1, "GADGET", "il", 1, 100, false}}, in);
  l.let_the_world_answer();
  l.done(fulfill_order{});
  l.let_the_world_answer();
  ASSERT_EQ(l.o.captured, 6800);
  EXPECT_EQ(refused(l, refund_order{std::nullopt, {2}, false, "", "op:1"}).fields.at(0).pointer, "/lines/0");
  EXPECT_EQ(refused(l, refund_order{std::nullopt, {0, 0}, false, "", "op:1"}).fields.at(0).pointer, "/lines/1");
  EXPECT_THAT(l.done(refund_order{std::nullopt, {1}, true, "broken", "op:1"}), ElementsAre("refund_asked", "stock_restocked", "operation_requested"));
  EXPECT_EQ(l.last_operation().amount, 901);  // 10.02 less a tenth
  EXPECT_EQ(l.on_hand_of_movements(), -2);
  EXPECT_EQ(fulfillment_status_of(l.o), fulfillment_status::partially_returned);
  EXPECT_THAT(l.done(refund_order{1, {1}, true, "", "op:1"}), Not(Contains("stock_restocked"))) << "it is back already";
}

}  // namespace
