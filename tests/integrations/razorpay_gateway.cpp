#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "integrations/razorpay/razorpay.hpp"
#include "tests/integrations/loopback_server.hpp"
#include "tests/integrations/waiting.hpp"

namespace {

using namespace std::chrono_literals;
using namespace coreldove::integrations;
using namespace coreldove::testing;
using coreldove::domain::currency;
using coreldove::domain::operation_outcome;
using nlohmann::json;

const currency inr = *currency::find("INR");
constexpr std::string_view trace = "0af7651916cd43dd8448eb211c80319c";

std::string order_object(std::int64_t amount = 5998, std::string_view iso = "INR", std::string_view our_order = "ord_1") {
  return fmt::format(R"({{"id":"order_1","entity":"order","amount":{},"amount_paid":0,"currency":"{}","receipt":"r","status":"created",)"
                     R"("notes":{{"order_id":"{}","idempotency_key":"ord_1/authorize/1"}}}})",
                     amount, iso, our_order);
}

std::string payment(std::string_view status, std::int64_t amount = 5998, std::string_view reason = "", std::string_view id = "pay_1", std::int64_t at = 1,
                    std::string_view iso = "INR") {
  return fmt::format(R"({{"id":"{}","entity":"payment","amount":{},"currency":"{}","status":"{}","order_id":"order_1","amount_refunded":0,"notes":[],)"
                     R"("error_code":"BAD_REQUEST_ERROR","error_description":"Said so.","error_reason":"{}","created_at":{}}})",
                     id, amount, iso, status, reason, at);
}

std::string list_of(std::string_view items) { return fmt::format(R"({{"entity":"collection","count":1,"items":[{}]}})", items); }

std::string refund_object(std::string_view status, std::int64_t amount = 500, std::string_view payment_id = "pay_1") {
  return fmt::format(R"({{"id":"rfnd_1","entity":"refund","amount":{},"currency":"INR","payment_id":"{}","status":"{}",)"
                     R"("notes":{{"order_id":"ord_1","idempotency_key":"ord_1/refund/3"}}}})",
                     amount, payment_id, status);
}

std::string error(std::string_view code, std::string_view reason = "", std::string_view description = "Said so.") {
  return fmt::format(R"({{"error":{{"code":"{}","description":"{}","reason":"{}","metadata":{{}}}}}})", code, description, reason);
}

/// A gateway in front of a scripted Razorpay: answers by method and path ("POST /v1/orders"), the last one of a list again and again.
struct razorpay_double {
  using answers = std::map<std::string, scripted_reply>;
  explicit razorpay_double(answers a)
      : server{[a = std::move(a)](const seen_request& rq) {
          const auto at = a.find(rq.method + ' ' + rq.target);
          return at == a.end() ? answer(400, error("BAD_REQUEST_ERROR", "NA", "The requested URL was not found on the server.")) : at->second;
        }} {
    links->set_base("https://shop.example/pay");
    gateway = razorpay::make_razorpay({.api_base = server.base() + "/", .key_id = "rzp_test_k", .key_secret = "s"}, client, links);
  }
  ~razorpay_double() { client.stop(); }

  static call_context context(std::string key, bool repeat = false) { return {"ord_1", std::move(key), std::string{trace}, 3s, repeat}; }
  static charge order_of(std::int64_t amount, std::string token = "tok_redirect", std::string pending = "") {
    return {amount, inr, std::move(token), "a@example.com", "card", std::move(pending), "https://shop.example/thanks", "A. Buyer", "+919999999999"};
  }
  outcome authorize(const charge& c, bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->authorize(c, context("ord_1/authorize/1", repeat), done); });
  }
  outcome look() { return authorize(order_of(5998, "tok_redirect", "order_1"), true); }
  outcome bring(const std::string& payment_id = "pay_1") { return authorize(order_of(5998, payment_id)); }
  outcome capture(std::int64_t amount = 5998, bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->capture("pay_1", amount, inr, true, context("ord_1/capture/2", repeat), done); });
  }
  outcome cancel() {
    return wait_for<outcome>([&](auto done) { gateway->void_authorization("pay_1", context("ord_1/void_authorization/2"), done); });
  }
  outcome refund(const std::string& reason = "it came broken") {
    return wait_for<outcome>([&](auto done) { gateway->refund("pay_1", 500, inr, reason, context("ord_1/refund/3"), done); });
  }

  loopback_server server;
  http::client client;
  std::shared_ptr<checkout::links> links = std::make_shared<checkout::links>("secret");
  std::shared_ptr<payment_gateway> gateway;
};

