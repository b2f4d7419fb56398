// The stored and published names: once used, they never change.
#include <gtest/gtest.h>

#include <set>

#include "domain/events.hpp"
#include "domain/order_state.hpp"

using namespace coreldove::domain;

namespace {

template <class Enum, class From>
void expect_names(std::initializer_list<std::string_view> names, From from) {
  std::size_t i = 0;
  for (auto name : names) {
    const auto value = static_cast<Enum>(i++);
    EXPECT_EQ(to_string(value), name);
    EXPECT_EQ(from(name), value);
  }
  for (auto wrong : {"", " ", "Received", "DONE", "nonsense", "done "}) EXPECT_FALSE(from(wrong)) << wrong;
}

TEST(Names, OfStatusesAreThoseOfTheContract) {
  expect_names<order_status>({"received", "on_hold", "confirmed", "fulfilling", "shipped", "delivered", "rejected", "cancelled"}, order_status_from);
  expect_names<payment_status>({"pending", "authorized", "partially_captured", "captured", "voided", "declined", "partially_refunded", "refunded", "unknown"},
                               payment_status_from);
  expect_names<fulfillment_status>({"unfulfilled", "reserved", "partially_fulfilled", "fulfilled", "delivered", "partially_returned", "returned"},
                                   fulfillment_status_from);
}

TEST(Names, OfOperationsReviewsAndTrackingGoBothWays) {
  expect_names<operation_kind>({"authorize", "capture", "void_authorization", "refund", "label", "void_label"}, operation_kind_from);
  expect_names<operation_outcome>({"done", "declined", "not_done", "awaiting_buyer", "unknown"}, operation_outcome_from);
  expect_names<review_kind>({"high_value", "fraud", "inventory", "quality", "address", "payment"}, review_kind_from);
  expect_names<notice_verdict>({"applied", "late", "impossible", "repeated", "not_ours"}, notice_verdict_from);
  expect_names<tracking_state>({"label_created", "picked_up", "in_transit", "out_for_delivery", "available_for_pickup", "attempted", "exception", "delivered",
                                "returning", "returned", "cancelled", "unknown"},
                               tracking_state_from);
}

TEST(Names, OfStepsAreDistinct) {
  std::set<std::string_view> seen;
  for (int i = 0; i <= static_cast<int>(order_step::deliver); ++i) seen.insert(to_string(static_cast<order_step>(i)));
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(order_step::deliver) + 1);
  EXPECT_EQ(to_string(order_step::release_fulfilling), "release_fulfilling");
}

#define EXPECT_TYPE_NAME(type) EXPECT_EQ(type_name(event{type{}}), #type)

TEST(Names, OfEventsAreThoseOfTheirTypes) {
  EXPECT_TYPE_NAME(order_received);
  EXPECT_TYPE_NAME(fraud_assessed);
  EXPECT_TYPE_NAME(stock_reserved);
  EXPECT_TYPE_NAME(stock_released);
  EXPECT_TYPE_NAME(stock_restocked);
  EXPECT_TYPE_NAME(review_opened);
  EXPECT_TYPE_NAME(review_decided);
  EXPECT_TYPE_NAME(order_held);
  EXPECT_TYPE_NAME(order_released);
  EXPECT_TYPE_NAME(order_confirmed);
  EXPECT_TYPE_NAME(order_rejected);
  EXPECT_TYPE_NAME(order_cancelled);
  EXPECT_TYPE_NAME(operation_requested);
  EXPECT_TYPE_NAME(operation_settled);
  EXPECT_TYPE_NAME(operation_retried);
  EXPECT_TYPE_NAME(authorization_expiring);
  EXPECT_TYPE_NAME(refund_asked);
  EXPECT_TYPE_NAME(fulfillment_planned);
  EXPECT_TYPE_NAME(quality_checked);
  EXPECT_TYPE_NAME(shipment_shipped);
  EXPECT_TYPE_NAME(shipment_cancelled);
  EXPECT_TYPE_NAME(tracking_updated);
  EXPECT_TYPE_NAME(order_shipped);
  EXPECT_TYPE_NAME(order_delivered);
  EXPECT_TYPE_NAME(notice_received);
  EXPECT_TYPE_NAME(dispute_opened);
  EXPECT_TYPE_NAME(dispute_closed);
}

TEST(Transitions, LeadOutOfEveryStatusButTheFinalOnes) {
  EXPECT_TRUE(is_final(order_status::delivered));
  EXPECT_TRUE(is_final(order_status::rejected));
  EXPECT_TRUE(is_final(order_status::cancelled));
  EXPECT_FALSE(is_final(order_status::on_hold));
  EXPECT_EQ(next_status(order_status::received, order_step::confirm), order_status::confirmed);
  EXPECT_EQ(next_status(order_status::shipped, order_step::cancel), std::nullopt);
  EXPECT_EQ(next_status(order_status::cancelled, order_step::confirm), std::nullopt);
}

}  // namespace
