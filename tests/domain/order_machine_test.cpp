// The life of an order, one story per test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/domain/order_life.hpp"

using namespace coreldove::domain;
using namespace std::chrono_literals;
using samples::life;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using enum operation_outcome;

namespace {

constexpr minor_units total = 6498;

std::vector<std::string> kinds(const std::vector<const operation*>& operations) {
  std::vector<std::string> out;
  for (const auto* op : operations) out.emplace_back(to_string(op->kind));
  return out;
}

std::vector<std::string> open_reviews(const order& o) {
  std::vector<std::string> out;
  for (const auto& r : o.reviews)
    if (r.state == review::verdict::open) out.emplace_back(to_string(r.kind));
  return out;
}

failure refused(life& l, const command& c) {
  const auto before = l.o.version;
  const auto events = l.tell(c);
  EXPECT_FALSE(events);
  EXPECT_EQ(l.o.version, before);
  return events ? failure{} : events.error();
}

TEST(OrderMachine, TakesAnOrderFromReceivedToDelivered) {
  life l;
  EXPECT_THAT(l.place(), ElementsAre("order_received", "fraud_assessed", "stock_reserved", "operation_requested"));
  EXPECT_EQ(l.o.status, order_status::received);
  EXPECT_EQ(payment_status_of(l.o), payment_status::pending);
  EXPECT_EQ(fulfillment_status_of(l.o), fulfillment_status::reserved);
  EXPECT_EQ(l.last_operation().amount, total);
  EXPECT_EQ(l.last_operation().party, "stripe");

  EXPECT_THAT(l.settle(1, done), ElementsAre("operation_settled", "order_confirmed"));
  EXPECT_EQ(payment_status_of(l.o), payment_status::authorized);

  EXPECT_THAT(l.done(fulfill_order{}), ElementsAre("fulfillment_planned", "quality_checked", "operation_requested"));
  EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("label"));
  EXPECT_THAT(l.settle(2, done), ElementsAre("operation_settled", "operation_requested"));
  EXPECT_EQ(l.last_operation().kind, operation_kind::capture);
  EXPECT_EQ(l.last_operation().target, "ref-1");
  EXPECT_THAT(l.settle(3, done), ElementsAre("operation_settled", "shipment_shipped", "order_shipped"));
  EXPECT_EQ(l.o.captured, total);
  EXPECT_EQ(payment_status_of(l.o), payment_status::captured);
  EXPECT_EQ(fulfillment_status_of(l.o), fulfillment_status::fulfilled);

  EXPECT_THAT(l.track("trk-2", tracking_state::in_transit, "e1"), ElementsAre("tracking_updated"));
  EXPECT_THAT(l.track("trk-2", tracking_state::delivered, "e2"), ElementsAre("tracking_updated", "order_delivered"));
  EXPECT_EQ(l.o.status, order_status::delivered);
  EXPECT_EQ(l.o.version, l.facts.size());
  EXPECT_EQ(l.reserved_of_movements(), 0);
  EXPECT_EQ(l.on_hand_of_movements(), -2);
  EXPECT_TRUE(is_quiet(l.o));
}

TEST(OrderMachine, AnswersARepeatedPlacementWithNothingNew) {
  life l;
  l.place();
  EXPECT_THAT(l.place(), IsEmpty());
  EXPECT_EQ(l.o.version, 4U);
}

TEST(OrderMachine, KnowsNothingOfAnOrderThatWasNeverPlaced) {
  life l;
  for (const command& c : {command{cancel_order{}}, command{fulfill_order{}}, command{life::answer(1, done)}, command{decide_review{1, true, "", ""}}})
    EXPECT_EQ(refused(l, c).code, errc::not_found);
}

