// PayPal as its clients see it, and our own adapter against it: the two were written from the vendor's documents, not from each other.
#include "integrations/paypal/paypal.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "integrations/http/client.hpp"
#include "integrations/sandbox/signing.hpp"
#include "tests/sandbox/talk.hpp"

namespace coreldove::tests {

using domain::operation_outcome;
using integrations::outcome;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

constexpr std::string_view orders = "/v2/checkout/orders";

std::string order_body(std::string_view source, std::string_view value = "59.98", std::string_view currency = "USD",
                       std::string_view invoice = "ord_1/authorize/1") {
  return fmt::format(
      R"({{"intent":"AUTHORIZE","purchase_units":[{{"amount":{{"currency_code":"{}","value":"{}"}},"custom_id":"ord_1","invoice_id":"{}"}}],"payment_source":{}}})",
      currency, value, invoice, source);
}
std::string vaulted(std::string_view token) { return fmt::format(R"({{"card":{{"vault_id":"{}"}}}})", token); }
constexpr std::string_view wallet =
    R"({"paypal":{"email_address":"a@example.com","experience_context":{"return_url":"http://shop.example/back?o=1","cancel_url":"http://shop.example/back"}}})";
std::string amount_body(std::string_view value, std::string_view invoice, std::string_view more = "") {
  return fmt::format(R"({{"amount":{{"currency_code":"USD","value":"{}"}},"invoice_id":"{}"{}}})", value, invoice, more);
}

/// A sandbox, and a caller of its PayPal who has a token.
class paypal_box {
public:
  explicit paypal_box(integrations::sandbox_options o = {}) : box{std::move(o)} { token_ = fetch_token().at("/access_token"); }

  response fetch_token(std::string_view credentials = "id:secret", std::string_view form = "grant_type=client_credentials") const {
    return call(box.port(), "POST", "/paypal/v1/oauth2/token",
                {{"Authorization", "Basic " + integrations::world::base64(credentials)}, {"Content-Type", "application/x-www-form-urlencoded"}}, form);
  }
  response ask(std::string_view method, std::string_view path, std::string_view body = {}, std::string_view request_id = {},
               std::chrono::milliseconds patience = std::chrono::seconds{5}) const {
    headers h{{"Authorization", "Bearer " + token_}, {"Content-Type", "application/json"}, {"Prefer", "return=representation"}};
    if (!request_id.empty()) h["PayPal-Request-Id"] = request_id;
    return call(box.port(), method, fmt::format("/paypal{}", path), h, body, patience);
  }
  response order(std::string_view body, std::string_view request_id = "ord_1/authorize/1") const { return ask("POST", orders, body, request_id); }
  /// The authorization of 59.98 USD.
  std::string held(std::string_view n = "1", std::string_view token = "tok_visa") const {
    const auto key = fmt::format("ord_{}/authorize/1", n);
    return order(order_body(vaulted(token), "59.98", "USD", key), key).at("/purchase_units/0/payments/authorizations/0/id");
  }
  response on_hold(std::string_view id, std::string_view verb, std::string_view body = {}, std::string_view request_id = {}) const {
    return ask("POST", fmt::format("/v2/payments/authorizations/{}/{}", id, verb), body, request_id);
  }
  response refund(std::string_view capture, std::string_view body, std::string_view request_id) const {
    return ask("POST", fmt::format("/v2/payments/captures/{}/refund", capture), body, request_id);
  }
  response decide(std::string_view id, std::string_view decision) const {
    return call(box.port(), "POST", "/approve", {}, fmt::format(R"({{"vendor":"paypal","reference":"{}","decision":"{}"}})", id, decision));
  }

  sandbox_under_test box;

private:
  std::string token_;
};

std::string issue(const response& r) { return r.at("/details/0/issue"); }

}  // namespace

