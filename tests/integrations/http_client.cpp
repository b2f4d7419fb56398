#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <thread>

#include "integrations/http/client.hpp"
#include "tests/integrations/loopback_server.hpp"
#include "tests/integrations/waiting.hpp"

namespace {

using namespace std::chrono_literals;
using namespace coreldove::integrations::http;
using coreldove::testing::answer;
using coreldove::testing::closed_port;
using coreldove::testing::loopback_server;
using coreldove::testing::seen_request;

response ask(client& c, request r) {
  return coreldove::testing::wait_for<response>([&](auto done) { c.send(std::move(r), done); });
}

response get(client& c, const std::string& url, std::chrono::milliseconds timeout = 3s) { return ask(c, {.url = url, .timeout = timeout}); }

request repeatable(const std::string& url) { return {.method = "POST", .url = url, .body = "x", .timeout = 3s, .retry_on_stale = true}; }

TEST(HttpClient, SendsTheRequestAsGivenAndReturnsStatusHeadersAndBody) {
  loopback_server server{[](const seen_request&) { return answer(201, R"({"id":1})", "X-Thing: yes\r\n"); }};
  client c;
  request r{.method = "POST", .url = server.base() + "/a/b?c=d", .body = "hello"};
  r.headers.add("Authorization", "Bearer t").add("Idempotency-Key", "k1");
  r.trace_id = "0af7651916cd43dd8448eb211c80319c";
  const auto got = ask(c, r);
  EXPECT_EQ(got.kind, reach::answered);
  EXPECT_EQ(got.status, 201);
  EXPECT_EQ(got.body, R"({"id":1})");
  EXPECT_EQ(got.headers.find("x-thing"), "yes");
  EXPECT_EQ(got.headers.find("absent"), "");
  const auto seen = server.seen().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/a/b?c=d");
  EXPECT_EQ(seen.body, "hello");
  EXPECT_EQ(seen.header("Host"), server.base().substr(7));
  EXPECT_EQ(seen.header("Authorization"), "Bearer t");
  EXPECT_EQ(seen.header("Idempotency-Key"), "k1");
  EXPECT_EQ(seen.header("Content-Length"), "5");
  const auto trace = seen.header("traceparent");
  ASSERT_EQ(trace.size(), 55U);
  EXPECT_EQ(trace.substr(0, 36), "00-0af7651916cd43dd8448eb211c80319c-");
  EXPECT_NE(trace.substr(36, 16), "0000000000000000");
  EXPECT_EQ(trace.substr(52), "-01");
}

TEST(HttpClient, SendsNothingForWhichNoTimeIsLeft) {
  loopback_server server{[](const seen_request&) { return answer(200, "yes"); }};
  client c;
  std::atomic<int> asked{0};
  request late{.url = server.base()}, timely = late;
  late.time_left = [&] { return ++asked, 0ms; };
  timely.time_left = [&] { return ++asked, 2'000ms; };
  for (int i = 0; i < 2; ++i) {  // on a new connection, and on one that was kept
    const auto refused = ask(c, late);
    EXPECT_EQ(refused.kind, reach::not_sent);
    EXPECT_EQ(refused.error, "withdrawn");
    EXPECT_EQ(ask(c, timely).body, "yes");
    EXPECT_EQ(get(c, server.base()).body, "yes");  // and the bound is gone again
  }
  EXPECT_EQ(asked, 4);
  EXPECT_EQ(server.seen().size(), 4U);
}

TEST(HttpClient, LeavesOutATraceIdThatIsNone) {
  loopback_server server{[](const seen_request&) { return answer(200, ""); }};
  client c;
  ask(c, {.url = server.base(), .trace_id = "00000000000000000000000000000000"});
  ask(c, {.url = server.base(), .trace_id = "not-a-trace\r\nX-Evil: 1"});
  for (const auto& seen : server.seen()) {
    EXPECT_EQ(seen.header("traceparent"), "");
    EXPECT_EQ(seen.header("X-Evil"), "");
  }
  EXPECT_EQ(server.seen().size(), 2U);
}

TEST(HttpClient, ReusesOneConnectionForRequestsOneAfterAnother) {
  loopback_server server{[](const seen_request&) { return answer(200, "ok"); }};
  client c;
  for (int i = 0; i < 20; ++i) ASSERT_EQ(get(c, server.base() + "/").body, "ok");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClient, DoesNotReuseAConnectionThatTheAnswerCloses) {
  loopback_server server{[](const seen_request&) { return answer(200, "ok", "Connection: close\r\n"); }};
  client c;
  for (int i = 0; i < 3; ++i) ASSERT_EQ(get(c, server.base()).body, "ok");
  EXPECT_EQ(server.connections(), 3U);
}

TEST(HttpClient, DropsAConnectionWithBytesBehindTheAnswer) {
  loopback_server server{[](const seen_request&) {
    auto r = answer(200, "ok");
    r.bytes += answer(200, "somebody else's").bytes;
    return r;
  }};
  client c;
  EXPECT_EQ(get(c, server.base()).body, "ok");
  EXPECT_EQ(get(c, server.base()).body, "ok");
  EXPECT_EQ(server.connections(), 2U);
}

TEST(HttpClient, ReadsChunkedAnswersAndDropsTheirTrailers) {
  loopback_server server{[](const seen_request&) {
    return coreldove::testing::scripted_reply{
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nX-Late: 1\r\n\r\n"};
  }};
  client c;
  const auto got = get(c, server.base());
  EXPECT_EQ(got.body, "hello world");
  EXPECT_EQ(got.headers.find("X-Late"), "");
}

TEST(HttpClient, PassesOverInterimAnswers) {
  loopback_server server{[](const seen_request&) {
    auto r = answer(200, "real");
    r.bytes = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + r.bytes;
    return r;
  }};
  client c;
  const auto got = get(c, server.base());
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "real");
  EXPECT_EQ(got.headers.find("Link"), "");
}

TEST(HttpClient, KnowsThatSomeAnswersHaveNoBody) {
  loopback_server server{[](const seen_request& r) {
    if (r.method == "HEAD") return coreldove::testing::scripted_reply{"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"};
    return coreldove::testing::scripted_reply{"HTTP/1.1 204 No Content\r\n\r\n"};
  }};
  client c;
  EXPECT_EQ(ask(c, {.method = "HEAD", .url = server.base()}).status, 200);
  EXPECT_EQ(ask(c, {.method = "DELETE", .url = server.base()}).status, 204);
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClient, TakesTheEndOfTheStreamAsTheEndOfAnAnswerWithoutLength) {
  loopback_server server{[](const seen_request&) { return coreldove::testing::scripted_reply{"HTTP/1.1 200 OK\r\n\r\nall of it", true}; }};
  client c;
  EXPECT_EQ(get(c, server.base()).body, "all of it");
}

TEST(HttpClient, NeverFollowsARedirect) {
  loopback_server server{[](const seen_request&) { return answer(302, "", "Location: /elsewhere\r\n"); }};
  client c;
  EXPECT_EQ(get(c, server.base()).status, 302);
  EXPECT_EQ(server.seen().size(), 1U);
}

TEST(HttpClient, SaysNotSentWhenRefusedOrWithoutAddress) {
  client c;
  auto got = get(c, "http://127.0.0.1:" + std::to_string(closed_port()) + "/");
  EXPECT_EQ(got.kind, reach::not_sent);
  EXPECT_EQ(got.error, "refused");
  got = get(c, "http://no-such-host.invalid/");
  EXPECT_EQ(got.kind, reach::not_sent);
  EXPECT_EQ(got.error, "dns");
}

TEST(HttpClient, RefusesWhatCouldNotBeARequest) {
  loopback_server server{[](const seen_request&) { return answer(200, ""); }};
  client c;
  request injected{.url = server.base()};
  injected.headers.add("X-Order", "a\r\nX-Evil: 1");
  request bad_name{.url = server.base()};
  bad_name.headers.add("X Order", "a");
  for (const auto& r : {injected, bad_name, request{.url = "ftp://127.0.0.1/"}, request{.url = "http://u:p@127.0.0.1/"}, request{.url = server.base() + "/a b"},
                        request{.url = "http://127.0.0.1:0/"}, request{.url = "http://127.0.0.1:65536/"}, request{.url = "http:///"},
                        request{.url = "http://[::1/"}, request{.method = "GET /x", .url = server.base()}}) {
    const auto got = ask(c, r);
    EXPECT_EQ(got.kind, reach::not_sent) << r.url;
    EXPECT_EQ(got.error, "bad_request") << r.url;
  }
  EXPECT_TRUE(server.seen().empty());
}

TEST(HttpClient, SaysNoAnswerWhenTheConnectionEndsBeforeOrWithinTheAnswer) {
  for (const std::string part : {"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}) {
    loopback_server server{[&](const seen_request&) { return coreldove::testing::scripted_reply{part, true}; }};
    client c;
    const auto got = get(c, server.base());
    EXPECT_EQ(got.kind, reach::no_answer) << part;
    EXPECT_EQ(got.error, "lost") << part;
    EXPECT_EQ(got.body, "");
  }
}

TEST(HttpClient, SaysNoAnswerWhenTheAnswerIsNoHttp) {
  loopback_server server{[](const seen_request&) { return coreldove::testing::scripted_reply{"SSH-2.0-OpenSSH_9.2\r\n\r\n"}; }};
  client c;
  const auto got = get(c, server.base());
  EXPECT_EQ(got.kind, reach::no_answer);
  EXPECT_EQ(got.error, "malformed");
}

TEST(HttpClient, SaysNoAnswerWhenTheDeadlinePassesWhileTheOtherSideIsSilent) {
  loopback_server server{[](const seen_request&) { return coreldove::testing::scripted_reply{.hold = true}; }};
  client c;
  const auto from = std::chrono::steady_clock::now();
  const auto got = get(c, server.base(), 100ms);
  const auto took = std::chrono::steady_clock::now() - from;
  EXPECT_EQ(got.kind, reach::no_answer);
  EXPECT_EQ(got.error, "timeout");
  EXPECT_GE(took, 100ms);
  EXPECT_LT(took, 1s);
}

TEST(HttpClient, CountsASlowAnswerAgainstTheOneDeadline) {
  loopback_server server{[](const seen_request&) { return coreldove::testing::scripted_reply{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}; }};
  client c;
  const auto got = get(c, server.base(), 100ms);
  EXPECT_EQ(got.kind, reach::no_answer);
  EXPECT_EQ(got.error, "timeout");
}

TEST(HttpClient, SaysNotSentWhenTheDeadlinePassesWhileWaitingForAConnection) {
  loopback_server server{[](const seen_request&) { return coreldove::testing::scripted_reply{.hold = true}; }};
  client c{{.connections_per_host = 1}};
  std::promise<response> first, second;
  c.send({.url = server.base() + "/1", .timeout = 400ms}, [&](response r) { first.set_value(std::move(r)); });
  c.send({.url = server.base() + "/2", .timeout = 100ms}, [&](response r) { second.set_value(std::move(r)); });
  const auto waited = second.get_future().get();
  EXPECT_EQ(waited.kind, reach::not_sent);
  EXPECT_EQ(waited.error, "timeout");
  EXPECT_EQ(first.get_future().get().kind, reach::no_answer);
  EXPECT_EQ(server.seen().size(), 1U);
}

TEST(HttpClient, RefusesMoreWaitingRequestsThanTheBound) {
  loopback_server server{[](const seen_request&) { return coreldove::testing::scripted_reply{.hold = true}; }};
  client c{{.connections_per_host = 1, .waiting_per_host = 1}};
  std::promise<response> carried, waiting;
  c.send({.url = server.base(), .timeout = 200ms}, [&](response r) { carried.set_value(std::move(r)); });
  c.send({.url = server.base(), .timeout = 200ms}, [&](response r) { waiting.set_value(std::move(r)); });
  const auto refused = get(c, server.base());
  EXPECT_EQ(refused.kind, reach::not_sent);
  EXPECT_EQ(refused.error, "overloaded");
  EXPECT_EQ(carried.get_future().get().error, "timeout");
  EXPECT_EQ(waiting.get_future().get().error, "timeout");
}

TEST(HttpClient, RefusesAnAnswerBeyondTheCap) {
  loopback_server declared{[](const seen_request&) { return coreldove::testing::scripted_reply{"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\nx"}; }};
  loopback_server undeclared{[](const seen_request&) { return coreldove::testing::scripted_reply{"HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'x'), true}; }};
  loopback_server long_header{[](const seen_request&) { return answer(200, "ok", "X-Long: " + std::string(40'000, 'x') + "\r\n"); }};
  client c{{.body_bytes_max = 4096}};
  for (const auto* server : {&declared, &undeclared, &long_header}) {
    const auto got = get(c, server->base());
    EXPECT_EQ(got.kind, reach::no_answer);
    EXPECT_EQ(got.error, "too_large");
  }
}

TEST(HttpClient, ResendsOnAFreshConnectionWhenAKeptOneDiesWithoutAByteAndThatIsAllowed) {
  // The second request on a connection meets its end, as when the other side's idle time runs out at that very moment.
  loopback_server server{[](const seen_request& r) { return r.on_connection == 2 ? coreldove::testing::scripted_reply{"", true} : answer(200, "ok"); }};
  client c;
  EXPECT_EQ(ask(c, repeatable(server.base())).body, "ok");
  const auto got = ask(c, repeatable(server.base()));
  EXPECT_EQ(got.kind, reach::answered);
  EXPECT_EQ(got.body, "ok");
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[1].head, seen[2].head);
  EXPECT_EQ(seen[1].body, seen[2].body);
  EXPECT_EQ(seen[2].connection, 2U);
}

TEST(HttpClient, ResendsOnceOnly) {
  loopback_server server{[](const seen_request& r) {
    return r.connection == 1 && r.on_connection == 1 ? answer(200, "ok") : coreldove::testing::scripted_reply{"", true};
  }};
  client c;
  ask(c, repeatable(server.base()));
  const auto got = ask(c, repeatable(server.base()));
  EXPECT_EQ(got.kind, reach::no_answer);
  EXPECT_EQ(server.seen().size(), 3U);
}

TEST(HttpClient, DoesNotResendWhereThatIsNotAllowedOrAnAnswerHadBegun) {
  for (const std::string part : {"", "HTTP/1.1 200"}) {
    loopback_server server{[&](const seen_request& r) { return r.on_connection == 2 ? coreldove::testing::scripted_reply{part, true} : answer(200, "ok"); }};
    client c;
    get(c, server.base());
    auto r = repeatable(server.base());
    r.retry_on_stale = !part.empty();
    const auto got = ask(c, r);
    EXPECT_EQ(got.kind, reach::no_answer);
    EXPECT_EQ(server.seen().size(), 2U);
  }
}

TEST(HttpClient, ForgetsAKeptConnectionThatTheOtherSideHasClosed) {
  loopback_server server{[](const seen_request&) { return answer(200, "ok"); }};
  client c;
  EXPECT_EQ(get(c, server.base()).body, "ok");
  server.close_all_connections();
  EXPECT_EQ(ask(c, repeatable(server.base())).body, "ok");
  EXPECT_EQ(server.connections(), 2U);
}

TEST(HttpClient, ClosesConnectionsThatNobodyUses) {
  loopback_server server{[](const seen_request&) { return answer(200, "ok"); }};
  client c{{.idle_timeout = 20ms}};
  EXPECT_EQ(get(c, server.base()).body, "ok");
  const auto until = std::chrono::steady_clock::now() + 5s;
  std::size_t connections = 0;
  // The next request finds the kept connection or it does not; within bounded time it must not.
  while (connections < 2 && std::chrono::steady_clock::now() < until) {
    std::promise<void> pause;
    pause.get_future().wait_for(60ms);
    EXPECT_EQ(get(c, server.base()).body, "ok");
    connections = server.connections();
  }
  EXPECT_GE(connections, 2U);
}

TEST(HttpClient, AnswersAThousandParallelCallsExactlyOnceEachOverABoundedNumberOfConnections) {
  constexpr int calls = 1000;
  loopback_server server{[](const seen_request& r) { return answer(200, r.target); }};
  client c{{.threads = 2, .connections_per_host = 16}};
  std::mutex mutex;
  std::condition_variable all_done;
  std::vector<int> times(calls);
  int right = 0, total = 0;
  for (int i = 0; i < calls; ++i)
    c.send({.url = server.base() + "/" + std::to_string(i)}, [&, i](const response& r) {
      const std::lock_guard lock{mutex};
      ++times[static_cast<std::size_t>(i)];
      right += r.body == "/" + std::to_string(i) ? 1 : 0;
      if (++total == calls) all_done.notify_one();
    });
  std::unique_lock lock{mutex};
  ASSERT_TRUE(all_done.wait_for(lock, 10s, [&] { return total >= calls; }));
  EXPECT_EQ(right, calls);
  for (const int n : times) EXPECT_EQ(n, 1);
  EXPECT_LE(server.connections(), 16U);
}

TEST(HttpClient, FailsWhatIsUnderWayWhenStoppedAndRunsLaterCallbacksAtOnce) {
  loopback_server server{[](const seen_request&) { return coreldove::testing::scripted_reply{.hold = true}; }};
  client c{{.connections_per_host = 1}};
  std::atomic<int> carried{0}, waiting{0}, late{0};
  std::promise<void> there;
  response first, second, third;
  c.send({.url = server.base()}, [&](response r) { first = std::move(r), ++carried; });
  c.send({.url = server.base()}, [&](response r) { second = std::move(r), ++waiting; });
  while (server.seen().empty()) std::this_thread::yield();
  c.stop();
  EXPECT_EQ(carried, 1);
  EXPECT_EQ(waiting, 1);
  EXPECT_EQ(first.kind, reach::no_answer);
  EXPECT_EQ(second.kind, reach::not_sent);
  EXPECT_EQ(first.error, "stopped");
  c.send({.url = server.base()}, [&](response r) { third = std::move(r), ++late; });
  EXPECT_EQ(late, 1);
  EXPECT_EQ(third.kind, reach::not_sent);
  c.stop();
}

TEST(HttpClient, SurvivesAnExceptionInACallback) {
  loopback_server server{[](const seen_request&) { return answer(200, "ok"); }};
  client c;
  c.send({.url = server.base()}, [](const response&) { throw std::runtime_error{"on purpose"}; });
  EXPECT_EQ(get(c, server.base()).body, "ok");
}

TEST(HttpClient, MaySendFromWithinACallback) {
  loopback_server server{[](const seen_request& r) { return answer(200, r.target); }};
  client c;
  std::promise<std::string> second;
  c.send({.url = server.base() + "/1"},
         [&](const response&) { c.send({.url = server.base() + "/2"}, [&](response r) { second.set_value(std::move(r.body)); }); });
  EXPECT_EQ(second.get_future().get(), "/2");
  EXPECT_EQ(server.connections(), 1U);
}

}  // namespace
