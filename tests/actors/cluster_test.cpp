// The parts of a cluster's node that need no second one: how commands are written down, what is seen of shards, and when this node takes and gives them up.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "actors/cluster/board.hpp"
#include "actors/cluster/command_codec.hpp"
#include "actors/cluster/membership.hpp"
#include "tests/codec/generators.hpp"

namespace coreldove::actors {
namespace {

using namespace std::chrono_literals;
using arbitrary::one;
using arbitrary::text;

// ---- the codec --------------------------------------------------------------------------------------------------------------------------------------
// Bindings name every member: a command that gets another one does not compile here until the codec is looked at.
void fill(domain::cancel_order& c) { c = {*text(), *text()}; }
auto all_of(const domain::cancel_order& c) {
  const auto& [a, b] = c;
  return std::tuple(a, b);
}
void fill(domain::fulfill_order& c) {
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) c.parts.push_back({one<std::uint32_t>(), one<std::int32_t>()});
  c.warehouse = *text(), c.carrier = *text(), c.by = *text();
}
auto all_of(const domain::fulfill_order& c) {
  const auto& [parts, a, b, d] = c;
  std::vector<std::pair<std::uint32_t, std::int32_t>> of;
  for (const auto& [line, quantity] : parts) of.emplace_back(line, quantity);
  return std::tuple(of, a, b, d);
}
void fill(domain::refund_order& c) { c = {one<std::optional<domain::minor_units>>(), one<std::vector<std::uint32_t>>(), one<bool>(), *text(), *text()}; }
auto all_of(const domain::refund_order& c) {
  const auto& [a, b, d, e, f] = c;
  return std::tuple(a, b, d, e, f);
}
void fill(domain::decide_review& c) { c = {one<std::uint32_t>(), one<bool>(), *text(), *text()}; }
auto all_of(const domain::decide_review& c) {
  const auto& [a, b, d, e] = c;
  return std::tuple(a, b, d, e);
}
void fill(domain::change_status& c) { c = {one<domain::order_status>(), *text(), *text()}; }
auto all_of(const domain::change_status& c) {
  const auto& [a, b, d] = c;
  return std::tuple(a, b, d);
}
void fill(domain::track_shipment& c) { c = {*text(), one<domain::tracking_state>(), *text(), one<domain::time_point>(), *text(), *text()}; }
auto all_of(const domain::track_shipment& c) {
  const auto& [a, b, d, e, f, g] = c;
  return std::tuple(a, b, d, e, f, g);
}
void fill(domain::take_notice& c) {
  c = {*text(), *text(), *text(),    one<domain::operation_kind>(), one<std::uint32_t>(), one<domain::operation_outcome>(), *text(),
       *text(), *text(), one<bool>()};
}
auto all_of(const domain::take_notice& c) {
  const auto& [a, b, d, e, f, g, h, i, j, k] = c;
  return std::tuple(a, b, d, e, f, g, h, i, j, k);
}
void fill(domain::take_dispute& c) {
  c = {*text(),
       *text(),
       *text(),
       static_cast<domain::dispute::verdict>(*rc::gen::inRange(0, 3)),
       *text(),
       *text(),
       one<domain::minor_units>(),
       *text(),
       one<std::optional<domain::time_point>>()};
}
auto all_of(const domain::take_dispute& c) {
  const auto& [a, b, d, e, f, g, h, i, j] = c;
  return std::tuple(a, b, d, e, f, g, h, i, j);
}
void fill(domain::take_finding& c) { c = {*text(), *text(), *text(), *text()}; }
auto all_of(const domain::take_finding& c) {
  const auto& [a, b, d, e] = c;
  return std::tuple(a, b, d, e);
}

template <class T>
void check_command() {
  if constexpr (requires(T t) { fill(t); }) {
    T what;
    fill(what);
    forwarded_command before{"op-1", *text(), one<domain::time_point>(), {}, what};
    before.rq.principal = *text();
    before.rq.trace_id = *text();
    before.rq.ahead = one<bool>();
    before.rq.expected_version = one<std::optional<std::uint64_t>>();
    if (one<bool>()) before.rq.wait = std::chrono::milliseconds{*rc::gen::inRange(0, 60'000)};
    if (one<bool>()) before.rq.key = request_key{*text(), *text(), *text()};
    RC_ASSERT(travels(before.what));
    const auto after = decode_command(encode(before));
    RC_ASSERT(static_cast<bool>(after));
    RC_ASSERT(after->operation == before.operation && after->order_id == before.order_id && after->deadline == before.deadline);
    RC_ASSERT(after->rq.principal == before.rq.principal && after->rq.trace_id == before.rq.trace_id && after->rq.ahead == before.rq.ahead);
    RC_ASSERT(after->rq.expected_version == before.rq.expected_version && after->rq.wait == before.rq.wait);
    RC_ASSERT(after->rq.key.has_value() == before.rq.key.has_value());
    if (before.rq.key)
      RC_ASSERT(after->rq.key->scope == before.rq.key->scope && after->rq.key->key == before.rq.key->key &&
                after->rq.key->fingerprint == before.rq.key->fingerprint);
    RC_ASSERT(std::holds_alternative<T>(after->what));
    RC_ASSERT(all_of(std::get<T>(after->what)) == all_of(what));
  } else {
    RC_ASSERT(!travels(domain::command{T{}}));  // an order's own machinery
  }
}

template <std::size_t... I>
void check_commands(std::index_sequence<I...>) {
  (check_command<std::variant_alternative_t<I, domain::command>>(), ...);
}

RC_GTEST_PROP(CommandCodec, EveryCommandThatTravelsArrivesAsItWasSent, ()) { check_commands(std::make_index_sequence<std::variant_size_v<domain::command>>()); }

RC_GTEST_PROP(CommandCodec, EveryAnswerArrivesAsItWasGiven, ()) {
  const order_answer given{202, one<std::uint64_t>(), *text(), *text(), one<bool>()};
  const auto a = decode_answer(encode(forwarded_answer{false, given}));
  RC_ASSERT(a && !a->moved && a->outcome);
  const auto& got = *a->outcome;
  RC_ASSERT(got.status == given.status && got.version == given.version && got.order_id == given.order_id && got.document == given.document &&
            got.replayed == given.replayed);
  for (int code = 0; code <= static_cast<int>(domain::errc::internal); ++code) {
    const domain::failure why{static_cast<domain::errc>(code), *text(), {{*text(), *text(), *text()}}, {*text()}};
    const auto b = decode_answer(encode(forwarded_answer{false, why}));
    RC_ASSERT(b && !b->moved && !b->outcome);
    const auto& e = b->outcome.error();
    RC_ASSERT(e.code == why.code && e.detail == why.detail && e.allowed == why.allowed && e.fields.size() == 1);
    RC_ASSERT(e.fields[0].pointer == why.fields[0].pointer && e.fields[0].code == why.fields[0].code && e.fields[0].message == why.fields[0].message);
  }
  RC_ASSERT(decode_answer(encode(forwarded_answer{true}))->moved);
}

TEST(CommandCodec, RefusesWhatItDoesNotKnow) {
  const auto good = encode(forwarded_command{"op-1", "ord_1", {}, {}, domain::cancel_order{"r", "b"}});
  ASSERT_TRUE(decode_command(good)) << good;
  const auto with = [&](const std::string& part, const std::string& instead) {
    auto text = good;
    const auto at = text.find(part);
    EXPECT_NE(at, std::string::npos) << part << " in " << good;
    return decode_command(text.replace(at, part.size(), instead));
  };
  for (const auto& [part, instead] : std::vector<std::pair<std::string, std::string>>{{R"("v":1)", R"("v":2)"},
                                                                                      {R"("v":1)", R"("w":1)"},
                                                                                      {R"("command":"cancel_order")", R"("command":"place_order")"},
                                                                                      {R"("command":"cancel_order")", R"("command":"burn_order")"},
                                                                                      {R"("operation":"op-1")", R"("operation":"")"},
                                                                                      {R"("order_id":"ord_1")", R"("order_id":7)"},
                                                                                      {R"("reason":"r")", R"("reason":[])"},
                                                                                      {"{", "["}}) {
    const auto r = with(part, instead);
    ASSERT_FALSE(r) << instead;
    EXPECT_EQ(r.error().code, domain::errc::malformed) << instead;
  }
  EXPECT_TRUE(with(R"("reason":"r")", R"("reason":"r","mood":"good")")) << "a newer node may say more";
  EXPECT_FALSE(decode_answer(R"({"v":2,"moved":true})"));
  EXPECT_FALSE(decode_answer(R"({"v":1})"));
}

// ---- the board --------------------------------------------------------------------------------------------------------------------------------------
persistence::cluster_view view_of(const std::vector<persistence::cluster_node>& nodes) {
  persistence::cluster_view v;
  v.nodes = nodes;
  return v;
}
persistence::cluster_node a_node(const std::string& name, bool alive = true, bool leaving = false, std::int64_t incarnation = 1) {
  persistence::cluster_node n;
  n.node = name;
  n.port = 7'000;
  n.alive = alive;
  n.leaving = leaving;
  n.incarnation = incarnation;
  return n;
}

TEST(ClusterBoard, TellsWhyShardsHaveChangedHands) {
  cluster_board board("a");
  auto v = view_of({a_node("a"), a_node("b"), a_node("c")});
  EXPECT_EQ(board.saw(v, {}), 0u);
  const auto give = [&](std::size_t shard, const std::string& to, std::int64_t incarnation = 1) {
    v.shards[shard] = {to, incarnation, v.shards[shard].epoch + 1};
  };
  give(0, "b"), give(1, "b"), give(2, "c"), give(3, "c");
  EXPECT_EQ(board.saw(v, {}), 4u);
  give(0, "");  // on its way: it counts when somebody has it
  EXPECT_EQ(board.saw(v, {}), 1u);
  EXPECT_EQ(board.handovers().counts.at(handover_reason::fresh), 4u);
  give(0, "a");
  v.nodes[2] = a_node("c", false);
  give(2, "a");
  EXPECT_EQ(board.saw(v, {}), 2u);
  v.nodes[1] = a_node("b", true, false, 2);
  give(1, "b", 2);
  v.nodes[2] = a_node("c", false, true);
  give(3, "a");
  EXPECT_EQ(board.saw(v, {}), 2u);
  const auto past = board.handovers();
  EXPECT_EQ(past.counts.at(handover_reason::lease_ended), 1u) << "of c, which was not heard of";
  EXPECT_EQ(past.counts.at(handover_reason::restarted), 1u);
  EXPECT_EQ(past.counts.at(handover_reason::handed_over), 2u) << "of b, which lives, and of c, which has ended in order";
  EXPECT_EQ(past.last.front().from, "c");
  EXPECT_EQ(past.last.front().to, "a");
}

TEST(ClusterBoard, KnowsWhoHasAnOrderAsLongAsHeLives) {
  auto v = view_of({a_node("a"), a_node("b", false)});
  for (std::size_t n = 0; n < v.shards.size(); ++n) v.shards[n] = {n % 2 == 0 ? "a" : "b", 1, 1};
  std::set<const persistence::cluster_node*> found;
  for (int i = 0; i < 64; ++i) found.insert(cluster_board::holder(v, "ord_" + std::to_string(i)));
  EXPECT_EQ(found, (std::set<const persistence::cluster_node*>{&v.nodes[0], nullptr}));
}

// ---- the membership ---------------------------------------------------------------------------------------------------------------------------------
/// A database's tables in memory; the test is the other nodes.
class tables final : public persistence::cluster_register {
public:
  tables() {
    view_.nodes = {a_node("a"), a_node("b")};
    me_.node = "a";
    me_.lease = 1500ms;  // so long may a busy machine hold up a thread
  }
  const persistence::cluster_member& me() const override { return me_; }
  std::int64_t incarnation() const override { return 1; }
  void reachable_at(std::uint16_t) override {}
  bool renew() override {
    return with([&] { return !taken_over_; });
  }
  persistence::cluster_view view() override {
    return with([&] { return view_; });
  }
  domain::cluster_shards take(const domain::cluster_shards& wanted) override {
    return with([&] {
      for (std::size_t n = 0; n < wanted.size(); ++n)
        if (wanted.test(n)) view_.shards[n] = {"a", 1, view_.shards[n].epoch + 1};
      return wanted;
    });
  }
  void release(const domain::cluster_shards& shards) override {
    with([&] {
      for (std::size_t n = 0; n < shards.size(); ++n)
        if (shards.test(n) && view_.shards[n].node == "a") view_.shards[n] = {"", 0, view_.shards[n].epoch + 1};
      return 0;
    });
  }
  void announce_leaving() override {
    with([&] { return view_.nodes[0].leaving = true; });
  }
  void leave() override {
    release(domain::cluster_shards{}.set());
    with([&] { return view_.nodes[0].alive = false; });
  }

  void change(const std::function<void(persistence::cluster_view&)>& f) {
    const std::lock_guard guard{lock_};
    f(view_);
  }
  void goes_away(bool away) {
    const std::lock_guard guard{lock_};
    away_ = away;
  }
  void name_is_taken_over() {
    const std::lock_guard guard{lock_};
    taken_over_ = true;
  }
  std::size_t held() {
    const std::lock_guard guard{lock_};
    return static_cast<std::size_t>(std::count_if(view_.shards.begin(), view_.shards.end(), [](const auto& s) { return s.node == "a"; }));
  }

private:
  template <class F>
  auto with(F f) -> decltype(f()) {
    const std::lock_guard guard{lock_};
    if (away_) throw std::runtime_error("the database does not answer");
    return f();
  }
  std::mutex lock_;
  persistence::cluster_view view_;
  persistence::cluster_member me_;
  bool away_ = false, taken_over_ = false;
};

class Membership : public ::testing::Test {
protected:
  void start() {
    membership_ports ports;
    ports.leave = [this](const domain::cluster_shards& which, std::shared_ptr<void> last_out) {
      const std::lock_guard guard{lock};
      left |= which;
      if (keep_orders) kept.push_back(std::move(last_out));
    };
    ports.gained = [this] { ++gained; };
    ports.committed = [this] { ++committed; };
    ports.renewed = [this](bool done) { ++(done ? renewed : not_renewed); };
    member.emplace(nodes, owned, runtime::system_clock(), health, std::move(ports), membership_options{5ms, 20ms, 30ms});
  }
  template <class F>
  static bool soon(F f) {
    for (const auto end = std::chrono::steady_clock::now() + 5s; std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(1ms))
      if (f()) return true;
    return false;
  }
  std::size_t mine() const { return owned.ended() ? 0 : owned.all().count(); }

  tables nodes;
  runtime::owned_shards owned{runtime::system_clock()};
  runtime::health_board health;
  std::atomic<int> gained{0}, committed{0}, renewed{0}, not_renewed{0};
  std::mutex lock;
  domain::cluster_shards left;
  std::vector<std::shared_ptr<void>> kept;
  bool keep_orders = false;
  std::optional<membership> member;
};

TEST_F(Membership, TakesItsShareAndLeavesTheOthersTheirs) {
  start();
  ASSERT_TRUE(soon([&] { return mine() > 0; }));
  EXPECT_GT(mine(), 64u);
  EXPECT_LT(mine(), 192u) << "b is to have about as many";
  EXPECT_TRUE(soon([&] { return gained == 1 && renewed > 3; }));
}

TEST_F(Membership, TakesOverFromANodeThatIsNotHeardOfAndGivesBackWhenItComesAgain) {
  start();
  ASSERT_TRUE(soon([&] { return mine() > 0; }));
  const auto before = mine();
  nodes.change([](auto& v) {
    for (auto& s : v.shards)
      if (s.node.empty()) s = {"b", 1, 1};
    v.nodes[1].alive = false;
  });
  EXPECT_TRUE(soon([&] { return mine() == 256; }));
  nodes.change([](auto& v) { v.nodes[1] = a_node("b", true, false, 2); });
  EXPECT_TRUE(soon([&] { return mine() == before && nodes.held() == before; })) << "each goes back to where it was";
  const std::lock_guard guard{lock};
  EXPECT_EQ(left.count(), 256 - before) << "their orders have been told to come to rest";
}

TEST_F(Membership, GivesUpItsOrdersWhenItCannotRenewItsLease) {
  start();
  ASSERT_TRUE(soon([&] { return mine() > 0; }));
  nodes.goes_away(true);
  EXPECT_TRUE(soon([&] { return owned.all().none(); }));
  EXPECT_GT(not_renewed, 0);
  nodes.goes_away(false);
  EXPECT_TRUE(soon([&] { return mine() > 0 && gained == 2; })) << "nobody took them: it goes on";
}

TEST_F(Membership, EndsWhereAnotherProcessHasItsName) {
  start();
  ASSERT_TRUE(soon([&] { return mine() > 0; }));
  nodes.name_is_taken_over();
  EXPECT_TRUE(soon([&] { return owned.all().none() && !health.ready(); }));
}

TEST_F(Membership, LeavesAfterItsOrdersAreAtRestOrHaveHadTheirTime) {
  keep_orders = true;
  start();
  ASSERT_TRUE(soon([&] { return mine() > 0; }));
  const auto begun = std::chrono::steady_clock::now();
  member->leave();
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 30ms) << "somebody still had an order";
  EXPECT_EQ(nodes.held(), 0u);
  EXPECT_TRUE(owned.all().none());
}

TEST_F(Membership, TellsThatOthersHaveCommittedOnce) {
  start();
  ASSERT_TRUE(soon([&] { return mine() > 0 && renewed > 2; }));
  const int before = committed;
  nodes.change([](auto& v) { ++v.commits; });
  EXPECT_TRUE(soon([&] { return committed == before + 1; }));
  const int seen = renewed;
  EXPECT_TRUE(soon([&] { return renewed > seen + 2; }));
  EXPECT_EQ(committed, before + 1);
}

}  // namespace
}  // namespace coreldove::actors
