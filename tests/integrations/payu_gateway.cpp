#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "integrations/http/form.hpp"
#include "integrations/http/hmac.hpp"
#include "integrations/payu/hashes.hpp"
#include "integrations/payu/payu.hpp"
#include "tests/integrations/loopback_server.hpp"
#include "tests/integrations/waiting.hpp"

namespace {

using namespace std::chrono_literals;
using namespace coreldove::integrations;
using namespace coreldove::testing;
using coreldove::domain::currency;
using coreldove::domain::errc;
using coreldove::domain::operation_kind;
using coreldove::domain::operation_outcome;

const currency inr = *currency::find("INR");
const std::string txnid = payu::short_id("ord_1/authorize/1");
const std::string capture_token = payu::short_id("ord_1/capture/2");
const std::string refund_token = payu::short_id("ord_1/refund/3");
const std::string void_token = payu::short_id("ord_1/void_authorization/2");

std::string details(std::string_view status, std::string_view amount = "59.98", std::string_view more = "") {
  return fmt::format(R"({{"mihpayid":403993715521889530,"txnid":"{}","transaction_amount":"{}","unmappedstatus":"{}","udf1":"ord_1"{}}})", txnid, amount,
                     status, more);
}
std::string verified(std::string_view transaction) {
  return fmt::format(R"({{"status":1,"msg":"1 out of 1 Transactions Fetched Successfully","transaction_details":{{"{}":{}}}}})", txnid, transaction);
}
std::string checked(std::string_view transaction) { return fmt::format(R"({{"status":1,"msg":"Fetched","transaction_details":{}}})", transaction); }
std::string action(std::string_view kind, std::string_view token, std::string_view status, std::string_view amount = "59.98") {
  return fmt::format(R"({{"status":1,"msg":"1 out of 1","transaction_details":{{"4039":{{"131278":{{"request_id":"131278","amt":"{}","action":"{}",)"
                     R"("token":"{}","status":"{}"}}}}}}}})",
                     amount, kind, token, status);
}
const std::string no_actions = R"({"status":0,"msg":"0 out of 1","transaction_details":{"4039":"No action status found"}})";
const std::string queued = R"({"status":1,"msg":"Request Queued","request_id":131278,"error_code":102})";
std::string refusal(std::string_view code, std::string_view message = "Said so.") {
  return fmt::format(R"({{"status":0,"msg":"{}","error_code":{}}})", message, code);
}

/// A gateway in front of a scripted PayU: one answer a command; of several for one command each in its turn, the last again and again.
struct payu_double {
  using answers = std::map<std::string, std::vector<scripted_reply>>;
  explicit payu_double(answers a)
      : server{[a = std::move(a), asked = std::make_shared<std::map<std::string, std::size_t>>()](const seen_request& rq) {
          const auto name = http::read_form(rq.body)->at("command");
          const auto at = a.find(name);
          if (at == a.end()) return answer(404, "");
          return at->second[std::min((*asked)[name]++, at->second.size() - 1)];
        }} {
    links->set_base("https://shop.example/pay");
    gateway = payu::make_payu({server.base(), server.base(), "k1", "salt"}, client, links);
  }
  ~payu_double() { client.stop(); }