using answers = razorpay_double::answers;

TEST(RazorpayGateway, MakesAnOrderAndSendsTheBuyerToCheckout) {
  razorpay_double r{answers{{"POST /v1/orders", answer(200, order_object())}}};
  const auto got = r.authorize(razorpay_double::order_of(5998));
  EXPECT_EQ(got.kind, operation_outcome::awaiting_buyer);
  EXPECT_EQ(got.reference, "order_1");
  const auto seen = r.server.seen().at(0);
  EXPECT_EQ(seen.header("Authorization"), "Basic cnpwX3Rlc3Rfazpz");
  EXPECT_EQ(seen.header("traceparent").substr(0, 36), fmt::format("00-{}-", trace));
  const auto body = json::parse(seen.body);
  EXPECT_EQ(body.at("amount"), 5998);
  EXPECT_EQ(body.at("currency"), "INR");
  EXPECT_EQ(body.at("notes"), (json{{"order_id", "ord_1"}, {"idempotency_key", "ord_1/authorize/1"}}));
  EXPECT_EQ(body.at("payment").at("capture"), "manual");
  EXPECT_EQ(body.at("payment").at("capture_options").at("manual_expiry_period"), 7200);
  EXPECT_EQ(body.at("receipt").get<std::string>().size(), 40U);

  ASSERT_TRUE(got.redirect_url.starts_with("https://shop.example/pay/")) << got.redirect_url;
  const auto page = r.links->open(got.redirect_url.substr(std::string_view{"https://shop.example/pay/"}.size()));
  ASSERT_TRUE(page);
  EXPECT_NE(page->html.find(fmt::format(R"(action="{}/v1/checkout/embedded")", r.server.base())), std::string::npos);
  for (const auto* field : {R"(name="key_id" value="rzp_test_k")", R"(name="order_id" value="order_1")", R"(name="prefill[contact]" value="+919999999999")",
                            R"(name="notes[idempotency_key]" value="ord_1/authorize/1")", R"(name="callback_url" value="https://shop.example/thanks")"})
    EXPECT_NE(page->html.find(field), std::string::npos) << field;
  EXPECT_EQ(page->html.find(R"(value="s")"), std::string::npos) << "the key's secret";
  EXPECT_NE(page->content_security_policy.find("default-src 'none'"), std::string::npos);
}

TEST(RazorpayGateway, NeverSaysThatMoneyMayBeHeldWhereOnlyAnOrderFailed) {
  // An order whose answer is lost can be paid by nobody: the next try, or the next gateway, is free.
  struct row {
    scripted_reply reply;
    operation_outcome kind;
    const char* code;
  };
  for (const auto& x :
       {row{answer(500, error("SERVER_ERROR")), operation_outcome::not_done, "SERVER_ERROR"},
        row{answer(502, "<html>"), operation_outcome::not_done, "http_502"},
        row{answer(429, error("BAD_REQUEST_ERROR")), operation_outcome::not_done, "BAD_REQUEST_ERROR"},
        row{answer(401, error("BAD_REQUEST_ERROR")), operation_outcome::not_done, "BAD_REQUEST_ERROR"},
        row{scripted_reply{.close = true}, operation_outcome::not_done, "lost"}, row{answer(200, "{}"), operation_outcome::not_done, "unreadable_answer"},
        row{answer(200, order_object(1)), operation_outcome::not_done, "unreadable_answer"},
        row{answer(400, error("BAD_REQUEST_ERROR", "input_validation_failed")), operation_outcome::declined, "input_validation_failed"}}) {
    razorpay_double r{answers{{"POST /v1/orders", x.reply}}};
    const auto got = r.authorize(razorpay_double::order_of(5998));
    EXPECT_EQ(got.kind, x.kind) << x.code;
    EXPECT_EQ(got.code, x.code);
    EXPECT_FALSE(got.soft);
  }
}

TEST(RazorpayGateway, WaitsForTheBuyerAndFindsWhatHePaid) {
  const auto after = [](std::string_view items) {
    razorpay_double r{answers{{"GET /v1/orders/order_1/payments", answer(200, list_of(items))}}};
    return r.look();
  };
  EXPECT_EQ(after("").kind, operation_outcome::awaiting_buyer);
  EXPECT_FALSE(after("").redirect_url.empty());
  EXPECT_EQ(after(payment("created")).kind, operation_outcome::awaiting_buyer);
  const auto paid = after(payment("failed", 5998, "insufficient_funds", "pay_0", 1) + "," + payment("authorized", 5998, "", "pay_2", 2));
  EXPECT_EQ(paid.kind, operation_outcome::done);
  EXPECT_EQ(paid.reference, "pay_2");
  EXPECT_EQ(after(payment("captured")).kind, operation_outcome::done);
  EXPECT_EQ(after(payment("authorized", 5997)).code, "answer_mismatch");
  EXPECT_EQ(after(payment("authorized", 5998, "", "pay_1", 1, "USD")).kind, operation_outcome::unknown);
  EXPECT_EQ(after(payment("refunded")).code, "authorization_expired");
}

TEST(RazorpayGateway, LetsTheBuyerTryAgainUnlessHeGivesUp) {
  const auto after = [](std::string_view items) {
    razorpay_double r{answers{{"GET /v1/orders/order_1/payments", answer(200, list_of(items))}}};
    return r.look();
  };
  const auto poor = after(payment("failed", 5998, "insufficient_funds"));
  EXPECT_EQ(poor.kind, operation_outcome::awaiting_buyer);
  EXPECT_EQ(poor.code, "insufficient_funds");
  EXPECT_FALSE(poor.redirect_url.empty());
  const auto gone = after(payment("failed", 5998, "payment_cancelled", "pay_2", 2) + "," + payment("failed", 5998, "card_declined", "pay_1", 1));
  EXPECT_EQ(gone.kind, operation_outcome::declined);
  EXPECT_EQ(gone.code, "payment_cancelled");
  EXPECT_TRUE(gone.soft);
}

TEST(RazorpayGateway, NeverTakesAFailedLookForAnUnpaidOrder) {
  for (const auto& reply : {answer(500, error("SERVER_ERROR")), answer(401, error("BAD_REQUEST_ERROR")), answer(400, error("BAD_REQUEST_ERROR")),
                            answer(429, ""), answer(200, "[]"), scripted_reply{.close = true}}) {
    razorpay_double r{answers{{"GET /v1/orders/order_1/payments", reply}}};
    EXPECT_EQ(r.look().kind, operation_outcome::unknown) << reply.bytes;
  }
}

TEST(RazorpayGateway, TakesAPaymentThatTheShopsFrontEndBroughtAlong) {
  struct row {
    std::string body;
    operation_outcome kind;
    const char* code;
    bool soft;
  };
  for (const auto& x : {row{payment("authorized"), operation_outcome::done, "", false},
                        row{payment("authorized", 5997), operation_outcome::declined, "payment_mismatch", false},
                        row{payment("authorized", 5998, "", "pay_1", 1, "USD"), operation_outcome::declined, "payment_mismatch", false},
                        row{payment("captured"), operation_outcome::declined, "payment_already_captured", false},
                        row{payment("refunded"), operation_outcome::declined, "payment_refunded", false},
                        row{payment("created"), operation_outcome::awaiting_buyer, "created", false},
                        row{payment("failed", 5998, "card_expired"), operation_outcome::declined, "card_expired", false},
                        row{payment("failed", 5998, "insufficient_funds"), operation_outcome::declined, "insufficient_funds", true},
                        row{payment("failed", 5998, "incorrect_otp"), operation_outcome::declined, "incorrect_otp", true},
                        row{payment("failed", 5998, "debit_instrument_blocked"), operation_outcome::declined, "debit_instrument_blocked", false}}) {
    razorpay_double r{answers{{"GET /v1/payments/pay_1", answer(200, x.body)}}};
    const auto got = r.bring();
    EXPECT_EQ(got.kind, x.kind) << x.body;
    EXPECT_EQ(got.code, x.code);
    EXPECT_EQ(got.soft, x.soft) << x.body;
    EXPECT_EQ(r.server.seen().size(), 1U) << "nothing is made at Razorpay";
  }
  razorpay_double down{answers{{"GET /v1/payments/pay_1", answer(429, "")}}};
  EXPECT_EQ(down.bring().kind, operation_outcome::unknown) << "the money is held: no other gateway must be asked";
  EXPECT_EQ(down.bring("pay_2").kind, operation_outcome::declined) << "there is no such payment";
}

TEST(RazorpayGateway, CapturesTheWholeAmount) {
  razorpay_double r{answers{{"POST /v1/payments/pay_1/capture", answer(200, payment("captured"))}}};
  const auto got = r.capture();
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "pay_1");
  EXPECT_EQ(json::parse(r.server.seen().at(0).body), (json{{"amount", 5998}, {"currency", "INR"}}));
  EXPECT_EQ(r.capture(1000).kind, operation_outcome::unknown) << "the answer is about another amount";
  EXPECT_FALSE(r.gateway->can().voids);
  EXPECT_FALSE(r.gateway->can().partial_capture);
}

TEST(RazorpayGateway, SettlesADoubtfulCaptureByThePaymentItself) {
  const auto with = [](const scripted_reply& capture, const scripted_reply& now, bool repeat, std::string_view our_order = "ord_1") {
    razorpay_double r{answers{{"POST /v1/payments/pay_1/capture", capture},
                              {"GET /v1/payments/pay_1", now},
                              {"GET /v1/orders/order_1", answer(200, order_object(5998, "INR", our_order))}}};
    return r.capture(5998, repeat);
  };
  const auto no = answer(400, error("BAD_REQUEST_ERROR", "capture_failed")), down = answer(502, error("GATEWAY_ERROR"));
  EXPECT_EQ(with(no, answer(200, payment("captured")), true).kind, operation_outcome::done) << "by the call before";
  EXPECT_EQ(with(no, answer(200, payment("captured")), false).kind, operation_outcome::done) << "by hand, for our order";
  EXPECT_EQ(with(no, answer(200, payment("captured")), false, "ord_2").code, "captured_elsewhere");
  EXPECT_EQ(with(no, answer(200, payment("captured")), false, "ord_2").kind, operation_outcome::declined);
  EXPECT_EQ(with(no, answer(200, payment("authorized")), true).kind, operation_outcome::declined);
  EXPECT_EQ(with(no, answer(200, payment("refunded")), true).code, "capture_failed");
  EXPECT_EQ(with(no, down, true).kind, operation_outcome::unknown);
  EXPECT_EQ(with(down, answer(200, payment("captured")), false).kind, operation_outcome::done);
  EXPECT_EQ(with(down, answer(200, payment("authorized")), false).kind, operation_outcome::unknown);
  EXPECT_EQ(with(answer(429, ""), answer(200, payment("authorized")), false).kind, operation_outcome::not_done);
  EXPECT_EQ(with(scripted_reply{.close = true}, answer(200, payment("captured")), false).kind, operation_outcome::unknown);
}

TEST(RazorpayGateway, LeavesAnUncapturedPaymentToItsExpiry) {
  const auto with = [](const scripted_reply& now) {
    razorpay_double r{answers{{"GET /v1/payments/pay_1", now}}};
    auto got = r.cancel();
    EXPECT_EQ(r.server.seen().size(), 1U);
    return got;
  };
  EXPECT_EQ(with(answer(200, payment("authorized"))).kind, operation_outcome::done);
  EXPECT_EQ(with(answer(200, payment("refunded"))).kind, operation_outcome::done);
  EXPECT_EQ(with(answer(200, payment("captured"))).code, "already_captured");
  EXPECT_EQ(with(answer(500, "")).kind, operation_outcome::not_done);
}

TEST(RazorpayGateway, RefundsUnderItsOwnKindOfKey) {
  razorpay_double r{answers{{"POST /v1/payments/pay_1/refund", answer(200, refund_object("pending"))}}};
  const auto got = r.refund(std::string(300, 'x'));
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "rfnd_1");
  const auto seen = r.server.seen().at(0);
  EXPECT_EQ(seen.header("X-Refund-Idempotency"), "ord_1-refund-3");
  const auto body = json::parse(seen.body);
  EXPECT_EQ(body.at("amount"), 500);
  EXPECT_EQ(body.at("notes").at("order_id"), "ord_1");
  EXPECT_EQ(body.at("notes").at("reason").get<std::string>().size(), 256U);
  // Keys that Razorpay would not take as they are become others, never the same one.
  const auto key_of = [&](const std::string& key) {
    wait_for<outcome>([&](auto done) { r.gateway->refund("pay_1", 500, inr, "", razorpay_double::context(key), done); });
    return r.server.seen().back().header("X-Refund-Idempotency");
  };
  EXPECT_EQ(key_of("a/b").size(), 64U);
  EXPECT_NE(key_of("ord-1/refund/3"), key_of("ord/1/refund/3"));
}

