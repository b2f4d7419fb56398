// Razorpay's and PayU's adapters against OpenAPI documents of the two: .ci/check_contracts.sh starts a server that answers from each and says where it is.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "integrations/http/form.hpp"
#include "integrations/payu/payu.hpp"
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

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

call_context context(const char* key, bool repeat = true) { return {"ord_1", key, "0af7651916cd43dd8448eb211c80319c", 3s, repeat}; }

charge order_of(const char* token, const char* pending, const char* iso = "INR") {
  return {5998, *currency::find(iso), token, "a@example.com", "card", pending, "https://shop.example/thanks", "A. Buyer", "+919999999999"};
}

std::shared_ptr<checkout::links> pages() {
  auto out = std::make_shared<checkout::links>("secret");
  out->set_base("https://shop.example/pay");
  return out;
}

/// Every kind of call, one after the other; what each came to.
std::vector<outcome> call_everything(payment_gateway& g, const char* token, const char* pending) {
  std::vector<outcome> out;
  const auto add = [&](auto call) { out.push_back(wait_for<outcome>(call)); };
  add([&](auto done) { g.authorize(order_of("tok_redirect", ""), context("ord_1/authorize/1"), done); });
  add([&](auto done) { g.authorize(order_of(token, ""), context("ord_1/authorize/1"), done); });
  add([&](auto done) { g.authorize(order_of("tok_redirect", pending), context("ord_1/authorize/1"), done); });
  for (const bool repeat : {false, true}) {
    add([&](auto done) { g.capture("pay_1", 5998, inr, true, context("ord_1/capture/2", repeat), done); });
    add([&](auto done) { g.void_authorization("pay_1", context("ord_1/void_authorization/2", repeat), done); });
    add([&](auto done) { g.refund("pay_1", 500, inr, "it came broken", context("ord_1/refund/3", repeat), done); });
  }
  add([&](auto done) { g.owner("pay_1", context(""), done); });
  add([&](auto done) { g.check(done); });
  return out;
}

http::response replay(const seen_request& seen, const std::string& base) {
  http::client client;
  http::request r{.method = seen.method, .url = base + seen.target, .body = seen.body, .timeout = 60s};
  for (const auto* name : {"Authorization", "Content-Type", "X-Refund-Idempotency"})
    if (const auto value = seen.header(name); !value.empty()) r.headers.add(name, value);
  return wait_for<http::response>([&](auto done) { client.send(r, done); }, 61s);
}

class vendor_contract : public ::testing::Test {
protected:
  explicit vendor_contract(const std::string& name) : base_{setting((name + "_API_BASE").c_str())}, file_{setting((name + "_DOCUMENT").c_str())} {}
  void SetUp() override {
    if (base_.empty() || file_.empty()) GTEST_SKIP() << "needs the vendor's document: .ci/check_contracts.sh";
    document_ = json::parse(std::ifstream{file_});
  }
  void accepts(const std::vector<seen_request>& requests) const {
    for (const auto& seen : requests) {
      const auto got = replay(seen, base_);
      EXPECT_TRUE(got.status == 200 || got.status == 302) << got.status << " " << seen.method << " " << seen.target << "\n" << seen.body << "\n" << got.body;
    }
  }
  std::string base_, file_;
  json document_;
};

class RazorpayContract : public vendor_contract {
protected:
  RazorpayContract() : vendor_contract("RAZORPAY") {}

  std::shared_ptr<payment_gateway> gateway_at(const std::string& base) {
    return razorpay::make_razorpay({.api_base = base, .key_id = "rzp_test_k", .key_secret = "s"}, client_, pages());
  }
  /// What the document shows for a status of the operation that a request is for.
  std::string example(const seen_request& rq, const char* status) const {
    auto path = rq.target;
    for (const auto* prefix : {"/v1/orders/", "/v1/payments/", "/v1/refunds/"})
      if (path.starts_with(prefix)) {
        const auto begin = std::string_view{prefix}.size();
        path.replace(begin, std::min(path.find('/', begin), path.size()) - begin, "{id}");
      }
    const auto& responses = document_.at("paths").at(path).at(rq.method == "POST" ? "post" : "get").at("responses");
    if (!responses.contains(status)) return {};
    return responses.at(status).at("content").at("application/json").at("example").dump();
  }
  http::client client_;
  void TearDown() override { client_.stop(); }
};