  static call_context context(std::string key, bool repeat = false) { return {"ord_1", std::move(key), "0af7651916cd43dd8448eb211c80319c", 3s, repeat}; }
  static charge order_of(std::int64_t amount = 5998) {
    return {amount, inr, "tok_redirect", "a@example.com", "card", "", "https://shop.example/thanks", "A. <Buyer>|x", "9999999999"};
  }
  outcome authorize(const charge& c = order_of(), bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->authorize(c, context("ord_1/authorize/1", repeat), done); });
  }
  outcome look() {
    auto c = order_of();
    c.pending = txnid;
    return authorize(c, true);
  }
  outcome capture(std::int64_t amount = 5998, bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->capture("4039", amount, inr, true, context("ord_1/capture/2", repeat), done); });
  }
  outcome cancel(bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->void_authorization("4039", context("ord_1/void_authorization/2", repeat), done); });
  }
  outcome refund(bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->refund("4039", 500, inr, "broken", context("ord_1/refund/3", repeat), done); });
  }
  std::vector<http::form_fields> seen() const {
    std::vector<http::form_fields> out;
    for (const auto& rq : server.seen()) out.push_back(*http::read_form(rq.body));
    return out;
  }
  std::string commands() const {
    std::string out;
    for (const auto& f : seen()) out += f.at("command") + ' ';
    return out;
  }

  loopback_server server;
  http::client client;
  std::shared_ptr<checkout::links> links = std::make_shared<checkout::links>("secret");
  std::shared_ptr<payment_gateway> gateway;
};

using answers = payu_double::answers;

TEST(PayuHashes, AreWhatPayuAndItsKitsMakeOfTheSameFields) {
  const auto sha512 = [](std::string_view text) { return http::to_hex(http::sha512(text)); };
  const http::form_fields f{{"key", "k"},   {"txnid", "t"}, {"amount", "10.00"}, {"productinfo", "p"}, {"firstname", "f"},
                            {"email", "e"}, {"udf1", "u1"}, {"udf2", ""},        {"udf3", "u3"},       {"status", "success"}};
  EXPECT_EQ(payu::request_hash(f, "S"), sha512("k|t|10.00|p|f|e|u1||u3||||||||S"));
  EXPECT_EQ(payu::response_hash(f, "S"), sha512("S|success||||||||u3||u1|e|f|p|10.00|t|k"));
  auto charged = f;
  charged["additionalCharges"] = "1.50";
  EXPECT_EQ(payu::response_hash(charged, "S"), sha512("1.50|S|success||||||||u3||u1|e|f|p|10.00|t|k"));
  EXPECT_EQ(payu::command_hash("k", "verify_payment", "t1", "S"), sha512("k|verify_payment|t1|S"));
  // FIPS 180-4's own example, so that the hash itself is not only compared with itself.
  EXPECT_EQ(sha512("abc").substr(0, 32), "ddaf35a193617abacc417349ae204131");
}

TEST(PayuHashes, MakesIdsThatPayuTakesAndThatNeverMeet) {
  std::set<std::string> ids;
  for (int order = 0; order < 500; ++order)
    for (const auto* kind : {"authorize", "capture", "refund"}) ids.insert(payu::short_id(fmt::format("ord_{}/{}/1", order, kind)));
  EXPECT_EQ(ids.size(), 1500U);
  for (const auto& id : ids) {
    ASSERT_EQ(id.size(), 23U);
    ASSERT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos);
  }
}

