// Placing, looking at and listing orders.
#include <gtest/gtest.h>

#include "http/conditions.hpp"
#include "tests/http/running_server.hpp"

namespace coreldove::test {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(PostOrder, StoresItAndSaysWhereItIs) {
  running_server server;
  const auto answer = server.send("POST", api + "/orders", order_body());
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.field("etag"), "\"3\"");
  EXPECT_TRUE(answer.field("location").starts_with(api + "/orders/ord_"));
  EXPECT_EQ(answer.field("content-type"), "application/json; charset=utf-8");
  EXPECT_EQ(answer.field("cache-control"), "no-store");
  EXPECT_EQ(answer.field("x-content-type-options"), "nosniff");
  EXPECT_TRUE(answer.field("server").empty());
  const auto& in = server.engine.placed.at(0);
  EXPECT_EQ(in.customer_id, "cust_1");
  EXPECT_EQ(in.total(), 6498);
  EXPECT_EQ(in.billing.phone, "+12175550100");
  EXPECT_EQ(server.engine.requests.at(0).principal, "key:dev-admin");
}

TEST(PostOrder, KeepsMetadataAsItWasWritten) {
  running_server server;
  server.send("POST", api + "/orders", order_body_with(R"("metadata": {})", R"("metadata": {"ratio": 1.10, "text": "a \" } b", "list": [1, {}]})"));
  EXPECT_EQ(server.engine.placed.at(0).metadata, R"({"ratio":1.10,"text":"a \" } b","list":[1,{}]})");
}

TEST(PostOrder, TakesMetadataWhoseNameIsEscaped) {
  running_server server;
  server.send("POST", api + "/orders", order_body_with(R"("metadata": {})", R"("met\u0061data": {"a": 1})"));
  EXPECT_EQ(server.engine.placed.at(0).metadata, R"({"a":1})");
}

TEST(PostOrder, HonoursPreferWait) {
  running_server server;
  const auto answer = server.send("POST", api + "/orders", order_body(), "Prefer: respond-async, wait=5");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.field("preference-applied"), "wait=5");
  EXPECT_EQ(server.engine.requests.at(0).wait, std::chrono::seconds{5});
}

TEST(PostOrder, HandsTheIdempotencyKeyOnWithItsScopeAndFingerprint) {
  running_server server;
  server.send("POST", api + "/orders", order_body(), "Idempotency-Key: key-1");
  const auto& key = server.engine.requests.at(0).key;
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->scope, "key:dev-admin POST /api/order-workflow/orders");
  EXPECT_EQ(key->key, "key-1");
  EXPECT_EQ(key->fingerprint, http::sha256_hex(order_body()));
}

TEST(PostOrder, MarksARepeatedAnswer) {
  running_server server;
  const auto first = server.send("POST", api + "/orders", order_body(), "Idempotency-Key: key-1");
  const auto second = server.send("POST", api + "/orders", order_body(), "Idempotency-Key: key-1");
  EXPECT_EQ(first.field("idempotent-replayed"), "");
  EXPECT_EQ(second.field("idempotent-replayed"), "true");
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(first.field("location"), second.field("location"));
  const auto other = server.send("POST", api + "/orders", order_body() + " ", "Idempotency-Key: key-1");
  EXPECT_EQ(other.status, 422);
  EXPECT_TRUE(has(other.body, R"("type":"idempotency-key-reused")"));
}

TEST(PostOrder, RefusesIdempotencyKeysThatAreNone) {
  running_server server;
  for (const auto& key : {std::string{}, std::string(256, 'a'), std::string{"a b"}, std::string{"\xC3\xA9"}})
    EXPECT_EQ(server.send("POST", api + "/orders", order_body(), "Idempotency-Key: " + key).status, 400) << key;
  EXPECT_EQ(server.send("POST", api + "/orders", order_body(), "Idempotency-Key: " + std::string(255, 'a')).status, 202);
}

