// Placing, paying, and what keeps an order alive: one story per test.
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

constexpr minor_units total = 6498;

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
