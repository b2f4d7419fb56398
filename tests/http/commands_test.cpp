// What may be done to an order, to stock and to reviews.
#include <gtest/gtest.h>

#include "http/conditions.hpp"
#include "tests/http/running_server.hpp"

namespace coreldove::test {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
const std::string order = api + "/orders/" + known_order;

template <class Command>
Command last_command(running_server& server) {
  const std::lock_guard lock{server.engine.mutex};
  return std::get<Command>(server.engine.commands.back());
}

TEST(Cancel, TakesAReason) {
  running_server server;
  const auto answer = server.send("POST", order + "/cancel", R"({"reason":"changed my mind"})", "Idempotency-Key: c1\r\nIf-Match: \"7\"");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("etag"), "\"8\"");
  EXPECT_EQ(last_command<domain::cancel_order>(server).reason, "changed my mind");
  EXPECT_EQ(last_command<domain::cancel_order>(server).by, "key:dev-admin");
  EXPECT_EQ(server.engine.requests.at(0).expected_version, 7U);
  EXPECT_EQ(server.engine.requests.at(0).key->scope, "key:dev-admin POST " + order + "/cancel");
}

TEST(Cancel, NeedsAReason) {
  running_server server;
  for (const std::string body : {"{}", R"({"reason":""})", R"({"reason":null})", R"({"reason":7})"}) {
    const auto answer = server.send("POST", order + "/cancel", body);
    EXPECT_EQ(answer.status, 422) << body;
    EXPECT_TRUE(has(answer.body, R"("pointer":"/reason")")) << body;
  }
  EXPECT_EQ(server.send("POST", order + "/cancel", "{\"reason\":\"" + std::string(1001, 'a') + "\"}").status, 422);
  EXPECT_EQ(server.send("POST", order + "/cancel", "").status, 400);
  EXPECT_TRUE(server.engine.commands.empty());
}

TEST(Commands, HonourIfMatch) {
  running_server server;
  const std::string body = R"({"reason":"r"})";
  const auto stale = server.send("POST", order + "/cancel", body, "If-Match: \"6\"");
  EXPECT_EQ(stale.status, 412);
  EXPECT_TRUE(has(stale.body, R"("type":"precondition-failed")"));
  EXPECT_EQ(server.send("POST", order + "/cancel", body, "If-Match: W/\"7\"").status, 412);
  EXPECT_EQ(server.send("POST", order + "/cancel", body, "If-Match: nonsense").status, 412);
  EXPECT_EQ(server.send("POST", order + "/cancel", body, "If-Match: *").status, 200);
}

TEST(Commands, ShowWhatWouldBeAllowed) {
  running_server server;
  server.engine.failure = domain::failure{domain::errc::wrong_state, "The order is delivered.", {}, {"cancelled", "on_hold"}};
  const auto answer = server.send("POST", order + "/cancel", R"({"reason":"r"})");
  EXPECT_EQ(answer.status, 409);
  EXPECT_TRUE(has(answer.body, R"("type":"illegal-transition")"));
  EXPECT_TRUE(has(answer.body, R"("allowed":["cancelled","on_hold"])"));
  server.engine.failure->allowed.clear();
  EXPECT_TRUE(has(server.send("POST", order + "/cancel", R"({"reason":"r"})").body, R"("allowed":[])"));
}

TEST(Commands, TurnEveryFailureOfTheEngineIntoItsProblem) {
  running_server server;
  struct expected {
    domain::errc code;
    int status;
    std::string type;
  };
  using enum domain::errc;
  for (const auto& e : std::vector<expected>{{invalid_input, 422, "invalid-input"},
                                             {malformed, 400, "malformed-request"},
                                             {not_found, 404, "not-found"},
                                             {wrong_state, 409, "illegal-transition"},
                                             {conflict, 409, "conflict"},
                                             {stale, 412, "precondition-failed"},
                                             {key_reused, 422, "idempotency-key-reused"},
                                             {forbidden, 403, "forbidden"},
                                             {overloaded, 503, "overloaded"},
                                             {unavailable, 503, "unavailable"},
                                             {timed_out, 504, "timed-out"},
                                             {internal, 500, "internal"}}) {
    server.engine.failure = domain::failure{e.code, "why it is so"};
    const auto answer = server.send("POST", order + "/cancel", R"({"reason":"r"})");
    EXPECT_EQ(answer.status, e.status) << e.type;
    EXPECT_TRUE(has(answer.body, "{\"type\":\"" + e.type + "\",\"title\":\"")) << answer.body;
    EXPECT_TRUE(has(answer.body, "\"status\":" + std::to_string(e.status)));
    EXPECT_TRUE(has(answer.body, "\"instance\":\"" + order + "/cancel\""));
    EXPECT_EQ(has(answer.body, "why it is so"), e.code != internal) << "what broke inside is not for the outside";
    EXPECT_EQ(answer.field("retry-after").empty(), e.status != 503);
  }
}

