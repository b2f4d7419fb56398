// Nothing twice, through the built program: idempotency keys under 32 duplicates at once and over a kill, and calls of the gateway whose answer is lost.
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/program/shop.hpp"

namespace coreldove::cli_test {
namespace {

using namespace program_test;

using nlohmann::json;

class OnceOnly : public testing::Test, protected shop {
protected:
  static bool replayed(const web_answer& a) {
    const auto it = a.fields.find("idempotent-replayed");
    return it != a.fields.end() && it->second == "true";
  }
  std::string confirmed(const json& body = an_order()) {
    const auto a = call("POST", "/orders", body, {{"Prefer", "wait=20"}});
    EXPECT_EQ(a.status, 201) << a.body;
    return json::parse(a.body).at("id");
  }
  std::string shipped() {
    const auto id = confirmed();
    EXPECT_EQ(call("POST", "/orders/" + id + "/fulfill", json::object(), {{"Prefer", "wait=20"}}).status, 201);
    return id;
  }
  std::size_t effects(const std::string& operation, const std::string& id) const { return ledger("?operation=" + operation + "&order_id=" + id).size(); }
};

TEST_F(OnceOnly, ThirtyTwoAtOnceMakeOneOrderAndTheKeyOutlivesAKill) {
  start_world();
  start();
  const auto body = an_order();
  std::vector<web_answer> answers(32);
  std::vector<std::thread> buyers;
  for (std::size_t i = 0; i < answers.size(); ++i)
    buyers.emplace_back([&, i] {
      std::map<std::string, std::string> fields{{"Idempotency-Key", "k-1"}};
      if (i % 2 == 0) fields.emplace("Prefer", "wait=20");
      answers[i] = call("POST", "/orders", body, fields);
    });
  for (auto& b : buyers) b.join();
  std::size_t first_hand = 0;
  for (const auto& a : answers) {
    EXPECT_TRUE(a.status == 201 || a.status == 202) << a.body;
    EXPECT_EQ(json::parse(a.body).at("id"), json::parse(answers[0].body).at("id"));
    first_hand += replayed(a) ? 0 : 1;
  }
  EXPECT_EQ(first_hand, 1U);
  EXPECT_EQ(count(""), 1U);
  const auto before = call("POST", "/orders", body, {{"Idempotency-Key", "k-1"}});
  EXPECT_TRUE(replayed(before));
  EXPECT_EQ(stop(SIGKILL).status, 128 + SIGKILL);
  start();
  const auto after = call("POST", "/orders", body, {{"Idempotency-Key", "k-1"}});
  EXPECT_TRUE(replayed(after));
  EXPECT_EQ(after.status, before.status);
  EXPECT_EQ(after.body, before.body);
  const auto other = call("POST", "/orders", an_order("WIDGET-001", 3), {{"Idempotency-Key", "k-1"}});
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(json::parse(other.body).at("type"), "idempotency-key-reused");
  EXPECT_EQ(count(""), 1U);
  const auto id = json::parse(after.body).at("id").get<std::string>();
  until(id, "status", "confirmed");
  EXPECT_EQ(effects("authorize", id), 1U);
}

TEST_F(OnceOnly, EveryCommandGivesItsFirstAnswerAgainAfterAKillAndHappensOnce) {
  start_world();
  start();
  const auto refunded = shipped(), cancelled = confirmed(), fulfilled = confirmed();
  const auto held = json::parse(call("POST", "/orders", an_order("WIDGET-001", 50), {{"Prefer", "wait=20"}}).body);
  ASSERT_EQ(held.at("status"), "on_hold");
  const auto review = held.at("reviews").at(0).at("id").get<std::string>();
  struct command {
    std::string method, path;
    json body, other;
  };
  const std::vector<command> commands{
      {"POST", "/orders/" + refunded + "/refund", {{"amount", "5.00"}, {"reason", "late"}}, {{"amount", "6.00"}, {"reason", "late"}}},
      {"POST", "/orders/" + cancelled + "/cancel", {{"reason", "changed my mind"}}, {{"reason", "another"}}},
      {"POST", "/orders/" + fulfilled + "/fulfill", json::object(), {{"carrier", "fedex"}}},
      {"POST", "/reviews/" + review + "/approve", {{"note", "a known buyer"}}, {{"note", "somebody else"}}},
      {"PUT",
       "/inventory/WIDGET-001",
       {{"warehouse", "us-east"}, {"delta", 7}, {"reason", "found"}},
       {{"warehouse", "us-east"}, {"delta", 8}, {"reason", "found"}}}};
  std::vector<web_answer> first;
  for (const auto& c : commands) {
    first.push_back(call(c.method, c.path, c.body, {{"Idempotency-Key", "c-1"}}));
    EXPECT_LT(first.back().status, 300) << c.path << first.back().body;
    EXPECT_FALSE(replayed(first.back())) << c.path;
  }
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const auto& c = commands[i];
      const auto again = call(c.method, c.path, c.body, {{"Idempotency-Key", "c-1"}});
      EXPECT_EQ(again.status, first[i].status) << c.path;
      EXPECT_EQ(again.body, first[i].body) << c.path;
      EXPECT_TRUE(replayed(again)) << c.path;
      const auto other = call(c.method, c.path, c.other, {{"Idempotency-Key", "c-1"}});
      EXPECT_EQ(other.status, 422) << c.path;
      EXPECT_EQ(json::parse(other.body).at("type"), "idempotency-key-reused") << c.path;
    }
    if (round > 0) break;
    stop(SIGKILL);
    start();
  }
  until(refunded, "payment_status", "partially_refunded");
  until(cancelled, "payment_status", "voided");
  until(fulfilled, "status", "shipped");
  EXPECT_EQ(effects("refund", refunded), 1U);
  EXPECT_EQ(effects("void", cancelled), 1U);
  EXPECT_EQ(effects("label", fulfilled), 1U);
  EXPECT_EQ(stop(SIGTERM).status, 0);
  EXPECT_EQ(run(folder(), {"verify"}).status, 0);
}