TEST(OrderMachine, RejectsWhatIsNotInStockWithoutAskingForMoney) {
  life l;
  EXPECT_THAT(l.place(std::vector<shortage>{{0, "WIDGET-001", 2, 1}}), ElementsAre("order_received", "fraud_assessed", "order_rejected"));
  EXPECT_EQ(l.o.rejection->code, "out_of_stock");
  EXPECT_EQ(l.o.rejection->detail, "WIDGET-001: wanted 2, available 1");
  EXPECT_TRUE(is_quiet(l.o));
}

TEST(OrderMachine, WaitsForTheInventory) {
  life l;
  EXPECT_THAT(l.place(stock_pending{}), ElementsAre("order_received", "fraud_assessed"));
  EXPECT_FALSE(is_quiet(l.o));
  EXPECT_THAT(l.done(answer_stock{stock_pending{}}), IsEmpty());
  EXPECT_THAT(l.done(answer_stock{samples::two_widgets()}), ElementsAre("stock_reserved", "operation_requested"));
  EXPECT_THAT(l.done(answer_stock{samples::two_widgets()}), IsEmpty()) << "once is enough";
}

TEST(OrderMachine, LeavesStockAloneThatComesAfterTheCancellation) {
  life l;
  l.place(stock_pending{});
  l.done(cancel_order{"changed my mind", "user:1"});
  EXPECT_THAT(l.done(answer_stock{samples::two_widgets()}), IsEmpty());
  EXPECT_THAT(l.movements, IsEmpty());
}

TEST(OrderMachine, AsksAPersonAboutFraudBeforeItAsksForMoney) {
  life l;
  l.place(samples::two_widgets(), samples::input(), "review");
  EXPECT_EQ(l.o.status, order_status::on_hold);
  EXPECT_THAT(open_reviews(l.o), ElementsAre("fraud"));
  EXPECT_THAT(l.o.operations, IsEmpty());
  EXPECT_THAT(l.done(decide_review{1, true, "op:1", "fine"}), ElementsAre("review_decided", "order_released", "operation_requested"));
  EXPECT_EQ(l.o.status, order_status::received);
}

TEST(OrderMachine, RejectsAndReleasesWhereThePersonSaysNo) {
  life l;
  l.place(samples::two_widgets(), samples::input(), "review");
  EXPECT_THAT(l.done(decide_review{1, false, "op:1", "stolen card"}), ElementsAre("review_decided", "stock_released", "order_rejected"));
  EXPECT_EQ(l.o.rejection->code, "review_rejected");
  EXPECT_EQ(l.reserved_of_movements(), 0);
  EXPECT_THAT(l.done(decide_review{1, false, "op:1", ""}), IsEmpty()) << "the same decision again";
  EXPECT_EQ(refused(l, decide_review{1, true, "op:1", ""}).code, errc::wrong_state);
  EXPECT_EQ(refused(l, decide_review{2, true, "op:1", ""}).code, errc::not_found);
}

TEST(OrderMachine, AsksAPersonAboutTotalsAboveTheHighValueThresholdOfTheCurrency) {
  struct row {
    const char* currency;
    minor_units unit_price;
    bool held;
  };
  for (auto [code, unit_price, held] : {row{"USD", 50'000, false}, row{"USD", 50'001, true}, row{"JPY", 500, false}, row{"JPY", 501, true},
                                        row{"KWD", 500'000, false}, row{"KWD", 500'001, true}}) {
    auto in = samples::input();
    in.currency = *currency::find(code);
    in.shipping_cost = 0;
    in.items[0].unit_price = unit_price;
    in.items[0].total_price = 2 * unit_price;
    life l;
    l.place(samples::two_widgets(), in);
    EXPECT_EQ(l.o.status == order_status::on_hold, held) << code << ' ' << unit_price;
  }
}

