// The gate before an outside system: by itself, and in the engine when a gateway is slow or dead.
#include "actors/gate/gate.hpp"

#include "tests/actors/engine_fixture.hpp"

namespace coreldove::actors::tests {

using integrations::on_outcome;

class Gate : public ::testing::Test {
protected:
  Gate() { spdlog::set_level(spdlog::level::off); }

  void pass(const std::string& key) {
    gate->pass(
        key,
        [this, key](const on_outcome& back) {
          out.push_back(key);
          backs.push_back(back);
        },
        [this, key](const integrations::outcome& o) { answers.push_back(key + " " + std::string{to_string(o.kind)}); });
  }
  void answer(std::size_t which, operation_outcome kind) { on_outcome{backs.at(which)}({kind, {}, {}, {}, {}}); }
  /// So many calls that nobody answers, one after the other.
  void fail(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      pass("failing" + std::to_string(backs.size()));
      answer(backs.size() - 1, i % 2 == 0 ? operation_outcome::not_done : operation_outcome::unknown);
    }
  }
  void later(domain::duration by) {
    clock.advance(by);
    gate->tick();
  }

  simulation::simulated_clock clock;
  runtime::health_board board;
  std::shared_ptr<call_gate> gate = std::make_shared<call_gate>("gateway stripe", gate_options{.calls_at_once = 2, .waiting = 3}, clock, board);
  std::vector<std::string> out, answers;
  std::vector<on_outcome> backs;
};

