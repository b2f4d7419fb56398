// Where an order's payment goes next, after an answer of the first gateway.
#include <gtest/gtest.h>

#include <algorithm>

#include "domain/routing.hpp"
#include "tests/domain/order_life.hpp"

namespace coreldove::domain {
namespace {

/// Names the gateways in this order, those to be avoided left out; bound orders stay where they are.
class in_turn final : public payment_routes {
public:
  explicit in_turn(std::vector<std::string> names) : names_(std::move(names)) {}
  route choose(const route_question& q) const override {
    if (!q.input->payment_gateway.empty()) return {q.input->payment_gateway, std::nullopt, false};
    for (const auto& n : names_) {
      if (std::find(q.avoid.begin(), q.avoid.end(), n) != q.avoid.end()) continue;
      payment_routed d;
      d.gateway = n;
      d.reason = "best";
      return {n, d, false};
    }
    return {};
  }
  void put_first(const std::string& name) {
    std::erase(names_, name);
    names_.insert(names_.begin(), name);
  }

private:
  std::vector<std::string> names_;
};

class Failover : public ::testing::Test {
protected:
  std::vector<std::string> tell(const command& c) {
    const auto events = decide(o, c, rules, now, &routes);
    EXPECT_TRUE(events) << (events ? "" : events.error().detail);
    std::vector<std::string> names;
    if (!events) return names;
    for (const auto& e : *events) {
      names.emplace_back(type_name(e));
      evolve(o, e, now);
    }
    return names;
  }
  void place(order_input in) { tell(place_order{samples::order_id, std::move(in), "user:1", {0, "accept", {}}, samples::two_widgets()}); }
  void place() {
    auto in = samples::input();
    in.payment_gateway.clear();
    place(std::move(in));
  }
  std::vector<std::string> settle(std::uint32_t n, operation_outcome outcome, bool soft = false) {
    settle_operation c{n, outcome, {}, "code", "words", {}};
    if (outcome == operation_outcome::done) c.reference = "ref-" + std::to_string(n);
    c.soft = soft;
    return tell(c);
  }

  policy rules;
  order o;
  time_point now{std::chrono::milliseconds{1'700'000'000'000}};
  in_turn routes{{"stripe", "paypal", "payu"}};
};

TEST_F(Failover, WhatWasNotSentGoesToAnotherGatewayInTheSameDecision) {
  place();
  EXPECT_EQ(settle(1, operation_outcome::not_done), (std::vector<std::string>{"operation_settled", "operation_requested", "payment_routed"}));
  ASSERT_EQ(o.operations.size(), 2u);
  EXPECT_EQ(o.operations[0].state, operation_state::declined);
  EXPECT_EQ(o.operations[1].party, "paypal");
  EXPECT_EQ(open_operations(o).size(), 1u);
  EXPECT_TRUE(timers(o, rules).empty()) << "nobody goes back to the first one";
  settle(2, operation_outcome::done);
  EXPECT_EQ(o.status, order_status::confirmed);
  EXPECT_EQ(payment_status_of(o), payment_status::authorized);
  EXPECT_EQ(o.authorized, o.total());
}

TEST_F(Failover, AnUnknownOutcomeIsNeverTriedElsewhere) {
  place();
  settle(1, operation_outcome::unknown);
  EXPECT_EQ(o.operations.size(), 1u);
  tell(retry_operation{1});
  settle(1, operation_outcome::not_done);
  EXPECT_EQ(o.operations.size(), 1u) << "the doubt about the first attempt is still there";
  tell(retry_operation{1});
  EXPECT_EQ(o.operations.size(), 1u);
  EXPECT_EQ(o.operations[0].state, operation_state::requested);
}

TEST_F(Failover, EveryGatewayIsTriedOnceAndThenTheOrderWaits) {
  place();
  settle(1, operation_outcome::not_done);
  settle(2, operation_outcome::not_done);
  EXPECT_EQ(settle(3, operation_outcome::not_done), (std::vector<std::string>{"operation_settled"}));
  EXPECT_EQ(o.operations.size(), 3u);
  EXPECT_EQ(o.operations[2].state, operation_state::waiting);
  EXPECT_EQ(timers(o, rules).size(), 1u);
  EXPECT_EQ(tell(retry_operation{3}), (std::vector<std::string>{"operation_requested", "payment_routed"})) << "the best one of now";
  EXPECT_EQ(o.operations[3].party, "stripe");
  EXPECT_EQ(o.operations[2].state, operation_state::declined);
}

TEST_F(Failover, AWaitingPaymentGoesOutAgainWhereItIsIfThatIsStillTheBest) {
  place();
  for (std::uint32_t n = 1; n <= 3; ++n) settle(n, operation_outcome::not_done);
  routes.put_first("payu");
  EXPECT_EQ(tell(retry_operation{3}), (std::vector<std::string>{"operation_retried"}));
  EXPECT_EQ(o.operations.size(), 3u);
}

TEST_F(Failover, APersonIsAskedAfterAsManyAttemptsOverAllGateways) {
  place();
  for (std::uint32_t i = 0; i < rules.attempts_before_person; ++i) {
    EXPECT_TRUE(o.reviews.empty());
    settle(o.operations.back().n, operation_outcome::not_done);
    if (o.operations.back().state == operation_state::waiting) tell(retry_operation{o.operations.back().n});
  }
  EXPECT_EQ(samples::open_reviews(o), std::vector<std::string>{"payment"});
  EXPECT_EQ(o.status, order_status::on_hold);
}

TEST_F(Failover, ASoftDeclineGoesToOneOtherGatewayAndAHardOneToNone) {
  place();
  settle(1, operation_outcome::declined, true);
  ASSERT_EQ(o.operations.size(), 2u);
  EXPECT_EQ(o.status, order_status::received);
  EXPECT_FALSE(o.allocations.empty()) << "the stock stays reserved";
  settle(2, operation_outcome::declined, true);
  EXPECT_EQ(o.operations.size(), 2u);
  EXPECT_EQ(o.status, order_status::rejected);
  EXPECT_EQ(payment_status_of(o), payment_status::declined);

  o = {};
  place();
  settle(1, operation_outcome::declined, false);
  EXPECT_EQ(o.operations.size(), 1u);
  EXPECT_EQ(o.status, order_status::rejected);
}

TEST_F(Failover, ABoundOrderStaysWithItsGateway) {
  place(samples::input());
  settle(1, operation_outcome::not_done);
  EXPECT_EQ(o.operations.size(), 1u);
  EXPECT_EQ(o.operations[0].state, operation_state::waiting);
  tell(retry_operation{1});
  settle(1, operation_outcome::declined, true);
  EXPECT_EQ(o.status, order_status::rejected);
}

TEST_F(Failover, APaymentThatWaitedForItsBuyerIsNotSentElsewhere) {
  place();
  settle(1, operation_outcome::awaiting_buyer);
  tell(retry_operation{1});
  settle(1, operation_outcome::not_done);
  EXPECT_EQ(o.operations.size(), 1u) << "the buyer may still approve it on the first one's page";
}

TEST_F(Failover, ACancelledOrderAsksNobodyElse) {
  place();
  tell(cancel_order{"changed my mind", "user:1"});
  settle(1, operation_outcome::not_done);
  EXPECT_EQ(o.operations.size(), 1u);
  EXPECT_EQ(o.status, order_status::cancelled);
}

}  // namespace
}  // namespace coreldove::domain