TEST(Status, MovesTheOrder) {
  running_server server;
  EXPECT_EQ(server.send("PUT", order + "/status", R"({"status":"shipped","reason":"it left"})").status, 200);
  EXPECT_EQ(last_command<domain::change_status>(server).to, domain::order_status::shipped);
  EXPECT_EQ(last_command<domain::change_status>(server).reason, "it left");
  const auto unknown = server.send("PUT", order + "/status", R"({"status":"lost","reason":"r"})");
  EXPECT_EQ(unknown.status, 422);
  EXPECT_TRUE(has(unknown.body, R"("pointer":"/status","code":"unknown")"));
  EXPECT_EQ(server.send("PUT", order + "/status", R"({"reason":"r"})").status, 422);
}

TEST(Fulfill, TakesEverythingByDefault) {
  running_server server;
  EXPECT_EQ(server.send("POST", order + "/fulfill", "").status, 200);
  EXPECT_TRUE(last_command<domain::fulfill_order>(server).parts.empty());
}

TEST(Fulfill, FindsLinesByIndexAndBySku) {
  running_server server;
  const auto answer = server.send("POST", order + "/fulfill", R"({"lines":[{"sku":"B"},{"line":0,"quantity":1},1,"A"],"warehouse":"east","carrier":"ups"})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto c = last_command<domain::fulfill_order>(server);
  ASSERT_EQ(c.parts.size(), 4U);
  EXPECT_EQ(c.parts[0].line, 1U);
  EXPECT_EQ(c.parts[0].quantity, 0);
  EXPECT_EQ(c.parts[1].line, 0U);
  EXPECT_EQ(c.parts[1].quantity, 1);
  EXPECT_EQ(c.parts[2].line, 1U);
  EXPECT_EQ(c.parts[3].line, 0U);
  EXPECT_EQ(c.warehouse, "east");
  EXPECT_EQ(c.carrier, "ups");
}

TEST(Fulfill, RefusesLinesThatAreNotThere) {
  running_server server;
  const auto answer = server.send("POST", order + "/fulfill", R"({"lines":[{"sku":"Z"},{"line":2},{"line":-1}]})");
  EXPECT_EQ(answer.status, 422);
  for (const std::string at : {"0", "1", "2"}) EXPECT_TRUE(has(answer.body, "\"pointer\":\"/lines/" + at + "\",\"code\":\"unknown\""));
  for (const std::string body : {R"({"lines":[{}]})", R"({"lines":[true]})", R"({"lines":"all"})", R"({"lines":[{"line":0,"quantity":0}]})",
                                 R"({"lines":[{"line":0,"quantity":1.5}]})", R"({"warehouse":3})"})
    EXPECT_EQ(server.send("POST", order + "/fulfill", body).status, 422) << body;
  EXPECT_EQ(server.send("POST", api + "/orders/" + missing_order + "/fulfill", R"({"lines":[0]})").status, 404);
  EXPECT_TRUE(server.engine.commands.empty());
}

TEST(Refund, ReadsTheAmountInTheOrdersCurrency) {
  running_server server;
  EXPECT_EQ(server.send("POST", order + "/refund", R"({"amount":"12.34","reason":"broken","restock":true,"lines":[1]})", "Idempotency-Key: r1").status, 200);
  const auto c = last_command<domain::refund_order>(server);
  EXPECT_EQ(c.amount, 1234);
  EXPECT_EQ(c.lines, std::vector<std::uint32_t>{1});
  EXPECT_TRUE(c.restock);
  EXPECT_EQ(c.reason, "broken");
  EXPECT_EQ(server.send("POST", order + "/refund", R"({"reason":"all of it"})").status, 200);
  EXPECT_FALSE(last_command<domain::refund_order>(server).amount.has_value());
}

TEST(Refund, RefusesAmountsThatAreNone) {
  running_server server;
  for (const std::string amount : {"12.34", "\"12.345\"", "\"-1\"", "\"1e2\"", "\"0.00\"", "\"\"", "true", "\"99999999999999999999\""}) {
    const auto answer = server.send("POST", order + "/refund", R"({"reason":"r","amount":)" + amount + "}");
    EXPECT_EQ(answer.status, 422) << amount;
    EXPECT_TRUE(has(answer.body, R"("pointer":"/amount")")) << amount;
  }
  EXPECT_EQ(server.send("POST", order + "/refund", R"({"amount":"1.00"})").status, 422);
  EXPECT_EQ(server.send("POST", order + "/refund", R"({"reason":"r","lines":[{"line":0,"quantity":1}]})").status, 422);
  EXPECT_TRUE(server.engine.commands.empty());
}

TEST(Inventory, ShowsPagesAndSingleSkus) {
  running_server server;
  const std::string stock_of_a =
      R"({"sku":"A","warehouses":[{"id":"east","on_hand":10,"reserved":4,"available":6},{"id":"west","on_hand":5,"reserved":0,"available":5}],"on_hand":15,"reserved":4,"available":11})";
  EXPECT_EQ(server.get(api + "/inventory").body, "{\"items\":[" + stock_of_a + R"(],"next_cursor":"A","total":2})");
  EXPECT_TRUE(has(server.get(api + "/inventory?cursor=A").body, R"("next_cursor":null)"));
  EXPECT_EQ(server.get(api + "/inventory/A").body, stock_of_a);
  EXPECT_EQ(server.get(api + "/inventory/B%2F1%20x").status, 200);
  EXPECT_EQ(server.get(api + "/inventory/none").status, 404);
  EXPECT_EQ(server.get(api + "/inventory?limit=201").status, 422);
}

TEST(Inventory, GivesACertificateOfItsLedger) {
  running_server server;
  const auto answer = server.get(api + "/inventory/certificate");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"kind":"coreldove stock certificate"})");
  EXPECT_EQ(server.get(api + "/inventory/%63ertificate").status, 404) << "a SKU may be called that; here none is";
  EXPECT_EQ(server.send("PUT", api + "/inventory/certificate", "{}").status, 405);
  server.engine.failure = domain::failure{domain::errc::unavailable, "The store cannot be read."};
  EXPECT_EQ(server.get(api + "/inventory/certificate").status, 503);
}