TEST(PayuGateway, SendsTheBuyerToPayuWithASignedForm) {
  payu_double p{answers{}};
  const auto got = p.authorize();
  EXPECT_EQ(got.kind, operation_outcome::awaiting_buyer);
  EXPECT_EQ(got.reference, txnid);
  EXPECT_TRUE(p.server.seen().empty()) << "PayU knows nothing of it before the buyer comes";
  ASSERT_TRUE(got.redirect_url.starts_with("https://shop.example/pay/"));
  const auto page = p.links->open(got.redirect_url.substr(std::string_view{"https://shop.example/pay/"}.size()));
  ASSERT_TRUE(page);
  const http::form_fields posted{{"key", "k1"},
                                 {"txnid", txnid},
                                 {"amount", "59.98"},
                                 {"productinfo", "Order ord_1"},
                                 {"firstname", "A. <Buyer> x"},
                                 {"email", "a@example.com"},
                                 {"udf1", "ord_1"},
                                 {"udf2", "ord_1/authorize/1"}};
  EXPECT_NE(page->html.find(fmt::format(R"(action="{}/_payment")", p.server.base())), std::string::npos);
  for (const auto& field : {std::string{R"(name="amount" value="59.98")"}, std::string{R"(name="pre_authorize" value="1")"},
                            std::string{R"(name="firstname" value="A. &lt;Buyer&gt; x")"}, std::string{R"(name="surl" value="https://shop.example/thanks")"},
                            fmt::format(R"(name="hash" value="{}")", payu::request_hash(posted, "salt"))})
    EXPECT_NE(page->html.find(field), std::string::npos) << field;
  EXPECT_EQ(page->html.find("value=\"salt\""), std::string::npos);
  EXPECT_EQ(p.authorize().redirect_url, got.redirect_url) << "a second asking changes nothing";
  auto homeless = payu_double::order_of();
  homeless.return_url.clear();
  EXPECT_EQ(p.authorize(homeless).kind, operation_outcome::awaiting_buyer) << "then our own page says goodbye";
  p.links->set_base("");
  EXPECT_EQ(p.authorize().code, "no_checkout_page");
}

TEST(PayuGateway, RefusesWhatItsFormCannotCarry) {
  payu_double p{answers{}};
  const auto with = [&](auto change) {
    auto c = payu_double::order_of();
    change(c);
    return p.authorize(c);
  };
  EXPECT_EQ(with([](charge& c) { c.currency = *currency::find("USD"); }).code, "currency_not_supported");
  EXPECT_EQ(with([](charge& c) { c.customer_phone.clear(); }).code, "phone_missing");
  EXPECT_EQ(with([](charge& c) { c.customer_email.clear(); }).code, "email_missing");
  const auto longest = with([](charge& c) { c.customer_email.assign(51, 'a'); });
  EXPECT_EQ(longest.code, "email_too_long");
  EXPECT_EQ(longest.kind, operation_outcome::declined);
  EXPECT_TRUE(longest.soft) << "another gateway may take it";
  EXPECT_EQ(p.gateway->can().currencies, std::vector<std::string>{"INR"});
  EXPECT_FALSE(p.gateway->can().several_captures);
}

TEST(PayuGateway, FindsWhatTheBuyerHasDone) {
  struct row {
    std::string body;
    operation_outcome kind;
    const char* code;
    bool soft;
  };
  for (const auto& x :
       {row{verified(details("auth")), operation_outcome::done, "", false}, row{verified(details("captured")), operation_outcome::done, "", false},
        row{verified(details("auth", "59.97")), operation_outcome::unknown, "answer_mismatch", false},
        row{verified(details("pending")), operation_outcome::awaiting_buyer, "", false},
        row{verified(R"({"mihpayid":"Not Found","status":"Not Found"})"), operation_outcome::awaiting_buyer, "", false},
        row{verified(details("userCancelled")), operation_outcome::declined, "usercancelled", true},
        row{verified(details("bounced")), operation_outcome::declined, "bounced", true},
        row{verified(details("dropped")), operation_outcome::declined, "dropped", true},
        row{verified(details("failed", "59.98", R"(,"error_code":"E307","error_Message":"No")")), operation_outcome::declined, "E307", true},
        row{verified(details("failed", "59.98", R"(,"error_code":"E310")")), operation_outcome::declined, "E310", false},
        row{refusal("1", "Invalid Hash."), operation_outcome::unknown, "unreadable_answer", false},
        row{"<html>", operation_outcome::unknown, "unreadable_answer", false}}) {
    payu_double p{answers{{"verify_payment", {answer(200, x.body)}}}};
    const auto got = p.look();
    EXPECT_EQ(got.kind, x.kind) << x.body;
    EXPECT_EQ(got.code, x.code) << x.body;
    EXPECT_EQ(got.soft, x.soft) << x.body;
    EXPECT_EQ(got.redirect_url.empty(), got.kind != operation_outcome::awaiting_buyer);
    const auto asked = p.seen().at(0);
    EXPECT_EQ(asked.at("var1"), txnid);
    EXPECT_EQ(asked.at("hash"), payu::command_hash("k1", "verify_payment", txnid, "salt"));
    EXPECT_EQ(p.server.seen().at(0).target, "/merchant/postservice.php?form=2");
  }
  payu_double fine{answers{{"verify_payment", {answer(200, verified(details("auth")))}}}};
  EXPECT_EQ(fine.look().reference, "403993715521889530");
  for (const auto& trouble : {answer(500, ""), answer(429, ""), scripted_reply{.close = true}}) {
    payu_double down{answers{{"verify_payment", {trouble}}}};
    EXPECT_EQ(down.look().kind, operation_outcome::unknown) << "he may have paid";
  }
}

TEST(PayuGateway, LooksFirstWhereItMayHaveSentTheBuyerBefore) {
  payu_double p{answers{{"verify_payment", {answer(200, verified(details("auth")))}}}};
  EXPECT_EQ(p.authorize(payu_double::order_of(), true).kind, operation_outcome::done);
}

TEST(PayuGateway, CapturesThroughTheQueue) {
  payu_double p{answers{{"capture_transaction", {answer(200, queued)}}, {"check_action_status", {answer(200, action("capture", capture_token, "SUCCESS"))}}}};
  const auto got = p.capture();
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "4039");
  const auto sent = p.seen().at(0);
  EXPECT_EQ(sent.at("var1"), "4039");
  EXPECT_EQ(sent.at("var2"), capture_token);
  EXPECT_EQ(sent.at("var3"), "59.98");
  EXPECT_EQ(p.seen().at(1).at("var2"), "payuid");
}