TEST(SandboxPaypal, GivesTokensForCredentialsAndNothingWithoutAToken) {
  const paypal_box p{{.paypal_client_id = "id", .paypal_client_secret = "secret"}};
  EXPECT_EQ(p.fetch_token().at("/expires_in"), "32400");
  EXPECT_EQ(p.fetch_token("id:other").status, 401);
  EXPECT_EQ(p.fetch_token("other:secret").at("/error"), "invalid_client");
  EXPECT_EQ(p.fetch_token("id:secret", "grant_type=password").status, 400);
  const auto refused = call(p.box.port(), "GET", "/paypal/v2/checkout/orders/X", {{"Authorization", "Bearer nobody's"}});
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.at("/name"), "AUTHENTICATION_FAILURE");
}

TEST(SandboxPaypal, AuthorizesAVaultedInstrumentAtOnce) {
  const paypal_box p;
  const auto r = p.order(order_body(vaulted("tok_visa")));
  ASSERT_EQ(r.status, 201) << r.body;
  EXPECT_EQ(r.at("/status"), "COMPLETED");
  EXPECT_EQ(r.at("/purchase_units/0/invoice_id"), "ord_1/authorize/1");
  const std::string hold = "/purchase_units/0/payments/authorizations/0";
  EXPECT_EQ(r.at(hold + "/status"), "CREATED");
  EXPECT_EQ(r.at(hold + "/amount/value"), "59.98");
  EXPECT_EQ(r.at(hold + "/custom_id"), "ord_1");
  EXPECT_EQ(r.at(hold + "/supplementary_data/related_ids/order_id"), r.at("/id"));
  EXPECT_EQ(p.ask("GET", fmt::format("{}/{}", orders, r.at("/id"))).body, r.body);
  EXPECT_EQ(p.ask("GET", "/v2/payments/authorizations/" + r.at(hold + "/id")).at("/status"), "CREATED");
  EXPECT_THAT(p.box.ledger(), ElementsAre(testing::AllOf(HasSubstr(R"("vendor":"paypal","operation":"authorize","idempotency_key":"ord_1/authorize/1")"),
                                                         HasSubstr(R"("order_id":"ord_1","amount":"59.98","currency":"USD")"))));
}

TEST(SandboxPaypal, RefusesInPaypalsWords) {
  const paypal_box p;
  const auto said = [&](std::string_view body) { return issue(p.order(body, fmt::format("k{}", body.size()))); };
  EXPECT_EQ(said(order_body(vaulted("tok_chargeDeclined"))), "INSTRUMENT_DECLINED");
  EXPECT_EQ(said(order_body(vaulted("unheard-of"))), "MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE");
  EXPECT_EQ(said(order_body(vaulted("tok_visa"), "10.000")), "DECIMAL_PRECISION");
  EXPECT_EQ(said(order_body(vaulted("tok_visa"), "60.0", "JPY")), "DECIMAL_PRECISION");
  EXPECT_EQ(said(order_body(vaulted("tok_visa"), "1.000", "KWD")), "INVALID_CURRENCY_CODE");
  EXPECT_EQ(said(order_body(vaulted("tok_visa"), "0.00")), "CANNOT_BE_ZERO_OR_NEGATIVE");
  EXPECT_EQ(said(order_body(R"({"card":{}})")), "MISSING_REQUIRED_PARAMETER");
  EXPECT_EQ(said(R"({"intent":"AUTHORIZE"})"), "MISSING_REQUIRED_PARAMETER");
  EXPECT_EQ(said(R"({"intent":"CAPTURE"})"), "UNSUPPORTED_INTENT");
  EXPECT_EQ(said("{"), "MALFORMED_REQUEST_JSON");
  EXPECT_EQ(issue(p.order(order_body(vaulted("tok_visa")), "")), "PAYPAL_REQUEST_ID_REQUIRED");
  EXPECT_EQ(issue(p.order(order_body(vaulted("tok_visa")), std::string(109, 'k'))), "INVALID_STRING_LENGTH");
  EXPECT_EQ(p.ask("GET", "/v2/checkout/orders/X").status, 404);
  EXPECT_EQ(p.ask("DELETE", "/v2/checkout/orders/X").status, 404);
  const auto poor = p.order(order_body(vaulted("CCREJECT-IF")), "poor");
  EXPECT_EQ(poor.at("/purchase_units/0/payments/authorizations/0/status"), "DENIED");
  EXPECT_EQ(poor.at("/purchase_units/0/payments/authorizations/0/processor_response/response_code"), "5120");
  EXPECT_TRUE(p.box.ledger().empty());
}

