// Who may do what: every role, every route.
#include "http/auth.hpp"

#include <gtest/gtest.h>

#include "http/routes.hpp"
#include "tests/http/running_server.hpp"

namespace coreldove::test {
namespace {

using namespace std::chrono_literals;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string token(http::role r, const std::string& subject, std::chrono::seconds ttl = 1h, const std::string& secret = jwt_secret) {
  return http::issue_token(secret, r, subject, ttl, runtime::system_clock().now());
}

std::string path_of(const http::route& row) {
  std::string out{row.pattern};
  if (out.starts_with('~')) out.replace(0, 1, api);
  const auto put_in = [&](const std::string& name, const std::string& value) {
    if (const auto at = out.find(name); at != std::string::npos) out.replace(at, name.size(), value);
  };
  put_in("{id}", out.find("/reviews/") != std::string::npos ? domain::review_id(known_order, 1) : known_order);
  put_in("{sku}", "A");
  put_in("{source}", "stripe");
  put_in("{form}", "back");
  return out;
}

/// Written down once more, apart from the route table: which roles may call which operation. Everything else is refused.
const std::map<std::string, std::string> may_call{
    {"placeOrder", "customer operator manager admin"},
    {"listOrders", "customer operator manager admin"},
    {"placeOrdersInBulk", "customer operator manager admin"},
    {"getOrder", "customer operator manager admin"},
    {"changeOrderStatus", "operator manager admin"},
    {"cancelOrder", "customer operator manager admin"},
    {"fulfillOrder", "operator manager admin"},
    {"refundOrder", "manager admin"},
    {"getTracking", "customer operator manager admin"},
    {"getOrderEvents", "operator manager admin"},
    {"getOrderLedger", "operator manager admin"},
    {"getOrderEvidence", "operator manager admin"},
    {"listPaymentInbox", "operator manager admin"},
    {"takePaymentFinding", "manager admin"},
    {"getPaymentRouting", "operator manager admin"},
    {"setPaymentRouting", "operator manager admin"},
    {"listInventory", "operator manager admin"},
    {"getStockCertificate", "operator manager admin"},
    {"getInventory", "operator manager admin"},
    {"adjustInventory", "operator manager admin"},
    {"listReviews", "operator manager admin"},
    {"approveReview", "operator manager admin"},
    {"rejectReview", "operator manager admin"},
    {"getPerformance", "operator manager admin"},
    {"getInventoryFigures", "operator manager admin"},
    {"getCluster", "admin"},
    {"streamEvents", "operator manager admin"},
    {"receiveWebhook", "everybody"},
    {"showPaymentPage", "everybody"},
    {"returnToPaymentPage", "everybody"},
    {"getHealth", "everybody"},
    {"getLiveness", "everybody"},
    {"getReadiness", "everybody"},
    {"getMetrics", "everybody"},
    {"getOpenApi", "everybody"},
    {"getDocs", "everybody"},
};

TEST(Authorisation, EveryRoleAndRouteIsAsItIsWrittenDown) {
  http::server_options options;
  options.auth_failures_per_minute = 0;
  running_server server{options};
  std::size_t rows = 0;
  for (const auto& row : http::routes()) {
    if (row.between_nodes) {
      EXPECT_EQ(ask(server.port(), std::string{http::to_string(row.method)} + " " + path_of(row) + " HTTP/1.1").status, 404) << "not at the front door";
      continue;
    }
    ++rows;
    const auto allowed = may_call.find(std::string{row.operation});
    ASSERT_NE(allowed, may_call.end()) << row.operation;
    const bool open = allowed->second == "everybody";
    const auto start = std::string{http::to_string(row.method)} + " " + path_of(row) + " HTTP/1.1";
    EXPECT_EQ(ask(server.port(), start).status == 401, !open) << row.operation;
    if (open) continue;
    EXPECT_EQ(ask(server.port(), start + "\r\nX-API-Key: nonsense").status, 401) << row.operation;
    EXPECT_EQ(ask(server.port(), start + "\r\nAuthorization: Bearer a.b.c").status, 401) << row.operation;
    for (const std::string role : {"customer", "operator", "manager", "admin"}) {
      const bool may = has(allowed->second, role);
      wire_client client{server.port()};
      client.send(start + "\r\nHost: a\r\nX-API-Key: key-" + role + "\r\n\r\n");
      const auto by_key = client.read_head().status;
      EXPECT_EQ(by_key == 403, !may) << row.operation << " " << role << " " << by_key;
      EXPECT_NE(by_key, 401);
    }
  }
  EXPECT_EQ(may_call.size(), rows);
}

TEST(Authorisation, RefusalsSayHowToComeIn) {
  running_server server;
  const auto none = ask(server.port(), "GET " + api + "/orders HTTP/1.1");
  EXPECT_EQ(none.status, 401);
  EXPECT_TRUE(has(none.field("www-authenticate"), "Bearer"));
  EXPECT_TRUE(has(none.body, R"("type":"unauthorized")"));
  const auto forbidden = ask(server.port(), "GET " + api + "/inventory HTTP/1.1\r\nX-API-Key: key-customer");
  EXPECT_EQ(forbidden.status, 403);
  EXPECT_TRUE(has(forbidden.body, R"("type":"forbidden")"));
}

TEST(ApiKeys, AreRememberedForAWhile) {
  running_server server;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nX-API-Key: key-operator").status, 200);
  EXPECT_EQ(server.lookups.load(), 1);
}

TEST(ApiKeys, AStoreThatDoesNotAnswerIsNotARefusal) {
  running_server server;
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nX-API-Key: key-broken").status, 503);
}

TEST(ApiKeys, TheDevelopmentKeyHoldsOnlyWhereItIsSwitchedOn) {
  fake_engine engine;
  runtime::metrics metrics;
  http::server_options options;
  options.port = 0;
  const auto nobody = [](std::string, std::function<void(domain::result<std::optional<http::api_key_owner>>)> done) {
    done(std::optional<http::api_key_owner>{});
  };
  http::server server{options, engine, metrics, nobody, runtime::system_clock()};
  server.start();
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nX-API-Key: dev-admin-key").status, 401);
}

TEST(ApiKeys, TheFieldsNameCanBeChosen) {
  http::server_options options;
  options.api_key_header = "X-Shop-Key";
  running_server server{options};
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nX-Shop-Key: key-operator").status, 200);
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nX-API-Key: key-operator").status, 401);
}

TEST(ApiKeys, AreNotTakenTogetherWithATokenNorInTheQuery) {
  running_server server;
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nX-API-Key: key-operator\r\nAuthorization: Bearer " + token(http::role::admin, "a")).status,
            400);
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders?api_key=key-operator HTTP/1.1").status, 401);
}

TEST(Tokens, AreTakenWithTheirRole) {
  running_server server;
  EXPECT_EQ(ask(server.port(), "GET " + api + "/inventory HTTP/1.1\r\nAuthorization: Bearer " + token(http::role::operator_, "olga")).status, 200);
  EXPECT_EQ(ask(server.port(), "GET " + api + "/inventory HTTP/1.1\r\nAuthorization: bearer " + token(http::role::operator_, "olga")).status, 200);
  EXPECT_EQ(ask(server.port(), "GET " + api + "/inventory HTTP/1.1\r\nAuthorization: Bearer " + token(http::role::customer, "carl")).status, 403);
  EXPECT_EQ(ask(server.port(), "GET " + api + "/inventory HTTP/1.1\r\nAuthorization: Basic YTpi").status, 401);
}

TEST(Tokens, HoldForTheirTimeAndALeeway) {
  const auto at = [](std::int64_t s) { return domain::time_point{std::chrono::seconds{1'800'000'000 + s}}; };
  const auto t = http::issue_token(jwt_secret, http::role::manager, "mia", 60s, at(0));
  const auto fresh = http::verify_token(jwt_secret, t, at(0));
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->who.name, "user:mia");
  EXPECT_EQ(fresh->who.subject, "mia");
  EXPECT_EQ(fresh->who.role, http::role::manager);
  EXPECT_TRUE(http::verify_token(jwt_secret, t, at(89)));
  EXPECT_FALSE(http::verify_token(jwt_secret, t, at(90)));
  EXPECT_TRUE(http::verify_token(jwt_secret, t, at(-30)));
  EXPECT_FALSE(http::verify_token(jwt_secret, t, at(-31)));
  EXPECT_FALSE(http::verify_token("another secret of more than 32 bytes", t, at(0)));
  EXPECT_FALSE(http::verify_token("", t, at(0)));
}

TEST(Customers, SeeTheirOwnOrdersOnly) {
  running_server server;
  const auto as_customer = [&](const std::string& method, const std::string& target, const std::string& body = {}) {
    return ask(server.port(), method + " " + api + target + " HTTP/1.1\r\nX-API-Key: key-customer", body);
  };
  EXPECT_EQ(as_customer("GET", "/orders/" + known_order).status, 200);
  EXPECT_EQ(as_customer("GET", "/orders/" + known_order + "/tracking").status, 200);
  for (const std::string call : {"", "/tracking"}) {
    const auto others = as_customer("GET", "/orders/" + others_order + call);
    const auto missing = as_customer("GET", "/orders/" + missing_order + call);
    EXPECT_EQ(others.status, 404);
    EXPECT_EQ(missing.status, 404);
  }
  EXPECT_EQ(as_customer("POST", "/orders/" + others_order + "/cancel", R"({"reason":"r"})").status, 404);
  EXPECT_TRUE(server.engine.commands.empty());
  EXPECT_EQ(as_customer("POST", "/orders/" + known_order + "/cancel", R"({"reason":"r"})").status, 200);
}

TEST(Customers, DoNotSeeRiskAndReviews) {
  running_server server;
  for (const auto& target : {"/orders/" + known_order, std::string{"/orders"}}) {
    const auto body = ask(server.port(), "GET " + api + target + " HTTP/1.1\r\nX-API-Key: key-customer").body;
    EXPECT_TRUE(has(body, known_order));
    EXPECT_FALSE(has(body, "fraud")) << body;
    EXPECT_FALSE(has(body, "reviews"));
  }
  const auto placed = ask(server.port(), "POST " + api + "/orders HTTP/1.1\r\nX-API-Key: key-customer", order_body());
  EXPECT_EQ(placed.status, 202);
  EXPECT_FALSE(has(placed.body, "fraud"));
}

TEST(Customers, ListAndPlaceForThemselves) {
  running_server server;
  const auto key = std::string{" HTTP/1.1\r\nX-API-Key: key-customer"};
  ask(server.port(), "GET " + api + "/orders" + key);
  EXPECT_EQ(server.engine.queries.at(0).customer_id, "cust_1");
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders?customer_id=cust_2" + key).body, R"({"items":[],"next_cursor":null,"total":0})");
  EXPECT_EQ(server.engine.queries.size(), 1U);
  const auto other = ask(server.port(), "POST " + api + "/orders" + key, order_body_with("cust_1", "cust_2"));
  EXPECT_EQ(other.status, 403);
  EXPECT_TRUE(server.engine.placed.empty());
}

TEST(RateLimit, IsPerPrincipalAndSaysWhatIsLeft) {
  http::server_options options;
  options.rate_limit_per_minute = 60;
  options.rate_limit_burst = 2;
  running_server server{options};
  const auto first = server.get(api + "/orders");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.field("ratelimit-policy"), "\"default\";q=2;w=2");
  EXPECT_EQ(first.field("ratelimit"), "\"default\";r=1;t=1");
  server.get(api + "/orders");
  const auto third = server.get(api + "/orders");
  EXPECT_EQ(third.status, 429);
  EXPECT_EQ(third.field("retry-after"), "1");
  EXPECT_TRUE(has(third.body, R"("type":"rate-limited")"));
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nX-API-Key: key-operator").status, 200);
  EXPECT_EQ(server.get("/health").status, 200);
}

TEST(RateLimit, StopsGuessingButNotThoseWhoAreKnown) {
  http::server_options options;
  options.auth_failures_per_minute = 1;
  options.auth_failures_burst = 3;
  running_server server{options};
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nX-API-Key: key-operator").status, 200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nX-API-Key: guess" + std::to_string(i)).status, 401);
  const auto looked_up = server.lookups.load();
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nX-API-Key: key-manager").status, 429);
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nAuthorization: Bearer a.b.c").status, 429);
  EXPECT_EQ(server.lookups.load(), looked_up);
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1\r\nX-API-Key: key-operator").status, 200);
  EXPECT_EQ(ask(server.port(), "GET " + api + "/orders HTTP/1.1").status, 401);
}

}  // namespace
}  // namespace coreldove::test