TEST_F(RazorpayContract, EveryRequestIsAcceptedByAServerMadeFromTheDocument) {
  loopback_server there{[](const seen_request& rq) {
    return answer(rq.target.ends_with("/capture") ? 400 : 200, R"({"id":"pay_1","entity":"payment","order_id":"order_1","amount":5998,"currency":"INR",)"
                                                               R"("status":"captured","notes":[],"items":[]})");
  }};
  call_everything(*gateway_at(there.base()), "pay_1", "order_1");
  wait_for<outcome>([&](auto done) { gateway_at(there.base())->authorize(order_of("", "", "JPY"), context("ord_1/authorize/1"), done); });
  const auto seen = there.seen();
  EXPECT_EQ(seen.size(), 16U);
  accepts(seen);
}

TEST_F(RazorpayContract, EveryAnswerOfTheDocumentIsUnderstood) {
  for (const auto* status : {"200", "400", "401", "409", "500"}) {
    std::size_t answered = 0;
    loopback_server there{[&](const seen_request& rq) {
      const auto body = example(rq, status);
      if (body.empty()) return answer(404, "{}");
      ++answered;
      return answer(std::stoi(status), body);
    }};
    const auto outcomes = call_everything(*gateway_at(there.base()), "pay_1", "order_1");
    EXPECT_GT(answered, 1U) << status;
    for (const auto& o : outcomes) {
      EXPECT_FALSE(o.code == fmt::format("http_{}", status)) << status << ": an error without its code";
      if (std::string_view{status} == "200") continue;
      EXPECT_FALSE(o.kind == operation_outcome::done && std::string_view{status} != "400") << status;
    }
    // The document's objects are of other payments than the ones that were asked for, which is to be noticed, not to be misread.
    if (std::string_view{status} == "200") {
      EXPECT_EQ(outcomes[0].kind, operation_outcome::not_done) << outcomes[0].code;
      EXPECT_EQ(outcomes[1].code, "payment_mismatch");
      EXPECT_EQ(outcomes[2].code, "answer_mismatch");
      EXPECT_EQ(outcomes[3].code, "answer_mismatch");
      EXPECT_EQ(outcomes[4].code, "already_captured");
      EXPECT_EQ(outcomes[5].code, "answer_mismatch");
    }
  }
}

class PayuContract : public vendor_contract {
protected:
  PayuContract() : vendor_contract("PAYU") {}
  void TearDown() override { client_.stop(); }
  std::shared_ptr<payment_gateway> gateway_at(const std::string& base, const std::shared_ptr<checkout::links>& links) {
    return payu::make_payu({base, base, "k1", "salt"}, client_, links);
  }
  http::client client_;
};

/// The form on the page behind the buyer's link, as a browser would post it.
seen_request buyers_post(const std::string& html) {
  http::form body;
  std::size_t at = 0;
  const std::string_view name_mark = "name=\"", value_mark = "\" value=\"";
  while ((at = html.find(name_mark, at)) != std::string::npos) {
    at += name_mark.size();
    const auto middle = html.find(value_mark, at), end = html.find('"', middle + value_mark.size());
    body.add(html.substr(at, middle - at), html.substr(middle + value_mark.size(), end - middle - value_mark.size()));
    at = end;
  }
  return {"POST", "/_payment", "POST /_payment HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n", body.text(), 1, 1};
}

