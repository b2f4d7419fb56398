// The world's own calls: what is here, the ledger, the faults, moving parcels on; and the HTTP underneath.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sandbox/talk.hpp"

namespace coreldove::tests {

using testing::HasSubstr;
using testing::Not;

TEST(SandboxWorld, SaysWhatIsHereAndWhere) {
  const sandbox_under_test box;
  const auto r = box.get("/");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.at("/http"), fmt::format("127.0.0.1:{}", box.port()));
  EXPECT_EQ(r.at("/smtp"), fmt::format("127.0.0.1:{}", box.smtp_port()));
  EXPECT_EQ(r.at("/vendors/stripe/address"), fmt::format("http://127.0.0.1:{}/stripe", box.port()));
  EXPECT_EQ(r.at("/vendors/smtp/address"), fmt::format("smtp://127.0.0.1:{}", box.smtp_port()));
}

TEST(SandboxWorld, AnswersUnknownPathsAndMethodsWithProblems) {
  const sandbox_under_test box;
  const auto missing = box.get("/nothing");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.fields.at("content-type"), "application/problem+json");
  EXPECT_EQ(missing.at("/status"), "404");
  const auto wrong = call(box.port(), "DELETE", "/ledger");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.fields.at("allow"), "GET");
  EXPECT_EQ(call(box.port(), "GET", "/smtp/anything").status, 404);
}

TEST(SandboxWorld, RefusesATakenPortWithOneSentence) {
  const sandbox_under_test box;
  integrations::sandbox second{{.port = box.port()}};
  try {
    second.start();
    FAIL() << "the port was free";
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr(std::to_string(box.port())));
  }
}

TEST(SandboxWorld, RefusesAWebhookBaseThatIsNoHttpAddress) {
  sandbox_under_test box;
  for (const char* bad : {"https://example.com", "127.0.0.1:80", "http://", "http://host:port/x", "http://a b/"})
    EXPECT_THROW(box.box().set_webhook_base(bad), std::runtime_error) << bad;
  EXPECT_NO_THROW(box.box().set_webhook_base(""));
}

TEST(SandboxWorld, ClosesItsPortsWhenStopped) {
  sandbox_under_test box;
  const auto port = box.port(), smtp = box.smtp_port();
  wire idle{port};
  EXPECT_EQ(box.get("/").status, 200);
  box.box().stop();
  box.box().stop();
  EXPECT_THROW(wire{port}, std::runtime_error);
  EXPECT_THROW(wire{smtp}, std::runtime_error);
  EXPECT_FALSE(idle.read_response().timed_out);
}

TEST(SandboxLedger, HasOneLinePerEffectWithDecimalsOfTheCurrency) {
  const sandbox_under_test box;
  const auto id = box.authorized("ord_1/authorize/1");
  box.stripe("POST", "/v1/payment_intents/" + id + "/capture", "amount_to_capture=5000", "ord_1/capture/2");
  box.stripe("POST", "/v1/payment_intents", "amount=600&currency=jpy&capture_method=manual&confirm=true&payment_method=tok_visa", "ord_2/authorize/1");
  const auto lines = box.ledger();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[0], HasSubstr(R"("n":1,"at":")"));
  EXPECT_THAT(lines[0], HasSubstr(fmt::format(R"("vendor":"stripe","operation":"authorize","idempotency_key":"ord_1/authorize/1","reference":"{}",)"
                                              R"("order_id":"ord_1","amount":"59.98","currency":"USD"}})",
                                              id)));
  EXPECT_THAT(lines[1], HasSubstr(R"("operation":"capture","idempotency_key":"ord_1/capture/2")"));
  EXPECT_THAT(lines[1], HasSubstr(R"("amount":"50.00")"));
  EXPECT_THAT(lines[2], HasSubstr(R"("order_id":"ord_2","amount":"600","currency":"JPY")"));
}

TEST(SandboxLedger, FiltersByVendorOperationOrderAndPosition) {
  const sandbox_under_test box;
  const auto id = box.authorized("ord_1/authorize/1");
  box.stripe("POST", "/v1/payment_intents/" + id + "/capture", "", "ord_1/capture/2");
  box.stripe("POST", "/v1/payment_intents", "amount=600&currency=usd&capture_method=manual&confirm=true&payment_method=tok_visa", "ord_2/authorize/1");
  EXPECT_EQ(box.ledger("?vendor=stripe").size(), 3u);
  EXPECT_EQ(box.ledger("?vendor=fedex").size(), 0u);
  EXPECT_EQ(box.ledger("?operation=authorize").size(), 2u);
  EXPECT_EQ(box.ledger("?order_id=ord_1").size(), 2u);
  EXPECT_EQ(box.ledger("?order_id=ord_1&operation=capture").size(), 1u);
  EXPECT_EQ(box.ledger("?after=2").size(), 1u);
  EXPECT_EQ(box.get("/ledger").fields.at("content-type"), "application/x-ndjson");
}

