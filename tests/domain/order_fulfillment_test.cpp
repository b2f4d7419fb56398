// From the shelf to the buyer: shipments, captures, inspections, tracking.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/domain/order_life.hpp"

using namespace coreldove::domain;
using namespace std::chrono_literals;
using samples::kinds;
using samples::life;
using samples::open_reviews;
using samples::refused;
using testing::ElementsAre;
using testing::IsEmpty;
using enum operation_outcome;

namespace {

TEST(OrderFulfillment, CapturesEachShipmentsShareAndTheLastOneTheRest) {
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

TEST(OrderFulfillment, KeepsTheMoneyForWhatHasLeftWhereTheRestIsRejected) {
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

TEST(OrderFulfillment, RefundsWhatWasCapturedForAShipmentThatNeverLeft) {
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

TEST(OrderFulfillment, LetsGoOfTheAuthorizationWhereOnlyFreeGoodsHaveLeft) {
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

TEST(OrderFulfillment, KeepsOtherReviewsOpenWhereOneAnswerComes) {
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

TEST(OrderFulfillment, HoldsShipmentsThatAPersonIsToInspect) {
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

TEST(OrderFulfillment, WritesOffWhatFailsTheInspection) {
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

TEST(OrderFulfillment, ChecksNothingWhereQualityControlIsOff) {
  auto stock = samples::two_widgets();
  stock[0].inspect = true;
  life l;
  l.rules.quality_control = false;
  l.place(stock);
  l.let_the_world_answer();
  l.done(fulfill_order{});
  EXPECT_EQ(l.o.status, order_status::fulfilling);
}

TEST(OrderFulfillment, HoldsTheOrderWhereALabelIsRefused) {
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

TEST(OrderFulfillment, TakesEachTrackingReportOnceAndNeverBackwards) {
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

}  // namespace