TEST_F(OnceOnly, CallsOfTheGatewayThatGoWrongAreAskedAboutAndDoneOnce) {
  start_world();
  start({{"CORELDOVE_PAYMENT_TIMEOUT", "500ms"}});
  for (const std::string kind : {"lost_answer", "no_answer", "error_500", "slow"}) {
    const auto wrong = [&](const std::string& operation) {
      const json fault{{"vendor", "stripe"}, {"operation", operation}, {"kind", kind}, {"times", 1}, {"delay_ms", 1500}};
      EXPECT_LT(ask(world_port(), "POST", "/faults", {{"Content-Type", "application/json"}}, fault.dump()).status, 300);
    };
    wrong("authorize");
    const auto id = json::parse(call("POST", "/orders", an_order()).body).at("id").get<std::string>();
    until(id, "status", "confirmed");
    wrong("capture");
    EXPECT_LT(call("POST", "/orders/" + id + "/fulfill", json::object()).status, 300);
    until(id, "status", "shipped");
    wrong("refund");
    EXPECT_LT(call("POST", "/orders/" + id + "/refund", {{"amount", "5.00"}, {"reason", "late"}}).status, 300);
    const auto end = until(id, "payment_status", "partially_refunded");
    std::map<std::string, int> went_wrong;
    for (const auto& a : end.at("payment").at("attempts"))
      if (a.at("outcome") != "done") ++went_wrong[a.at("operation").get<std::string>()];
    for (const auto* operation : {"authorize", "capture", "refund"}) {
      // A connection that was kept open and ends without a word is given up for a new one by the HTTP client itself, with the same key.
      if (kind != "lost_answer") {
        EXPECT_GE(went_wrong[operation], 1) << kind << " of " << operation << ": " << end.at("payment").dump();
      }
      EXPECT_EQ(effects(operation, id), 1U) << kind << " of " << operation;
    }
    EXPECT_TRUE(end.at("reviews").empty());
    EXPECT_EQ(end.at("amounts").at("refunded"), "5.00");
  }
}

TEST_F(OnceOnly, RowsOfABulkAreIdempotentOverAKill) {
  start();
  auto own = an_order();
  own["idempotency_key"] = "row-b";
  const auto rows = an_order().dump() + "\n" + own.dump() + "\n";
  const auto bulk = [&](const std::string& body) {
    return ask(port(), "POST", api + "/orders/bulk", {{"X-API-Key", "dev-admin-key"}, {"Content-Type", "application/x-ndjson"}, {"Idempotency-Key", "b-1"}},
               body);
  };
  const auto ids = [](const web_answer& a) {
    std::vector<std::string> out;
    for (const auto& line : lines_of(a.body)) out.push_back(json::parse(line).value("id", line));
    return out;
  };
  const auto first = bulk(rows);
  ASSERT_EQ(ids(first).size(), 2U) << first.body;
  stop(SIGKILL);
  start();
  const auto again = bulk(rows);
  EXPECT_EQ(ids(again), ids(first));
  for (const auto& line : lines_of(again.body)) EXPECT_TRUE(json::parse(line).value("replayed", false)) << line;
  const auto other = lines_of(bulk(an_order("WIDGET-001", 3).dump() + "\n").body);
  ASSERT_EQ(other.size(), 1U);
  EXPECT_EQ(json::parse(other[0]).at("type"), "idempotency-key-reused");
  EXPECT_EQ(count(""), 2U);
}

}  // namespace
}  // namespace coreldove::cli_test