TEST(PostOrder, SaysAllThatIsWrongAtOnce) {
  running_server server;
  auto body = order_body_with("\"quantity\": 2", "\"quantity\": 2.0");
  body.replace(body.find("\"29.99\""), 7, "29.99");
  body.replace(body.find("\"currency\": \"USD\""), 17, "\"currency\": \"US\"");
  body.insert(1, R"("id": "ord_mine", "status": "delivered", "version": 9, "amounts": {"total": "1"}, )");
  const auto answer = server.send("POST", api + "/orders", body);
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.field("content-type"), "application/problem+json; charset=utf-8");
  EXPECT_TRUE(has(answer.body, R"("type":"invalid-input")"));
  EXPECT_TRUE(has(answer.body, R"("pointer":"/items/0/quantity","code":"type")"));
  EXPECT_TRUE(has(answer.body, R"("pointer":"/items/0/unit_price","code":"type","message":"must be a decimal string)"));
  EXPECT_TRUE(has(answer.body, R"("pointer":"/currency")"));
  for (const std::string name : {"id", "status", "version", "amounts"})
    EXPECT_TRUE(has(answer.body, R"("pointer":"/)" + name + R"(","code":"read_only")")) << name;
  EXPECT_TRUE(server.engine.placed.empty());
}

TEST(PostOrder, TakesOnlyIntegersForQuantities) {
  running_server server;
  for (const std::string wrong : {"2.0", "\"2\"", "1e308", "2e0", "true", "[2]", "18446744073709551615"}) {
    const auto answer = server.send("POST", api + "/orders", order_body_with("\"quantity\": 2", "\"quantity\": " + wrong));
    EXPECT_EQ(answer.status, 422) << wrong;
    EXPECT_TRUE(has(answer.body, R"("pointer":"/items/0/quantity","code":"type")")) << wrong << answer.body;
  }
}

TEST(PostOrder, IgnoresFieldsNobodyKnows) {
  running_server server;
  EXPECT_EQ(server.send("POST", api + "/orders", order_body_with("\"customer_id\"", "\"gift_wrap\": true, \"customer_id\"")).status, 202);
}

TEST(PostOrder, RefusesOtherMediaTypesAndCodings) {
  running_server server;
  const auto text = ask(server.port(), "POST " + api + "/orders HTTP/1.1\r\nX-API-Key: dev-admin-key\r\nContent-Type: text/plain", order_body(), false);
  EXPECT_EQ(text.status, 415);
  EXPECT_TRUE(has(text.body, R"("type":"unsupported-media-type")"));
  const auto none = ask(server.port(), "POST " + api + "/orders HTTP/1.1\r\nX-API-Key: dev-admin-key", order_body(), false);
  EXPECT_EQ(none.status, 415);
  EXPECT_EQ(server.send("POST", api + "/orders", order_body(), "Content-Encoding: gzip").status, 415);
  const auto charset =
      ask(server.port(), "POST " + api + "/orders HTTP/1.1\r\nX-API-Key: dev-admin-key\r\nContent-Type: application/json; charset=utf-8", order_body(), false);
  EXPECT_EQ(charset.status, 202);
}

TEST(PostOrder, KeepsTheCallersTrace) {
  running_server server;
  const std::string id = "4bf92f3577b34da6a3ce929d0e0e4736";
  const auto with = server.send("POST", api + "/orders", order_body(), "traceparent: 00-" + id + "-00f067aa0ba902b7-01");
  EXPECT_EQ(with.field("trace-id"), id);
  EXPECT_EQ(server.engine.requests.at(0).trace_id, id);
  for (const auto& bad : {"00-" + std::string(32, '0') + "-00f067aa0ba902b7-01", "ff-" + id + "-00f067aa0ba902b7-01", "00-" + id + "-0000000000000000-01",
                          "00-" + id + "-00f067aa0ba902b7-01-more", std::string{"nonsense"}}) {
    const auto answer = server.send("POST", api + "/orders", "{", "traceparent: " + bad);
    EXPECT_EQ(answer.field("trace-id").size(), 32U);
    EXPECT_NE(answer.field("trace-id"), id) << bad;
    EXPECT_TRUE(has(answer.body, "\"trace_id\":\"" + answer.field("trace-id") + "\""));
  }
}

TEST(PostOrder, TurnsAnExceptionIntoAnAnswerThatTellsNothing) {
  running_server server;
  server.engine.throw_on_place = true;
  const auto answer = server.send("POST", api + "/orders", order_body());
  EXPECT_EQ(answer.status, 500);
  EXPECT_FALSE(has(answer.body, "secret inner detail"));
  server.engine.throw_on_place = false;
  EXPECT_EQ(server.send("POST", api + "/orders", order_body()).status, 202);
}