TEST(SandboxPaypal, TakesAmountsInTheCurrencysOwnDigits) {
  const paypal_box p;
  p.order(order_body(vaulted("tok_visa"), "60", "JPY", "a"), "a");
  p.order(order_body(vaulted("tok_visa"), "1000", "HUF", "b"), "b");
  EXPECT_THAT(p.box.ledger(), ElementsAre(HasSubstr(R"("amount":"60","currency":"JPY")"), HasSubstr(R"("amount":"1000.00","currency":"HUF")")));
}

TEST(SandboxPaypal, AnswersTheSameUnderTheSameRequestIdWithTheLatestState) {
  const paypal_box p;
  const auto first = p.order(order_body(vaulted("tok_visa")));
  const auto again = p.order(order_body(vaulted("tok_visa")));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(issue(p.order(order_body(vaulted("tok_visa"), "1.00"))), "DUPLICATE_REQUEST_ID");
  EXPECT_EQ(issue(p.order(order_body(vaulted("tok_visa")), "another")), "DUPLICATE_INVOICE_ID");
  p.on_hold(first.at("/purchase_units/0/payments/authorizations/0/id"), "void", "", "v");
  EXPECT_EQ(p.order(order_body(vaulted("tok_visa"))).at("/purchase_units/0/payments/authorizations/0/status"), "VOIDED");
  EXPECT_EQ(p.box.ledger("?operation=authorize").size(), 1u);
}

TEST(SandboxPaypal, CapturesInPartsVoidsTheRestAndRefundsNoMoreThanWasCaptured) {
  const paypal_box p;
  const auto hold = p.held();
  EXPECT_EQ(issue(p.on_hold(hold, "capture", amount_body("59.99", "c0"), "c0")), "MAX_CAPTURE_AMOUNT_EXCEEDED");
  const auto part = p.on_hold(hold, "capture", amount_body("10.00", "ord_1/capture/2", R"(,"final_capture":false)"), "c1");
  ASSERT_EQ(part.status, 201) << part.body;
  EXPECT_EQ(part.at("/status"), "COMPLETED");
  EXPECT_EQ(part.at("/supplementary_data/related_ids/authorization_id"), hold);
  EXPECT_EQ(issue(p.on_hold(hold, "capture", amount_body("1.00", "ord_1/capture/2"), "c2")), "DUPLICATE_INVOICE_ID");
  EXPECT_EQ(p.on_hold(hold, "void", "", "v1").at("/status"), "VOIDED");
  EXPECT_EQ(issue(p.on_hold(hold, "void", "", "v2")), "PREVIOUSLY_VOIDED");
  EXPECT_EQ(issue(p.on_hold(hold, "capture", amount_body("1.00", "c3"), "c3")), "AUTHORIZATION_VOIDED");
  const auto id = part.at("/id");
  EXPECT_EQ(issue(p.refund(id, amount_body("10.01", "r0"), "r0")), "REFUND_AMOUNT_EXCEEDED");
  const auto back = p.refund(id, amount_body("4.00", "ord_1/refund/3", R"(,"custom_id":"ord_1")"), "r1");
  EXPECT_EQ(back.at("/status"), "COMPLETED") << back.body;
  EXPECT_EQ(p.refund(id, amount_body("4.00", "ord_1/refund/3", R"(,"custom_id":"ord_1")"), "r1").body, back.body);
  EXPECT_EQ(p.ask("GET", "/v2/payments/captures/" + id).at("/status"), "PARTIALLY_REFUNDED");
  EXPECT_EQ(p.refund(id, "{}", "r2").at("/amount/value"), "6.00");
  EXPECT_EQ(issue(p.refund(id, "{}", "r3")), "CAPTURE_FULLY_REFUNDED");
  EXPECT_EQ(p.ask("GET", "/v2/payments/refunds/" + back.at("/id")).at("/amount/value"), "4.00");
  EXPECT_THAT(p.box.ledger("?operation=void"), ElementsAre(HasSubstr(R"("amount":"49.98")"))) << "what was left";
  EXPECT_EQ(p.box.ledger("?operation=refund").size(), 2u);
  const auto whole = p.held("2");
  p.on_hold(whole, "capture", "{}", "c4");
  EXPECT_EQ(issue(p.on_hold(whole, "capture", "{}", "c5")), "AUTHORIZATION_ALREADY_CAPTURED");
  EXPECT_EQ(issue(p.on_hold(whole, "void", "", "v3")), "PREVIOUSLY_CAPTURED");
  EXPECT_EQ(issue(p.on_hold(whole, "reauthorize", "{}", "x")), "REAUTHORIZATION_NOT_SUPPORTED");
}

