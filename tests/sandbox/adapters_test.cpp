// Our own adapters against the sandbox: the two were written from the vendors' documents, not from each other.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "integrations/fedex/fedex.hpp"
#include "integrations/http/client.hpp"
#include "integrations/smtp/smtp.hpp"
#include "integrations/stripe/stripe.hpp"
#include "tests/sandbox/talk.hpp"

namespace coreldove::tests {

using domain::operation_outcome;
using integrations::call_context;
using integrations::outcome;
using testing::HasSubstr;

namespace {

const domain::currency usd{{'U', 'S', 'D'}, 2};

/// Waits for what a call reports.
template <class T, class Call>
T result_of(Call start) {
  auto promise = std::make_shared<std::promise<T>>();
  auto future = promise->get_future();
  start([promise](T value) { promise->set_value(std::move(value)); });
  if (future.wait_for(std::chrono::seconds{10}) != std::future_status::ready) throw std::runtime_error("no outcome");
  return future.get();
}

call_context under(std::string key, std::chrono::milliseconds timeout = std::chrono::seconds{5}, bool repeat = false) {
  call_context c;
  c.order_id = "ord_1";
  c.idempotency_key = std::move(key);
  c.timeout = timeout;
  c.repeat = repeat;
  return c;
}

class SandboxAdapters : public testing::Test {
protected:
  SandboxAdapters()
      : box_({.webhook_base = hooks_.base(), .stripe_webhook_secret = "whsec_1", .fedex_webhook_secret = "token"}),
        stripe_(integrations::stripe::make_stripe({fmt::format("http://127.0.0.1:{}/stripe", box_.port()), "sk_test_1", true}, client_)),
        fedex_(integrations::fedex::make_fedex(
            {.api_base = fmt::format("http://127.0.0.1:{}/fedex", box_.port()), .client_id = "id", .client_secret = "secret", .account_number = "740561073"},
            client_)) {}
  ~SandboxAdapters() override { client_.stop(); }

  outcome authorize(const std::string& token, const call_context& ctx) {
    return result_of<outcome>([&](auto done) { stripe_->authorize({5998, usd, token, "a@example.com"}, ctx, done); });
  }
  outcome capture(const std::string& id, domain::minor_units amount, bool last, const std::string& key) {
    return result_of<outcome>([&](auto done) { stripe_->capture(id, amount, usd, last, under(key), done); });
  }
  outcome buy(const call_context& ctx) {
    integrations::parcel p;
    p.from = {"wh-1", "Main", "US", "MO", "65247"};
    p.to = {"A. Buyer", "1 Main St", "", "Springfield", "IL", "62701", "US", "+12175550100"};
    p.weight_grams = 500;
    p.service = "standard";
    p.value = 5998;
    p.currency = usd;
    p.reference = "ord_1/1";
    return result_of<outcome>([&](auto done) { fedex_->buy_label(p, ctx, done); });
  }

