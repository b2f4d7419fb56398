// How connections behave: pipelining, limits, slowness, both versions of HTTP.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <thread>

#include "tests/http/running_server.hpp"

namespace coreldove::test {
namespace {

using namespace std::chrono_literals;

std::string post_order_text(const std::string& body, const std::string& fields = {}) {
  return "POST " + api + "/orders HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\nContent-Type: application/json\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(Connection, AnswersFiveHundredPipelinedRequestsInTheirOrder) {
  running_server server;
  std::string all;
  for (int i = 0; i < 500; ++i)
    all += i % 2 == 0 ? "GET /health/live HTTP/1.1\r\nHost: a\r\nX-N: " + std::to_string(i) + "\r\n\r\n"
                      : "GET " + api + "/inventory/none-" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\n\r\n";
  wire_client client{server.port()};
  std::thread sender{[&] { client.send(all); }};
  for (int i = 0; i < 500; ++i) {
    const auto answer = client.read();
    ASSERT_EQ(answer.status, i % 2 == 0 ? 200 : 404) << i;
    if (i % 2 == 0) continue;
    ASSERT_NE(answer.body.find("/inventory/none-" + std::to_string(i) + "\""), std::string::npos);
  }
  sender.join();
}

TEST(Connection, HasSeveralRequestsUnderWayAtOnceAndKeepsTheirOrder) {
  running_server server;
  server.engine.hold = true;
  wire_client client{server.port()};
  for (int i = 0; i < 10; ++i) client.send(post_order_text(order_body(), "Idempotency-Key: k" + std::to_string(i) + "\r\n"));
  client.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(server.engine.wait_until([&] { return server.engine.placed.size() == 10; }));
  server.engine.release();
  std::string last;
  for (int i = 0; i < 10; ++i) {
    const auto answer = client.read();
    ASSERT_EQ(answer.status, 202);
    EXPECT_LT(last, answer.field("location"));
    last = answer.field("location");
  }
  EXPECT_EQ(client.read().body, R"({"status":"up"})");
}

TEST(Connection, ReadsNoMoreThanItsShareOfPipelinedRequests) {
  http::server_options options;
  options.max_pipelined = 4;
  running_server server{options};
  server.engine.hold = true;
  wire_client client{server.port()};
  for (int i = 0; i < 9; ++i) client.send(post_order_text(order_body()));
  ASSERT_TRUE(server.engine.wait_until([&] { return server.engine.placed.size() == 4; }));
  EXPECT_FALSE(server.engine.wait_until([&] { return server.engine.placed.size() > 4; }, 100ms));
  server.engine.release();
  for (int i = 0; i < 9; ++i) EXPECT_EQ(client.read().status, 202);
}

TEST(Connection, SpeaksHttpOneZero) {
  running_server server;
  wire_client client{server.port()};
  client.send("GET /health/live HTTP/1.0\r\n\r\n");
  const auto answer = client.read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(client.closed());
}

TEST(Connection, KeepsHttpOneZeroOpenWhereAskedTo) {
  running_server server;
  wire_client client{server.port()};
  for (int i = 0; i < 2; ++i) {
    client.send("GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const auto answer = client.read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.field("connection"), "keep-alive");
  }
}

TEST(Connection, AnswersHeadWithTheHeaderOfGet) {
  running_server server;
  wire_client client{server.port()};
  client.send("HEAD /openapi.json HTTP/1.1\r\nHost: a\r\n\r\nGET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto head = client.read(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("content-length"), std::to_string(server.get("/openapi.json").body.size()));
  EXPECT_EQ(client.read().body, R"({"status":"up"})");
}

TEST(Connection, ClosesWhenAskedTo) {
  running_server server;
  wire_client client{server.port()};
  client.send("GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: foo, Close\r\n\r\nGET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read().field("connection"), "close");
  EXPECT_TRUE(client.closed());
}

TEST(Connection, AnswersAClientThatHasShutItsSide) {
  running_server server;
  wire_client client{server.port()};
  client.send(post_order_text(order_body()));
  client.shutdown_send();
  EXPECT_EQ(client.read().status, 202);
  EXPECT_TRUE(client.closed());
}

TEST(Connection, SaysContinueBeforeABodyThatIsWaitedFor) {
  running_server server;
  wire_client client{server.port()};
  const auto body = order_body();
  client.send("POST " + api +
              "/orders HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send(body);
  EXPECT_EQ(client.read().status, 202);
}

TEST(Connection, SaysNoInsteadOfContinueWhereTheBodyWouldBeInVain) {
  running_server server;
  wire_client client{server.port()};
  client.send("POST " + api + "/orders HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n");
  EXPECT_EQ(client.read().status, 401);
  EXPECT_TRUE(client.closed());
}

TEST(Connection, RefusesABodyAtOnceThatIsDeclaredTooLarge) {
  running_server server;
  wire_client client{server.port()};
  client.send("POST " + api +
              "/orders HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\nContent-Type: application/json\r\nContent-Length: 1099511627776\r\n\r\n");
  const auto answer = client.read();
  EXPECT_EQ(answer.status, 413);
  EXPECT_NE(answer.body.find(R"("type":"content-too-large")"), std::string::npos);
  EXPECT_TRUE(client.closed());
}

TEST(Connection, RefusesATenMegabyteBodyThatComesInChunks) {
  running_server server;
  wire_client client{server.port()};
  client.send("POST " + api +
              "/orders HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(65'536, 'a') + "\r\n";
  for (int i = 0; i < 160 && client.send(chunk); ++i) {
  }
  EXPECT_EQ(client.read().status, 413);
}

TEST(Connection, TakesABodyInChunksOfOneByte) {
  running_server server;
  std::string text =
      "POST " + api + "/orders HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char c : order_body()) text.append("1\r\n").append(1, c).append("\r\n");
  wire_client client{server.port()};
  client.send(text + "0\r\n\r\nGET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read().status, 202);
  EXPECT_EQ(client.read().status, 200);
}

TEST(Connection, TakesARequestByteByByte) {
  running_server server;
  wire_client client{server.port()};
  for (const char c : post_order_text(order_body())) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.read().status, 202);
}

http::server_options impatient() {
  http::server_options options;
  options.header_timeout = options.body_timeout = options.idle_timeout = options.handler_timeout = options.write_timeout = 150ms;
  return options;
}

TEST(Connection, DropsAClientThatIsSlowWithItsHeader) {
  running_server server{impatient()};
  wire_client client{server.port()};
  client.send("GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ");
  EXPECT_EQ(client.read().status, 408);
  EXPECT_TRUE(client.closed());
}

TEST(Connection, DropsAClientThatIsSlowWithItsBody) {
  running_server server{impatient()};
  wire_client client{server.port()};
  client.send("POST " + api + "/orders HTTP/1.1\r\nHost: a\r\nX-API-Key: dev-admin-key\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
  EXPECT_EQ(client.read().status, 408);
  EXPECT_TRUE(client.closed());
}

TEST(Connection, DropsAnIdleClientWithoutAWord) {
  running_server server{impatient()};
  wire_client client{server.port()};
  client.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read().status, 200);
  EXPECT_TRUE(client.closed());
}

TEST(Connection, AnswersForAnEngineThatDoesNot) {
  running_server server{impatient()};
  server.engine.hold = true;
  wire_client client{server.port()};
  client.send(post_order_text(order_body()));
  const auto answer = client.read();
  EXPECT_EQ(answer.status, 504);
  EXPECT_NE(answer.body.find(R"("type":"timed-out")"), std::string::npos);
  server.engine.release();
  client.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read().body, R"({"status":"up"})") << "the late answer must not be taken for another request's";
}

TEST(Connection, DropsAClientThatDoesNotReadItsAnswers) {
  running_server server{impatient()};
  wire_client client{server.port(), 5s, 4096};
  std::string many;
  for (int i = 0; i < 400; ++i) many += "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n";
  client.send(many);
  const auto gauge = [&] { return server.get("/metrics").body; };
  bool gone = false;
  for (const auto end = std::chrono::steady_clock::now() + 5s; !gone && std::chrono::steady_clock::now() < end;)
    gone = gauge().find("coreldove_http_connections 1\n") != std::string::npos;
  EXPECT_TRUE(gone);
}

TEST(Connection, ShedsWhatIsBeyondTheLimitAndStaysHealthy) {
  http::server_options options;
  options.max_in_flight = 2;
  running_server server{options};
  server.engine.hold = true;
  wire_client first{server.port()}, second{server.port()};
  first.send(post_order_text(order_body()));
  second.send(post_order_text(order_body()));
  ASSERT_TRUE(server.engine.wait_until([&] { return server.engine.placed.size() == 2; }));
  const auto shed = server.send("POST", api + "/orders", order_body());
  EXPECT_EQ(shed.status, 503);
  EXPECT_EQ(shed.field("retry-after"), "1");
  EXPECT_NE(shed.body.find(R"("type":"overloaded")"), std::string::npos);
  EXPECT_EQ(server.get("/health").status, 200);
  server.engine.release();
  EXPECT_EQ(first.read().status, 202);
  EXPECT_EQ(second.read().status, 202);
  EXPECT_EQ(server.send("POST", api + "/orders", order_body()).status, 202);
}

TEST(Connection, TurnsConnectionsBeyondTheLimitAway) {
  http::server_options options;
  options.max_connections = 2;
  running_server server{options};
  wire_client first{server.port()}, second{server.port()};
  for (auto* c : {&first, &second}) {
    c->send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_EQ(c->read().status, 200);
  }
  wire_client third{server.port()};
  const auto answer = third.read();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body.back(), '}');
  EXPECT_TRUE(third.closed());
}

TEST(Connection, SurvivesRunningOutOfDescriptors) {
  running_server server;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  std::vector<std::unique_ptr<wire_client>> clients;
  wire_client served{server.port()};
  served.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(served.read().status, 200);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  try {
    for (int i = 0; i < 64; ++i) clients.push_back(std::make_unique<wire_client>(server.port(), 100ms));
  } catch (const std::runtime_error&) {
    // the client's side shares the limit
  }
  served.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(served.read().status, 200);
  clients.clear();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(server.get("/health/live").status, 200);
}

TEST(Connection, DrainsByAnsweringWhatIsUnderWay) {
  auto server = std::make_unique<running_server>();
  server->engine.hold = true;
  wire_client busy{server->port()}, idle{server->port()};
  idle.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(idle.read().status, 200);
  busy.send(post_order_text(order_body()) + post_order_text(order_body()));
  ASSERT_TRUE(server->engine.wait_until([&] { return server->engine.placed.size() == 2; }));
  const auto port = server->port();
  std::thread draining{[&] { server->server->drain(5s); }};
  EXPECT_TRUE(idle.closed());
  server->engine.release();
  EXPECT_EQ(busy.read().status, 202);
  const auto last = busy.read();
  EXPECT_EQ(last.status, 202);
  EXPECT_EQ(last.field("connection"), "close");
  EXPECT_TRUE(busy.closed());
  draining.join();
  EXPECT_THROW(wire_client{port}, std::runtime_error);
}

TEST(Connection, StopsInTimeThoughTheEngineDoesNotAnswer) {
  running_server server;
  server.engine.hold = true;
  wire_client busy{server.port()};
  busy.send(post_order_text(order_body()));
  ASSERT_TRUE(server.engine.wait_until([&] { return server.engine.placed.size() == 1; }));
  const auto began = std::chrono::steady_clock::now();
  server.server->drain(100ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
  EXPECT_TRUE(busy.closed());
  server.engine.release();  // too late, and harmless
}

}  // namespace
}  // namespace coreldove::test