TEST(SandboxPaypal, LetsTheBuyerDecideOnAPage) {
  const paypal_box p;
  const auto made = p.order(order_body(wallet));
  EXPECT_EQ(made.at("/status"), "PAYER_ACTION_REQUIRED");
  EXPECT_EQ(made.at("/links/1/rel"), "payer-action");
  const auto id = made.at("/id"), page = "/paypal/checkoutnow?token=" + id;
  EXPECT_THAT(made.at("/links/1/href"), testing::EndsWith(page));
  const auto authorize = fmt::format("{}/{}/authorize", orders, id);
  EXPECT_EQ(issue(p.ask("POST", authorize, "{}", "a")), "ORDER_NOT_APPROVED");
  const auto shown = p.box.get(page);
  EXPECT_EQ(shown.status, 200);
  EXPECT_THAT(shown.fields.at("content-type"), StartsWith("text/html"));
  EXPECT_THAT(shown.body, testing::AllOf(HasSubstr("59.98 USD"), HasSubstr(R"(value="approve")"), HasSubstr(R"(value="decline")")));
  const auto pressed = call(p.box.port(), "POST", page, {{"Content-Type", "application/x-www-form-urlencoded"}}, "decision=approve");
  EXPECT_EQ(pressed.status, 303);
  EXPECT_THAT(pressed.fields.at("location"), StartsWith("http://shop.example/back?o=1&token=" + id + "&PayerID="));
  EXPECT_EQ(call(p.box.port(), "POST", page, {{"Content-Type", "application/x-www-form-urlencoded"}}, "decision=decline").status, 409);
  EXPECT_TRUE(p.box.ledger().empty()) << "an approval charges nothing";
  EXPECT_EQ(p.ask("POST", authorize, "{}", "b").at("/purchase_units/0/payments/authorizations/0/status"), "CREATED");
  EXPECT_EQ(issue(p.ask("POST", authorize, "{}", "c")), "ORDER_ALREADY_AUTHORIZED");
  EXPECT_EQ(p.box.ledger("?operation=authorize").size(), 1u);
  EXPECT_EQ(p.box.get("/paypal/checkoutnow?token=X").status, 404);
}

TEST(SandboxPaypal, TakesScriptedDecisionsToo) {
  const paypal_box p;
  const auto id = p.order(order_body(vaulted("tok_redirect"))).at("/id");
  EXPECT_EQ(p.decide("X", "approve").status, 404);
  EXPECT_EQ(p.decide(id, "perhaps").status, 422);
  EXPECT_EQ(p.decide(id, "decline").at("/state"), "VOIDED");
  EXPECT_EQ(p.decide(id, "approve").status, 409);
  EXPECT_EQ(issue(p.ask("POST", fmt::format("{}/{}/authorize", orders, id), "{}", "a")), "ORDER_COMPLETED_OR_VOIDED");
}