TEST(PayuGateway, AsksAgainAboutAQueuedCaptureAndNeverForASecondOne) {
  payu_double p{answers{{"capture_transaction", {answer(200, queued)}},
                        {"check_action_status", {answer(200, action("capture", capture_token, "QUEUED")), answer(200, action("capture", "", "success"))}}}};
  EXPECT_EQ(p.capture().kind, operation_outcome::unknown);
  EXPECT_EQ(p.capture(5998, true).kind, operation_outcome::done) << "captures may be listed without their token";
  EXPECT_EQ(p.commands(), "capture_transaction check_action_status check_action_status ");
  payu_double lost{answers{{"capture_transaction", {answer(200, queued)}},
                           {"check_action_status", {answer(200, no_actions), answer(200, action("capture", capture_token, "SUCCESS"))}}}};
  EXPECT_EQ(lost.capture(5998, true).kind, operation_outcome::done) << "the first call never arrived";
  EXPECT_EQ(lost.commands(), "check_action_status capture_transaction check_action_status ");
}

TEST(PayuGateway, TellsRefusalsApart) {
  struct row {
    std::string reply;
    operation_outcome kind;
    const char* code;
  };
  for (const auto& x :
       {row{refusal("120"), operation_outcome::not_done, "120"}, row{refusal("126"), operation_outcome::not_done, "126"},
        row{refusal("214"), operation_outcome::not_done, "214"}, row{R"({"status":0,"msg":"Requests limit reached"})", operation_outcome::not_done, "refused"},
        row{R"({"status":0,"msg":"Invalid Hash."})", operation_outcome::not_done, "refused"}, row{refusal("105"), operation_outcome::declined, "105"},
        row{refusal("116"), operation_outcome::declined, "116"}, row{refusal("303"), operation_outcome::declined, "303"},
        row{"<html>", operation_outcome::unknown, "unreadable_answer"}}) {
    payu_double p{answers{{"capture_transaction", {answer(200, x.reply)}}}};
    const auto got = p.capture();
    EXPECT_EQ(got.kind, x.kind) << x.reply;
    EXPECT_EQ(got.code, x.code) << x.reply;
  }
  for (const auto* code : {"106", "109", "227", "301", "111"}) {
    const auto after = [&](const std::string& actions) {
      payu_double p{answers{{"capture_transaction", {answer(200, refusal(code))}}, {"check_action_status", {answer(200, actions)}}}};
      return p.capture();
    };
    EXPECT_EQ(after(action("capture", capture_token, "SUCCESS")).kind, operation_outcome::done) << code;
    EXPECT_EQ(after(action("capture", capture_token, "SUCCESS", "10.00")).code, "answer_mismatch") << code;
    EXPECT_EQ(after(action("capture", capture_token, "FAILURE")).kind, operation_outcome::declined) << code;
    EXPECT_EQ(after(action("capture", "another", "SUCCESS")).kind, operation_outcome::declined) << code;
    EXPECT_EQ(after("<html>").kind, operation_outcome::unknown) << code;
  }
}