TEST(SandboxLedger, RefusesFiltersThatMeanNothing) {
  const sandbox_under_test box;
  for (const char* query : {"?vendor=acme", "?operation=rates", "?operation=steal", "?colour=red", "?after=x", "?vendor=%zz"}) {
    const auto r = box.get(fmt::format("/ledger{}", query));
    EXPECT_EQ(r.status, 400) << query;
    EXPECT_EQ(r.fields.at("content-type"), "application/problem+json") << query;
  }
}

TEST(SandboxLedger, StreamsManyLines) {
  const sandbox_under_test box;
  wire w{box.port()};
  constexpr int count = 5000;
  std::string batch;
  for (int i = 0; i < count; ++i)
    batch += request_text("POST", "/stripe/v1/payment_intents",
                          {{"Authorization", "Bearer sk_test_1"},
                           {"Content-Type", "application/x-www-form-urlencoded"},
                           {"Idempotency-Key", fmt::format("ord_{}/authorize/1", i)}},
                          "amount=600&currency=usd&capture_method=manual&confirm=true&payment_method=tok_visa");
  std::thread sender{[&] { w.send(batch); }};
  int ok = 0;
  for (int i = 0; i < count; ++i) ok += w.read_response().status == 200;
  sender.join();
  EXPECT_EQ(ok, count);
  const auto lines = box.ledger();
  ASSERT_EQ(lines.size(), static_cast<std::size_t>(count));
  EXPECT_THAT(lines.back(), HasSubstr(fmt::format(R"("n":{})", count)));
  EXPECT_THAT(lines.back(), HasSubstr(R"("idempotency_key":"ord_4999/authorize/1")"));
}