TEST(OrderMachine, NeedsNoGatewayWhereNothingIsToPay) {
  auto in = samples::input();
  in.shipping_cost = 0;
  in.discount = in.subtotal();
  life l;
  l.place(samples::two_widgets(), in);
  EXPECT_EQ(l.o.status, order_status::confirmed);
  l.done(fulfill_order{});
  l.let_the_world_answer();
  EXPECT_EQ(l.o.status, order_status::shipped);
  EXPECT_EQ(payment_status_of(l.o), payment_status::captured);
  for (const auto& op : l.o.operations) EXPECT_EQ(op.kind, operation_kind::label);
}

TEST(OrderMachine, RejectsWhereThePaymentIsDeclined) {
  life l;
  l.place();
  EXPECT_THAT(l.settle(1, declined, "insufficient_funds"), ElementsAre("operation_settled", "stock_released", "order_rejected"));
  EXPECT_EQ(l.o.rejection->code, "payment_declined");
  EXPECT_EQ(payment_status_of(l.o), payment_status::declined);
  EXPECT_EQ(l.reserved_of_movements(), 0);
  EXPECT_THAT(l.settle(1, done), IsEmpty()) << "a final no stays one";
}

TEST(OrderMachine, TreatsSilenceAsUnknownUntilTheGatewayIsAskedAgain) {
  life l;
  l.place();
  l.settle(1, unknown);
  EXPECT_EQ(payment_status_of(l.o), payment_status::unknown);
  const auto due = timers(l.o, l.rules);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].kind, timer_kind::retry_operation);
  EXPECT_GE(due[0].due_at - l.now, 800ms);
  EXPECT_LE(due[0].due_at - l.now, 1200ms);
  const auto key = idempotency_key(l.o, l.o.operations[0]);
  EXPECT_THAT(l.done(retry_operation{1}), ElementsAre("operation_retried"));
  EXPECT_THAT(l.done(retry_operation{1}), IsEmpty()) << "it is on its way";
  EXPECT_EQ(idempotency_key(l.o, l.o.operations[0]), key);
  EXPECT_EQ(key, samples::order_id + "/authorize/1");
  l.settle(1, not_done);
  EXPECT_EQ(payment_status_of(l.o), payment_status::unknown) << "the first attempt may have got through";
  l.done(retry_operation{1});
  EXPECT_THAT(l.settle(1, done), ElementsAre("operation_settled", "order_confirmed"));
  EXPECT_EQ(payment_status_of(l.o), payment_status::authorized);
}

TEST(OrderMachine, WaitsLongerAfterEachFailureUpToALimit) {
  life l;
  l.rules.attempts_before_person = 20;
  l.place();
  auto longest = 0ms;
  for (int i = 0; i < 15; ++i) {
    l.settle(1, not_done);
    const auto wait = timers(l.o, l.rules).at(0).due_at - l.now;
    EXPECT_LE(wait, l.rules.longest_retry * 12 / 10);
    longest = std::max(longest, wait);
    l.done(retry_operation{1});
  }
  EXPECT_GE(longest, l.rules.longest_retry * 8 / 10);
}

TEST(OrderMachine, HandsOverToAPersonAfterManyFailures) {
  life l;
  l.rules.attempts_before_person = 2;
  l.place();
  l.settle(1, not_done);
  l.done(retry_operation{1});
  l.settle(1, unknown, "timeout");
  EXPECT_EQ(l.o.status, order_status::on_hold);
  EXPECT_THAT(open_reviews(l.o), ElementsAre("payment"));
  EXPECT_THAT(timers(l.o, l.rules), IsEmpty());
  EXPECT_THAT(l.done(decide_review{1, true, "op:1", "try again"}), ElementsAre("review_decided", "order_released", "operation_retried"));
  l.settle(1, done);
  EXPECT_EQ(l.o.status, order_status::confirmed);
}

TEST(OrderMachine, GoesOnByItselfWhereALateAnswerSolvesWhatThePersonWasAskedFor) {
  life l;
  l.rules.attempts_before_person = 1;
  l.place();
  l.settle(1, unknown);
  EXPECT_EQ(l.o.status, order_status::on_hold);
  l.settle(1, done);
  EXPECT_EQ(l.o.status, order_status::confirmed);
  EXPECT_THAT(open_reviews(l.o), IsEmpty());
}