TEST(SandboxPaypal, IsStruckByFaultsAtEachStep) {
  const paypal_box p;
  const auto fault = [&](std::string_view operation, std::string_view kind) {
    ASSERT_EQ(p.box.fault(fmt::format(R"({{"vendor":"paypal","operation":"{}","kind":"{}"}})", operation, kind)).status, 201);
  };
  fault("token", "error_500");
  EXPECT_EQ(p.fetch_token().status, 500);
  fault("token", "decline");
  EXPECT_EQ(p.fetch_token().status, 401);
  fault("authorize", "decline");
  EXPECT_EQ(issue(p.order(order_body(vaulted("tok_visa")), "d")), "INSTRUMENT_DECLINED");
  fault("authorize", "error_500");
  EXPECT_EQ(p.order(order_body(vaulted("tok_visa"))).at("/name"), "INTERNAL_SERVER_ERROR");
  fault("authorize", "rate_limit_429");
  EXPECT_EQ(p.order(order_body(vaulted("tok_visa"))).status, 429);
  fault("authorize", "refuse");
  EXPECT_EQ(p.order(order_body(vaulted("tok_visa"))).status, 0);
  EXPECT_TRUE(p.box.ledger().empty());
  fault("authorize", "lost_answer");
  EXPECT_EQ(p.order(order_body(vaulted("tok_visa"))).status, 0);
  EXPECT_EQ(p.box.ledger("?operation=authorize").size(), 1u);
  const auto hold = p.order(order_body(vaulted("tok_visa"))).at("/purchase_units/0/payments/authorizations/0/id");
  fault("capture", "decline");
  EXPECT_EQ(issue(p.on_hold(hold, "capture", "{}", "c1")), "TRANSACTION_REFUSED");
  fault("void", "decline");
  EXPECT_EQ(issue(p.on_hold(hold, "void", "", "v1")), "CANNOT_BE_VOIDED");
  const auto captured = p.on_hold(hold, "capture", "{}", "c2").at("/id");
  fault("refund", "decline");
  EXPECT_EQ(issue(p.refund(captured, "{}", "r1")), "REFUND_NOT_ALLOWED");
  EXPECT_EQ(p.box.ledger("?operation=refund").size(), 0u);
}

TEST(SandboxPaypal, SaysThatAFirstCallIsStillRunning) {
  const paypal_box p;
  p.box.fault(R"({"vendor":"paypal","operation":"authorize","kind":"slow","delay_ms":2000})");
  EXPECT_TRUE(p.ask("POST", orders, order_body(vaulted("tok_visa")), "k", std::chrono::milliseconds{50}).timed_out);
  const auto meanwhile = p.order(order_body(vaulted("tok_visa")), "k");
  EXPECT_EQ(meanwhile.status, 409);
  EXPECT_EQ(issue(meanwhile), "PREVIOUS_REQUEST_IN_PROGRESS");
}

TEST(SandboxPaypal, RemembersEverythingAcrossARestart) {
  const auto file = std::filesystem::temp_directory_path() / fmt::format("sandbox-paypal-{}", ::getpid());
  std::string ledger, shown, order, waiting;
  {
    const paypal_box p{{.state_file = file}};
    order = p.order(order_body(vaulted("tok_visa"))).at("/id");
    waiting = p.order(order_body(wallet, "5.00", "USD", "ord_2/authorize/1"), "w").at("/id");
    p.decide(waiting, "approve");
    const auto hold = p.ask("GET", fmt::format("{}/{}", orders, order)).at("/purchase_units/0/payments/authorizations/0/id");
    const auto captured = p.on_hold(hold, "capture", amount_body("10.00", "ord_1/capture/2"), "c").at("/id");
    p.refund(captured, amount_body("4.00", "ord_1/refund/3"), "r");
    shown = p.ask("GET", fmt::format("{}/{}", orders, order)).body;
    ledger = p.box.get("/ledger").body;
    ASSERT_EQ(p.box.ledger().size(), 3u);
  }
  const paypal_box p{{.state_file = file}};
  std::filesystem::remove(file);
  EXPECT_EQ(p.box.get("/ledger").body, ledger);
  const auto without_host = [](std::string text) {
    for (auto at = text.find("http://"); at != std::string::npos; at = text.find("http://", at + 1)) text.erase(at + 7, text.find('/', at + 7) - at - 7);
    return text;
  };
  EXPECT_EQ(without_host(p.ask("GET", fmt::format("{}/{}", orders, order)).body), without_host(shown));
  EXPECT_EQ(p.order(order_body(vaulted("tok_visa"))).at("/id"), order);
  EXPECT_EQ(p.ask("GET", fmt::format("{}/{}", orders, waiting)).at("/status"), "APPROVED");
  EXPECT_EQ(p.box.get("/ledger").body, ledger) << "nothing of this took effect again";
}