TEST(Inventory, IsCorrectedByCountOrDifference) {
  running_server server;
  EXPECT_EQ(server.send("PUT", api + "/inventory/A", R"({"warehouse":"east","on_hand":12,"reason":"counted"})").status, 200);
  EXPECT_EQ(server.engine.on_hand, 12);
  EXPECT_EQ(server.engine.adjust_reason, "counted");
  EXPECT_EQ(server.send("PUT", api + "/inventory/A", R"({"warehouse":"east","delta":-3,"reason":"broken"})").status, 200);
  EXPECT_EQ(server.engine.delta, -3);
  for (const std::string body : {R"({"warehouse":"east","reason":"r"})", R"({"warehouse":"east","reason":"r","on_hand":1,"delta":1})",
                                 R"({"warehouse":"east","reason":"r","on_hand":-1})", R"({"warehouse":"east","reason":"r","on_hand":1.0})",
                                 R"({"warehouse":"east","on_hand":1})", R"({"reason":"r","on_hand":1})"})
    EXPECT_EQ(server.send("PUT", api + "/inventory/A", body).status, 422) << body;
  server.engine.failure = domain::failure{domain::errc::wrong_state, "4 units are reserved."};
  const auto answer = server.send("PUT", api + "/inventory/A", R"({"warehouse":"east","on_hand":1,"reason":"counted"})");
  EXPECT_EQ(answer.status, 409);
  EXPECT_TRUE(has(answer.body, R"("type":"conflict")"));
}

