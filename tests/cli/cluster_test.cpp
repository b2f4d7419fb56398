// Several nodes of the built program over one PostgreSQL database.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>
#include <thread>

#include "integrations/http/hmac.hpp"
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
  using more = std::array<environment, 3>;  // settings of one node alone
  explicit cluster(more each = {}) : each_(std::move(each)) {
    nodes[0].start_world();
    for (std::size_t n = 0; n < nodes.size(); ++n) nodes[n].launch(variables(n));  // all at once, on an empty database
    for (auto& n : nodes) EXPECT_TRUE(n.listens());
    for (auto& n : nodes) becomes_ready(n);
  }
  environment variables(std::size_t n) const {
    environment v{{"DATABASE_URL", database.address()}, {"CLUSTER_NODE_ID", "node-" + std::to_string(n + 1)}, {"CLUSTER_LEASE", "3s"}, {"LOG_LEVEL", "info"}};
    if (n > 0) v.emplace("SANDBOX_URL", "http://127.0.0.1:" + std::to_string(nodes[0].world_port()));
    if (n > 0) v.emplace("SMTP_API_BASE", "smtp://127.0.0.1:" + std::to_string(nodes[0].world_port() + 1));
    for (const auto& [name, value] : each_[n]) v.insert_or_assign(name, value);
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

private:
  const more each_;
};

nlohmann::json cluster_of(const shop& node) { return nlohmann::json::parse(node.call("GET", "/cluster").body); }

/// How often something of that kind stands in the order's history.
int times(const shop& node, const std::string& id, const std::string& type) {
  const auto history = nlohmann::json::parse(node.call("GET", "/orders/" + id + "/events").body).at("items");
  return static_cast<int>(std::count_if(history.begin(), history.end(), [&](const auto& e) { return e.at("type") == type; }));
}

template <class F>
bool soon(F f, std::chrono::seconds at_most = 15s) {
  for (const auto end = std::chrono::steady_clock::now() + at_most; std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(20ms))
    if (f()) return true;
  return false;
}

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

std::string a_stripe_notice(const std::string& id) {
  return fmt::format(
      R"({{"id":"evt_{0}","object":"event","type":"payment_intent.amount_capturable_updated","data":{{"object":{{"id":"pi_1","object":"payment_intent",)"
      R"("amount":100,"currency":"usd","status":"requires_capture","metadata":{{"order_id":"{0}","idempotency_key":"{0}/authorize/1"}}}}}}}})",
      id);
}