TEST(SandboxFaults, AreListedCountedDownAndCleared) {
  const sandbox_under_test box;
  const auto made = box.fault(R"({"vendor":"stripe","operation":"authorize","kind":"error_500","times":2})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.at("/times"), "2");
  box.fault(R"({"vendor":"smtp","kind":"slow","rate":0.5,"delay_ms":5})");
  box.authorized();
  const auto list = box.get("/faults");
  EXPECT_EQ(list.at("/items/0/times"), "1");
  EXPECT_EQ(list.at("/items/0/struck"), "1");
  EXPECT_EQ(list.at("/items/1/operation"), "*");
  EXPECT_EQ(list.at("/items/1/rate"), "0.5");
  EXPECT_EQ(call(box.port(), "DELETE", "/faults").status, 204);
  EXPECT_EQ(box.get("/faults").body, "{\"items\":[]}\n");
  EXPECT_THAT(box.authorized(), HasSubstr("pi_3"));
}

TEST(SandboxFaults, StrikeOnceWhereNothingElseIsSaid) {
  const sandbox_under_test box;
  box.fault(R"({"vendor":"stripe","operation":"authorize","kind":"rate_limit_429"})");
  EXPECT_EQ(box.authorized(), "");
  EXPECT_THAT(box.authorized(), HasSubstr("pi_3"));
}

TEST(SandboxFaults, StrikeAtAboutTheGivenRate) {
  const sandbox_under_test box;
  box.fault(R"({"vendor":"stripe","operation":"authorize","kind":"error_500","rate":0.3})");
  int struck = 0;
  for (int i = 0; i < 200; ++i) struck += box.authorized(fmt::format("ord_{}/authorize/1", i)).empty();
  EXPECT_GT(struck, 30);
  EXPECT_LT(struck, 90);
  EXPECT_EQ(box.ledger().size(), static_cast<std::size_t>(200 - struck));
}

TEST(SandboxFaults, RefuseWhatCannotStrike) {
  const sandbox_under_test box;
  for (const char* json : {
           R"({"vendor":"acme","operation":"authorize","kind":"slow"})",
           R"({"vendor":"stripe","operation":"label","kind":"slow"})",
           R"({"vendor":"stripe","operation":"authorize","kind":"explode"})",
           R"({"vendor":"stripe","operation":"authorize","kind":"slow","times":0})",
           R"({"vendor":"stripe","operation":"authorize","kind":"slow","times":-1})",
           R"({"vendor":"stripe","operation":"authorize","kind":"slow","times":1,"rate":0.5})",
           R"({"vendor":"stripe","operation":"authorize","kind":"slow","rate":1.5})",
           R"({"vendor":"stripe","operation":"authorize","kind":"slow","delay_ms":"soon"})",
           R"({"vendor":"stripe","operation":"authorize","kind":"slow","often":true})",
           R"({"vendor":"stripe","operation":"webhook","kind":"refuse"})",
           R"({"vendor":"smtp","operation":"email","kind":"late_webhook"})",
       }) {
    const auto r = box.fault(json);
    EXPECT_EQ(r.status, 422) << json;
    EXPECT_THAT(r.at("/detail"), HasSubstr(".")) << json;
  }
  EXPECT_EQ(box.fault("[1]").status, 400);
  EXPECT_EQ(box.fault("nonsense").status, 400);
  EXPECT_EQ(box.get("/faults").body, "{\"items\":[]}\n");
}

TEST(SandboxAdvance, RefusesUnknownParcelsAndStates) {
  const sandbox_under_test box;
  EXPECT_EQ(box.advance("123456789012", "delivered").status, 404);
  EXPECT_EQ(box.advance("123456789012", "lost_in_space").status, 422);
  EXPECT_EQ(box.advance("123456789012", "unknown").status, 422);
  EXPECT_EQ(box.advance("", "delivered").status, 422);
  EXPECT_EQ(call(box.port(), "POST", "/advance", {}, "{").status, 400);
}

TEST(SandboxServer, AnswersPipelinedRequestsInOrder) {
  const sandbox_under_test box;
  wire w{box.port()};
  w.send(request_text("GET", "/faults", {}, {}) + request_text("GET", "/nothing", {}, {}) + request_text("GET", "/", {}, {}));
  EXPECT_EQ(w.read_response().body, "{\"items\":[]}\n");
  EXPECT_EQ(w.read_response().status, 404);
  EXPECT_THAT(w.read_response().body, HasSubstr("sandbox world"));
}

TEST(SandboxServer, TakesARequestInPieces) {
  const sandbox_under_test box;
  wire w{box.port()};
  const auto text = request_text("POST", "/faults", {}, R"({"vendor":"stripe","kind":"slow"})");
  for (const char c : text) w.send({&c, 1});
  EXPECT_EQ(w.read_response().status, 201);
}

TEST(SandboxServer, TakesChunkedBodiesAndExpectContinue) {
  const sandbox_under_test box;
  wire w{box.port()};
  w.send("POST /faults HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(w.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  w.send("10\r\n{\"vendor\":\"strip\r\n13\r\ne\",\"kind\":\"slow\"}  \r\n0\r\n\r\n");
  EXPECT_EQ(w.read_response().status, 201);
}

TEST(SandboxServer, ClosesAfterConnectionCloseAndAfterNonsense) {
  const sandbox_under_test box;
  wire polite{box.port()};
  polite.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(polite.read_response().fields["connection"], "close");
  EXPECT_EQ(polite.read_response().status, 0);
  EXPECT_TRUE(polite.closed());
  wire rude{box.port()};
  rude.send("rubbish\r\n\r\n");
  EXPECT_EQ(rude.read_response().status, 400);
  EXPECT_EQ(rude.read_response().status, 0);
  EXPECT_TRUE(rude.closed());
}

TEST(SandboxServer, RefusesBodiesThatAreTooLong) {
  const sandbox_under_test box;
  wire w{box.port()};
  w.send("POST /faults HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_EQ(w.read_response().status, 413);
}

TEST(SandboxSettlement, ListsWhatWasCapturedAndGivenBackAndNothingElse) {
  const sandbox_under_test box;
  const auto pay = [&](std::string_view more) {
    return box.stripe("POST", "/v1/payment_intents", fmt::format("capture_method=manual&confirm=true&payment_method=tok_visa&{}", more)).at("/id");
  };
  const auto yen = pay("amount=500&currency=jpy&metadata[order_id]=a%22b%2Cc");
  pay("amount=700&currency=usd&metadata[order_id]=held");
  EXPECT_THAT(lines_of(box.get("/settlement?vendor=stripe").body), testing::SizeIs(1)) << "a hold moves no money";
  ASSERT_EQ(box.stripe("POST", "/v1/payment_intents/" + yen + "/capture").status, 200);
  ASSERT_EQ(box.stripe("POST", "/v1/refunds", "payment_intent=" + yen + "&amount=100").status, 200);
  const auto report = box.get("/settlement?vendor=stripe");
  EXPECT_EQ(report.fields.at("content-type"), "text/csv");
  const auto lines = lines_of(report.body);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], testing::HasSubstr("reporting_category"));
  EXPECT_THAT(lines[1], testing::HasSubstr(",jpy,500,14,486,charge," + yen + "," + yen + R"(,"a""b,c")")) << "2.9 % stay with the gateway";
  EXPECT_THAT(lines[2], testing::HasSubstr(",jpy,-100,0,-100,refund,re_"));
  EXPECT_THAT(lines_of(box.get("/settlement?vendor=paypal").body).back(), testing::HasSubstr("RF")) << "header and footer stand in an empty report, too";
  for (const auto* query : {"", "?vendor=", "?vendor=fedex", "?vendor=stripe&day=1"})
    EXPECT_EQ(box.get(std::string{"/settlement"} + query).status, 400) << query;
  EXPECT_EQ(call(box.port(), "POST", "/settlement").status, 405);
}

}  // namespace coreldove::tests
