// Razorpay as its clients see it, and our adapter against it.
#include "integrations/razorpay/razorpay.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>

#include "integrations/http/client.hpp"
#include "integrations/sandbox/signing.hpp"
#include "tests/sandbox/talk.hpp"

namespace coreldove::tests {

using domain::operation_outcome;
using integrations::call_context;
using integrations::outcome;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

constexpr std::string_view order_form = R"({"amount":5998,"currency":"INR","receipt":"r1","notes":{"order_id":"ord_1","idempotency_key":"ord_1/authorize/1"}})";

response ask(const sandbox_under_test& box, std::string_view method, std::string_view path, std::string_view body = {}, std::string_view refund_key = {},
             std::chrono::milliseconds patience = std::chrono::seconds{5}) {
  headers fields{{"Authorization", "Basic " + integrations::world::base64("rzp_test_k:s")}, {"Content-Type", "application/json"}};
  if (!refund_key.empty()) fields["X-Refund-Idempotency"] = refund_key;
  return call(box.port(), method, fmt::format("/razorpay{}", path), fields, body, patience);
}

response approve(const sandbox_under_test& box, std::string_view reference, std::string_view decision = "approve") {
  return call(box.port(), "POST", "/approve", {}, fmt::format(R"({{"vendor":"razorpay","reference":"{}","decision":"{}"}})", reference, decision));
}

std::string held(const sandbox_under_test& box) { return approve(box, ask(box, "POST", "/v1/orders", order_form).at("/id")).at("/reference"); }

std::string payment_path(std::string_view id, std::string_view verb = {}) { return fmt::format("/v1/payments/{}{}{}", id, verb.empty() ? "" : "/", verb); }

constexpr std::string_view whole = R"({"amount":5998,"currency":"INR"})";

}  // namespace

TEST(SandboxRazorpay, TakesAnOrderFromCheckoutToRefunds) {
  const sandbox_under_test box;
  const auto order = ask(box, "POST", "/v1/orders", order_form);
  ASSERT_EQ(order.status, 200) << order.body;
  EXPECT_EQ(order.at("/status"), "created");
  EXPECT_EQ(order.at("/amount_due"), "5998");
  const auto id = order.at("/id");
  EXPECT_EQ(ask(box, "GET", fmt::format("/v1/orders/{}/payments", id)).at("/count"), "0");
  EXPECT_EQ(approve(box, id, "decline").at("/state"), "failed");
  EXPECT_EQ(ask(box, "GET", fmt::format("/v1/orders/{}/payments", id)).at("/items/0/error_reason"), "payment_cancelled");
  const auto paid = approve(box, id);
  EXPECT_EQ(paid.at("/state"), "authorized");
  EXPECT_EQ(approve(box, id).status, 409) << "one payment is enough";
  EXPECT_EQ(approve(box, "order_none").status, 404);
  const auto payment = paid.at("/reference");
  EXPECT_EQ(ask(box, "GET", "/v1/orders/" + id).at("/attempts"), "2");
  EXPECT_EQ(ask(box, "GET", payment_path(payment)).at("/notes/order_id"), "ord_1");

  EXPECT_THAT(ask(box, "POST", payment_path(payment, "capture"), R"({"amount":5000,"currency":"INR"})").at("/error/description"), HasSubstr("must be equal"));
  EXPECT_EQ(ask(box, "POST", payment_path(payment, "capture"), whole).at("/status"), "captured");
  EXPECT_THAT(ask(box, "POST", payment_path(payment, "capture"), whole).at("/error/description"), HasSubstr("already been captured"));
  EXPECT_EQ(ask(box, "GET", "/v1/orders/" + id).at("/status"), "paid");

  const auto refund = ask(box, "POST", payment_path(payment, "refund"), R"({"amount":998,"notes":{"order_id":"ord_1"}})", "ord_1-refund-3");
  EXPECT_EQ(refund.at("/status"), "processed");
  EXPECT_EQ(ask(box, "GET", "/v1/refunds/" + refund.at("/id")).body, refund.body);
  EXPECT_EQ(ask(box, "POST", payment_path(payment, "refund"), R"({"amount":5001})").status, 400);
  EXPECT_EQ(ask(box, "POST", payment_path(payment, "refund")).at("/amount"), "5000");
  EXPECT_EQ(ask(box, "GET", payment_path(payment)).at("/refund_status"), "full");
  EXPECT_THAT(ask(box, "POST", payment_path(payment, "refund")).at("/error/description"), HasSubstr("fully refunded"));
  EXPECT_EQ(box.ledger("?operation=authorize").size(), 1u);
  EXPECT_THAT(box.ledger("?operation=authorize")[0], HasSubstr(R"("idempotency_key":"ord_1/authorize/1")"));
  EXPECT_EQ(box.ledger("?operation=capture").size(), 1u);
  EXPECT_THAT(box.ledger("?operation=refund")[0], HasSubstr(R"("order_id":"ord_1","amount":"9.98","currency":"INR")"));
}