TEST(OrderMachine, CancelsBeforeTheAnswerAndVoidsWhenItComes) {
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

TEST(OrderMachine, CancelsWithoutAVoidWhereTheGatewayNeverHadTheMoney) {
  life l;
  l.place();
  l.settle(1, not_done);
  l.done(cancel_order{"", "user:1"});
  EXPECT_THAT(open_operations(l.o), IsEmpty());
  EXPECT_THAT(timers(l.o, l.rules), IsEmpty());
  EXPECT_EQ(l.o.operations[0].state, operation_state::declined);
}

TEST(OrderMachine, GoesOnAskingTheGatewayAfterACancelWhereTheOutcomeIsUnknown) {
  life l;
  l.place();
  l.settle(1, unknown);
  l.done(cancel_order{"", "user:1"});
  ASSERT_EQ(timers(l.o, l.rules).size(), 1U);
  l.done(retry_operation{1});
  l.let_the_world_answer();
  EXPECT_EQ(payment_status_of(l.o), payment_status::voided);
}

TEST(OrderMachine, AsksTheGatewayOnceMoreWhereACancelMeetsAnAbandonedUnknownPayment) {
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

TEST(OrderMachine, CancelsAConfirmedOrderByAVoid) {
  life l;
  l.confirm();
  EXPECT_THAT(l.done(cancel_order{"", "user:1"}), ElementsAre("stock_released", "order_cancelled", "operation_requested"));
  EXPECT_EQ(l.last_operation().kind, operation_kind::void_authorization);
  EXPECT_EQ(l.last_operation().target, "ref-1");
  EXPECT_EQ(l.last_operation().amount, total);
}

TEST(OrderMachine, CancelsBoughtLabelsToo) {
  life l;
  l.confirm();
  l.done(fulfill_order{});
  l.settle(2, done);
  l.settle(3, not_done);  // the capture has not happened
  l.done(cancel_order{"", "user:1"});
  EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("void_label", "void_authorization"));
  EXPECT_EQ(l.o.shipments[0].state, shipment_state::cancelled);
}

TEST(OrderMachine, CancelsALabelThatComesTooLate) {
  life l;
  l.confirm();
  l.done(fulfill_order{});
  l.done(cancel_order{"", "user:1"});
  l.settle(2, done);
  EXPECT_THAT(kinds(open_operations(l.o)), testing::UnorderedElementsAre("void_authorization", "void_label"));
}

TEST(OrderMachine, RefundsACaptureThatCouldNotBeStopped) {
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

TEST(OrderMachine, RefusesToCancelWhatHasLeft) {
  life l;
  l.ship();
  const auto why = refused(l, cancel_order{"", "user:1"});
  EXPECT_EQ(why.code, errc::wrong_state);
  EXPECT_THAT(why.allowed, ElementsAre("delivered"));
}

TEST(OrderMachine, NamesTheAllowedMovesWhereOneIsIllegal) {
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

TEST(OrderMachine, MovesByHandWhereThatIsAllowed) {
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

TEST(OrderMachine, RejectsByHandAndVoidsTheMoneyThatIsOnItsWay) {
  life l;
  l.place();
  l.done(change_status{order_status::rejected, "no", "op:1"});
  EXPECT_EQ(l.o.status, order_status::rejected);
  l.let_the_world_answer();
  EXPECT_EQ(payment_status_of(l.o), payment_status::voided);
}

TEST(OrderMachine, RefundsInPartsButNeverMoreThanWasCaptured) {
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

TEST(OrderMachine, AsksAPersonWhereARefundIsDeclinedAndAllowsItAgain) {
  life l;
  l.ship();
  l.done(refund_order{1000, {}, false, "", "op:1"});
  l.settle(l.last_operation().n, declined, "card_closed");
  EXPECT_THAT(open_reviews(l.o), ElementsAre("payment"));
  EXPECT_EQ(l.o.status, order_status::shipped) << "the parcel is on its way all the same";
  l.done(refund_order{total, {}, false, "", "op:1"});
  EXPECT_EQ(l.last_operation().amount, total);
}

TEST(OrderMachine, RefundsLinesWithTheirShareOfTheDiscountAndPutsThemBackOnce) {
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

TEST(OrderMachine, CapturesEachShipmentsShareAndTheLastOneTheRest) {
  auto in = samples::input();
  in.items[0] = {"prod_456", "WIDGET-001", "Premium Widget", 3, 3333, 9999};
  in.shipping_cost = 2;  // 100.01 in all
  life l;
  l.place(std::vector<allocation>{{0, "WIDGET-001", "il", 2, 250, false}, {0, "WIDGET-001", "nv", 1, 250, false}}, in);
  l.let_the_world_answer();
  EXPECT_EQ(refused(l, fulfill_order{{{0, 4}}, "", "", ""}).fields.at(0).pointer, "/lines/0/quantity");
  EXPECT_EQ(refused(l, fulfill_order{{}, "de", "", ""}).fields.at(0).pointer, "/warehouse");
  EXPECT_EQ(refused(l, fulfill_order{{}, "", "pigeon", ""}).fields.at(0).pointer, "/carrier");
  l.done(fulfill_order{{{0, 1}}, "il", "", ""});
  l.let_the_world_answer();
  EXPECT_EQ(l.o.captured, 3333);
  EXPECT_EQ(l.o.status, order_status::fulfilling);
  EXPECT_EQ(payment_status_of(l.o), payment_status::partially_captured);
  EXPECT_EQ(fulfillment_status_of(l.o), fulfillment_status::partially_fulfilled);
  EXPECT_EQ(refused(l, cancel_order{"", "user:1"}).code, errc::wrong_state) << "part of it has left";
  l.done(fulfill_order{});
  EXPECT_EQ(l.o.shipments.size(), 3U) << "one for each warehouse";
  l.let_the_world_answer();
  EXPECT_EQ(l.o.captured, 10'001);
  EXPECT_EQ(l.o.status, order_status::shipped);
  EXPECT_EQ(refused(l, fulfill_order{}).code, errc::wrong_state);
}

/// Two shipments of one widget each: the first has left, the label of the second is open as operation 4.
life half_shipped() {
  life l;
  l.place(std::vector<allocation>{{0, "WIDGET-001", "il", 1, 250, false}, {0, "WIDGET-001", "nv", 1, 250, false}});
  l.let_the_world_answer();
  l.done(fulfill_order{{}, "il", "", ""});
  l.let_the_world_answer();
  l.done(fulfill_order{});
  return l;
}

TEST(OrderMachine, KeepsTheMoneyForWhatHasLeftWhereTheRestIsRejected) {
  auto l = half_shipped();
  l.settle(4, declined, "address_not_deliverable");
  ASSERT_EQ(l.o.status, order_status::on_hold);
  const auto captured = l.o.captured;
  l.done(decide_review{1, false, "op:1", ""});
  EXPECT_EQ(l.o.status, order_status::shipped);
  l.let_the_world_answer();
  EXPECT_EQ(l.o.captured, captured);
  EXPECT_EQ(l.o.refunded, 0);
  EXPECT_EQ(l.reserved_of_movements(), 0);
  l.track("trk-2", tracking_state::delivered, "e1");
  EXPECT_EQ(l.o.status, order_status::delivered);
}

TEST(OrderMachine, RefundsWhatWasCapturedForAShipmentThatNeverLeft) {
  auto l = half_shipped();
  l.rules.attempts_before_person = 1;
  l.settle(4, done);
  const auto first = l.o.captured, second = l.last_operation().amount;
  l.settle(5, unknown);  // the capture
  ASSERT_EQ(l.o.status, order_status::on_hold);
  l.done(decide_review{1, false, "op:1", ""});
  EXPECT_EQ(l.o.shipments[1].state, shipment_state::cancelled);
  l.settle(5, done);
  l.let_the_world_answer();
  EXPECT_EQ(l.o.captured, first + second);
  EXPECT_EQ(l.o.refunded, second);
  EXPECT_EQ(l.o.status, order_status::shipped);
}

TEST(OrderMachine, LetsGoOfTheAuthorizationWhereOnlyFreeGoodsHaveLeft) {
  auto in = samples::input();
  in.items.push_back({"prod_2", "SAMPLE", "Free Sample", 1, 0, 0});
  life l;
  l.place(std::vector<allocation>{{0, "WIDGET-001", "il", 2, 250, false}, {1, "SAMPLE", "nv", 1, 5, false}}, in);
  l.let_the_world_answer();
  l.done(fulfill_order{{}, "nv", "", ""});
  l.let_the_world_answer();
  ASSERT_EQ(l.o.shipments[0].state, shipment_state::shipped);
  l.done(change_status{order_status::on_hold, "looks odd", "op:1"});
  l.done(decide_review{1, false, "op:1", ""});
  EXPECT_EQ(l.o.status, order_status::shipped);
  l.let_the_world_answer();
  EXPECT_EQ(payment_status_of(l.o), payment_status::voided);
}

TEST(OrderMachine, KeepsOtherReviewsOpenWhereOneAnswerComes) {
  auto l = half_shipped();
  l.rules.attempts_before_person = 1;
  l.done(change_status{order_status::on_hold, "looks odd", "op:1"});
  l.settle(4, unknown);
  l.settle(4, done);
  EXPECT_THAT(open_reviews(l.o), ElementsAre("fraud"));
  EXPECT_EQ(l.o.status, order_status::on_hold);
  l.done(decide_review{1, true, "op:1", ""});
  EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("capture"));
}

TEST(OrderMachine, HoldsShipmentsThatAPersonIsToInspect) {
  auto stock = samples::two_widgets();
  stock[0].inspect = true;
  life l;
  l.place(stock);
  l.let_the_world_answer();
  l.done(fulfill_order{});
  EXPECT_EQ(l.o.status, order_status::on_hold);
  EXPECT_THAT(open_reviews(l.o), ElementsAre("quality"));
  EXPECT_THAT(open_operations(l.o), IsEmpty());
  l.done(decide_review{1, true, "op:1", ""});
  EXPECT_EQ(l.o.status, order_status::fulfilling);
  EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("label"));
}

TEST(OrderMachine, WritesOffWhatFailsTheInspection) {
  auto stock = samples::two_widgets();
  stock[0].inspect = true;
  life l;
  l.place(stock);
  l.let_the_world_answer();
  l.done(fulfill_order{});
  l.done(decide_review{1, false, "op:1", "scratched"});
  EXPECT_EQ(l.o.status, order_status::rejected);
  EXPECT_EQ(l.reserved_of_movements(), 0);
  EXPECT_EQ(l.on_hand_of_movements(), -2) << "not back on the shelf";
  l.let_the_world_answer();
  EXPECT_EQ(payment_status_of(l.o), payment_status::voided);
}

TEST(OrderMachine, ChecksNothingWhereQualityControlIsOff) {
  auto stock = samples::two_widgets();
  stock[0].inspect = true;
  life l;
  l.rules.quality_control = false;
  l.place(stock);
  l.let_the_world_answer();
  l.done(fulfill_order{});
  EXPECT_EQ(l.o.status, order_status::fulfilling);
}

TEST(OrderMachine, HoldsTheOrderWhereALabelIsRefused) {
  life l;
  l.confirm();
  l.done(fulfill_order{});
  l.settle(2, declined, "address_not_deliverable");
  EXPECT_EQ(l.o.status, order_status::on_hold);
  EXPECT_THAT(open_reviews(l.o), ElementsAre("address"));
  l.done(decide_review{1, true, "op:1", "carrier was wrong"});
  EXPECT_THAT(kinds(open_operations(l.o)), ElementsAre("label"));
  EXPECT_EQ(l.last_operation().n, 3U) << "a new label, with a key of its own";
}

TEST(OrderMachine, TakesEachTrackingReportOnceAndNeverBackwards) {
  life l;
  l.ship();
  EXPECT_EQ(refused(l, track_shipment{"trk-9", tracking_state::delivered, "e", l.now, "", ""}).code, errc::not_found);
  l.track("trk-2", tracking_state::out_for_delivery, "e2");
  EXPECT_THAT(l.track("trk-2", tracking_state::out_for_delivery, "e2"), IsEmpty());
  l.done(track_shipment{"trk-2", tracking_state::picked_up, "e1", l.now - 1h, "", ""});
  EXPECT_EQ(l.o.shipments[0].tracking, tracking_state::out_for_delivery);
  EXPECT_EQ(l.o.shipments[0].history.front().source_id, "e1") << "the history is in the carrier's order";
  l.track("trk-2", tracking_state::delivered, "e3");
  l.now += 1h;
  l.track("trk-2", tracking_state::in_transit, "e4");
  EXPECT_EQ(l.o.shipments[0].tracking, tracking_state::delivered);
  EXPECT_EQ(l.o.status, order_status::delivered);
}

TEST(OrderMachine, WarnsBeforeTheAuthorizationExpires) {
  life l;
  l.confirm();
  const auto due = timers(l.o, l.rules);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].kind, timer_kind::expire_authorization);
  EXPECT_EQ(due[0].due_at - l.now, 24h * 6);
  l.now = due[0].due_at;
  l.done(expire_authorization{1});
  EXPECT_EQ(l.o.status, order_status::on_hold);
  EXPECT_THAT(open_reviews(l.o), ElementsAre("payment"));
  EXPECT_THAT(l.done(expire_authorization{1}), IsEmpty());
  EXPECT_THAT(timers(l.o, l.rules), IsEmpty());
}

TEST(OrderMachine, NeverLetsItsOwnTimeGoBack) {
  life l;
  l.place();
  const auto before = l.o.updated_at;
  l.now -= 1h;
  l.settle(1, unknown);
  EXPECT_GE(l.o.updated_at, before);
  EXPECT_GT(timers(l.o, l.rules).at(0).due_at, before);
}

TEST(OrderMachine, QuarantinesAnOrderThatCrashes) {
  life l;
  l.confirm();
  l.done(quarantine{"crashed five times"});
  EXPECT_EQ(l.o.status, order_status::on_hold);
  EXPECT_TRUE(l.o.has_open_review());
}

TEST(OrderMachine, ReadsTheOrderOffAReviewsId) {
  const auto id = review_id(samples::order_id, 12);
  EXPECT_EQ(id, "rev_01ARYZ6S410000000000000000-12");
  const auto back = parse_review_id(id);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->order_id, samples::order_id);
  EXPECT_EQ(back->n, 12U);
  EXPECT_EQ(shipment_id(samples::order_id, 1), "shp_01ARYZ6S410000000000000000-1");
  for (auto text : {"", "rev_", "rev_01ARYZ6S410000000000000000", "rev_01ARYZ6S410000000000000000-", "rev_01ARYZ6S410000000000000000-0",
                    "rev_01ARYZ6S410000000000000000-x", "rev_01ARYZ6S410000000000000000-1x", "rev_01ARYZ6S410000000000000000-99999999999",
                    "rev_u1ARYZ6S410000000000000000-1", "ord_01ARYZ6S410000000000000000-1"})
    EXPECT_FALSE(parse_review_id(text)) << text;
}

}  // namespace