  catcher hooks_;
  sandbox_under_test box_;
  integrations::http::client client_;
  std::shared_ptr<integrations::payment_gateway> stripe_;
  std::shared_ptr<integrations::carrier> fedex_;
};

}  // namespace

TEST_F(SandboxAdapters, TakeAPaymentThroughItsLife) {
  const auto held = authorize("tok_visa", under("ord_1/authorize/1"));
  ASSERT_EQ(held.kind, operation_outcome::done) << held.message;
  EXPECT_EQ(capture(held.reference, 1000, false, "ord_1/capture/2").kind, operation_outcome::done);
  EXPECT_EQ(capture(held.reference, 4998, true, "ord_1/capture/3").kind, operation_outcome::done);
  const auto back = result_of<outcome>([&](auto done) { stripe_->refund(held.reference, 998, usd, "requested_by_customer", under("ord_1/refund/4"), done); });
  EXPECT_EQ(back.kind, operation_outcome::done);
  EXPECT_EQ(box_.ledger("?order_id=ord_1&operation=authorize").size(), 1u);
  EXPECT_EQ(box_.ledger("?order_id=ord_1&operation=capture").size(), 2u);
  EXPECT_THAT(box_.ledger("?order_id=ord_1&operation=refund"), testing::ElementsAre(HasSubstr(R"("amount":"9.98")")));
  const auto other = authorize("tok_visa", under("ord_2/authorize/1"));
  EXPECT_EQ(result_of<outcome>([&](auto done) { stripe_->void_authorization(other.reference, under("ord_2/void/2"), done); }).kind, operation_outcome::done);
  EXPECT_EQ(box_.ledger("?operation=void").size(), 1u);
  EXPECT_EQ(result_of<outcome>([&](auto done) { stripe_->check(done); }).kind, operation_outcome::done);
}

TEST_F(SandboxAdapters, TellDeclinesFromTrouble) {
  const auto poor = authorize("tok_chargeDeclinedInsufficientFunds", under("ord_1/authorize/1"));
  EXPECT_EQ(poor.kind, operation_outcome::declined);
  EXPECT_EQ(poor.code, "insufficient_funds");
  EXPECT_EQ(authorize("tok_threeDSecure2Required", under("ord_1/authorize/2")).kind, operation_outcome::declined);
  box_.fault(R"({"vendor":"stripe","operation":"authorize","kind":"rate_limit_429"})");
  EXPECT_EQ(authorize("tok_visa", under("ord_1/authorize/3")).kind, operation_outcome::not_done);
  box_.fault(R"({"vendor":"stripe","operation":"authorize","kind":"no_answer"})");
  EXPECT_EQ(authorize("tok_visa", under("ord_1/authorize/4", std::chrono::milliseconds{200})).kind, operation_outcome::unknown);
  EXPECT_TRUE(box_.ledger("?operation=authorize").empty());
}

TEST_F(SandboxAdapters, FindALostAuthorizationAgainUnderItsKey) {
  box_.fault(R"({"vendor":"stripe","operation":"authorize","kind":"lost_answer","times":2})");
  const auto first = authorize("tok_visa", under("ord_1/authorize/1"));
  EXPECT_EQ(first.kind, operation_outcome::unknown);
  call(box_.port(), "DELETE", "/faults");
  EXPECT_EQ(authorize("tok_visa", under("ord_1/authorize/1", std::chrono::seconds{5}, true)).kind, operation_outcome::done);
  EXPECT_EQ(box_.ledger("?operation=authorize").size(), 1u);
}

TEST_F(SandboxAdapters, ReadStripesWebhooks) {
  const auto held = authorize("tok_visa", under("ord_1/authorize/1"));
  const auto got = hooks_.wait_for(1);
  ASSERT_EQ(got.size(), 1u);
  const auto reader = integrations::stripe::make_stripe_webhook("whsec_1");
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto sent = [&](std::string_view name) { return got[0].fields.at(std::string{name}); };
  const auto notice = reader->read(sent, got[0].body, now);
  ASSERT_TRUE(notice) << notice.error().detail;
  EXPECT_TRUE(notice->relevant);
  EXPECT_EQ(notice->order_id, "ord_1");
  EXPECT_EQ(notice->idempotency_key, "ord_1/authorize/1");
  EXPECT_EQ(notice->what.reference, held.reference);
  EXPECT_FALSE(integrations::stripe::make_stripe_webhook("whsec_2")->read(sent, got[0].body, now));
}

TEST_F(SandboxAdapters, BuyTrackAndCancelALabel) {
  const auto label = buy(under("ord_1/label/3"));
  ASSERT_EQ(label.kind, operation_outcome::done) << label.code << label.message;
  ASSERT_EQ(box_.advance(label.tracking_number, "in_transit").status, 200);
  const auto got = hooks_.wait_for(1);
  ASSERT_EQ(got.size(), 1u);
  const auto pushed = integrations::fedex::make_fedex_webhook("token")->read(got[0].fields.at("fdx-signature"), got[0].body, {});
  ASSERT_TRUE(pushed) << pushed.error().detail;
  ASSERT_EQ(pushed->size(), 1u);
  EXPECT_EQ(pushed->front().tracking_number, label.tracking_number);
  EXPECT_EQ(pushed->front().state, domain::tracking_state::in_transit);
  const auto seen =
      result_of<domain::result<std::vector<integrations::tracking_event>>>([&](auto done) { fedex_->track(label.tracking_number, under("t"), done); });
  ASSERT_TRUE(seen) << seen.error().detail;
  EXPECT_EQ(seen->back().state, domain::tracking_state::in_transit);
  const auto other = buy(under("ord_1/label/4"));
  const auto cancel = [&](const std::string& number) {
    return result_of<outcome>([&](auto done) { fedex_->void_label(number, under("ord_1/void_label/5"), done); });
  };
  EXPECT_EQ(cancel(other.tracking_number).kind, operation_outcome::done);
  EXPECT_EQ(cancel(other.tracking_number).kind, operation_outcome::done) << "it is void already";
  EXPECT_EQ(cancel(label.tracking_number).kind, operation_outcome::declined) << "it is on its way";
}

TEST_F(SandboxAdapters, FindALostLabelByItsReferenceInsteadOfBuyingItTwice) {
  box_.fault(R"({"vendor":"fedex","operation":"label","kind":"lost_answer"})");
  EXPECT_EQ(buy(under("ord_1/label/3")).kind, operation_outcome::unknown);
  const auto found = buy(under("ord_1/label/3", std::chrono::seconds{5}, true));
  EXPECT_EQ(found.kind, operation_outcome::done);
  EXPECT_EQ(box_.ledger("?operation=label").size(), 1u);
}

TEST_F(SandboxAdapters, AskForRatesThatTheLabelThenCosts) {
  integrations::parcel p;
  p.from = {"wh-1", "Main", "US", "MO", "65247"};
  p.to = {"A", "1 Main St", "", "Springfield", "IL", "62701", "US", ""};
  p.weight_grams = 500;
  p.currency = usd;
  const auto rates = result_of<domain::result<std::vector<integrations::rate>>>([&](auto done) { fedex_->rates(p, under("r"), done); });
  ASSERT_TRUE(rates) << rates.error().detail;
  ASSERT_FALSE(rates->empty());
  EXPECT_EQ(rates->front().service, "FEDEX_GROUND");
  EXPECT_GT(rates->front().days, 0);
  buy(under("ord_1/label/3"));
  EXPECT_THAT(box_.ledger("?operation=label")[0], HasSubstr(fmt::format(R"("amount":"{}")", domain::format_amount(rates->front().amount, 2))));
}

TEST_F(SandboxAdapters, SendMailsOnceEvenWhereTheAnswerWasLost) {
  const auto mailer = integrations::smtp::make_mailer(
      {.url = fmt::format("smtp://127.0.0.1:{}", box_.smtp_port()), .from = "Shop <orders@example.com>", .user = "u", .password = "p"});
  const auto send = [&] {
    return result_of<outcome>([&](auto done) { mailer->send({"a@example.com", "Gr\u00fc\u00dfe", "Hello\n.\n", "<ord_1/mail/1@coreldove>", "ord_1"}, done); });
  };
  EXPECT_EQ(result_of<outcome>([&](auto done) { mailer->check(done); }).kind, operation_outcome::done);
  box_.fault(R"({"vendor":"smtp","operation":"email","kind":"lost_answer"})");
  EXPECT_EQ(send().kind, operation_outcome::unknown);
  EXPECT_EQ(send().kind, operation_outcome::done);
  EXPECT_EQ(box_.ledger("?operation=email&order_id=ord_1").size(), 1u);
  EXPECT_EQ(box_.get("/mails").at("/items/0/subject"), "Gr\u00fc\u00dfe");
  EXPECT_THAT(box_.get("/mails").at("/items/0/text"), testing::StartsWith("Hello\r\n.\r\n"));
  box_.fault(R"({"vendor":"smtp","operation":"email","kind":"decline"})");
  EXPECT_EQ(send().kind, operation_outcome::declined);
  box_.fault(R"({"vendor":"smtp","operation":"email","kind":"refuse"})");
  EXPECT_EQ(send().kind, operation_outcome::not_done);
}

}  // namespace coreldove::tests