TEST(Reviews, AreListedAndDecided) {
  running_server server;
  EXPECT_EQ(server.get(api + "/reviews?status=all&kind=fraud&limit=3").status, 200);
  EXPECT_EQ(server.engine.last_review_query.state, "all");
  EXPECT_EQ(server.engine.last_review_query.kind, domain::review_kind::fraud);
  EXPECT_EQ(server.get(api + "/reviews?status=closed").status, 422);
  const auto id = domain::review_id(known_order, 2);
  EXPECT_EQ(server.send("POST", api + "/reviews/" + id + "/approve", "").status, 200);
  EXPECT_TRUE(last_command<domain::decide_review>(server).approve);
  EXPECT_EQ(last_command<domain::decide_review>(server).n, 2U);
  EXPECT_EQ(server.send("POST", api + "/reviews/" + id + "/reject", R"({"note":"too risky"})").status, 200);
  EXPECT_FALSE(last_command<domain::decide_review>(server).approve);
  EXPECT_EQ(last_command<domain::decide_review>(server).note, "too risky");
  EXPECT_EQ(server.send("POST", api + "/reviews/" + id + "/reject", R"({"note":1})").status, 422);
  EXPECT_EQ(server.send("POST", api + "/reviews/rev_nonsense/approve", "").status, 404);
}

TEST(Analytics, GivesSecondsAndDecimalStrings) {
  running_server server;
  const auto body = server.get(api + "/analytics/performance?from=2026-01-01&to=2026-02-01").body;
  EXPECT_TRUE(has(body, R"("from":"2026-01-01T00:00:00.000Z","to":"2026-02-01T00:00:00.000Z","orders":4)")) << body;
  EXPECT_TRUE(has(body, R"("by_status":{"confirmed":3,"rejected":1})"));
  EXPECT_TRUE(has(body, R"("average_seconds":{"to_confirm":1.234,"to_ship":null,"to_deliver":null})"));
  EXPECT_TRUE(has(body, R"({"currency":"USD","orders":3,"total":"300.00","captured":"100.00","refunded":"0.50","average_order_value":"100.00"})"));
  EXPECT_TRUE(has(body, R"({"currency":"JPY","orders":1,"total":"120")"));
  EXPECT_EQ(server.get(api + "/analytics/performance?from=2026-02-01&to=2026-01-01").status, 422);
}

TEST(Analytics, AddsUpTheStockOverAllPages) {
  running_server server;
  const auto body = server.get(api + "/analytics/inventory?low_stock_threshold=11").body;
  EXPECT_TRUE(has(body, R"({"skus":2,"on_hand":30,"reserved":8,"available":22,"low_stock_threshold":11,"low_stock":2,"out_of_stock":0)")) << body;
  EXPECT_TRUE(has(body, R"({"id":"east","skus":2,"on_hand":20,"reserved":8,"available":12})"));
  EXPECT_TRUE(has(body, R"("low_stock_items":[{"sku":"A")"));
  EXPECT_TRUE(has(server.get(api + "/analytics/inventory?low_stock_threshold=10").body, R"("low_stock":0)"));
}

TEST(Webhooks, PassAsTheyCame) {
  running_server server;
  const std::string body = "{ \"any\" : \"bytes, 4111111111111111 included\" }";
  EXPECT_EQ(ask(server.port(), "POST " + api + "/webhooks/in/stripe HTTP/1.1\r\nStripe-Signature: t=1,v1=abc\r\nContent-Type: text/odd", body, false).status,
            200);
  EXPECT_EQ(server.engine.webhook_body, body);
  EXPECT_EQ(server.engine.webhook_signature, "t=1,v1=abc");
  EXPECT_EQ(ask(server.port(), "POST " + api + "/webhooks/in/nobody HTTP/1.1", body).status, 404);
}

struct keyed_call {
  std::string method, target, body;
};
std::vector<keyed_call> keyed_calls() {
  return {{"POST", api + "/orders", order_body()},
          {"PUT", order + "/status", R"({"status":"on_hold","reason":"r"})"},
          {"POST", order + "/cancel", R"({"reason":"r"})"},
          {"POST", order + "/fulfill", "{}"},
          {"POST", order + "/refund", R"({"reason":"r"})"},
          {"PUT", api + "/inventory/A", R"({"warehouse":"east","delta":1,"reason":"r"})"},
          {"POST", api + "/reviews/rev_01HZX3Q8V7N2M4K6J8G0F1D3S5-1/approve", "{}"},
          {"POST", api + "/reviews/rev_01HZX3Q8V7N2M4K6J8G0F1D3S5-1/reject", "{}"}};
}