namespace {

/// Waits for what a call reports.
template <class Call>
outcome result_of(Call start) {
  auto promise = std::make_shared<std::promise<outcome>>();
  auto future = promise->get_future();
  start([promise](outcome o) { promise->set_value(std::move(o)); });
  if (future.wait_for(std::chrono::seconds{10}) != std::future_status::ready) throw std::runtime_error("no outcome");
  return future.get();
}

class PaypalAdapter : public testing::Test {
protected:
  PaypalAdapter()
      : box_({.webhook_base = hooks_.base(), .paypal_webhook_id = "WH-1"}),
        base_(fmt::format("http://127.0.0.1:{}/paypal", box_.port())),
        paypal_(integrations::paypal::make_paypal({base_, "id", "secret"}, client_)),
        webhook_(integrations::paypal::make_paypal_webhook({"WH-1", base_}, client_)) {}
  ~PaypalAdapter() override { client_.stop(); }

  static integrations::call_context under(std::string key, bool repeat = false) { return {"ord_1", std::move(key), "", std::chrono::seconds{5}, repeat}; }
  outcome authorize(const std::string& token, bool repeat = false, const std::string& pending = {}, const domain::currency& c = usd(),
                    std::int64_t amount = 5998) {
    integrations::charge what{amount, c, token, "a@example.com"};
    what.method = token.empty() ? "paypal" : "credit_card";
    what.pending = pending;
    what.return_url = "http://shop.example/back";
    return result_of([&](auto done) { paypal_->authorize(what, under("ord_1/authorize/1", repeat), done); });
  }
  outcome capture(const std::string& id, std::int64_t amount, bool last, const std::string& key, bool repeat = false) {
    return result_of([&](auto done) { paypal_->capture(id, amount, usd(), last, under(key, repeat), done); });
  }
  outcome refund(const std::string& id, std::int64_t amount, const std::string& key, bool repeat = false) {
    return result_of([&](auto done) { paypal_->refund(id, amount, usd(), "broken", under(key, repeat), done); });
  }
  void fault(std::string_view operation, std::string_view kind, int times = 1) {
    box_.fault(fmt::format(R"({{"vendor":"paypal","operation":"{}","kind":"{}","times":{}}})", operation, kind, times));
  }
  /// What the events so far say, read as the server does: again where the certificate is not here yet.
  std::vector<integrations::payment_notice> notices(std::size_t count) {
    std::vector<integrations::payment_notice> out;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    for (const auto& hook : hooks_.wait_for(count)) {
      const auto at = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
      const auto read = [&] { return webhook_->read([&](std::string_view name) { return hook.fields.at(std::string{name}); }, hook.body, at); };
      auto got = read();
      while (!got && got.error().code == domain::errc::unavailable && std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
        got = read();
      }
      EXPECT_TRUE(got) << (got ? std::string{} : got.error().detail);
      if (got) out.push_back(*got);
    }
    return out;
  }
  static domain::currency usd() { return *domain::currency::find("USD"); }