TEST(RazorpayGateway, TellsTheFatesOfARefundApart) {
  const auto with = [](const scripted_reply& reply) {
    razorpay_double r{answers{{"POST /v1/payments/pay_1/refund", reply}}};
    return r.refund();
  };
  EXPECT_EQ(with(answer(200, refund_object("processed"))).kind, operation_outcome::done);
  EXPECT_EQ(with(answer(200, refund_object("failed"))).code, "refund_failed");
  EXPECT_EQ(with(answer(200, refund_object("processed", 501))).code, "answer_mismatch");
  EXPECT_EQ(with(answer(200, refund_object("processed", 500, "pay_2"))).code, "answer_mismatch");
  EXPECT_EQ(with(answer(200, "{}")).kind, operation_outcome::unknown);
  EXPECT_EQ(with(answer(409, error("BAD_REQUEST_ERROR", "NA", "in progress"))).kind, operation_outcome::unknown);
  EXPECT_EQ(with(answer(409, error("BAD_REQUEST_ERROR", "NA", "Different request with the same idempotency key"))).kind, operation_outcome::declined);
  EXPECT_EQ(with(answer(400, error("BAD_REQUEST_ERROR", "input_validation_failed"))).kind, operation_outcome::declined);
  EXPECT_EQ(with(answer(500, error("SERVER_ERROR"))).kind, operation_outcome::unknown);
  EXPECT_EQ(with(answer(429, "")).kind, operation_outcome::not_done);
  EXPECT_EQ(with(scripted_reply{.close = true}).kind, operation_outcome::unknown);
}