web_answer sends_webhook(const shop& to, const std::string& body) {
  using namespace integrations::http;
  const auto at = std::to_string(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
  const auto signature = "t=" + at + ",v1=" + to_hex(hmac_sha256("whsec_sandbox", at + "." + body));
  return ask(to.port(), "POST", api + "/webhooks/in/stripe", {{"Stripe-Signature", signature}}, body);
}

TEST(Cluster, EveryNodeTakesCommandsForTheOrdersOfTheOthersAndDoesThemOnce) {
  cluster c;
  const auto first = placed_at(c.nodes[0]), second = placed_at(c.nodes[1]);
  c.nodes[2].until(first, "status", "confirmed");
  c.nodes[2].until(second, "status", "confirmed");

  const auto cancelled = c.nodes[2].call("POST", "/orders/" + first + "/cancel", {{"reason", "changed my mind"}});
  EXPECT_EQ(cancelled.status, 200) << cancelled.body;
  EXPECT_EQ(nlohmann::json::parse(cancelled.body).at("status"), "cancelled");
  EXPECT_FALSE(cancelled.fields.contains("idempotent-replayed"));
  const auto refused = c.nodes[1].call("POST", "/orders/" + first + "/fulfill");
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_THAT(refused.body, HasSubstr("\"allowed\":"));
  EXPECT_EQ(c.nodes[2].call("PUT", "/orders/" + second + "/status", {{"status", "on_hold"}, {"reason", "x"}}, {{"If-Match", "\"1\""}}).status, 412);

  // Eight at once, at all nodes, under one key.
  std::array<web_answer, 8> answers;
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < answers.size(); ++i)
    callers.emplace_back([&, i] {
      answers[i] = c.nodes[i % 3].call("POST", "/orders/" + second + "/cancel", {{"reason", "twice"}}, {{"Idempotency-Key", "one"}});
    });
  for (auto& t : callers) t.join();
  for (const auto& a : answers) {
    EXPECT_EQ(a.status, 200) << a.body;
    EXPECT_EQ(a.body, answers[0].body);
  }
  EXPECT_EQ(times(c.nodes[0], second, "order_cancelled"), 1);

  const auto third = placed_at(c.nodes[1]);
  c.nodes[0].until(third, "status", "confirmed");
  const auto before = times(c.nodes[0], third, "notice_received");
  const auto sent = [&] { return cluster_of(c.nodes[0]).at("forwarding").at("answered").get<int>(); };
  const auto sent_before = sent();
  for (const std::size_t n : {0, 2, 0}) EXPECT_EQ(sends_webhook(c.nodes[n], a_stripe_notice(third)).status, 200);
  EXPECT_EQ(sent(), sent_before + 2) << "told to the order, at its own node";
  EXPECT_EQ(times(c.nodes[0], third, "notice_received"), before) << "it says nothing that the order does not know";

  const auto shown = cluster_of(c.nodes[2]);
  EXPECT_EQ(shown.at("mode"), "cluster");
  EXPECT_EQ(shown.at("node"), "node-3");
  EXPECT_EQ(shown.at("shards"), (nlohmann::json{{"all", 256}, {"held", 256}}));
  std::size_t shards = 0;
  for (const auto& n : shown.at("nodes")) {
    EXPECT_EQ(n.at("state"), "up");
    EXPECT_GT(n.at("port"), 0);
    EXPECT_FALSE(n.contains("pass"));
    shards += n.at("shards").size();
  }
  EXPECT_EQ(shards, 256u);
  EXPECT_GE(shown.at("forwarding").at("answered"), 3);
  EXPECT_EQ(shown.at("forwarding").at("timed_out"), 0);
  const auto figures = ask(c.nodes[2].port(), "GET", "/metrics").body;
  EXPECT_THAT(figures, AllOf(HasSubstr("coreldove_cluster_forwarded_total{outcome=\"answered\"}"), HasSubstr("coreldove_cluster_shards_held"),
                             HasSubstr("coreldove_cluster_lease_renewals_total{outcome=\"done\"}")));
  // The nodes' own door: not for whoever passes by.
  const auto port = shown.at("nodes")[0].at("port").get<std::uint16_t>();
  EXPECT_EQ(ask(port, "POST", "/cluster/commands", {{"Authorization", "Bearer guess"}}, "{}").status, 401);
  EXPECT_EQ(ask(port, "GET", "/health").status, 404);

  // What is set at one node about the routing of payments is soon so at the others.
  EXPECT_EQ(c.nodes[0].call("PUT", "/payments/routing", {{"drain", {"paypal"}}}).status, 200);
  EXPECT_TRUE(soon([&] { return c.nodes[2].call("GET", "/payments/routing").body.find(R"("drain":["paypal"])") != std::string::npos; }, 3s));
  for (auto& n : c.nodes) EXPECT_EQ(n.stop(SIGTERM).status, 0);
  c.expect_clean();
}

TEST(Cluster, ACommandWhoseNodeIsKilledIsDoneOnceByTheNext) {
  // The third node kills itself with the second answer in its hands: that of the cancellation, which is on disk by then.
  cluster c({environment{}, environment{}, environment{{"CORELDOVE_TEST_STOP_AT", "before_answer:2"}}});
  const auto id = placed_at(c.nodes[2]);
  c.nodes[0].until(id, "status", "confirmed");
  const auto cancelled = c.nodes[0].call("POST", "/orders/" + id + "/cancel", {{"reason", "no more"}});
  EXPECT_EQ(cancelled.status, 200) << cancelled.body;
  EXPECT_EQ(c.nodes[2].readiness(), 0) << "it is gone";
  EXPECT_EQ(times(c.nodes[1], id, "order_cancelled"), 1);
  EXPECT_EQ(nlohmann::json::parse(cancelled.body).at("status"), "cancelled");
  EXPECT_TRUE(soon([&] { return c.nodes[0].ledger("?operation=void").size() == 1; }));
  EXPECT_EQ(cluster_of(c.nodes[0]).at("nodes")[2].at("state"), "down");
  EXPECT_GT(cluster_of(c.nodes[0]).at("handovers").at("shards").at("lease_ended"), 0);

  // A node that is frozen when the command comes, and killed while it waits.
  const auto other = placed_at(c.nodes[1]);
  c.nodes[0].until(other, "status", "confirmed");
  c.nodes[1].server().signal(SIGSTOP);
  web_answer late;
  std::thread caller([&] { late = c.nodes[0].call("POST", "/orders/" + other + "/cancel", {{"reason", "no more"}}); });
  EXPECT_TRUE(soon([&] { return cluster_of(c.nodes[0]).at("forwarding").at("under_way") == 1; }));
  c.nodes[1].stop(SIGKILL);
  caller.join();
  EXPECT_EQ(late.status, 200) << late.body;
  EXPECT_EQ(times(c.nodes[0], other, "order_cancelled"), 1);
  EXPECT_EQ(c.nodes[0].stop(SIGTERM).status, 0);
  c.expect_clean();
}