  catcher hooks_;
  sandbox_under_test box_;
  integrations::http::client client_;
  std::string base_;
  std::shared_ptr<integrations::payment_gateway> paypal_;
  std::unique_ptr<integrations::payment_webhook> webhook_;
};

}  // namespace

TEST_F(PaypalAdapter, TakesAPaymentThroughItsLife) {
  const auto held = authorize("tok_visa");
  ASSERT_EQ(held.kind, operation_outcome::done) << held.code << held.message;
  EXPECT_EQ(capture(held.reference, 1000, false, "ord_1/capture/2").kind, operation_outcome::done);
  EXPECT_EQ(capture(held.reference, 4998, true, "ord_1/capture/3").kind, operation_outcome::done);
  EXPECT_EQ(refund(held.reference, 4500, "ord_1/refund/4").kind, operation_outcome::done);
  EXPECT_EQ(refund(held.reference, 1498, "ord_1/refund/5").kind, operation_outcome::done) << "shared by both captures";
  EXPECT_EQ(refund(held.reference, 1498, "ord_1/refund/5", true).kind, operation_outcome::done);
  EXPECT_EQ(refund(held.reference, 1, "ord_1/refund/6").code, "REFUND_AMOUNT_EXCEEDED");
  EXPECT_EQ(box_.ledger("?order_id=ord_1&operation=capture").size(), 2u);
  EXPECT_THAT(box_.ledger("?operation=refund"),
              ElementsAre(HasSubstr(R"("amount":"45.00")"), HasSubstr(R"("amount":"10.00")"), HasSubstr(R"("amount":"4.98")")));
  EXPECT_EQ(result_of([&](auto done) { paypal_->check(done); }).kind, operation_outcome::done);
  std::vector<std::string> told;  // in any order
  for (const auto& n : notices(6))
    if (n.relevant) told.push_back(n.idempotency_key + (n.what.kind == operation_outcome::done ? " done" : ""));
  EXPECT_THAT(told, testing::UnorderedElementsAre("ord_1/authorize/1 done", "ord_1/capture/2 done", "ord_1/capture/3 done", "ord_1/refund/4 done"))
      << "a part of a refund says nothing of the whole";
}

TEST_F(PaypalAdapter, WaitsForTheBuyerAndGoesOnWhenHeHasApproved) {
  const auto waits = authorize("");
  ASSERT_EQ(waits.kind, operation_outcome::awaiting_buyer) << waits.code << waits.message;
  EXPECT_THAT(waits.redirect_url, StartsWith(base_ + "/checkoutnow?token="));
  EXPECT_EQ(authorize("", true, waits.reference).kind, operation_outcome::awaiting_buyer);
  call(box_.port(), "POST", "/approve", {}, fmt::format(R"({{"vendor":"paypal","reference":"{}","decision":"approve"}})", waits.reference));
  const auto told = notices(1);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].what.kind, operation_outcome::awaiting_buyer);
  EXPECT_EQ(told[0].what.reference, waits.reference);
  EXPECT_EQ(told[0].idempotency_key, "ord_1/authorize/1");
  EXPECT_TRUE(told[0].relevant);
  fault("authorize", "lost_answer", 2);
  EXPECT_EQ(authorize("", true, waits.reference).kind, operation_outcome::unknown);
  call(box_.port(), "DELETE", "/faults");
  EXPECT_EQ(authorize("", true, waits.reference).kind, operation_outcome::done);
  EXPECT_EQ(box_.ledger("?operation=authorize").size(), 1u);
}

TEST_F(PaypalAdapter, DeclinesWhereTheBuyerDoes) {
  const auto waits = authorize("");
  call(box_.port(), "POST", "/approve", {}, fmt::format(R"({{"vendor":"paypal","reference":"{}","decision":"decline"}})", waits.reference));
  EXPECT_EQ(notices(1).at(0).type, "CHECKOUT.ORDER.VOIDED");
  const auto ended = authorize("", true, waits.reference);
  EXPECT_EQ(ended.kind, operation_outcome::declined);
  EXPECT_EQ(ended.code, "ORDER_VOIDED");
}