TEST(PayuGateway, VoidsOnlyWhatIsNotCaptured) {
  const auto cancelled = [](std::vector<scripted_reply> actions, bool repeat = false) {
    payu_double p{answers{{"check_payment", {answer(200, checked(details("auth")))}},
                          {"cancel_refund_transaction", {answer(200, queued)}},
                          {"check_action_status", std::move(actions)}}};
    auto got = p.cancel(repeat);
    const auto sent = p.seen();
    for (const auto& f : sent)
      if (f.at("command") == "cancel_refund_transaction") {
        EXPECT_EQ(f.at("var2"), void_token);
        EXPECT_EQ(f.at("var3"), "59.98") << "the whole amount";
      }
    return std::pair{got.kind, sent.size()};
  };
  EXPECT_EQ(cancelled({answer(200, action("cancel", void_token, "SUCCESS"))}), std::pair(operation_outcome::done, std::size_t{3}));
  EXPECT_EQ(cancelled({answer(200, action("cancel", void_token, "QUEUED"))}).first, operation_outcome::unknown);
  EXPECT_EQ(cancelled({answer(200, action("cancel", void_token, "SUCCESS"))}, true), std::pair(operation_outcome::done, std::size_t{2})) << "asked for before";
  const auto in_state = [](std::string_view status) {
    payu_double p{answers{{"check_payment", {answer(200, checked(details(status)))}}}};
    auto got = p.cancel();
    EXPECT_EQ(p.server.seen().size(), 1U) << "a void must never become a refund";
    return got;
  };
  EXPECT_EQ(in_state("captured").code, "already_captured");
  EXPECT_EQ(in_state("cancelled").kind, operation_outcome::done);
  EXPECT_EQ(in_state("failed").kind, operation_outcome::done);
  payu_double down{answers{{"check_payment", {answer(500, "")}}}};
  EXPECT_EQ(down.cancel().kind, operation_outcome::not_done);
}

TEST(PayuGateway, RefundsUnderATokenAndTakesTheQueueForDone) {
  for (const auto* status : {"QUEUED", "REQUESTED", "IN PROGRESS", "SUCCESS"}) {
    payu_double p{
        answers{{"cancel_refund_transaction", {answer(200, queued)}}, {"check_action_status", {answer(200, action("refund", refund_token, status, "5.00"))}}}};
    const auto got = p.refund();
    EXPECT_EQ(got.kind, operation_outcome::done) << status;
    EXPECT_EQ(got.reference, "131278");
    EXPECT_EQ(p.seen().at(0).at("var3"), "5.00");
  }
  const auto after = [](std::string_view status, bool repeat) {
    payu_double p{answers{{"cancel_refund_transaction", {answer(200, refusal("227"))}},
                          {"check_action_status", {answer(200, action("refund", refund_token, status, "5.00"))}}}};
    return p.refund(repeat).kind;
  };
  EXPECT_EQ(after("od_hit", false), operation_outcome::unknown) << "the merchant's account is short: a person must look";
  EXPECT_EQ(after("FAILURE", false), operation_outcome::declined);
  EXPECT_EQ(after("SUCCESS", true), operation_outcome::done);
  payu_double lost{answers{{"cancel_refund_transaction", {scripted_reply{.close = true}}}}};
  EXPECT_EQ(lost.refund().kind, operation_outcome::unknown);
}

