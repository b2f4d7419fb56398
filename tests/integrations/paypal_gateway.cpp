// PayPal's adapter: tokens, amounts, and the way to an authorization.
#include "tests/integrations/paypal_double.hpp"

namespace coreldove::paypal_test {
namespace {

TEST(PaypalGateway, AuthorizesAVaultedCardInOneCallUnderTheOperationsKey) {
  paypal_double p{always(201, order_object("COMPLETED", held()).dump())};
  const auto got = p.authorize(by_card());
  EXPECT_EQ(got.kind, operation_outcome::done) << got.code;
  EXPECT_EQ(got.reference, "AUTH1");
  const auto all = p.server.seen();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].target, token_path);
  EXPECT_EQ(all[0].body, "grant_type=client_credentials");
  EXPECT_EQ(all[0].header("Authorization"), "Basic aWQ6c2U6Y3JldA==");
  EXPECT_EQ(all[1].method, "POST");
  EXPECT_EQ(all[1].target, orders);
  EXPECT_EQ(all[1].header("Authorization"), "Bearer token-1");
  EXPECT_EQ(all[1].header("Content-Type"), "application/json");
  EXPECT_EQ(all[1].header("PayPal-Request-Id"), "ord_1/authorize/1");
  EXPECT_EQ(all[1].header("Prefer"), "return=representation");
  EXPECT_EQ(all[1].header("traceparent").substr(0, 36), "00-0af7651916cd43dd8448eb211c80319c-");
  EXPECT_EQ(json::parse(all[1].body), (json{{"intent", "AUTHORIZE"},
                                            {"purchase_units", {{{"amount", amount()}, {"custom_id", "ord_1"}, {"invoice_id", "ord_1/authorize/1"}}}},
                                            {"payment_source", {{"card", {{"vault_id", "tok_visa"}}}}}}));
}

TEST(PaypalGateway, NamesTheInstrumentByWhatTheOrderPaysWith) {
  paypal_double p{always(201, order_object("COMPLETED", held()).dump())};
  const auto source = [&](std::string method, std::string token) {
    auto c = by_card();
    c.method = std::move(method);
    c.token = std::move(token);
    c.return_url = "https://shop.example/back";
    p.authorize(c);
    return json::parse(p.asked().back().body).at("payment_source");
  };
  const json back{{"return_url", "https://shop.example/back"}, {"cancel_url", "https://shop.example/back"}};
  EXPECT_EQ(source("paypal", "9n6724n5"), (json{{"paypal", {{"vault_id", "9n6724n5"}, {"experience_context", back}}}}));
  EXPECT_EQ(source("debit_card", "9n6724n5"), (json{{"card", {{"vault_id", "9n6724n5"}, {"experience_context", back}}}}));
  EXPECT_EQ(source("paypal", "B-4DA74885NJ000001X"), (json{{"token", {{"id", "B-4DA74885NJ000001X"}, {"type", "BILLING_AGREEMENT"}}}}));
}

TEST(PaypalGateway, FetchesOneTokenForAllCallsAndANewOneWhereItIsRefused) {
  int fetched = 0;
  std::string good = "Bearer token-1";
  loopback_server server{[&](const seen_request& seen) {
    if (seen.target == "/v1/oauth2/token") return answer(200, token_answer(++fetched));
    if (seen.header("Authorization") != good) return answer(401, error("AUTHENTICATION_FAILURE"));
    return answer(201, order_object("COMPLETED", held()).dump());
  }};
  http::client client;
  const auto gateway = paypal::make_paypal({server.base(), "id", "secret"}, client);
  const auto go = [&] { return wait_for<outcome>([&](auto done) { gateway->authorize(by_card(), paypal_double::context("ord_1/authorize/1"), done); }); };
  EXPECT_EQ(go().kind, operation_outcome::done);
  EXPECT_EQ(go().kind, operation_outcome::done);
  EXPECT_EQ(fetched, 1);
  good = "Bearer token-2";
  EXPECT_EQ(go().kind, operation_outcome::done);
  EXPECT_EQ(fetched, 2);
  good = "Bearer nobody's";
  const auto refused = go();
  EXPECT_EQ(refused.kind, operation_outcome::not_done);
  EXPECT_EQ(refused.code, "AUTHENTICATION_FAILURE");
  EXPECT_EQ(fetched, 3) << "one more try, not one after another";
  client.stop();
}

