// Money over HTTP: how payments are routed, an order's books and evidence, the inbox, findings.
#include <gtest/gtest.h>

#include "tests/http/running_server.hpp"

namespace coreldove::test {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string routing = api + "/payments/routing", inbox = api + "/payments/inbox", findings = api + "/payments/findings";
const std::string finding = R"({"order_id":")" + known_order + R"(","source":"reconcile/stripe","id":"over/payment/txn_1","type":"over","detail":"One cent."})";

int status_as(const running_server& server, const std::string& role, const std::string& method, const std::string& target, const std::string& body = {}) {
  return ask(server.port(), method + " " + target + " HTTP/1.1" + (role.empty() ? "" : "\r\nX-API-Key: key-" + role), body).status;
}

TEST(PaymentRoutes, AreForThoseWhoMay) {
  running_server server;
  const auto order = api + "/orders/" + known_order;
  for (const auto& target : {routing, inbox, order + "/ledger", order + "/evidence"}) {
    EXPECT_EQ(status_as(server, "", "GET", target), 401) << target;
    EXPECT_EQ(status_as(server, "customer", "GET", target), 403) << target << " tells more than a customer may know";
    EXPECT_EQ(status_as(server, "operator", "GET", target), 200) << target;
  }
  EXPECT_EQ(status_as(server, "customer", "PUT", routing, "{}"), 403);
  EXPECT_EQ(status_as(server, "operator", "PUT", routing, "{}"), 200);
  EXPECT_EQ(status_as(server, "customer", "POST", findings, finding), 403);
  EXPECT_EQ(status_as(server, "operator", "POST", findings, finding), 403) << "findings open reviews about money";
  EXPECT_EQ(status_as(server, "manager", "POST", findings, finding), 200);
}

TEST(PaymentRouting, IsShownWithItsVersionAndSetAgainstIt) {
  running_server server;
  const auto shown = server.get(routing);
  EXPECT_EQ(shown.status, 200);
  EXPECT_EQ(shown.body, R"({"version":3,"controls":{}})");
  EXPECT_EQ(shown.field("etag"), "\"3\"");

  const std::string controls = R"({"pin":"stripe","drain":["paypal"],"weights":{"payu":1.5}})";
  const auto set = server.send("PUT", routing, controls, "If-Match: \"3\"");
  EXPECT_EQ(set.status, 200);
  EXPECT_EQ(set.field("etag"), "\"4\"");
  EXPECT_EQ(server.engine.routing_json, controls) << "the engine reads it, mistakes and all";
  EXPECT_EQ(server.engine.requests.back().expected_version, 3U);
  EXPECT_EQ(server.engine.requests.back().principal, "key:dev-admin");
  const auto stale = server.send("PUT", routing, controls, "If-Match: \"2\"");
  EXPECT_EQ(stale.status, 412);
  EXPECT_TRUE(has(stale.body, R"("type":"precondition-failed")"));
  EXPECT_EQ(server.send("PUT", routing, controls).status, 200) << "without If-Match the last one wins";
}

TEST(PaymentRouting, RefusesWhatItCannotReadAndPassesTheEnginesComplaintsOn) {
  running_server server;
  for (const std::string body : {"", "[", "[]", R"({"pin":"stripe"} {})"}) EXPECT_EQ(server.send("PUT", routing, body).status, 400) << body;
  EXPECT_EQ(server.send("PUT", routing, R"({"pin":"4111111111111111"})").status, 422) << "no card numbers here either";
  EXPECT_TRUE(server.engine.routing_json.empty());
  server.engine.failure =
      domain::failure{domain::errc::invalid_input, "Some fields are not acceptable.", {{"/pin", "unknown_gateway", "there is no gateway of this name"}}, {}};
  const auto wrong = server.send("PUT", routing, R"({"pin":"mollie"})");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_TRUE(has(wrong.body, R"({"pointer":"/pin","code":"unknown_gateway")")) << wrong.body;
}

TEST(OrdersMoney, IsShownByOrder) {
  running_server server;
  for (const std::string what : {"/ledger", "/evidence"}) {
    EXPECT_TRUE(has(server.get(api + "/orders/" + known_order + what).body, known_order)) << what;
    EXPECT_EQ(server.get(api + "/orders/" + missing_order + what).status, 404) << what;
    EXPECT_EQ(server.get(api + "/orders/17" + what).status, 404) << what;
    EXPECT_EQ(server.send("POST", api + "/orders/" + known_order + what, "{}").status, 405) << what;
  }
}

TEST(PaymentInbox, IsReadPageByPage) {
  running_server server;
  EXPECT_TRUE(has(server.get(inbox).body, R"({"after":0,"limit":50})"));
  EXPECT_TRUE(has(server.get(inbox + "?cursor=7&limit=200").body, R"({"after":7,"limit":200})"));
  for (const std::string query : {"?limit=0", "?limit=201", "?cursor=-1", "?cursor=x", "?page=2"}) {
    const auto refused = server.get(inbox + query);
    EXPECT_EQ(refused.status, 422) << query;
    EXPECT_TRUE(has(refused.body, R"("errors":[)")) << query;
  }
}

TEST(PaymentFindings, AreTakenInAndCheckedAtTheDoor) {
  running_server server;
  EXPECT_EQ(server.send("POST", findings, finding).body, R"({"received":true})");
  ASSERT_EQ(server.engine.findings.size(), 1U);
  EXPECT_EQ(server.engine.findings[0].first, known_order);
  EXPECT_EQ(server.engine.findings[0].second.id, "over/payment/txn_1");
  EXPECT_EQ(server.engine.findings[0].second.detail, "One cent.");

  const auto empty = server.send("POST", findings, "{}");
  EXPECT_EQ(empty.status, 422);
  for (const std::string pointer : {"/source", "/id", "/type", "/detail"}) EXPECT_TRUE(has(empty.body, R"("pointer":")" + pointer + "\"")) << empty.body;
  EXPECT_EQ(server.send("POST", findings, R"({"source":7,"id":"i","type":"t","detail":"d"})").status, 422);
  const std::string endless(1'001, 'x');
  EXPECT_EQ(server.send("POST", findings, R"({"source":"s","id":"i","type":"t","detail":")" + endless + "\"}").status, 422);
  EXPECT_EQ(server.send("POST", findings, "[").status, 400);
  EXPECT_EQ(server.engine.findings.size(), 1U);
  server.engine.failure = domain::failure{domain::errc::unavailable, "The store takes no writes."};
  EXPECT_EQ(server.send("POST", findings, finding).status, 503);
}

}  // namespace
}  // namespace coreldove::test
