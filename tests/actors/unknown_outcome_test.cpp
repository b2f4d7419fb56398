// Every kind of call whose answer is lost: asked about under the same key, done once, and past the limit a person gets it with the evidence.
#include <nlohmann/json.hpp>

#include "tests/actors/engine_fixture.hpp"

namespace coreldove::actors::tests {

using nlohmann::json;

class UnknownOutcome : public Engine, public ::testing::WithParamInterface<operation_kind> {
protected:
  static bool money(operation_kind k) { return k != operation_kind::label && k != operation_kind::void_label; }

  /// An order that has come to the point where it asks for this kind of operation.
  std::string order_that_asks() {
    const auto kind = GetParam();
    if (kind == operation_kind::authorize) return placed();
    const auto id = placed();
    if (kind == operation_kind::void_authorization) {
      world->tell(id, domain::cancel_order{"changed my mind", "customer"});
    } else if (kind == operation_kind::void_label) {
      // The label is bought; the capture after it is not settled yet when the order is cancelled.
      const auto before = world->outside.treat;
      world->outside.treat = [before](const call& c) { return c.kind == operation_kind::capture ? manner::refuses : before(c); };
      world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
      world->settle();
      world->tell(id, domain::cancel_order{"changed my mind", "customer"});
    } else {
      world->tell(id, domain::fulfill_order{{}, {}, {}, "operator"});
      if (kind == operation_kind::refund) {
        world->settle();
        world->tell(id, domain::refund_order{700, {}, false, "scratched", "manager"});
      }
    }
    world->settle();
    return id;
  }

  const domain::operation& operation(const std::string& id) const { return *order(id).find(GetParam()); }
  std::string key(const std::string& id) const { return idempotency_key(order(id), operation(id)); }

  void expect_one_effect_under_one_key(const std::string& id) {
    EXPECT_EQ(effects(GetParam()), 1u);
    for (const auto& c : world->outside.calls()) {
      if (c.kind == GetParam()) {
        EXPECT_EQ(c.key, key(id));
      }
    }
  }
};

TEST_P(UnknownOutcome, IsAskedAboutUnderTheSameKeyAndOnlyThenGoesOn) {
  treat(GetParam(), manner::loses_answer, 3);
  const auto id = order_that_asks();
  ASSERT_TRUE(world->until([&] { return operation(id).state == domain::operation_state::waiting; }, 20s));  // past the time that a call may take
  EXPECT_TRUE(operation(id).maybe_done);
  if (money(GetParam())) {
    EXPECT_EQ(payment_status_of(order(id)), payment_status::unknown);
    EXPECT_NE(world->store.disk.find(id)->row.document.find("\"payment_status\":\"unknown\""), std::string::npos);
  }
  ASSERT_TRUE(world->until([&] { return operation(id).state == domain::operation_state::done; }, 3min));
  EXPECT_EQ(calls(GetParam()), 4u);
  expect_one_effect_under_one_key(id);
  EXPECT_NE(payment_status_of(order(id)), payment_status::unknown);
  EXPECT_TRUE(order(id).reviews.empty());
}

TEST_P(UnknownOutcome, IsAskedAboutWithGrowingPauses) {
  treat(GetParam(), manner::loses_answer, 5);
  std::vector<domain::time_point> asked;
  world->outside.on_call = [&](const call& c) {
    if (c.kind == GetParam()) asked.push_back(world->clock.now());
  };
  const auto id = order_that_asks();
  ASSERT_TRUE(world->until([&] { return operation(id).state == domain::operation_state::done; }, 10min));
  ASSERT_EQ(asked.size(), 6u);
  const auto timeout = money(GetParam()) ? world->options.limits.payment_timeout : world->options.limits.carrier_timeout;
  for (std::size_t i = 1; i < asked.size(); ++i) {
    const auto pause = asked[i] - asked[i - 1] - timeout;
    const auto wanted = std::chrono::milliseconds{1'000} * (1 << (i - 1));
    EXPECT_GE(pause, wanted * 8 / 10) << i;
    EXPECT_LE(pause, wanted * 12 / 10 + 500ms) << i;
  }
}

TEST_P(UnknownOutcome, PastTheLimitGoesToAPersonWithAllThatIsKnown) {
  treat(GetParam(), manner::loses_answer, 1'000);
  const auto id = order_that_asks();
  ASSERT_TRUE(world->until([&] { return !order(id).reviews.empty(); }, 30min));
  const auto limit = world->options.policy.attempts_before_person;
  EXPECT_EQ(calls(GetParam()), limit);
  const auto& review = order(id).reviews.front();
  EXPECT_EQ(review.kind, domain::review_kind::payment);
  EXPECT_NE(review.reason.find("has no known outcome: asked 8 times under the key " + key(id)), std::string::npos) << review.reason;
  EXPECT_NE(review.reason.find("timeout: no answer in time"), std::string::npos) << review.reason;

  const auto document = json::parse(world->store.disk.reviews.at({id, 1}).document);
  const auto& evidence = document.at("evidence");
  EXPECT_EQ(evidence.at("operation"), std::string{to_string(GetParam())});
  EXPECT_EQ(evidence.at("party"), operation(id).party);
  EXPECT_EQ(evidence.at("idempotency_key"), key(id));
  EXPECT_EQ(evidence.at("amount").is_null(), GetParam() == operation_kind::label || GetParam() == operation_kind::void_label);
  ASSERT_EQ(evidence.at("answers").size(), limit);
  std::string last;
  for (const auto& a : evidence.at("answers")) {
    EXPECT_EQ(a.at("outcome"), "unknown");
    EXPECT_EQ(a.at("code"), "timeout");
    EXPECT_EQ(a.at("message"), "no answer in time");
    EXPECT_GT(a.at("at").get<std::string>(), last);
    last = a.at("at").get<std::string>();
  }
  world->pass(30min);
  EXPECT_EQ(calls(GetParam()), limit) << "now it is a person's turn";

  // The gateway has found its tongue; the person has it asked once more.
  world->outside.treat = nullptr;
  const auto decided = world->tell(id, domain::decide_review{1, true, "manager", "look again"});
  ASSERT_TRUE(world->until([&] { return operation(id).state == domain::operation_state::done; }, 1min));
  EXPECT_TRUE(decided->ok());
  expect_one_effect_under_one_key(id);
  EXPECT_EQ(json::parse(world->store.disk.reviews.at({id, 1}).document).at("evidence"), evidence) << "what was known then stays as it was";
}

TEST_P(UnknownOutcome, ThatIsNeitherDoneNorAnsweredIsDoneOnceByTheRepeat) {
  treat(GetParam(), manner::times_out, 2);
  const auto id = order_that_asks();
  ASSERT_TRUE(world->until([&] { return operation(id).state == domain::operation_state::done; }, 3min));
  EXPECT_EQ(calls(GetParam()), 3u);
  expect_one_effect_under_one_key(id);
}

TEST_P(UnknownOutcome, OutlivesACrash) {
  treat(GetParam(), manner::loses_answer, 1);
  const auto id = order_that_asks();
  world->crash();
  world->start();
  ASSERT_TRUE(world->until([&] { return operation(id).state == domain::operation_state::done; }, 3min));
  expect_one_effect_under_one_key(id);
}

INSTANTIATE_TEST_SUITE_P(Of, UnknownOutcome,
                         ::testing::Values(operation_kind::authorize, operation_kind::capture, operation_kind::void_authorization, operation_kind::refund,
                                           operation_kind::label, operation_kind::void_label),
                         [](const auto& p) { return std::string{to_string(p.param)}; });

}  // namespace coreldove::actors::tests