/// A certificate authority in a folder, made with the openssl program.
class authority {
public:
  authority(const std::filesystem::path& folder, std::string name) : folder_(folder), name_(std::move(name)) {
    openssl(fmt::format("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={0} -keyout {0}.key -out {0}.pem", name_));
  }
  /// What a node needs that shows a certificate of this authority.
  environment settings_of(const std::string& node) const {
    openssl(fmt::format("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={0} -keyout {0}.key -out {0}.csr", node));
    std::ofstream{folder_ / (node + ".ext")} << "subjectAltName=IP:127.0.0.1\n";
    openssl(fmt::format("x509 -req -in {0}.csr -CA {1}.pem -CAkey {1}.key -CAcreateserial -days 2 -extfile {0}.ext -out {0}.pem", node, name_));
    const auto file = [&](const std::string& f) { return (folder_ / f).string(); };
    return {{"CLUSTER_TLS_CERT_FILE", file(node + ".pem")}, {"CLUSTER_TLS_KEY_FILE", file(node + ".key")}, {"CLUSTER_TLS_CA_FILE", file(name_ + ".pem")}};
  }

private:
  void openssl(const std::string& arguments) const {
    const auto command = fmt::format("cd '{}' && openssl {} >/dev/null 2>&1", folder_.string(), arguments);
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }
  const std::filesystem::path folder_;
  const std::string name_;
};

TEST(Cluster, NodesThatShowCertificatesListenToNobodyElse) {
  const scratch folder;
  const authority ours(folder.path(), "ours"), theirs(folder.path(), "theirs");
  cluster c({ours.settings_of("one"), ours.settings_of("two"), theirs.settings_of("three")});
  const auto id = placed_at(c.nodes[0]);
  c.nodes[1].until(id, "status", "confirmed");
  const auto stranger = c.nodes[2].call("POST", "/orders/" + id + "/cancel", {{"reason", "mine"}});
  EXPECT_EQ(stranger.status, 503) << stranger.body;
  EXPECT_TRUE(stranger.fields.contains("retry-after"));
  EXPECT_EQ(c.nodes[1].order(id).at("status"), "confirmed");
  const auto port = cluster_of(c.nodes[0]).at("nodes")[0].at("port").get<std::uint16_t>();
  EXPECT_ANY_THROW(ask(port, "POST", "/cluster/commands", {}, "{}")) << "no plain text there";
  const auto known = c.nodes[1].call("POST", "/orders/" + id + "/cancel", {{"reason", "mine"}});
  EXPECT_EQ(known.status, 200) << known.body;
  for (auto& n : c.nodes) EXPECT_EQ(n.stop(SIGTERM).status, 0);
}

TEST(Cluster, IsReachableFromElsewhereOnlyWithCertificates) {
  const scratch folder;
  const auto refused =
      run(folder.path(), {"serve"}, {{"DATABASE_URL", "postgresql://127.0.0.1:1/none"}, {"CLUSTER_NODE_ID", "node-1"}, {"CLUSTER_HOST", "0.0.0.0"}});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("CLUSTER_HOST"), HasSubstr("CLUSTER_TLS_CERT_FILE")));
}

TEST(Cluster, NeedsADatabaseThatCanBeShared) {
  const scratch folder;
  const auto refused = run(folder.path(), {"serve"}, {{"CLUSTER_NODE_ID", "node-1"}});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("CLUSTER_NODE_ID"), HasSubstr("postgresql://")));
}

}  // namespace
}  // namespace coreldove::cli_test
