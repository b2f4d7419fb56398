// PayU India as its clients see it, and our adapter against it.
#include "integrations/payu/payu.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <future>

#include "integrations/http/client.hpp"
#include "integrations/http/form.hpp"
#include "integrations/payu/hashes.hpp"
#include "tests/sandbox/talk.hpp"

namespace coreldove::tests {

using domain::operation_outcome;
using integrations::call_context;
using integrations::outcome;
using integrations::http::form_fields;
using testing::HasSubstr;

namespace {

const headers form_type{{"Content-Type", "application/x-www-form-urlencoded"}};

std::string encoded(const form_fields& f) {
  integrations::http::form out;
  for (const auto& [name, value] : f) out.add(name, value);
  return out.text();
}

form_fields buyers_form(std::string_view txnid, std::string_view amount = "59.98") {
  form_fields f{{"key", "k1"},
                {"txnid", std::string{txnid}},
                {"amount", std::string{amount}},
                {"productinfo", "Order ord_1"},
                {"firstname", "A. Buyer"},
                {"email", "a@example.com"},
                {"phone", "9999999999"},
                {"surl", "http://shop/thanks"},
                {"furl", "http://shop/sorry"},
                {"pre_authorize", "1"},
                {"udf1", "ord_1"},
                {"udf2", "ord_1/authorize/1"}};
  f["hash"] = integrations::payu::request_hash(f, "salt");
  return f;
}

integrations::sandbox_options options() { return {.payu_merchant_key = "k1", .payu_merchant_salt = "salt"}; }

response open_page(const sandbox_under_test& box, const form_fields& f) { return call(box.port(), "POST", "/payu/_payment", form_type, encoded(f)); }

response approve(const sandbox_under_test& box, std::string_view reference, std::string_view decision = "approve") {
  return call(box.port(), "POST", "/approve", {}, fmt::format(R"({{"vendor":"payu","reference":"{}","decision":"{}"}})", reference, decision));
}

response command(const sandbox_under_test& box, std::string_view name, std::string_view var1, std::string_view var2 = {}, std::string_view var3 = {}) {
  form_fields f{
      {"key", "k1"}, {"command", std::string{name}}, {"var1", std::string{var1}}, {"hash", integrations::payu::command_hash("k1", name, var1, "salt")}};
  if (!var2.empty()) f["var2"] = var2;
  if (!var3.empty()) f["var3"] = var3;
  return call(box.port(), "POST", "/payu/merchant/postservice.php?form=2", form_type, encoded(f));
}

std::string held(const sandbox_under_test& box, std::string_view txnid = "t1") {
  open_page(box, buyers_form(txnid));
  return approve(box, txnid).at("/reference");
}

}  // namespace

TEST(SandboxPayu, TakesAPaymentFromItsPageToRefunds) {
  const sandbox_under_test box{options()};
  EXPECT_EQ(command(box, "verify_payment", "t1").at("/transaction_details/t1/status"), "Not Found");
  EXPECT_EQ(approve(box, "t1").status, 404) << "the buyer has not been there";
  EXPECT_THAT(open_page(box, buyers_form("t1")).body, HasSubstr("59.98 INR"));
  EXPECT_EQ(command(box, "verify_payment", "t1").at("/transaction_details/t1/unmappedstatus"), "pending");
  const auto paid = approve(box, "t1");
  EXPECT_EQ(paid.at("/state"), "auth");
  const auto id = paid.at("/reference");
  const auto verified = command(box, "verify_payment", "t1|t2");
  EXPECT_EQ(verified.at("/msg"), "1 out of 2 Transactions Fetched Successfully");
  EXPECT_EQ(verified.at("/transaction_details/t1/mihpayid"), id);
  EXPECT_EQ(command(box, "check_payment", id).at("/transaction_details/unmappedstatus"), "auth");

  EXPECT_EQ(command(box, "capture_transaction", id, "c1", "59.99").at("/error_code"), "303");
  const auto captured = command(box, "capture_transaction", id, "c1", "50.00");
  EXPECT_EQ(captured.at("/status"), "1");
  EXPECT_EQ(captured.at("/error_code"), "102");
  EXPECT_EQ(command(box, "capture_transaction", id, "c1", "50.00").at("/error_code"), "106");
  EXPECT_EQ(command(box, "capture_transaction", id, "c2", "9.98").at("/error_code"), "301");
  const auto request = captured.at("/request_id");
  EXPECT_EQ(command(box, "check_action_status", request).at(fmt::format("/transaction_details/{0}/{0}/status", request)), "SUCCESS");
  EXPECT_EQ(command(box, "check_action_status", id, "payuid").at(fmt::format("/transaction_details/{}/{}/token", id, request)), "c1");
  EXPECT_EQ(command(box, "check_action_status", "1").at("/transaction_details/1"), "No action status found");

  EXPECT_EQ(command(box, "cancel_refund_transaction", id, "r1", "50.01").at("/error_code"), "105");
  EXPECT_EQ(command(box, "cancel_refund_transaction", id, "r1", "20.00").at("/msg"), "Refund Request Queued");
  EXPECT_EQ(command(box, "cancel_refund_transaction", id, "r1", "20.00").at("/error_code"), "227");
  EXPECT_EQ(command(box, "cancel_refund_transaction", id, "r2", "30").at("/status"), "1");
  EXPECT_EQ(command(box, "cancel_refund_transaction", id, "r3", "0.01").at("/error_code"), "105");
  EXPECT_EQ(box.ledger("?operation=authorize").size(), 1u);
  EXPECT_THAT(box.ledger("?operation=capture")[0], HasSubstr(R"("amount":"50.00","currency":"INR")"));
  EXPECT_EQ(box.ledger("?operation=refund").size(), 2u);
  EXPECT_TRUE(box.ledger("?operation=void").empty());
}

TEST(SandboxPayu, CancelsWhatIsOnlyReserved) {
  const sandbox_under_test box{options()};
  const auto id = held(box);
  EXPECT_EQ(command(box, "cancel_refund_transaction", id, "v1", "50.00").at("/error_code"), "105") << "the whole of it or nothing";
  EXPECT_EQ(command(box, "cancel_refund_transaction", id, "v1", "59.98").at("/msg"), "Cancel Request Queued");
  EXPECT_EQ(command(box, "check_payment", id).at("/transaction_details/unmappedstatus"), "cancelled");
  EXPECT_EQ(command(box, "capture_transaction", id, "c1", "59.98").at("/error_code"), "111");
  EXPECT_EQ(box.ledger("?operation=void").size(), 1u);
}

TEST(SandboxPayu, WantsItsHashesRight) {
  const sandbox_under_test box{options()};
  auto wrong = buyers_form("t1");
  wrong["amount"] = "1.00";
  EXPECT_THAT(open_page(box, wrong).body, HasSubstr("hash"));
  auto incomplete = buyers_form("t1");
  incomplete.erase("phone");
  EXPECT_THAT(open_page(box, incomplete).body, HasSubstr("Mandatory param missing: phone"));
  auto foreign = buyers_form("t1");
  foreign["key"] = "k2";
  EXPECT_THAT(open_page(box, foreign).body, HasSubstr("invalid key"));
  const auto post = [&](std::string_view body) { return call(box.port(), "POST", "/payu/merchant/postservice.php?form=2", form_type, body).at("/msg"); };
  EXPECT_EQ(post("key=k1&command=verify_payment&var1=t1&hash=0"), "Invalid Hash.");
  EXPECT_EQ(post("key=k2&command=verify_payment&var1=t1&hash=0"), "Invalid key.");
  EXPECT_EQ(command(box, "make_coffee", "t1").at("/msg"), "Invalid command.");
  EXPECT_EQ(command(box, "capture_transaction", "1", "c1", "1.00").at("/error_code"), "116");
  EXPECT_EQ(call(box.port(), "GET", "/payu/nothing").status, 404);
  EXPECT_TRUE(box.ledger().empty());
}

TEST(SandboxPayu, SendsTheBuyerBackWithASignedReport) {
  const sandbox_under_test box{options()};
  const auto page = open_page(box, buyers_form("t1"));
  const auto at = page.body.find("/payu/decide/");
  const auto button = page.body.substr(at, page.body.find('"', at) - at);
  const auto back = call(box.port(), "POST", button, form_type, "decision=decline");
  EXPECT_THAT(back.body, HasSubstr(R"(action="http://shop/sorry")"));
  EXPECT_THAT(back.body, HasSubstr(R"(name="error" value="E307")"));
  EXPECT_THAT(call(box.port(), "POST", button, form_type, "decision=approve").body, HasSubstr("decided already"));
  EXPECT_THAT(open_page(box, buyers_form("t1")).body, HasSubstr("duplicate transaction id"));
  EXPECT_EQ(approve(box, "t1").status, 409);
  EXPECT_TRUE(box.ledger().empty());
}

TEST(SandboxPayu, RemembersEverythingAcrossARestart) {
  const auto file = std::filesystem::temp_directory_path() / fmt::format("sandbox-payu-{}", ::getpid());
  auto kept = options();
  kept.state_file = file;
  std::string id, ledger, shown;
  {
    const sandbox_under_test box{kept};
    id = held(box);
    command(box, "capture_transaction", id, "c1", "59.98");
    command(box, "cancel_refund_transaction", id, "r1", "9.98");
    ledger = box.get("/ledger").body;
    shown = command(box, "check_action_status", id, "payuid").body;
  }
  {
    const sandbox_under_test box{kept};
    EXPECT_EQ(box.get("/ledger").body, ledger);
    EXPECT_EQ(command(box, "check_action_status", id, "payuid").body, shown);
    EXPECT_EQ(command(box, "cancel_refund_transaction", id, "r1", "9.98").at("/error_code"), "227");
    EXPECT_EQ(command(box, "cancel_refund_transaction", id, "r2", "50.01").at("/error_code"), "105");
  }
  std::filesystem::remove(file);
}

// ---- our adapter -------------------------------------------------------------------------------------------------------------------------------------

namespace {

class PayuThroughTheSandbox : public testing::Test {
protected:
  PayuThroughTheSandbox() : box_({.webhook_base = hooks_.base(), .payu_merchant_key = "k1", .payu_merchant_salt = "salt"}) {
    pages_->set_base("http://shop/pay");
    const auto base = fmt::format("http://127.0.0.1:{}/payu", box_.port());
    gateway_ = integrations::payu::make_payu({base, base, "k1", "salt"}, client_, pages_);
  }
  ~PayuThroughTheSandbox() override { client_.stop(); }

  template <class Call>
  outcome wait(Call start) {
    auto promise = std::make_shared<std::promise<outcome>>();
    auto future = promise->get_future();
    start([promise](outcome o) { promise->set_value(std::move(o)); });
    if (future.wait_for(std::chrono::seconds{10}) != std::future_status::ready) throw std::runtime_error("no outcome");
    return future.get();
  }
  /// As the order's machine does: again under the same key until there is an answer.
  template <class Call>
  outcome until_settled(const std::string& key, Call ask) {
    outcome o;
    for (int attempt = 0; attempt < 5; ++attempt) {
      call_context c;
      c.order_id = order_;
      c.idempotency_key = order_ + key;
      c.repeat = attempt > 0;
      c.timeout = attempt == 0 ? std::chrono::milliseconds{300} : std::chrono::milliseconds{5000};
      o = wait([&](auto done) { ask(c, done); });
      if (o.kind != operation_outcome::unknown && o.kind != operation_outcome::not_done) break;
    }
    return o;
  }
  outcome authorize(const std::string& pending = "") {
    integrations::charge c{5998, inr_, "tok_redirect", "a@example.com"};
    c.pending = pending;
    c.customer_phone = "9999999999";
    return until_settled("/authorize/1", [&](const call_context& ctx, auto done) { gateway_->authorize(c, ctx, done); });
  }
  outcome capture(const std::string& id, domain::minor_units amount = 5998) {
    return until_settled("/capture/2", [&](const call_context& ctx, auto done) { gateway_->capture(id, amount, inr_, true, ctx, done); });
  }
  outcome cancel(const std::string& id) {
    return until_settled("/void_authorization/2", [&](const call_context& ctx, auto done) { gateway_->void_authorization(id, ctx, done); });
  }
  outcome refund(const std::string& id, domain::minor_units amount, const std::string& key) {
    return until_settled(key, [&](const call_context& ctx, auto done) { gateway_->refund(id, amount, inr_, "", ctx, done); });
  }
  /// What the buyer's browser does with the page behind the link: posts its form.
  response follow(const std::string& link) {
    const auto html = pages_->open(link.substr(std::string_view{"http://shop/pay/"}.size()))->html;
    form_fields f;
    std::size_t at = 0;
    const std::string_view name_mark = "name=\"", value_mark = "\" value=\"";
    while ((at = html.find(name_mark, at)) != std::string::npos) {
      at += name_mark.size();
      const auto middle = html.find(value_mark, at), end = html.find('"', middle + value_mark.size());
      f[html.substr(at, middle - at)] = html.substr(middle + value_mark.size(), end - middle - value_mark.size());
      at = end;
    }
    return open_page(box_, f);
  }
  void next_order() { order_ = fmt::format("ord_{}", ++orders_); }

  catcher hooks_;
  sandbox_under_test box_;
  integrations::http::client client_;
  std::shared_ptr<integrations::checkout::links> pages_ = std::make_shared<integrations::checkout::links>("secret");
  std::shared_ptr<integrations::payment_gateway> gateway_;
  std::string order_ = "ord_1";
  int orders_ = 1;
  const domain::currency inr_ = *domain::currency::find("INR");
};

}  // namespace

TEST_F(PayuThroughTheSandbox, PassesThroughItsWholeLife) {
  const auto pending = authorize();
  ASSERT_EQ(pending.kind, operation_outcome::awaiting_buyer) << pending.message;
  EXPECT_THAT(follow(pending.redirect_url).body, HasSubstr("59.98 INR for Order ord_1"));
  EXPECT_EQ(authorize(pending.reference).kind, operation_outcome::awaiting_buyer);
  approve(box_, pending.reference);
  const auto hold = authorize(pending.reference);
  ASSERT_EQ(hold.kind, operation_outcome::done) << hold.message;
  EXPECT_EQ(capture(hold.reference, 5000).kind, operation_outcome::done) << "a part";
  EXPECT_EQ(cancel(hold.reference).code, "already_captured");
  EXPECT_EQ(refund(hold.reference, 2000, "/refund/3").kind, operation_outcome::done);
  EXPECT_EQ(refund(hold.reference, 2000, "/refund/4").kind, operation_outcome::done) << "the same amount again is another refund";
  EXPECT_EQ(refund(hold.reference, 1001, "/refund/5").kind, operation_outcome::declined) << "more than is left";
  EXPECT_EQ(box_.ledger("?operation=refund").size(), 2u);
  EXPECT_EQ(wait([&](auto done) { gateway_->check(done); }).kind, operation_outcome::done);
}

TEST_F(PayuThroughTheSandbox, DoesEverythingOnceWhateverGoesWrong) {
  std::size_t captures = 0, voids = 0;
  for (const auto* kind : {"refuse", "error_500", "rate_limit_429", "slow", "no_answer", "lost_answer"})
    for (const auto* step : {"authorize", "capture", "refund", "void"}) {
      next_order();
      const auto strike = [&](std::string_view at) {
        if (at == step) box_.fault(fmt::format(R"({{"vendor":"payu","operation":"{}","kind":"{}","delay_ms":600}})", at, kind));
      };
      const auto note = fmt::format("{} at {}", kind, step);
      const auto pending = authorize();
      ASSERT_EQ(pending.kind, operation_outcome::awaiting_buyer) << note;
      follow(pending.redirect_url);
      ASSERT_EQ(approve(box_, pending.reference).status, 200) << note;
      strike("authorize");
      const auto hold = authorize(pending.reference);
      ASSERT_EQ(hold.kind, operation_outcome::done) << note << ": " << hold.message;
      if (std::string_view{step} == "void") {
        strike("void");
        ASSERT_EQ(cancel(hold.reference).kind, operation_outcome::done) << note;
        ++voids;
      } else {
        strike("capture");
        ASSERT_EQ(capture(hold.reference).kind, operation_outcome::done) << note;
        strike("refund");
        ASSERT_EQ(refund(hold.reference, 5998, "/refund/3").kind, operation_outcome::done) << note;
        ++captures;
      }
      ASSERT_EQ(box_.ledger("?operation=authorize").size(), captures + voids) << note;
      ASSERT_EQ(box_.ledger("?operation=capture").size(), captures) << note;
      ASSERT_EQ(box_.ledger("?operation=refund").size(), captures) << note;
      ASSERT_EQ(box_.ledger("?operation=void").size(), voids) << note;
    }
}

TEST_F(PayuThroughTheSandbox, TellsAClearNoFromTrouble) {
  const auto pending = authorize();
  follow(pending.redirect_url);
  approve(box_, pending.reference, "decline");
  const auto refused = authorize(pending.reference);
  EXPECT_EQ(refused.kind, operation_outcome::declined);
  EXPECT_EQ(refused.code, "E307");
  EXPECT_TRUE(refused.soft);
  next_order();
  const auto other = authorize();
  box_.fault(R"({"vendor":"payu","operation":"authorize","kind":"decline"})");
  EXPECT_THAT(follow(other.redirect_url).body, HasSubstr("failed"));
  EXPECT_EQ(authorize(other.reference).kind, operation_outcome::declined);
  next_order();
  const auto third = authorize();
  follow(third.redirect_url);
  approve(box_, third.reference);
  const auto hold = authorize(third.reference);
  box_.fault(R"({"vendor":"payu","operation":"capture","kind":"decline"})");
  EXPECT_EQ(capture(hold.reference).kind, operation_outcome::declined);
  EXPECT_TRUE(box_.ledger("?operation=capture").empty());
}

TEST_F(PayuThroughTheSandbox, ReadsItsWebhooks) {
  const auto pending = authorize();
  follow(pending.redirect_url);
  const auto id = approve(box_, pending.reference).at("/reference");
  capture(id);
  refund(id, 998, "/refund/3");
  const auto caught = hooks_.wait_for(3);
  ASSERT_EQ(caught.size(), 3u);
  const auto reader = integrations::payu::make_payu_webhook("k1", "salt");
  int looks = 0, unsigned_ones = 0;
  for (const auto& c : caught) {
    EXPECT_EQ(c.path, "/hooks/payu");
    const auto n = reader->read([](std::string_view) { return std::string{}; }, c.body, {});
    ASSERT_TRUE(n) << n.error().detail;
    if (n->relevant) {
      EXPECT_EQ(c.fields.at("content-type"), "application/x-www-form-urlencoded");
      EXPECT_EQ(n->idempotency_key, "ord_1/authorize/1");
      EXPECT_EQ(n->what.kind, operation_outcome::awaiting_buyer);
      ++looks;
    } else {
      EXPECT_THAT(c.body, HasSubstr(R"("action":"refund")"));
      ++unsigned_ones;
    }
  }
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(unsigned_ones, 1);
  const auto form = std::ranges::find_if(caught, [](const auto& c) { return c.fields.at("content-type") == "application/x-www-form-urlencoded"; });
  ASSERT_NE(form, caught.end());
  EXPECT_FALSE(integrations::payu::make_payu_webhook("k1", "other")->read([](std::string_view) { return std::string{}; }, form->body, {}));
}

}  // namespace coreldove::tests