TEST(GetOrder, ShowsItWithItsVersion) {
  running_server server;
  const auto answer = server.get(api + "/orders/" + known_order);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("etag"), "\"7\"");
  EXPECT_TRUE(has(answer.body, "\"fraud\"") && has(answer.body, "\"reviews\""));
}

TEST(GetOrder, AnswersNotModified) {
  running_server server;
  for (const std::string tag : {"\"7\"", "W/\"7\"", "\"1\", \"7\"", "*"}) {
    const auto answer = server.get(api + "/orders/" + known_order, "If-None-Match: " + tag);
    EXPECT_EQ(answer.status, 304) << tag;
    EXPECT_EQ(answer.field("etag"), "\"7\"");
    EXPECT_EQ(answer.field("content-length"), "");
  }
  for (const std::string tag : {"\"6\"", "7", "\"x\""}) EXPECT_EQ(server.get(api + "/orders/" + known_order, "If-None-Match: " + tag).status, 200) << tag;
}

TEST(GetOrder, DoesNotFindWhatIsNotThere) {
  running_server server;
  for (const auto& id : {missing_order, std::string{"nonsense"}, std::string{"ord_"}, std::string{"..%2f"}}) {
    const auto answer = server.get(api + "/orders/" + id);
    EXPECT_EQ(answer.status, 404) << id;
    EXPECT_TRUE(has(answer.body, R"("type":"not-found")"));
  }
}

TEST(ListOrders, HandsEveryFilterOn) {
  running_server server;
  const auto answer =
      server.get(api +
                 "/orders?status=on_hold&payment_status=captured&fulfillment_status=reserved&customer_id=c+1&sku=A%2F1&created_after=2026-01-02T03:04:05Z"
                 "&created_before=2026-02-01T00:00:00.5%2B02:00&min_total=10&max_total=20.50&q=abc&sort=created_at&limit=200&cursor=xyz");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(has(answer.body, R"("next_cursor":"next page","total":17)"));
  const auto& q = server.engine.queries.at(0);
  EXPECT_EQ(q.status, domain::order_status::on_hold);
  EXPECT_EQ(q.payment, domain::payment_status::captured);
  EXPECT_EQ(q.fulfillment, domain::fulfillment_status::reserved);
  EXPECT_EQ(q.customer_id, "c 1");
  EXPECT_EQ(q.sku, "A/1");
  EXPECT_EQ(q.created_after->time_since_epoch().count(), 1767323045000);
  EXPECT_EQ(q.created_before->time_since_epoch().count(), 1769896800500);
  EXPECT_EQ(q.min_total, "10");
  EXPECT_EQ(q.max_total, "20.50");
  EXPECT_EQ(q.q, "abc");
  EXPECT_TRUE(q.oldest_first);
  EXPECT_EQ(q.limit, 200U);
  EXPECT_EQ(q.cursor, "xyz");
}

TEST(ListOrders, RefusesEveryFilterThatMakesNoSense) {
  running_server server;
  const auto answer =
      server.get(api +
                 "/orders?status=lost&payment_status=x&fulfillment_status=y&created_after=yesterday&created_before=2026-02-30&min_total=-1&max_total=1e3"
                 "&sort=total&limit=201&colour=red&q=a&q=b");
  EXPECT_EQ(answer.status, 422);
  for (const std::string name :
       {"status", "payment_status", "fulfillment_status", "created_after", "created_before", "min_total", "max_total", "sort", "limit", "colour", "q"})
    EXPECT_TRUE(has(answer.body, "\"pointer\":\"" + name + "\"")) << name;
  EXPECT_EQ(server.get(api + "/orders?limit=0").status, 422);
  EXPECT_TRUE(server.engine.queries.empty());
}

TEST(History, GoesOnFromASeq) {
  running_server server;
  EXPECT_TRUE(has(server.get(api + "/orders/" + known_order + "/events").body, R"("items":[{"seq":1},{"seq":2},{"seq":3}],"next_cursor":null,"total":3)"));
  EXPECT_TRUE(has(server.get(api + "/orders/" + known_order + "/events?cursor=1&limit=1").body, R"("items":[{"seq":2}],"next_cursor":"2")"));
  EXPECT_EQ(server.get(api + "/orders/" + missing_order + "/events").status, 404);
  EXPECT_EQ(server.get(api + "/orders/" + known_order + "/events?limit=1001").status, 422);
}

}  // namespace
}  // namespace coreldove::test
