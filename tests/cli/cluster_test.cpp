// Several nodes of the built program over one PostgreSQL database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <set>
#include <thread>

#include "tests/postgres/server.hpp"
#include "tests/program/shop.hpp"

namespace coreldove::cli_test {
namespace {

using namespace program_test;
using namespace std::chrono_literals;

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Three servers, one database, one outside world.
class cluster {
public:
  cluster() {
    nodes[0].start_world();
    for (std::size_t n = 0; n < nodes.size(); ++n) nodes[n].launch(variables(n));  // all at once, on an empty database
    for (auto& n : nodes) EXPECT_TRUE(n.listens());
    for (auto& n : nodes) becomes_ready(n);
  }
  environment variables(std::size_t n) const {
    environment v{{"DATABASE_URL", database.address()}, {"CLUSTER_NODE_ID", "node-" + std::to_string(n + 1)}, {"CLUSTER_LEASE", "3s"}, {"LOG_LEVEL", "info"}};
    if (n > 0) v.emplace("SANDBOX_URL", "http://127.0.0.1:" + std::to_string(nodes[0].world_port()));
    if (n > 0) v.emplace("SMTP_API_BASE", "smtp://127.0.0.1:" + std::to_string(nodes[0].world_port() + 1));
    return v;
  }
  static void becomes_ready(const shop& node) {
    for (int i = 0; i < 400 && node.readiness() != 200; ++i) std::this_thread::sleep_for(50ms);
    ASSERT_EQ(node.readiness(), 200);
  }
  void expect_clean() {
    const auto verified = run(nodes[0].folder() / "world", {"verify"}, {{"DATABASE_URL", database.address()}});
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
  }

  postgres_test::fresh_database database;
  std::array<shop, 3> nodes;
};

std::string placed_at(const shop& node) {
  const auto placed = node.call("POST", "/orders", an_order());
  EXPECT_EQ(placed.status, 202) << placed.body;
  return nlohmann::json::parse(placed.body).value("id", "");
}

/// Orders placed now are still waiting for their payment when it is asked for.
class slow_gateway {
public:
  explicit slow_gateway(const shop& of) : of_(of) {
    const nlohmann::json rule{{"vendor", "stripe"}, {"operation", "authorize"}, {"kind", "slow"}, {"delay_ms", 2'500}, {"rate", 1.0}};
    EXPECT_LT(ask(of_.world_port(), "POST", "/faults", {{"Content-Type", "application/json"}}, rule.dump()).status, 300);
  }
  void is_quick_again() const { EXPECT_LT(ask(of_.world_port(), "DELETE", "/faults").status, 300); }

private:
  const shop& of_;
};

/// No payment was authorised twice.
void expect_charged_once(const cluster& c, const std::vector<std::string>& ids) {
  std::map<std::string, int> charges;
  for (const auto& row : c.nodes[0].ledger("?operation=authorize")) ++charges[row.at("idempotency_key").get<std::string>()];
  EXPECT_EQ(charges.size(), ids.size());
  for (const auto& [key, times] : charges) EXPECT_EQ(times, 1) << key;
}

TEST(Cluster, TakesOrdersAtEveryNodeAndShowsThemAtEveryOther) {
  cluster c;
  std::vector<std::string> ids;
  for (int i = 0; i < 12; ++i) ids.push_back(placed_at(c.nodes[static_cast<std::size_t>(i) % 3]));
  for (std::size_t i = 0; i < ids.size(); ++i) c.nodes[(i + 1) % 3].until(ids[i], "status", "confirmed");
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
  for (const auto& n : c.nodes) EXPECT_EQ(n.count("status=confirmed"), ids.size());
  EXPECT_EQ(c.nodes[0].ledger("?operation=authorize").size(), ids.size());
  for (auto& n : c.nodes) EXPECT_EQ(n.stop(SIGTERM).status, 0);
  c.expect_clean();
}

TEST(Cluster, TheOrdersOfAKilledNodeGoOnAtTheOthers) {
  cluster c;
  std::vector<std::string> ids;
  const slow_gateway gateway(c.nodes[0]);
  for (int i = 0; i < 15; ++i) ids.push_back(placed_at(c.nodes[2]));
  c.nodes[2].stop(SIGKILL);
  EXPECT_EQ(c.nodes[0].count("status=received"), ids.size());
  gateway.is_quick_again();
  const auto killed = std::chrono::steady_clock::now();
  for (const auto& id : ids) c.nodes[0].until(id, "status", "confirmed");
  EXPECT_LT(std::chrono::steady_clock::now() - killed, 10s);
  expect_charged_once(c, ids);
  // It comes back under its name, and has its share again.
  c.nodes[2].start(c.variables(2));
  cluster::becomes_ready(c.nodes[2]);
  c.nodes[1].until(placed_at(c.nodes[2]), "status", "confirmed");
  for (auto& n : c.nodes) EXPECT_EQ(n.stop(SIGTERM).status, 0);
  c.expect_clean();
}

TEST(Cluster, ANodeThatWasStoppedPastItsLeaseComesBackWithoutHarm) {
  cluster c;
  std::vector<std::string> ids;
  const slow_gateway gateway(c.nodes[0]);
  for (int i = 0; i < 15; ++i) ids.push_back(placed_at(c.nodes[1]));
  c.nodes[1].server().signal(SIGSTOP);
  EXPECT_EQ(c.nodes[0].count("status=received"), ids.size());
  gateway.is_quick_again();
  for (const auto& id : ids) c.nodes[0].until(id, "status", "confirmed");
  for (int i = 0; i < 6; ++i) ids.push_back(placed_at(c.nodes[i % 2 == 0 ? 0 : 2]));
  c.nodes[1].server().signal(SIGCONT);
  cluster::becomes_ready(c.nodes[1]);
  ids.push_back(placed_at(c.nodes[1]));
  for (const auto& id : ids) c.nodes[2].until(id, "status", "confirmed");
  expect_charged_once(c, ids);
  for (auto& n : c.nodes) EXPECT_EQ(n.stop(SIGTERM).status, 0);
  c.expect_clean();
}

TEST(Cluster, ANodeThatEndsHandsItsOrdersOverAtOnce) {
  cluster c;
  std::vector<std::string> ids;
  const slow_gateway gateway(c.nodes[0]);
  for (int i = 0; i < 15; ++i) ids.push_back(placed_at(c.nodes[0]));
  const auto ended = c.nodes[0].stop(SIGTERM);
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.err, Not(HasSubstr("did not come to rest")));
  EXPECT_GT(c.nodes[1].count("status=received"), 0u);
  gateway.is_quick_again();
  for (const auto& id : ids) c.nodes[1].until(id, "status", "confirmed");
  expect_charged_once(c, ids);
  c.nodes[1].until(placed_at(c.nodes[2]), "status", "confirmed");
  c.expect_clean();
}

TEST(Cluster, NeedsADatabaseThatCanBeShared) {
  const scratch folder;
  const auto refused = run(folder.path(), {"serve"}, {{"CLUSTER_NODE_ID", "node-1"}});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("CLUSTER_NODE_ID"), HasSubstr("postgresql://")));
}

}  // namespace
}  // namespace coreldove::cli_test