TEST(PayuGateway, ChecksKeyAndSaltAndTellsWhoseAPaymentIs) {
  const auto check = [](const scripted_reply& reply) {
    payu_double p{answers{{"verify_payment", {reply}}}};
    return wait_for<outcome>([&](auto done) { p.gateway->check(done); });
  };
  EXPECT_EQ(
      check(answer(200, R"({"status":0,"msg":"0 out of 1","transaction_details":{"coreldovecheck":{"mihpayid":"Not Found","status":"Not Found"}}})")).kind,
      operation_outcome::done);
  EXPECT_EQ(check(answer(200, R"({"status":0,"msg":"Invalid Hash."})")).message, "Invalid Hash.");
  EXPECT_NE(check(answer(404, "")).kind, operation_outcome::done);
  payu_double p{answers{{"check_payment", {answer(200, checked(details("captured")))}}}};
  EXPECT_EQ(wait_for<outcome>([&](auto done) { p.gateway->owner("4039", payu_double::context(""), done); }).reference, "ord_1");
}

// ---- webhooks ----------------------------------------------------------------------------------------------------------------------------------------

http::form_fields reported() {
  return {{"key", "k1"},
          {"txnid", txnid},
          {"mihpayid", "4039"},
          {"status", "success"},
          {"unmappedstatus", "auth"},
          {"amount", "59.98"},
          {"productinfo", "Order"},
          {"firstname", "A & B"},
          {"email", "a@b.example"},
          {"udf1", "ord_1"},
          {"udf2", "ord_1/authorize/1"}};
}

coreldove::domain::result<payment_notice> read(http::form_fields f, std::string_view salt = "salt", std::string_view configured = "salt") {
  f["hash"] = payu::response_hash(f, salt);
  http::form body;
  for (const auto& [name, value] : f) body.add(name, value);
  return payu::make_payu_webhook("k1", std::string{configured})->read([](std::string_view) { return std::string{}; }, body.text(), {});
}

TEST(PayuWebhook, SaysLookNowAndNothingElse) {
  const auto n = *read(reported());
  EXPECT_TRUE(n.relevant);
  EXPECT_EQ(n.order_id, "ord_1");
  EXPECT_EQ(n.idempotency_key, "ord_1/authorize/1");
  EXPECT_EQ(n.operation, operation_kind::authorize);
  EXPECT_EQ(n.what.kind, operation_outcome::awaiting_buyer) << "what it says is not believed, only that there is something to see";
  EXPECT_EQ(n.what.reference, txnid);
  auto failed = reported();
  failed["status"] = "failure";
  EXPECT_NE(read(failed)->event_id, n.event_id);
  EXPECT_EQ(read(reported())->event_id, n.event_id);
}

TEST(PayuWebhook, BelievesOnlyItsOwnSalt) {
  EXPECT_EQ(read(reported(), "other").error().code, errc::forbidden);
  EXPECT_EQ(read(reported(), "", "").error().code, errc::forbidden);
  auto foreign = reported();
  foreign["key"] = "k2";
  EXPECT_EQ(read(foreign).error().code, errc::forbidden);
  const auto raw = [](std::string_view body) { return payu::make_payu_webhook("k1", "salt")->read([](std::string_view) { return std::string{}; }, body, {}); };
  EXPECT_EQ(raw("txnid=%zz").error().code, errc::malformed);
  EXPECT_EQ(raw("a=b").error().code, errc::malformed);
  EXPECT_FALSE(raw(R"({"status":"success","action":"refund","mihpayid":"4039"})")->relevant) << "unsigned";
  auto stranger = reported();
  stranger["udf2"] = "ord_2/authorize/1";
  EXPECT_FALSE(read(stranger)->relevant);
}

}  // namespace
