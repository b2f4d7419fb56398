// The event stream, and orders in bulk.
#include <gtest/gtest.h>

#include <thread>

#include "tests/http/running_server.hpp"

namespace coreldove::test {
namespace {

using namespace std::chrono_literals;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::unique_ptr<wire_client> stream(running_server& server, const std::string& query = {}, const std::string& fields = {}) {
  auto client = std::make_unique<wire_client>(server.port());
  client->send("GET " + api + "/events/stream" + query + " HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\n" + fields + "\r\n");
  const auto head = client->read_head();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("content-type"), "text/event-stream; charset=utf-8");
  return client;
}

std::string event_text(int position, const std::string& order, const std::string& type) {
  return "id: " + std::to_string(position) + "\nevent: " + type + "\ndata: {\"position\":" + std::to_string(position) + ",\"order_id\":\"" + order + "\"}\n\n";
}

TEST(EventStream, BeginsNowWithoutAPosition) {
  running_server server;
  server.engine.commit(known_order, "order_received");
  const auto client = stream(server);
  server.engine.commit(known_order, "order_confirmed");
  EXPECT_TRUE(has(client->read_until("\n\n"), event_text(2, known_order, "order_confirmed")));
}

TEST(EventStream, ResumesWithoutAGap) {
  running_server server;
  for (int i = 0; i < 1000; ++i) server.engine.commit(known_order, "order_received");
  std::thread more{[&] {
    for (int i = 0; i < 1000; ++i) server.engine.commit(known_order, "order_confirmed");
  }};
  int position = 0;
  for (const int stop : {300, 301, 1500, 2000}) {
    const auto client = stream(server, "", "Last-Event-ID: " + std::to_string(position) + "\r\n");
    while (position < stop) {
      const auto text = client->read_until("\n\n");
      ++position;
      ASSERT_TRUE(has(text, event_text(position, known_order, position <= 1000 ? "order_received" : "order_confirmed"))) << text;
    }
  }
  more.join();
}

TEST(EventStream, ShowsOneOrderOnly) {
  running_server server;
  for (int i = 0; i < 500; ++i) server.engine.commit(others_order, "order_received");
  server.engine.commit(known_order, "order_received");
  const auto client = stream(server, "?after=0&order_id=" + known_order);
  EXPECT_TRUE(has(client->read_until("\n\n"), event_text(501, known_order, "order_received")));
}

TEST(EventStream, RefusesPositionsThatAreNone) {
  running_server server;
  EXPECT_EQ(server.get(api + "/events/stream", "Last-Event-ID: abc").status, 422);
  EXPECT_EQ(server.get(api + "/events/stream", "Last-Event-ID: -1").status, 422);
  EXPECT_EQ(server.get(api + "/events/stream", "Last-Event-ID: 9223372036854775808").status, 422);
  EXPECT_EQ(server.get(api + "/events/stream?order_id=x").status, 422);
}

TEST(EventStream, KeepsTheLineAlive) {
  http::server_options options;
  options.heartbeat = 50ms;
  running_server server{options};
  const auto client = stream(server);
  EXPECT_TRUE(has(client->read_until("\n\n"), ": still here"));
  server.engine.commit(known_order, "order_received");
  EXPECT_FALSE(client->read_until(event_text(1, known_order, "order_received")).empty());
}

TEST(EventStream, GoesAtTheClientsPace) {
  running_server server;
  for (int i = 0; i < 100'000; ++i) {
    domain::history_entry e;
    e.position = static_cast<std::uint64_t>(i) + 1;
    e.stream = known_order;
    e.type = "order_received";
    server.engine.feed_entries.push_back(e);
  }
  wire_client slow{server.port(), 5s, 4096};
  slow.send("GET " + api + "/events/stream?after=0 HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\n\r\n");
  EXPECT_EQ(slow.read_head().status, 200);
  EXPECT_EQ(server.get("/health/live").status, 200);
  EXPECT_FALSE(slow.read_until("id: 20000\n").empty());
}

TEST(EventStream, EndsWithTheServer) {
  running_server server;
  const auto client = stream(server);
  server.server->drain(5s);
  EXPECT_EQ(client->read_until("0\r\n\r\n"), "0\r\n\r\n");
  EXPECT_TRUE(client->closed());
}

TEST(EventStream, EndsWhereTheStoreDoesNotAnswer) {
  running_server server;
  const auto client = stream(server);
  {
    const std::lock_guard lock{server.engine.mutex};
    server.engine.failure = domain::failure{domain::errc::unavailable, ""};
  }
  server.engine.commit(known_order, "order_received");
  EXPECT_FALSE(client->read_until("0\r\n\r\n").empty());
}

std::string line_of(std::string body) {
  for (auto& c : body)
    if (c == '\n') c = ' ';
  return body + "\n";
}

std::string bulk_head(const std::string& fields) {
  return "POST " + api + "/orders/bulk HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\nContent-Type: application/x-ndjson\r\n" + fields;
}

wire_response bulk(running_server& server, const std::string& body, const std::string& fields = "Idempotency-Key: b1\r\n") {
  wire_client client{server.port()};
  client.send(bulk_head(fields) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  return client.read();
}

TEST(Bulk, AnswersLineByLineInOrder) {
  running_server server;
  const auto good = line_of(order_body());
  const auto answer = bulk(server, good + "nonsense\n" + "\n" + line_of(order_body_with("\"quantity\": 2", "\"quantity\": 0")) + good + "{}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("content-type"), "application/x-ndjson; charset=utf-8");
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < answer.body.size();) {
    const auto end = answer.body.find('\n', at);
    lines.push_back(answer.body.substr(at, end - at));
    at = end + 1;
  }
  ASSERT_EQ(lines.size(), 5U) << answer.body;
  EXPECT_TRUE(has(lines[0], R"({"line":1,"status":202,"id":"ord_)"));
  EXPECT_TRUE(has(lines[1], R"({"line":2,"status":400,"type":"malformed-json")"));
  EXPECT_TRUE(has(lines[2], R"({"line":4,"status":422,"type":"invalid-input")") && has(lines[2], R"("pointer":"/items/0/quantity")"));
  EXPECT_TRUE(has(lines[3], R"({"line":5,"status":202)"));
  EXPECT_TRUE(has(lines[4], R"({"line":6,"status":422)"));
}

TEST(Bulk, EveryRowIsIdempotent) {
  running_server server;
  const auto body = line_of(order_body()) + line_of(order_body());
  const auto first = bulk(server, body), second = bulk(server, body);
  EXPECT_FALSE(has(first.body, "replayed"));
  EXPECT_TRUE(has(second.body, R"("replayed":true)"));
  EXPECT_EQ(server.engine.requests.at(0).key->key, "b1");
  EXPECT_EQ(server.engine.requests.at(0).key->scope, "key:dev-admin POST " + api + "/orders/bulk#1");
  EXPECT_EQ(server.engine.requests.at(1).key->scope, "key:dev-admin POST " + api + "/orders/bulk#2");
  EXPECT_TRUE(server.engine.requests.at(0).ahead) << "a stream slows down by itself";
  const auto changed = bulk(server, line_of(order_body_with("cust_1", "cust_3")));
  EXPECT_TRUE(has(changed.body, R"("status":422,"type":"idempotency-key-reused")"));
}

TEST(Bulk, RowsMayBringTheirOwnKeys) {
  running_server server;
  const auto row = line_of("{\"idempotency_key\": \"row-7\", " + order_body().substr(1));
  EXPECT_TRUE(has(bulk(server, row, "").body, R"("status":202)"));
  EXPECT_EQ(server.engine.requests.at(0).key->key, "row-7");
  EXPECT_TRUE(has(bulk(server, line_of(order_body()), "").body, R"("pointer":"/idempotency_key","code":"required")"));
  EXPECT_TRUE(
      has(bulk(server, line_of("{\"idempotency_key\": \"a b\", " + order_body().substr(1)), "").body, R"("pointer":"/idempotency_key","code":"invalid")"));
}

TEST(Bulk, GoesOnWhileRowsStillArrive) {
  running_server server;
  wire_client client{server.port()};
  client.send(bulk_head("Idempotency-Key: b2\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const auto row = line_of(order_body());
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", row.size());
  EXPECT_EQ((client.send(size + row + "\r\n"), client.read_head().status), 200);
  EXPECT_TRUE(has(client.read_until("}\n"), R"({"line":1,"status":202)"));
  client.send(size + row + "\r\n");
  EXPECT_TRUE(has(client.read_until("}\n"), R"({"line":2,"status":202)"));
  client.send("0\r\n\r\n");
  EXPECT_TRUE(has(client.read_until("0\r\n\r\n"), "0\r\n\r\n"));
}

TEST(Bulk, HasABoundedNumberOfRowsUnderWay) {
  running_server server;
  server.engine.hold = true;
  std::string body;
  for (int i = 0; i < 2000; ++i) body += line_of(order_body());
  wire_client client{server.port()};
  std::thread sender{[&] { client.send(bulk_head("Idempotency-Key: b3\r\n") + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body); }};
  ASSERT_TRUE(server.engine.wait_until([&] { return server.engine.placed.size() > 64; }));
  EXPECT_FALSE(server.engine.wait_until([&] { return server.engine.placed.size() > 100; }, 200ms));
  server.engine.release();
  const auto answer = client.read();
  sender.join();
  EXPECT_EQ(std::count(answer.body.begin(), answer.body.end(), '\n'), 2000);
  EXPECT_TRUE(has(answer.body, R"({"line":2000,"status":202)"));
}

TEST(Bulk, RefusesWhatIsNotNdjson) {
  running_server server;
  EXPECT_EQ(server.send("POST", api + "/orders/bulk", order_body()).status, 415);
  EXPECT_EQ(bulk(server, "{}", "Idempotency-Key: a b\r\n").status, 400);
  const auto empty = bulk(server, "");
  EXPECT_EQ(empty.status, 200);
  EXPECT_EQ(empty.body, "");
}

}  // namespace
}  // namespace coreldove::test