TEST(PaypalGateway, SaysNotDoneWhereThereIsNoToken) {
  loopback_server server{always(401, R"({"error":"invalid_client","error_description":"Client Authentication failed"})")};
  http::client client;
  const auto gateway = paypal::make_paypal({server.base(), "id", "wrong"}, client);
  const auto got = wait_for<outcome>([&](auto done) { gateway->authorize(by_card(), paypal_double::context("k"), done); });
  EXPECT_EQ(got.kind, operation_outcome::not_done);
  EXPECT_EQ(got.code, "no_token");
  const auto checked = wait_for<outcome>([&](auto done) { gateway->check(done); });
  EXPECT_EQ(checked.kind, operation_outcome::not_done);
  EXPECT_EQ(checked.code, "invalid_client");
  client.stop();
}

TEST(PaypalGateway, ChecksItsCredentialsByFetchingAToken) {
  paypal_double p{always(500, "")};
  EXPECT_EQ(wait_for<outcome>([&](auto done) { p.gateway->check(done); }).kind, operation_outcome::done);
  EXPECT_TRUE(p.asked().empty());
}

TEST(PaypalGateway, WritesAmountsAsPaypalTakesThemAndRefusesTheOthersBeforeTheCall) {
  paypal_double p{always(422, unprocessable("TRANSACTION_REFUSED"))};
  const auto sent = [&](std::string_view iso, std::int64_t minor) {
    const auto before = p.asked().size();
    const auto got = p.authorize(by_card(minor, *currency::find(iso)));
    if (p.asked().size() == before) return got.code;
    return json::parse(p.asked().back().body).at("purchase_units").at(0).at("amount").at("value").get<std::string>();
  };
  EXPECT_EQ(sent("USD", 5), "0.05");
  EXPECT_EQ(sent("JPY", 60), "60");
  EXPECT_EQ(sent("HUF", 100'000), "1000");
  EXPECT_EQ(sent("HUF", 100'050), "amount_not_representable");
  EXPECT_EQ(sent("TWD", 100), "1");
  EXPECT_EQ(sent("KWD", 1000), "currency_not_supported");
  EXPECT_EQ(sent("BHD", 1234), "currency_not_supported");
  EXPECT_EQ(sent("INR", 100), "currency_not_supported");
  EXPECT_EQ(p.gateway->can().currencies, paypal::currencies());
  for (const auto& iso : paypal::currencies()) EXPECT_LE(currency::find(iso)->digits, 2) << iso;
}

TEST(PaypalGateway, ReadsAmountsWithWhateverDecimalsPaypalShows) {
  const auto read = [](std::string_view value, std::string_view iso) { return paypal::from_paypal(value, *currency::find(iso)).value_or(-1); };
  EXPECT_EQ(read("59.98", "USD"), 5998);
  EXPECT_EQ(read("59.9", "USD"), 5990);
  EXPECT_EQ(read("59", "USD"), 5900);
  EXPECT_EQ(read("60.00", "JPY"), 60);
  EXPECT_EQ(read("60.50", "JPY"), -1);
  EXPECT_EQ(read("1000", "HUF"), 100'000);
  EXPECT_EQ(read("-1.00", "USD"), -1);
  EXPECT_EQ(read("", "USD"), -1);
}

TEST(PaypalGateway, SendsABuyerWithoutATokenToPaypalsPage) {
  paypal_double p{always(201, order_object("PAYER_ACTION_REQUIRED").dump())};
  const auto got = p.authorize(by_buyer());
  EXPECT_EQ(got.kind, operation_outcome::awaiting_buyer);
  EXPECT_EQ(got.reference, "ORDER1");
  EXPECT_EQ(got.redirect_url, "https://paypal.example/checkoutnow?token=ORDER1");
  const auto wallet = json::parse(p.asked().at(0).body).at("payment_source").at("paypal");
  EXPECT_EQ(wallet.at("email_address"), "a@example.com");
  EXPECT_EQ(wallet.at("experience_context").at("return_url"), "https://shop.example/back");
  EXPECT_EQ(wallet.at("experience_context").at("cancel_url"), "https://shop.example/back");
  EXPECT_EQ(wallet.at("experience_context").at("payment_method_preference"), "IMMEDIATE_PAYMENT_REQUIRED");
  EXPECT_EQ(wallet.at("experience_context").at("landing_page"), "LOGIN");
  auto guest = by_buyer();
  guest.method = "credit_card";
  p.authorize(guest);
  EXPECT_EQ(json::parse(p.asked().back().body).at("payment_source").at("paypal").at("experience_context").at("landing_page"), "NO_PREFERENCE");
}

TEST(PaypalGateway, SendsTheBuyerOfAVaultedCardOnWhereTheBankWantsToSeeHim) {
  paypal_double p{always(201, order_object("PAYER_ACTION_REQUIRED").dump())};
  const auto got = p.authorize(by_card());
  EXPECT_EQ(got.kind, operation_outcome::awaiting_buyer);
  EXPECT_EQ(got.reference, "ORDER1");
}

/// A pending order: GET gives it, POST …/authorize answers `to_authorize`.
loopback_server::script pending(const json& order, int status, std::string to_authorize) {
  return [order = order.dump(), status, to_authorize = std::move(to_authorize)](const seen_request& seen) {
    return seen.method == "GET" ? answer(200, order) : answer(status, to_authorize);
  };
}

TEST(PaypalGateway, TakesTheAuthorizationOnceTheBuyerHasApproved) {
  paypal_double p{pending(order_object("APPROVED", nullptr, ""), 201, order_object("COMPLETED", held()).dump())};
  const auto got = p.authorize(by_buyer("ORDER1"), true);
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "AUTH1");
  const auto asked = p.asked();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].method + asked[0].target, fmt::format("GET{}/ORDER1", orders));
  EXPECT_EQ(asked[1].method + asked[1].target, fmt::format("POST{}/ORDER1/authorize", orders));
  EXPECT_EQ(asked[1].body, "{}");
  EXPECT_EQ(asked[1].header("PayPal-Request-Id"), "ord_1/authorize/1/2026-01-02T03:04:05Z") << "another one once the buyer has chosen again";
}

TEST(PaypalGateway, KeepsWaitingWhileTheBuyerHasNotApproved) {
  for (const auto* status : {"CREATED", "SAVED", "PAYER_ACTION_REQUIRED"}) {
    paypal_double p{pending(order_object(status, nullptr, "approve"), 500, "")};
    const auto got = p.authorize(by_buyer("ORDER1"), true);
    EXPECT_EQ(got.kind, operation_outcome::awaiting_buyer) << status;
    EXPECT_EQ(got.redirect_url, "https://paypal.example/checkoutnow?token=ORDER1");
    EXPECT_EQ(p.asked().size(), 1U) << "nothing is authorized";
  }
}

TEST(PaypalGateway, LetsTheBuyerChooseAgainWhereHisInstrumentIsRefused) {
  const auto approved = order_object("APPROVED");
  for (const auto& said :
       {unprocessable("INSTRUMENT_DECLINED", "https://paypal.example/again"), unprocessable("PAYER_ACTION_REQUIRED", "https://paypal.example/again")}) {
    paypal_double p{pending(approved, 422, said)};
    const auto got = p.authorize(by_buyer("ORDER1"), true);
    EXPECT_EQ(got.kind, operation_outcome::awaiting_buyer) << said;
    EXPECT_EQ(got.redirect_url, "https://paypal.example/again");
    EXPECT_EQ(got.reference, "ORDER1");
  }
  paypal_double p{pending(approved, 422, unprocessable("ORDER_NOT_APPROVED"))};
  EXPECT_EQ(p.authorize(by_buyer("ORDER1"), true).redirect_url, "https://paypal.example/checkoutnow?token=ORDER1");
}

TEST(PaypalGateway, TellsHowAPendingPaymentHasEnded) {
  const auto ended = [](int status, std::string body) {
    paypal_double p{always(status, std::move(body))};
    return p.authorize(by_buyer("ORDER1"), true);
  };
  EXPECT_EQ(ended(200, order_object("COMPLETED", held()).dump()).reference, "AUTH1") << "authorized by a call whose answer was lost";
  const auto voided = ended(200, order_object("VOIDED").dump());
  EXPECT_EQ(voided.kind, operation_outcome::declined);
  EXPECT_EQ(voided.code, "ORDER_VOIDED");
  const auto gone = ended(404, error("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"));
  EXPECT_EQ(gone.kind, operation_outcome::declined);
  EXPECT_EQ(gone.code, "ORDER_EXPIRED");
  EXPECT_TRUE(gone.soft);
  for (const int status : {429, 500, 503}) EXPECT_EQ(ended(status, error("INTERNAL_SERVER_ERROR")).kind, operation_outcome::unknown) << status;
  EXPECT_EQ(ended(200, order_object("COMPLETED").dump()).kind, operation_outcome::unknown) << "completed, but by what?";
  EXPECT_EQ(ended(200, "[]").code, "unreadable_answer");
}

TEST(PaypalGateway, LooksAgainWhereTheOrderWasAuthorizedAlready) {
  for (const auto* issue : {"ORDER_ALREADY_AUTHORIZED", "ORDER_COMPLETED_OR_VOIDED", "MAX_AUTHORIZATION_COUNT_EXCEEDED"}) {
    int looks = 0;
    paypal_double p{[&](const seen_request& seen) {
      if (seen.method != "GET") return answer(422, unprocessable(issue));
      return answer(200, ++looks == 1 ? order_object("APPROVED").dump() : order_object("COMPLETED", held()).dump());
    }};
    EXPECT_EQ(p.authorize(by_buyer("ORDER1"), true).reference, "AUTH1") << issue;
    EXPECT_EQ(p.asked().size(), 3U);
  }
}

TEST(PaypalGateway, MapsEveryAnswerToAnAuthorization) {
  const auto declined = operation_outcome::declined, unknown = operation_outcome::unknown, not_done = operation_outcome::not_done;
  const auto with_hold = [](const json& hold) { return order_object("COMPLETED", {{"authorizations", {hold}}}).dump(); };
  const auto processor = [](std::string_view code) { return json{{"processor_response", {{"response_code", code}}}}; };
  const std::vector<mapping> table{
      {201, with_hold(hold_object("CAPTURED")), operation_outcome::done, ""},
      {200, with_hold(hold_object("PARTIALLY_CAPTURED")), operation_outcome::done, ""},
      {201, with_hold(hold_object("DENIED")), declined, "DENIED", true},
      {201, with_hold(hold_object("DENIED", amount(), processor("5120"))), declined, "5120", true},
      {201, with_hold(hold_object("DENIED", amount(), processor("9500"))), declined, "9500", false},
      {201, with_hold(hold_object("DENIED", amount(), processor("5400"))), declined, "5400", false},
      {201, with_hold(hold_object("VOIDED")), declined, "VOIDED", true},
      {201, with_hold(hold_object("PENDING", amount(), {{"status_details", {{"reason", "PENDING_REVIEW"}}}})), unknown, "PENDING_REVIEW"},
      {201, with_hold(hold_object("SOMETHING_NEW")), unknown, "SOMETHING_NEW"},
      {201, with_hold(hold_object("CREATED", amount("59.97"))), unknown, "answer_mismatch"},
      {201, with_hold(hold_object("CREATED", amount("59.98", "EUR"))), unknown, "answer_mismatch"},
      {201, with_hold(hold_object("CREATED", amount("a lot"))), unknown, "answer_mismatch"},
      {201, "{}", unknown, "unreadable_answer"},
      {201, "<html>", unknown, "unreadable_answer"},
      {422, unprocessable("INSTRUMENT_DECLINED"), declined, "INSTRUMENT_DECLINED", true},
      {422, unprocessable("TRANSACTION_REFUSED"), declined, "TRANSACTION_REFUSED", true},
      {422, unprocessable("PAYMENT_SOURCE_DECLINED_BY_PROCESSOR"), declined, "PAYMENT_SOURCE_DECLINED_BY_PROCESSOR", true},
      {422, unprocessable("PAYMENT_SOURCE_CANNOT_BE_USED"), declined, "PAYMENT_SOURCE_CANNOT_BE_USED", true},
      {422, unprocessable("PAYMENT_DENIED"), declined, "PAYMENT_DENIED", true},
      {422, unprocessable("PAYER_ACTION_REQUIRED"), declined, "PAYER_ACTION_REQUIRED", true},
      {422, unprocessable("REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"), declined, "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING", true},
      {422, unprocessable("PAYER_ACCOUNT_RESTRICTED"), declined, "PAYER_ACCOUNT_RESTRICTED"},
      {422, unprocessable("PAYER_ACCOUNT_LOCKED_OR_CLOSED"), declined, "PAYER_ACCOUNT_LOCKED_OR_CLOSED"},
      {422, unprocessable("PAYER_CANNOT_PAY"), declined, "PAYER_CANNOT_PAY"},
      {422, unprocessable("CARD_EXPIRED"), declined, "CARD_EXPIRED"},
      {422, unprocessable("COMPLIANCE_VIOLATION"), declined, "COMPLIANCE_VIOLATION"},
      {422, unprocessable("TRANSACTION_BLOCKED_BY_PAYEE"), declined, "TRANSACTION_BLOCKED_BY_PAYEE"},
      {422, unprocessable("NEVER_HEARD_OF"), declined, "NEVER_HEARD_OF"},
      {422, unprocessable("DUPLICATE_INVOICE_ID"), unknown, "DUPLICATE_INVOICE_ID"},
      {422, unprocessable("DUPLICATE_REQUEST_ID"), unknown, "DUPLICATE_REQUEST_ID"},
      {422, unprocessable("ORDER_COMPLETION_IN_PROGRESS"), unknown, "ORDER_COMPLETION_IN_PROGRESS"},
      {409, error("RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS"), unknown, "PREVIOUS_REQUEST_IN_PROGRESS"},
      {400, error("INVALID_REQUEST", "INVALID_PARAMETER_SYNTAX"), declined, "INVALID_PARAMETER_SYNTAX"},
      {401, error("AUTHENTICATION_FAILURE"), not_done, "AUTHENTICATION_FAILURE"},
      {403, error("NOT_AUTHORIZED", "PERMISSION_DENIED"), not_done, "PERMISSION_DENIED"},
      {429, error("RATE_LIMIT_REACHED"), not_done, "RATE_LIMIT_REACHED"},
      {500, error("INTERNAL_SERVER_ERROR"), unknown, "INTERNAL_SERVER_ERROR"},
      {503, "busy", unknown, "http_503"},
      {302, "", unknown, "http_302"},
  };
  int status = 0;
  std::string body;
  paypal_double p{[&](const seen_request&) { return answer(status, body); }};
  for (const auto& row : table) {
    status = row.status;
    body = row.body;
    const auto got = p.authorize(by_card());
    EXPECT_EQ(got.kind, row.kind) << row.status << " " << row.body;
    EXPECT_EQ(got.code, row.code) << row.status << " " << row.body;
    EXPECT_EQ(got.soft, row.soft) << row.status << " " << row.body;
  }
}

TEST(PaypalGateway, KeepsPaypalsDebugIdWithItsWords) {
  paypal_double p{always(422, unprocessable("INSTRUMENT_DECLINED"))};
  EXPECT_EQ(p.authorize(by_card()).message, "Because. (PayPal's debug id 90957fca61718)");
}

TEST(PaypalGateway, ReadsAPendingAuthorizationAgainWhenAskedAgain) {
  paypal_double p{[](const seen_request& seen) {
    return seen.method == "GET" ? answer(200, hold_object("CREATED").dump()) : answer(200, order_object("COMPLETED", held("PENDING")).dump());
  }};
  EXPECT_EQ(p.authorize(by_card()).kind, operation_outcome::unknown);
  EXPECT_EQ(p.authorize(by_card(), true).reference, "AUTH1");
}

TEST(PaypalGateway, SaysUnknownWhereTheAnswerIsLostAndNotDoneWhereNobodyListens) {
  paypal_double lost{[](const seen_request&) { return scripted_reply{.close = true}; }};
  EXPECT_EQ(lost.authorize(by_card()).kind, operation_outcome::unknown);
  EXPECT_EQ(lost.capture().kind, operation_outcome::unknown);
  http::client client;
  const auto nobody = paypal::make_paypal({fmt::format("http://127.0.0.1:{}", closed_port()), "id", "secret"}, client);
  const auto got = wait_for<outcome>([&](auto done) { nobody->authorize(by_card(), paypal_double::context("k"), done); });
  EXPECT_EQ(got.kind, operation_outcome::not_done);
  EXPECT_EQ(got.code, "refused");
  client.stop();
}

TEST(PaypalGateway, ShortensAKeyThatIsTooLongForPaypal) {
  paypal_double p{always(201, order_object("COMPLETED", held()).dump())};
  const std::string first(200, 'a'), second = first + 'b';
  for (const auto& key : {first, second, first}) wait_for<outcome>([&](auto done) { p.gateway->authorize(by_card(), paypal_double::context(key), done); });
  const auto asked = p.asked();
  EXPECT_EQ(asked[0].header("PayPal-Request-Id").size(), 108U);
  EXPECT_NE(asked[0].header("PayPal-Request-Id"), asked[1].header("PayPal-Request-Id"));
  EXPECT_EQ(asked[0].header("PayPal-Request-Id"), asked[2].header("PayPal-Request-Id"));
  EXPECT_EQ(json::parse(asked[0].body).at("purchase_units").at(0).at("invoice_id").get<std::string>().size(), 127U);
}

}  // namespace
}  // namespace coreldove::paypal_test