TEST(IdempotencyKeys, AreTakenWithEveryCommandAndScopedToCallerMethodAndPath) {
  running_server server;
  for (const auto& c : keyed_calls()) {
    const auto answer = server.send(c.method, c.target, c.body, "Idempotency-Key: " + std::string(255, '~'));
    EXPECT_LT(answer.status, 300) << c.target << answer.body;
    EXPECT_EQ(answer.field("idempotent-replayed"), "") << c.target;
    const std::lock_guard lock{server.engine.mutex};
    const auto& key = server.engine.requests.back().key;
    ASSERT_TRUE(key) << c.target;
    EXPECT_EQ(key->scope, "key:dev-admin " + c.method + " " + c.target);
    EXPECT_EQ(key->fingerprint, http::sha256_hex(c.body));
  }
  const auto customers = ask(server.port(), "POST " + api + "/orders HTTP/1.1\r\nX-API-Key: key-customer\r\nIdempotency-Key: k", order_body());
  EXPECT_EQ(customers.status, 202) << customers.body;
  EXPECT_NE(server.engine.requests.back().key->scope, server.engine.requests.front().key->scope);
}

TEST(IdempotencyKeys, ThatAreNoneAreRefusedWithEveryCommand) {
  running_server server;
  for (const auto& c : keyed_calls())
    for (const auto& key : {std::string{}, std::string(256, 'a'), std::string{"a b"}, std::string{"\xC3\xA9"}}) {
      const auto answer = server.send(c.method, c.target, c.body, "Idempotency-Key: " + key);
      EXPECT_EQ(answer.status, 400) << c.target << " " << key;
      EXPECT_TRUE(has(answer.body, R"("type":"malformed-request")")) << answer.body;
      EXPECT_TRUE(has(answer.body, "Idempotency-Key must be 1 to 255 visible ASCII characters.")) << answer.body;
    }
  EXPECT_TRUE(server.engine.commands.empty() && server.engine.placed.empty());
}

TEST(IdempotencyKeys, MarkTheAnswersOfRepeats) {
  running_server server;
  server.engine.replays = true;
  for (const auto& c : keyed_calls()) {
    if (c.target == api + "/orders") continue;  // see PostOrder
    EXPECT_EQ(server.send(c.method, c.target, c.body, "Idempotency-Key: k").field("idempotent-replayed"), "true") << c.target;
  }
}

TEST(FullHouse, IsToldBeforeAnythingIsLookedAt) {
  running_server server;
  server.engine.door_shut = domain::failure{domain::errc::overloaded, "too much"};
  wire_client client{server.port()};
  const auto post = [&](const std::string& body) {
    client.send("POST " + api + "/orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                body);
    return client.read();
  };
  for (const auto& body : {order_body(), std::string{"no JSON"}}) {
    const auto answer = post(body);
    EXPECT_EQ(answer.status, 503) << "without credentials, too";
    EXPECT_EQ(answer.field("retry-after"), "1");
    EXPECT_TRUE(has(answer.body, R"("type":"overloaded")"));
  }
  client.send("GET " + order + " HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\n\r\n");
  EXPECT_EQ(client.read().status, 200) << "the connection is as good as before, and reads go on";
  EXPECT_EQ(server.send("POST", order + "/cancel", R"({"reason":"r"})").status, 200) << "what is begun has room of its own";
  EXPECT_TRUE(server.engine.placed.empty());
  EXPECT_EQ(server.send("POST", api + "/orders", order_body(), "Prefer: wait=0").status, 503);
  EXPECT_EQ(server.send("POST", api + "/orders", order_body(), "Prefer: wait=10").status, 201) << "who can wait may queue";
  server.engine.door_shut.reset();
  EXPECT_EQ(server.send("POST", api + "/orders", order_body()).status, 202);
}

TEST(FullHouse, DoesNotWaitForTheBodyOfSomebodyWhoAsksFirst) {
  running_server server;
  server.engine.door_shut = domain::failure{domain::errc::unavailable, "the store does not take writes"};
  wire_client client{server.port()};
  client.send("POST " + api + "/orders HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n");
  const auto answer = client.read();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("retry-after"), "2");
  EXPECT_EQ(answer.field("connection"), "close");
}

}  // namespace
}  // namespace coreldove::test
