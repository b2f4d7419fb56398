// Stripe's adapter: the way to an authorization.
#include "tests/integrations/stripe_double.hpp"

namespace coreldove::stripe_test {
namespace {

TEST(StripeGateway, AuthorizesWithAManualPaymentIntentUnderTheOperationsKey) {
  stripe_double s{[](const seen_request&) { return answer(200, intent("requires_capture")); }};
  const auto got = s.authorize();
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "pi_1");
  const auto seen = s.server.seen().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/stripe/v1/payment_intents");
  EXPECT_EQ(seen.header("Authorization"), "Bearer sk_test_x");
  EXPECT_EQ(seen.header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(seen.header("Idempotency-Key"), "ord_1/authorize/1");
  EXPECT_EQ(seen.header("traceparent").substr(0, 36), "00-0af7651916cd43dd8448eb211c80319c-");
  EXPECT_EQ(fields(seen.body), (form{{"amount", "5998"},
                                     {"currency", "usd"},
                                     {"capture_method", "manual"},
                                     {"confirm", "true"},
                                     {"error_on_requires_action", "true"},
                                     {"payment_method_types[0]", "card"},
                                     {"payment_method_data[type]", "card"},
                                     {"payment_method_data[card][token]", "tok_visa"},
                                     {"metadata[order_id]", "ord_1"},
                                     {"metadata[idempotency_key]", "ord_1/authorize/1"}}));
}

TEST(StripeGateway, NamesAPaymentMethodByItsIdAndAsksForSeveralCapturesWhereThatIsSwitchedOn) {
  stripe_double s{[](const seen_request&) { return answer(200, intent("requires_capture")); }, {.multicapture = true}};
  EXPECT_EQ(s.authorize({5998, usd, "pm_1&x=y", ""}).kind, operation_outcome::done);
  const auto sent = fields(s.server.seen().at(0).body);
  EXPECT_EQ(sent.at("payment_method"), "pm_1&x=y");
  EXPECT_EQ(sent.count("payment_method_data[type]"), 0U);
  EXPECT_EQ(sent.at("payment_method_options[card][request_multicapture]"), "if_available");
}

TEST(StripeGateway, SendsTheSameBytesUnderTheSameKeyWhenAskedAgain) {
  stripe_double s{[](const seen_request&) { return answer(200, intent("requires_capture")); }};
  s.authorize();
  s.authorize();
  const auto seen = s.server.seen();
  EXPECT_EQ(seen.at(0).body, seen.at(1).body);
  EXPECT_EQ(seen.at(0).header("Idempotency-Key"), seen.at(1).header("Idempotency-Key"));
}

TEST(StripeGateway, WritesAmountsInStripesUnitsAndRefusesWhatTheyCannotExpress) {
  std::string reply;
  stripe_double s{[&](const seen_request&) { return answer(200, reply); }};
  const auto sent = [&](std::string_view iso, std::int64_t minor) {
    const auto before = s.server.seen().size();
    const auto got = s.authorize({minor, *currency::find(iso), "tok_visa", ""});
    if (s.server.seen().size() == before) return got.code;
    return fields(s.server.seen().back().body).at("amount") + fields(s.server.seen().back().body).at("currency");
  };
  reply = intent("requires_capture");
  EXPECT_EQ(sent("JPY", 60), "60jpy");
  EXPECT_EQ(sent("KWD", 1230), "1230kwd");
  EXPECT_EQ(sent("KWD", 1234), "amount_not_representable");
  EXPECT_EQ(sent("ISK", 500), "50000isk");
  EXPECT_EQ(sent("UGX", 500), "50000ugx");
  EXPECT_EQ(sent("MGA", 500), "5mga");
  EXPECT_EQ(sent("MGA", 501), "amount_not_representable");
  EXPECT_EQ(sent("ISK", 9'000'000'000'000'000'000), "amount_not_representable");
}

TEST(StripeGateway, NeverSendsAnAuthorizationWithoutAToken) {
  stripe_double s{[](const seen_request&) { return answer(200, intent("requires_capture")); }};
  const auto got = s.authorize({5998, usd, "", ""});
  EXPECT_EQ(got.kind, operation_outcome::declined);
  EXPECT_EQ(got.code, "token_missing");
  EXPECT_TRUE(s.server.seen().empty());
}

TEST(StripeGateway, MapsEveryAnswerToAnAuthorization) {
  const auto declined = operation_outcome::declined, unknown = operation_outcome::unknown, not_done = operation_outcome::not_done;
  const std::vector<mapping> table{
      {200, intent("requires_action"), "", declined, "authentication_required"},
      {200, intent("requires_payment_method"), "", declined, "requires_payment_method"},
      {200,
       intent("requires_payment_method", 5998, 0, "k", "usd", R"(,"last_payment_error":{"code":"card_declined","decline_code":"lost_card","message":"m"})"), "",
       declined, "lost_card"},
      {200, intent("canceled"), "", declined, "canceled"},
      {200, intent("processing"), "", unknown, "processing"},
      {200, intent("requires_capture", 5997), "", unknown, "answer_mismatch"},
      {200, intent("requires_capture", 5998, 0, "k", "eur"), "", unknown, "answer_mismatch"},
      {200, "{}", "", unknown, "unreadable_answer"},
      {200, "<html>", "", unknown, "unreadable_answer"},
      {200, "", "", unknown, "unreadable_answer"},
      {402, error("card_error", "card_declined", R"(,"decline_code":"insufficient_funds")"), "", declined, "insufficient_funds"},
      {402, error("card_error", "authentication_required"), "", declined, "authentication_required"},
      {400, error("invalid_request_error", "parameter_unknown"), "", declined, "parameter_unknown"},
      {400, error("idempotency_error", "whatever"), "", declined, "idempotency_error"},
      {400, R"({"error":{"type":"idempotency_error","message":"m"}})", "", declined, "idempotency_error"},
      {400, error("invalid_request_error", "x"), "Stripe-Should-Retry: true\r\n", unknown, "x"},
      {404, error("invalid_request_error", "resource_missing"), "", declined, "resource_missing"},
      {401, R"({"error":{"type":"invalid_request_error","message":"No key."}})", "", not_done, "invalid_request_error"},
      {403, "", "", not_done, "http_403"},
      {409, error("idempotency_error", "idempotency_key_in_use"), "", unknown, "idempotency_key_in_use"},
      {429, error("invalid_request_error", "rate_limit"), "", not_done, "rate_limit"},
      {500, R"({"error":{"type":"api_error","message":"m"}})", "", unknown, "api_error"},
      {503, "busy", "", unknown, "http_503"},
      {302, "", "Location: /\r\n", unknown, "http_302"},
  };
  for (const auto& row : table) {
    stripe_double s{[&](const seen_request&) { return answer(row.status, row.body, row.headers); }};
    const auto got = s.authorize();
    EXPECT_EQ(got.kind, row.kind) << row.status << " " << row.body;
    EXPECT_EQ(got.code, row.code) << row.status << " " << row.body;
    EXPECT_EQ(got.reference, "");
    EXPECT_EQ(s.server.seen().size(), 1U);
  }
}

const std::string three_d_secure =
    R"(,"next_action":{"type":"redirect_to_url","redirect_to_url":{"return_url":"https://shop.example/b","url":"https://3ds.example/x"}})";

TEST(StripeGateway, SendsTheBuyerToHisBankWhereTheCardAsksForHim) {
  stripe_double s{[](const seen_request&) { return answer(200, intent("requires_action", 5998, 0, "ord_1/authorize/1", "usd", three_d_secure)); }};
  const auto got =
      s.authorize({.amount = 5998, .currency = usd, .token = "tok_threeDSecure2Required", .customer_email = {}, .return_url = "https://shop.example/b?o=1"});
  EXPECT_EQ(got.kind, operation_outcome::awaiting_buyer);
  EXPECT_EQ(got.reference, "pi_1");
  EXPECT_EQ(got.redirect_url, "https://3ds.example/x");
  const auto sent = fields(s.server.seen().at(0).body);
  EXPECT_EQ(sent.at("return_url"), "https://shop.example/b?o=1");
  EXPECT_EQ(sent.count("error_on_requires_action"), 0U) << "the buyer can be asked";
}

TEST(StripeGateway, LooksAtThePaymentWhetherItsBuyerHasActed) {
  const auto key = "ord_1/authorize/1";
  const std::string failed = R"(,"last_payment_error":{"code":"payment_intent_authentication_failure","type":"invalid_request_error","message":"m"})";
  const std::vector<mapping> table{
      {200, intent("requires_action", 5998, 0, key, "usd", three_d_secure), "", operation_outcome::awaiting_buyer, ""},
      {200, intent("requires_capture"), "", operation_outcome::done, ""},
      {200, intent("requires_payment_method", 5998, 0, key, "usd", failed), "", operation_outcome::declined, "payment_intent_authentication_failure"},
      {200, intent("canceled"), "", operation_outcome::declined, "canceled"},
      {200, intent("processing"), "", operation_outcome::unknown, "processing"},
      {200, intent("requires_capture", 1), "", operation_outcome::unknown, "answer_mismatch"},
      {404, error("invalid_request_error", "resource_missing"), "", operation_outcome::unknown, "resource_missing"},
      {429, error("invalid_request_error", "rate_limit"), "", operation_outcome::unknown, "rate_limit"},
      {500, "", "", operation_outcome::unknown, "http_500"},
  };
  for (const auto& row : table) {
    stripe_double s{[&](const seen_request&) { return answer(row.status, row.body); }};
    const auto got =
        s.authorize({.amount = 5998, .currency = usd, .token = "tok_x", .customer_email = {}, .pending = "pi_1", .return_url = "https://shop.example/b"}, true);
    EXPECT_EQ(got.kind, row.kind) << row.status << " " << row.body;
    EXPECT_EQ(got.code, row.code) << row.status << " " << row.body;
    ASSERT_EQ(s.server.seen().size(), 1U);
    EXPECT_EQ(s.server.seen()[0].method, "GET") << "nothing is asked for twice";
    EXPECT_EQ(s.server.seen()[0].target, "/stripe/v1/payment_intents/pi_1");
  }
}

TEST(StripeGateway, FindsItsPaymentWhereTheRepeatIsWordedOtherwise) {
  const auto under = [](const std::string& listed) {
    return [listed](const seen_request& r) {
      return r.method == "POST" ? answer(400, R"({"error":{"type":"idempotency_error","message":"other parameters"}})") : answer(200, list_of(listed));
    };
  };
  const charge c{.amount = 5998, .currency = usd, .token = "tok_visa", .customer_email = {}, .return_url = "https://shop.example/moved"};
  stripe_double known{under(intent("requires_capture"))};
  EXPECT_EQ(known.authorize(c, true).kind, operation_outcome::done);
  stripe_double lost{under("")};
  EXPECT_EQ(lost.authorize(c, true).kind, operation_outcome::unknown) << "something was asked for under this key";
  stripe_double never_asked{under("")};
  EXPECT_EQ(never_asked.authorize(c, false).kind, operation_outcome::declined);
}

TEST(StripeGateway, KnowsHowFarASilentCallGot) {
  stripe_double lost{[](const seen_request&) { return scripted_reply{"", true}; }};
  EXPECT_EQ(lost.authorize().kind, operation_outcome::unknown);
  http::client client;
  const auto nobody = stripe::make_stripe({.api_base = fmt::format("http://127.0.0.1:{}", closed_port()), .secret_key = "sk_test_x"}, client);
  const auto refused = wait_for<outcome>([&](auto done) { nobody->check(done); });
  EXPECT_EQ(refused.kind, operation_outcome::not_done);
  EXPECT_EQ(refused.code, "refused");
}

TEST(StripeGateway, ClipsLongMessagesBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "\xc3\xa9";
  stripe_double s{[&](const seen_request&) { return answer(402, R"({"error":{"type":"card_error","code":"c","message":"x)" + text + R"("}})"); }};
  const auto got = s.authorize();
  EXPECT_EQ(got.message.size(), 499U);
  EXPECT_EQ(got.message.substr(497), "\xc3\xa9");
}

TEST(StripeGateway, FindsAnAuthorizationBehindARepeated500InTheList) {
  stripe_double s{[](const seen_request& r) {
    if (r.method == "POST") return answer(500, R"({"error":{"type":"api_error"}})");
    if (r.target == "/stripe/v1/payment_intents?limit=100") return answer(200, list_of(intent("requires_capture", 1, 0, "ord_9/authorize/1"), true));
    if (r.target == "/stripe/v1/payment_intents?limit=100&starting_after=pi_1") return answer(200, list_of(intent("requires_capture")));
    return answer(404, "");
  }};
  EXPECT_EQ(s.authorize().kind, operation_outcome::unknown);
  EXPECT_EQ(s.server.seen().size(), 1U) << "the first 500 may be passing trouble: nothing is looked up";
  const auto got = s.authorize({5998, usd, "tok_visa", ""}, true);
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "pi_1");
  EXPECT_EQ(s.server.seen().back().header("Idempotency-Key"), "");
}

TEST(StripeGateway, StaysUnknownWhereTheListDoesNotShowTheAuthorization) {
  int pages = 0;
  stripe_double s{[&](const seen_request& r) {
    if (r.method == "POST") return answer(500, R"({"error":{"type":"api_error"}})");
    ++pages;
    return answer(200, list_of(intent("requires_capture", 5998, 0, "ord_9/authorize/1"), true));
  }};
  const auto got = s.authorize({5998, usd, "tok_visa", ""}, true);
  EXPECT_EQ(got.kind, operation_outcome::unknown);
  EXPECT_EQ(got.code, "api_error");
  EXPECT_EQ(pages, 3);
  stripe_double broken{[](const seen_request& r) { return r.method == "POST" ? answer(500, "") : answer(200, "[]"); }};
  EXPECT_EQ(broken.authorize({5998, usd, "tok_visa", ""}, true).code, "http_500");
}

TEST(StripeGateway, ChecksItsAddressAndKeyWithoutChangingAnything) {
  stripe_double good{[](const seen_request&) { return answer(200, list_of("")); }};
  EXPECT_EQ(good.check().kind, operation_outcome::done);
  EXPECT_EQ(good.server.seen().at(0).method, "GET");
  EXPECT_EQ(good.server.seen().at(0).target, "/stripe/v1/payment_intents?limit=1");
  stripe_double bad{[](const seen_request&) { return answer(401, error("invalid_request_error", "api_key_expired")); }};
  EXPECT_EQ(bad.check().code, "api_key_expired");
  stripe_double another{[](const seen_request&) { return answer(200, "hello"); }};
  EXPECT_EQ(another.check().kind, operation_outcome::unknown);
}

}  // namespace
}  // namespace coreldove::stripe_test