TEST_F(PayuContract, EveryRequestIsAcceptedByAServerMadeFromTheDocument) {
  loopback_server there{[](const seen_request& rq) {
    const auto f = http::read_form(rq.body);
    const auto& command = f->at("command");
    if (command == "check_payment")
      return answer(200, R"({"status":1,"msg":"ok","transaction_details":{"mihpayid":"1","unmappedstatus":"auth","amt":"59.98"}})");
    if (command == "check_action_status") return answer(200, R"({"status":0,"msg":"0 out of 1","transaction_details":{}})");
    return answer(200, R"({"status":1,"msg":"Request Queued","request_id":"1"})");
  }};
  const auto links = pages();
  const auto gateway = gateway_at(there.base(), links);
  call_everything(*gateway, "tok_redirect", "x");
  auto seen = there.seen();
  EXPECT_EQ(seen.size(), 22U);
  const auto first = wait_for<outcome>([&](auto done) { gateway->authorize(order_of("", ""), context("ord_1/authorize/1", false), done); });
  seen.push_back(buyers_post(links->open(first.redirect_url.substr(std::string_view{"https://shop.example/pay/"}.size()))->html));
  accepts(seen);
}

TEST_F(PayuContract, EveryFieldIsInTheDocument) {
  // The server above lets unknown form fields pass.
  loopback_server there{[](const seen_request&) { return answer(200, R"({"status":1,"msg":"Request Queued","request_id":"1"})"); }};
  const auto links = pages();
  const auto gateway = gateway_at(there.base(), links);
  call_everything(*gateway, "tok_redirect", "x");
  auto seen = there.seen();
  const auto first = wait_for<outcome>([&](auto done) { gateway->authorize(order_of("", ""), context("ord_1/authorize/1", false), done); });
  seen.push_back(buyers_post(links->open(first.redirect_url.substr(std::string_view{"https://shop.example/pay/"}.size()))->html));
  std::size_t checked = 0;
  for (const auto& rq : seen) {
    const auto& schema = document_.at("paths")
                             .at(rq.target.substr(0, rq.target.find('?')))
                             .at("post")
                             .at("requestBody")
                             .at("content")
                             .at("application/x-www-form-urlencoded")
                             .at("schema");
    const auto fields = *http::read_form(rq.body);
    for (const auto& name : schema.at("required")) EXPECT_TRUE(fields.contains(name.get<std::string>())) << name;
    for (const auto& [name, value] : fields) {
      ASSERT_TRUE(schema.at("properties").contains(name)) << name << " in " << rq.target;
      EXPECT_LE(value.size(), schema.at("properties").at(name).value("maxLength", std::size_t{1000})) << name;
      ++checked;
    }
  }
  EXPECT_GT(checked, 60U);
}

TEST_F(PayuContract, EveryAnswerOfTheDocumentIsUnderstood) {
  const auto& examples = document_.at("/paths/~1merchant~1postservice.php/post/responses/200/content/application~1json/examples"_json_pointer);
  const auto links = pages();
  for (const auto& [name, shown] : examples.items()) {
    auto value = shown.at("value");
    loopback_server there{[&](const seen_request& rq) {
      // Transactions are shown by their own ids; ours has another one.
      auto body = value;
      if (body.contains("transaction_details"))
        body["transaction_details"] = {{http::read_form(rq.body)->at("var1"), *value.at("transaction_details").begin()}};
      return answer(200, body.dump());
    }};
    const auto gateway = gateway_at(there.base(), links);
    const auto looked = wait_for<outcome>([&](auto done) { gateway->authorize(order_of("", ""), context("ord_1/authorize/1"), done); });
    const auto captured = wait_for<outcome>([&](auto done) { gateway->capture("1", 5998, inr, true, context("ord_1/capture/2", false), done); });
    if (name == "verify_success") {
      EXPECT_EQ(looked.code, "answer_mismatch") << "captured, but 10.00";
    }
    if (name == "verify_not_found") {
      EXPECT_EQ(looked.kind, operation_outcome::awaiting_buyer);
    }
    if (name == "capture_queued") {
      EXPECT_EQ(captured.kind, operation_outcome::unknown);
    }
    if (name == "refund_duplicate") {
      EXPECT_EQ(captured.kind, operation_outcome::unknown) << "there already, so looked at";
    }
  }
  EXPECT_GE(examples.size(), 4U);
}

}  // namespace