TEST(RazorpayGateway, RefusesWhatRazorpayCannotTakeBeforeAnythingIsSent) {
  razorpay_double r{answers{}};
  const auto with = [&](std::int64_t amount, const char* iso) {
    auto c = razorpay_double::order_of(amount);
    c.currency = *currency::find(iso);
    return r.authorize(c);
  };
  EXPECT_EQ(with(100, "AFN").code, "currency_not_supported");
  EXPECT_TRUE(with(100, "AFN").soft) << "another gateway may take it";
  EXPECT_EQ(with(12345, "KWD").code, "amount_not_representable");
  EXPECT_TRUE(r.server.seen().empty());
}

TEST(RazorpayGateway, SendsEachCurrencyInItsOwnMinorUnits) {
  for (const auto& [iso, amount] : {std::pair{"JPY", 60}, {"USD", 5998}, {"KWD", 12340}}) {
    razorpay_double r{answers{{"POST /v1/orders", answer(200, order_object(amount, iso))}}};
    auto c = razorpay_double::order_of(amount);
    c.currency = *currency::find(iso);
    EXPECT_EQ(r.authorize(c).kind, operation_outcome::awaiting_buyer) << iso;
    EXPECT_EQ(json::parse(r.server.seen().at(0).body).at("amount"), amount);
  }
}