TEST_F(PaypalAdapter, TellsDeclinesFromTrouble) {
  const auto refused = authorize("tok_chargeDeclined");
  EXPECT_EQ(refused.kind, operation_outcome::declined);
  EXPECT_EQ(refused.code, "INSTRUMENT_DECLINED");
  EXPECT_TRUE(refused.soft);
  fault("authorize", "rate_limit_429");
  EXPECT_EQ(authorize("tok_visa").kind, operation_outcome::not_done);
  EXPECT_TRUE(box_.ledger().empty());
}

TEST_F(PaypalAdapter, ReadsTheProcessorsReasonOfARefusedCard) {
  const auto stolen = authorize("CCREJECT-LS");
  EXPECT_EQ(stolen.kind, operation_outcome::declined);
  EXPECT_EQ(stolen.code, "9520");
  EXPECT_FALSE(stolen.soft);
}

TEST_F(PaypalAdapter, NeverDoesAnythingTwiceWhateverIsLost) {
  for (const auto* kind : {"error_500", "lost_answer"}) {
    fault("authorize", kind, 2);
    EXPECT_EQ(authorize("tok_visa").kind, operation_outcome::unknown) << kind;
    call(box_.port(), "DELETE", "/faults");
  }
  const auto held = authorize("tok_visa", true);
  ASSERT_EQ(held.kind, operation_outcome::done);
  fault("capture", "lost_answer", 2);
  EXPECT_EQ(capture(held.reference, 5998, true, "ord_1/capture/2").kind, operation_outcome::unknown);
  call(box_.port(), "DELETE", "/faults");
  EXPECT_EQ(capture(held.reference, 5998, true, "ord_1/capture/2", true).kind, operation_outcome::done);
  fault("refund", "lost_answer", 2);
  EXPECT_EQ(refund(held.reference, 5998, "ord_1/refund/3").kind, operation_outcome::unknown);
  call(box_.port(), "DELETE", "/faults");
  EXPECT_EQ(refund(held.reference, 5998, "ord_1/refund/3", true).kind, operation_outcome::done);
  for (const auto* operation : {"authorize", "capture", "refund"}) EXPECT_EQ(box_.ledger(fmt::format("?operation={}", operation)).size(), 1u) << operation;
}

TEST_F(PaypalAdapter, VoidsOnceAndSpeaksOtherCurrencies) {
  const auto held = authorize("tok_visa", false, {}, *domain::currency::find("JPY"), 60);
  ASSERT_EQ(held.kind, operation_outcome::done) << held.code;
  const auto cancel = [&](bool repeat) {
    return result_of([&](auto done) { paypal_->void_authorization(held.reference, under("ord_1/void_authorization/2", repeat), done); });
  };
  fault("void", "lost_answer", 2);
  EXPECT_EQ(cancel(false).kind, operation_outcome::unknown);
  call(box_.port(), "DELETE", "/faults");
  EXPECT_EQ(cancel(true).kind, operation_outcome::done);
  EXPECT_THAT(box_.ledger("?operation=void"), ElementsAre(HasSubstr(R"("amount":"60","currency":"JPY")")));
  // Events overtake each other on their way, as the vendor says.
  EXPECT_THAT(notices(2), testing::Contains(testing::Field(&integrations::payment_notice::operation, domain::operation_kind::void_authorization)));
}

TEST_F(PaypalAdapter, HearsOfDisputes) {
  const auto held = authorize("tok_createDispute");
  const auto captured = capture(held.reference, 5998, true, "ord_1/capture/2");
  for (const auto& n : notices(3))
    if (n.dispute) {
      EXPECT_EQ(n.dispute->payment, captured.reference);
      EXPECT_EQ(n.dispute->amount, 5998);
      EXPECT_EQ(n.order_id, "ord_1");
      return;
    }
  FAIL() << "no dispute among the events";
}

}  // namespace coreldove::tests