TEST(SandboxRazorpay, RefusesWhatRazorpayRefuses) {
  const sandbox_under_test box;
  EXPECT_EQ(call(box.port(), "GET", "/razorpay/v1/payments/pay_1").status, 401);
  const auto field_of = [&](std::string_view body) {
    const auto r = ask(box, "POST", "/v1/orders", body);
    EXPECT_EQ(r.status, 400) << body;
    return r.at("/error/field");
  };
  EXPECT_EQ(field_of(R"({"currency":"INR"})"), "amount");
  EXPECT_EQ(field_of(R"({"amount":59.98,"currency":"INR"})"), "amount");
  EXPECT_EQ(field_of(R"({"amount":99,"currency":"INR"})"), "amount");
  EXPECT_EQ(field_of(R"({"amount":100,"currency":"XXX"})"), "currency");
  EXPECT_EQ(field_of(R"({"amount":100,"currency":"INR","amunt":1})"), "amunt");
  EXPECT_EQ(field_of(fmt::format(R"({{"amount":100,"currency":"INR","receipt":"{}"}})", std::string(41, 'r'))), "receipt");
  EXPECT_EQ(field_of("[]"), "");
  EXPECT_EQ(ask(box, "GET", payment_path("pay_unknown")).at("/error/description"), "The id provided does not exist");
  EXPECT_EQ(ask(box, "GET", "/v1/nothing").status, 400);
  const auto payment = held(box);
  EXPECT_EQ(ask(box, "POST", payment_path(payment, "refund"), "{}").status, 400) << "nothing is captured";
  EXPECT_EQ(ask(box, "POST", payment_path(payment, "refund"), "{}", "short").status, 400);
  EXPECT_EQ(call(box.port(), "POST", "/approve", {}, R"({"vendor":"razorpay","reference":"order_1","decision":"perhaps"})").status, 422);
  EXPECT_EQ(call(box.port(), "POST", "/approve", {}, R"({"vendor":"nobody","reference":"order_1","decision":"approve"})").status, 422);
}

TEST(SandboxRazorpay, RefundsOnceUnderAKey) {
  const sandbox_under_test box;
  const auto payment = held(box);
  ask(box, "POST", payment_path(payment, "capture"), whole);
  const auto refund = [&](std::string_view body, std::chrono::milliseconds patience = std::chrono::seconds{5}) {
    return ask(box, "POST", payment_path(payment, "refund"), body, "ord_1-refund-3", patience);
  };
  box.fault(R"({"vendor":"razorpay","operation":"refund","kind":"slow","delay_ms":60000})");
  EXPECT_TRUE(refund(R"({"amount":500})", std::chrono::milliseconds{100}).timed_out);
  EXPECT_EQ(refund(R"({"amount":500})").status, 409) << "the first one is still running";
  EXPECT_EQ(refund(R"({"amount":501})").status, 400) << "another body under the same key";
  EXPECT_EQ(box.ledger("?operation=refund").size(), 1u);
}