TEST(RazorpayGateway, SendsNobodyToAPageThatIsNotThere) {
  razorpay_double r{answers{{"POST /v1/orders", answer(200, order_object())}}};
  r.links->set_base("");
  EXPECT_EQ(r.authorize(razorpay_double::order_of(5998)).code, "no_checkout_page");
}

TEST(RazorpayGateway, ChecksTheKeyWithoutTouchingAnything) {
  const auto with = [](const scripted_reply& reply) {
    razorpay_double r{answers{{"GET /v1/payments/pay_00000000000000", reply}}};
    return wait_for<outcome>([&](auto done) { r.gateway->check(done); });
  };
  EXPECT_EQ(with(answer(400, error("BAD_REQUEST_ERROR", "input_validation_failed", "The id provided does not exist"))).kind, operation_outcome::done);
  EXPECT_EQ(with(answer(401, error("BAD_REQUEST_ERROR", "", "Authentication failed"))).message, "Authentication failed");
  EXPECT_NE(with(answer(404, "<html>")).kind, operation_outcome::done) << "something else answers there";
}

TEST(RazorpayGateway, TellsWhoseAPaymentIs) {
  const auto owner = [](std::string_view our_order) {
    razorpay_double r{
        answers{{"GET /v1/payments/pay_1", answer(200, payment("captured"))}, {"GET /v1/orders/order_1", answer(200, order_object(5998, "INR", our_order))}}};
    return wait_for<outcome>([&](auto done) { r.gateway->owner("pay_1", razorpay_double::context(""), done); });
  };
  EXPECT_EQ(owner("ord_7").reference, "ord_7");
  EXPECT_EQ(owner("").kind, operation_outcome::declined);
}

}  // namespace