TEST_F(Gate, LetsSoManyOutAndTheOthersInTheirOrder) {
  for (const auto* key : {"a", "b", "c", "d"}) pass(key);
  EXPECT_EQ(out, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(gate->holds("c"));
  EXPECT_FALSE(gate->holds("a"));
  answer(1, operation_outcome::done);
  EXPECT_EQ(out, (std::vector<std::string>{"a", "b", "c"}));
  answer(0, operation_outcome::declined);
  EXPECT_EQ(out, (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(answers, (std::vector<std::string>{"b done", "a declined"}));
  EXPECT_EQ(gate->waiting(), 0u);
}

TEST_F(Gate, KeepsOnlyTheLatestOfThoseThatAskUnderOneKey) {
  for (const auto* key : {"a", "b", "c", "c", "d"}) pass(key);
  EXPECT_EQ(gate->waiting(), 2u);
  EXPECT_FALSE(gate->crowded());
  pass("e");
  EXPECT_TRUE(gate->crowded());
  answer(0, operation_outcome::done);
  answer(1, operation_outcome::done);
  EXPECT_EQ(out, (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST_F(Gate, AnAnswerThatComesTwiceMakesRoomOnce) {
  for (const auto* key : {"a", "b", "c", "d"}) pass(key);
  answer(0, operation_outcome::done);
  answer(0, operation_outcome::done);
  EXPECT_EQ(out.size(), 3u);
  EXPECT_EQ(answers.size(), 2u) << "whether it counts is the order's business";
}

TEST_F(Gate, ClosesWhenNothingComesBackAndLooksNowAndAgainWithOneCall) {
  fail(10);
  EXPECT_TRUE(gate->closed());
  EXPECT_EQ(board.all().front().state, runtime::condition::degraded);
  EXPECT_TRUE(board.ready());
  const auto failed = out.size();
  for (const auto* key : {"a", "b", "c"}) pass(key);
  EXPECT_EQ(out.size(), failed);
  later(1s);
  EXPECT_EQ(out.back(), "a");
  later(1s);
  EXPECT_EQ(out.size(), failed + 1) << "one at a time";
  answer(out.size() - 1, operation_outcome::not_done);
  later(1'900ms);
  EXPECT_EQ(out.size(), failed + 1) << "the pause is twice as long";
  later(100ms);
  EXPECT_EQ(out.back(), "b");
  answer(out.size() - 1, operation_outcome::declined);
  EXPECT_FALSE(gate->closed()) << "a clear no is an answer";
  EXPECT_EQ(out.back(), "c");
  EXPECT_EQ(board.all().front().state, runtime::condition::up);
}

TEST_F(Gate, DoesNotCloseForOneOrderThatFailsAgainAndAgain) {
  fail(domain::policy{}.attempts_before_person);
  EXPECT_FALSE(gate->closed());
}

TEST_F(Gate, AGoodAnswerBetweenFailuresKeepsItOpen) {
  for (int i = 0; i < 5; ++i) {
    fail(9);
    pass("good");
    answer(backs.size() - 1, operation_outcome::done);
  }
  EXPECT_FALSE(gate->closed());
}

TEST_F(Gate, ACallThatNeverAnswersGivesItsPlaceBack) {
  for (const auto* key : {"a", "b", "c"}) pass(key);
  later(31s);
  EXPECT_EQ(out.back(), "c");
  answer(0, operation_outcome::done);
  EXPECT_EQ(answers, std::vector<std::string>{"a done"}) << "late, but it is told";
}

TEST_F(Gate, ACallThatThrowsHasAnUnknownOutcomeAndMakesRoom) {
  for (int i = 0; i < 3; ++i)
    gate->pass(
        std::to_string(i), [](const on_outcome&) { throw std::runtime_error("no socket"); },
        [this](const integrations::outcome& o) { answers.push_back(o.code + " " + o.message); });
  EXPECT_EQ(answers, (std::vector<std::string>{"adapter_failed no socket", "adapter_failed no socket", "adapter_failed no socket"}));
}

TEST_F(Gate, ACallThatAnswersAtOnceLetsTheNextOneOut) {
  std::size_t answered = 0;
  for (int i = 0; i < 10'000; ++i)
    gate->pass(
        std::to_string(i),
        [](const on_outcome& back) {
          back({operation_outcome::done, {}, {}, {}, {}});
        },
        [&](const integrations::outcome&) { ++answered; });
  EXPECT_EQ(answered, 10'000u);
}

class SickGateway : public Engine {
protected:
  /// An order that can go nowhere else.
  static domain::order_input bound(const std::string& gateway = "stripe") {
    auto in = order_of("WIDGET-001", 1);
    in.payment_gateway = gateway;
    return in;
  }
  void stripe(manner how) {
    world->outside.treat = [how](const call& c) { return c.party == "stripe" ? how : manner::answers; };
  }
};

TEST_F(SickGateway, ThatIsDeadForLongParksItsOrdersAndFinishesThemWhenItIsBack) {
  stripe(manner::refuses);
  std::vector<std::string> ids;
  for (int i = 0; i < 200; ++i) ids.push_back(placed(bound()));
  world->pass(10min);
  std::size_t received = 0;
  for (const auto& id : ids) received += order(id).status == order_status::received ? 1 : 0;
  EXPECT_EQ(received, 200u) << "no person is asked because a gateway is away";
  EXPECT_LT(calls(operation_kind::authorize), 150u) << "nobody knocks all the time";
  EXPECT_LT(world->store.disk.log.size(), 200u * 4 + 150u) << "waiting writes nothing";
  EXPECT_EQ(order(placed(bound("paypal"))).status, order_status::confirmed);
  world->outside.treat = nullptr;
  EXPECT_TRUE(
      world->until([&] { return std::all_of(ids.begin(), ids.end(), [&](const auto& id) { return order(id).status == order_status::confirmed; }); }, 20s));
  EXPECT_EQ(effects(operation_kind::authorize), 201u);
}

TEST_F(SickGateway, ThatIsDeadWhileTheNodeRestartsForgetsNoOrder) {
  stripe(manner::refuses);
  std::vector<std::string> ids;
  for (int i = 0; i < 30; ++i) ids.push_back(placed(bound()));
  world->crash();
  world->start();
  world->pass(1min);
  world->outside.treat = nullptr;
  EXPECT_TRUE(
      world->until([&] { return std::all_of(ids.begin(), ids.end(), [&](const auto& id) { return order(id).status == order_status::confirmed; }); }, 30s));
  EXPECT_EQ(effects(operation_kind::authorize), 30u);
}

TEST_F(SickGateway, ThatIsSlowKeepsItsOrdersWaitingAndTakesNoNewOnesBeyondTheLimit) {
  simulation::world_options options;
  options.limits.calls_at_once = 4;
  options.limits.calls_waiting = 20;
  boot(std::move(options));
  world->outside.delay = [] { return domain::duration{5'000}; };
  std::vector<simulation::order_question> all;
  for (int i = 0; i < 30; ++i) {
    all.push_back(world->place(bound()));
    world->settle();
  }
  const auto taken = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const auto& q) { return q->ok(); }));
  EXPECT_EQ(taken, 24u);
  EXPECT_EQ(all.back()->error().code, errc::overloaded);
  EXPECT_FALSE(placed(bound("paypal")).empty());
  ASSERT_TRUE(world->until([&] { return effects(operation_kind::authorize) == taken + 1; }, 2min));
  world->pass(6s);
  for (const auto& [id, stream] : world->store.disk.orders) {
    EXPECT_EQ(stream.replayed.status, order_status::confirmed);
    EXPECT_EQ(stream.replayed.attempts.size(), 1u) << "waiting is no attempt";
  }
  EXPECT_EQ(calls(operation_kind::authorize), taken + 1);
  const auto again = world->place(bound());
  world->settle();
  EXPECT_TRUE(again->ok());
}

}  // namespace coreldove::actors::tests