TEST(SandboxRazorpay, ShowsTheBuyerAPageAndSendsHimBackSigned) {
  const sandbox_under_test box{{.razorpay_key_id = "rzp_test_k", .razorpay_key_secret = "s"}};
  const auto id = ask(box, "POST", "/v1/orders", order_form).at("/id");
  const headers form{{"Content-Type", "application/x-www-form-urlencoded"}};
  const auto page = call(box.port(), "POST", "/razorpay/v1/checkout/embedded", form,
                         fmt::format("key_id=rzp_test_k&order_id={}&prefill[email]=a%40b.example&callback_url=http%3A%2F%2Fshop%2Fback", id));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr(fmt::format(R"(action="/razorpay/checkout/{}")", id)));
  EXPECT_EQ(call(box.port(), "POST", "/razorpay/v1/checkout/embedded", form, "key_id=rzp_test_x&order_id=" + id).status, 401);
  const auto back = call(box.port(), "POST", "/razorpay/checkout/" + id, form, "decision=approve");
  EXPECT_THAT(back.body, HasSubstr(R"(action="http://shop/back")"));
  const auto payment = ask(box, "GET", fmt::format("/v1/orders/{}/payments", id)).at("/items/0/id");
  EXPECT_THAT(back.body, HasSubstr(integrations::world::hex(integrations::world::hmac_sha256("s", id + "|" + payment))));
  EXPECT_THAT(call(box.port(), "POST", "/razorpay/checkout/" + id, form, "decision=approve").body, HasSubstr("paid already"));
  EXPECT_EQ(box.ledger().size(), 1u);
}

TEST(SandboxRazorpay, RemembersEverythingAcrossARestart) {
  const auto file = std::filesystem::temp_directory_path() / fmt::format("sandbox-razorpay-{}", ::getpid());
  std::string payment, ledger, refund, shown;
  {
    const sandbox_under_test box{{.state_file = file}};
    payment = held(box);
    ask(box, "POST", payment_path(payment, "capture"), whole);
    refund = ask(box, "POST", payment_path(payment, "refund"), R"({"amount":998})", "ord_1-refund-3").body;
    ledger = box.get("/ledger").body;
    shown = ask(box, "GET", payment_path(payment)).body;
  }
  {
    const sandbox_under_test box{{.state_file = file}};
    EXPECT_EQ(box.get("/ledger").body, ledger);
    EXPECT_EQ(ask(box, "GET", payment_path(payment)).body, shown);
    EXPECT_EQ(ask(box, "POST", payment_path(payment, "refund"), R"({"amount":998})", "ord_1-refund-3").body, refund);
    EXPECT_EQ(ask(box, "POST", payment_path(payment, "refund"), R"({"amount":5001})").status, 400);
  }
  std::filesystem::remove(file);
}

// ---- our adapter -------------------------------------------------------------------------------------------------------------------------------------

namespace {

class RazorpayThroughTheSandbox : public testing::Test {
protected:
  RazorpayThroughTheSandbox() : box_({.webhook_base = hooks_.base(), .razorpay_webhook_secret = "whs"}) {
    pages_->set_base("http://shop/pay");
    gateway_ = integrations::razorpay::make_razorpay(
        {.api_base = fmt::format("http://127.0.0.1:{}/razorpay", box_.port()), .key_id = "rzp_test_k", .key_secret = "s"}, client_, pages_);
  }
  ~RazorpayThroughTheSandbox() override { client_.stop(); }

  template <class Call>
  outcome wait(Call start) {
    auto promise = std::make_shared<std::promise<outcome>>();
    auto future = promise->get_future();
    start([promise](outcome o) { promise->set_value(std::move(o)); });
    if (future.wait_for(std::chrono::seconds{10}) != std::future_status::ready) throw std::runtime_error("no outcome");
    return future.get();
  }
  static call_context under(std::string key, bool repeat, std::chrono::milliseconds timeout) {
    call_context c;
    c.order_id = "ord_1";
    c.idempotency_key = std::move(key);
    c.repeat = repeat;
    c.timeout = timeout;
    return c;
  }
  /// As the order's machine does: again under the same key until there is an answer.
  template <class Call>
  outcome until_settled(Call ask) {
    outcome o;
    for (int attempt = 0; attempt < 5; ++attempt) {
      o = ask(attempt > 0, attempt == 0 ? std::chrono::milliseconds{300} : std::chrono::milliseconds{5000});
      if (o.kind != operation_outcome::unknown && o.kind != operation_outcome::not_done) break;
    }
    return o;
  }
  outcome authorize(const std::string& pending, const char* iso = "INR", domain::minor_units amount = 5998, const std::string& token = "tok_redirect") {
    integrations::charge c{amount, *domain::currency::find(iso), token, "a@example.com"};
    c.pending = pending;
    return until_settled([&](bool repeat, auto timeout) {
      return wait([&](auto done) { gateway_->authorize(c, under("ord_1/authorize/1", repeat || !pending.empty(), timeout), done); });
    });
  }
  outcome capture(const std::string& id, const char* iso = "INR", domain::minor_units amount = 5998) {
    return until_settled([&](bool repeat, auto timeout) {
      return wait([&](auto done) { gateway_->capture(id, amount, *domain::currency::find(iso), true, under("ord_1/capture/2", repeat, timeout), done); });
    });
  }
  outcome refund(const std::string& id, domain::minor_units amount, const std::string& key, const char* iso = "INR") {
    return until_settled([&](bool repeat, auto timeout) {
      return wait([&](auto done) { gateway_->refund(id, amount, *domain::currency::find(iso), "broken", under(key, repeat, timeout), done); });
    });
  }

  catcher hooks_;
  sandbox_under_test box_;
  integrations::http::client client_;
  std::shared_ptr<integrations::checkout::links> pages_ = std::make_shared<integrations::checkout::links>("secret");
  std::shared_ptr<integrations::payment_gateway> gateway_;
};

}  // namespace

TEST_F(RazorpayThroughTheSandbox, PassesInCurrenciesOfNoneTwoAndThreeDigits) {
  for (const auto& [iso, amount] : {std::pair{"JPY", 600}, {"INR", 5998}, {"KWD", 12340}}) {
    const auto pending = authorize("", iso, amount);
    ASSERT_EQ(pending.kind, operation_outcome::awaiting_buyer) << pending.message;
    EXPECT_EQ(authorize(pending.reference, iso, amount).kind, operation_outcome::awaiting_buyer);
    approve(box_, pending.reference);
    const auto hold = authorize(pending.reference, iso, amount);
    ASSERT_EQ(hold.kind, operation_outcome::done) << hold.message;
    EXPECT_EQ(capture(hold.reference, iso, amount).kind, operation_outcome::done);
    EXPECT_EQ(refund(hold.reference, 100, fmt::format("ord_{}/refund/3", iso), iso).kind, operation_outcome::done);
    EXPECT_EQ(refund(hold.reference, amount - 100, fmt::format("ord_{}/refund/4", iso), iso).kind, operation_outcome::done);
  }
  EXPECT_EQ(wait([&](auto done) { gateway_->check(done); }).kind, operation_outcome::done);
}

TEST_F(RazorpayThroughTheSandbox, DoesEverythingOnceWhateverGoesWrong) {
  int orders = 0;
  for (const auto* kind : {"refuse", "error_500", "rate_limit_429", "slow", "no_answer", "lost_answer"})
    for (const auto* step : {"authorize", "look", "capture", "refund"}) {
      const auto strike = [&](std::string_view at) {
        if (at == step)
          box_.fault(fmt::format(R"({{"vendor":"razorpay","operation":"{}","kind":"{}","delay_ms":600}})", at == "look" ? "authorize" : at, kind));
      };
      const auto note = fmt::format("{} at {}", kind, step);
      strike("authorize");
      const auto pending = authorize("");
      ASSERT_EQ(pending.kind, operation_outcome::awaiting_buyer) << note;
      ASSERT_EQ(approve(box_, pending.reference).status, 200) << note;
      strike("look");
      const auto hold = authorize(pending.reference);
      ASSERT_EQ(hold.kind, operation_outcome::done) << note;
      strike("capture");
      ASSERT_EQ(capture(hold.reference).kind, operation_outcome::done) << note;
      strike("refund");
      const auto back = until_settled([&](bool repeat, auto timeout) {
        if (repeat) std::this_thread::sleep_for(std::chrono::milliseconds{150});  // Razorpay's 409 for a refund that is still running
        return wait([&](auto done) {
          gateway_->refund(hold.reference, 5998, *domain::currency::find("INR"), "", under(fmt::format("ord_1/refund/{}", orders + 10), repeat, timeout), done);
        });
      });
      ASSERT_EQ(back.kind, operation_outcome::done) << note << ": " << back.message;
      ++orders;
      for (const auto* operation : {"authorize", "capture", "refund"})
        ASSERT_EQ(box_.ledger(fmt::format("?operation={}", operation)).size(), static_cast<std::size_t>(orders)) << note;
    }
}

TEST_F(RazorpayThroughTheSandbox, TellsAClearNoFromTrouble) {
  const auto no = [&](const char* operation) { box_.fault(fmt::format(R"({{"vendor":"razorpay","operation":"{}","kind":"decline"}})", operation)); };
  no("authorize");
  const auto refused = authorize("");
  EXPECT_EQ(refused.kind, operation_outcome::declined);
  EXPECT_EQ(refused.code, "card_declined");
  EXPECT_TRUE(refused.soft);
  const auto pending = authorize("");
  approve(box_, pending.reference, "decline");
  EXPECT_EQ(authorize(pending.reference).code, "payment_cancelled");
  approve(box_, pending.reference);
  const auto hold = authorize(pending.reference);
  no("capture");
  EXPECT_EQ(capture(hold.reference).kind, operation_outcome::declined);
  EXPECT_EQ(capture(hold.reference).kind, operation_outcome::done);
  no("refund");
  EXPECT_EQ(refund(hold.reference, 100, "ord_1/refund/3").kind, operation_outcome::declined);
}

TEST_F(RazorpayThroughTheSandbox, TakesAPaymentFromTheShopsOwnCheckoutForOneOrderOnly) {
  const auto payment = approve(box_, ask(box_, "POST", "/v1/orders", R"({"amount":5998,"currency":"INR"})").at("/id")).at("/reference");
  EXPECT_EQ(authorize("", "INR", 5997, payment).code, "payment_mismatch");
  const auto hold = authorize("", "INR", 5998, payment);
  EXPECT_EQ(hold.kind, operation_outcome::done);
  EXPECT_EQ(hold.reference, payment);
  EXPECT_EQ(capture(payment).kind, operation_outcome::done);
  EXPECT_EQ(capture(payment).code, "captured_elsewhere") << "a second order's first try";
  EXPECT_EQ(authorize("", "INR", 5998, payment).code, "payment_already_captured");
  EXPECT_EQ(box_.ledger("?operation=capture").size(), 1u);
}

TEST_F(RazorpayThroughTheSandbox, ReadsItsWebhooks) {
  const auto pending = authorize("");
  const auto payment = approve(box_, pending.reference).at("/reference");
  capture(payment);
  refund(payment, 998, "ord_1/refund/3");
  const auto caught = hooks_.wait_for(5);
  ASSERT_EQ(caught.size(), 5u);
  const auto reader = integrations::razorpay::make_razorpay_webhook("whs");
  std::vector<std::string> seen;
  for (const auto& c : caught) {
    EXPECT_EQ(c.path, "/hooks/razorpay");
    const auto n = reader->read(
        [&](std::string_view name) {
          const auto at = c.fields.find(std::string{name});
          return at == c.fields.end() ? std::string{} : at->second;
        },
        c.body, {});
    ASSERT_TRUE(n) << n.error().detail;
    EXPECT_THAT(n->event_id, testing::StartsWith("evt_"));
    if (n->relevant) {
      EXPECT_EQ(n->order_id, "ord_1");
      seen.push_back(fmt::format("{} {} {}", n->type, n->idempotency_key, to_string(n->what.kind)));
    }
  }
  EXPECT_THAT(seen, testing::UnorderedElementsAre("payment.authorized ord_1/authorize/1 awaiting_buyer", "payment.captured  done",
                                                  "refund.processed ord_1/refund/3 done"));
}

}  // namespace coreldove::tests
