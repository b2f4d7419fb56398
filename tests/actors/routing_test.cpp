// The payment router in the running engine: three gateways, free orders, and gateways that fail.
#include <algorithm>

#include "tests/actors/engine_fixture.hpp"

namespace coreldove::actors::tests {
namespace {

class Routing : public Engine {
protected:
  void SetUp() override {
    simulation::world_options options;
    options.policy.gateways = {"paypal", "payu", "stripe"};
    boot(options);
  }

  /// No customer twice, so that nobody looks suspicious.
  std::string place_free() {
    auto in = order_of("WIDGET-001", 1);
    in.payment_gateway.clear();
    in.customer_id = "cust_" + std::to_string(++customers_);
    in.customer_email = in.customer_id + "@example.com";
    return placed(std::move(in));
  }
  std::vector<std::string> place_free(std::size_t n, std::chrono::milliseconds apart) {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < n; ++i) {
      ids.push_back(place_free());
      world->pass(apart);
    }
    return ids;
  }
  std::size_t confirmed(const std::vector<std::string>& ids) const {
    return static_cast<std::size_t>(std::count_if(ids.begin(), ids.end(), [&](const auto& id) { return order(id).status == order_status::confirmed; }));
  }
  std::size_t calls_at(const std::string& gateway) const {
    const auto& all = world->outside.calls();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const call& c) { return c.party == gateway; }));
  }
  std::size_t authorized_at(const std::string& gateway) const {
    const auto& all = world->outside.ledger();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const simulation::effect& e) { return e.kind == operation_kind::authorize && e.party == gateway; }));
  }
  void treat_gateway(const std::string& gateway, manner how) {
    world->outside.treat = [gateway, how](const call& c) { return c.party == gateway ? how : manner::answers; };
  }
  domain::result<domain::document> set(const std::string& json, std::optional<std::uint64_t> version = {}) {
    std::optional<domain::result<domain::document>> answer;
    request rq;
    rq.principal = "operator";
    rq.expected_version = version;
    world->engine().set_routing(json, rq, [&](domain::result<domain::document> r) { answer = std::move(r); });
    world->settle();
    EXPECT_TRUE(answer);
    return answer ? *answer : domain::failure{};
  }
  std::string shown() {
    std::string out;
    world->engine().routing([&](domain::result<domain::document> r) { out = r ? r->json : r.error().detail; });
    world->settle();
    return out;
  }

private:
  int customers_ = 0;
};

TEST_F(Routing, FreeOrdersGoOnWhileAGatewayRefusesAndTrafficReturnsByItself) {
  treat_gateway("stripe", manner::refuses);
  const auto ids = place_free(150, 100ms);
  world->pass(5s);
  EXPECT_EQ(confirmed(ids), ids.size());
  EXPECT_LE(calls_at("stripe"), 12u) << "five until its circuit opens, then trials alone";
  const std::string closed = R"("name":"stripe","circuits":{"authorize":"closed")";
  EXPECT_EQ(shown().find(closed), std::string::npos) << "open, or half open";

  world->outside.treat = nullptr;
  world->pass(60s);
  const auto before = authorized_at("stripe");
  const auto later = place_free(60, 200ms);
  EXPECT_EQ(confirmed(later), later.size());
  EXPECT_GE(authorized_at("stripe"), before + 5);
  EXPECT_NE(shown().find(closed), std::string::npos);
}

TEST_F(Routing, ASilentGatewayIsFoundOutBeforeItsDeadlinesPass) {
  treat_gateway("stripe", manner::times_out);
  const auto ids = place_free(100, 100ms);
  EXPECT_LE(calls_at("stripe"), 25u) << "the first two seconds' share of it";
  EXPECT_GE(confirmed(ids), 75u) << "the others are not held up";
  for (const auto& id : ids) EXPECT_LE(world->outside.count(operation_kind::authorize, id), 1u);
  world->outside.treat = nullptr;
  world->pass(3min);
  EXPECT_EQ(confirmed(ids), ids.size());
  for (const auto& id : ids) EXPECT_EQ(world->outside.count(operation_kind::authorize, id), 1u) << "on one gateway, once";
}

TEST_F(Routing, EachChoiceIsAnEventWithWhatItRestedOn) {
  const auto id = place_free();
  const auto events = world->store.disk.stream(id);
  const auto routed = std::find_if(events.begin(), events.end(), [](const auto& e) { return e.type == "payment_routed"; });
  ASSERT_NE(routed, events.end());
  for (const auto* part : {R"("reason":")", R"("candidates":[{"gateway":"paypal","share":)", R"("currency":"USD","method":"card")"})
    EXPECT_NE(routed->data.find(part), std::string::npos) << routed->data;
  EXPECT_LT(routed->data.size(), 600u);
  const auto bound = world->store.disk.stream(placed());
  EXPECT_TRUE(std::none_of(bound.begin(), bound.end(), [](const auto& e) { return e.type == "payment_routed"; })) << "an order that names its gateway";
}

TEST_F(Routing, WhatAnOperatorSetsHoldsAtOnceAndAfterARestart) {
  const auto done = set(R"({"pin":"payu"})", 0);
  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->version, 1u);
  place_free(10, 0ms);
  EXPECT_EQ(authorized_at("payu"), 10u);
  world->crash();
  world->start();
  world->settle();
  place_free(10, 0ms);
  EXPECT_EQ(authorized_at("payu"), 20u);
  const auto stale = set(R"({"drain":["payu"]})", 0);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, errc::stale);
  ASSERT_TRUE(set(R"({"drain":["payu","paypal"]})", 1));
  place_free(10, 0ms);
  EXPECT_EQ(authorized_at("stripe"), 10u);
}

TEST_F(Routing, WrongControlsAreRefusedWithEveryMistakeAndChangeNothing) {
  const auto r = set(R"({"pin":"mollie","drain":["stripe","stripe"],"wait":1})");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::invalid_input);
  EXPECT_FALSE(r.error().fields.empty());
  const auto unknown = set(R"({"pin":"mollie","weights":{"adyen":2}})");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().fields.size(), 2u);
  EXPECT_EQ(set("[").error().code, errc::malformed);
  EXPECT_TRUE(world->store.disk.stream(std::string{persistence::routing_stream}).empty());
}

TEST_F(Routing, WhatWasLearntIsThereAfterARestart) {
  treat_gateway("stripe", manner::declines);
  place_free(120, 0ms);
  const auto before = calls_at("stripe");
  EXPECT_LT(before, 40u);
  world->crash();
  world->start();
  world->settle();
  place_free(60, 0ms);
  EXPECT_LT(calls_at("stripe") - before, 8u) << "it does not begin anew";
}

}  // namespace
}  // namespace coreldove::actors::tests
