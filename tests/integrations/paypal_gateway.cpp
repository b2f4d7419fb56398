#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "integrations/paypal/amounts.hpp"
#include "integrations/paypal/paypal.hpp"
#include "tests/integrations/loopback_server.hpp"
#include "tests/integrations/waiting.hpp"

namespace {

using namespace std::chrono_literals;
using namespace coreldove::integrations;
using namespace coreldove::testing;
using coreldove::domain::currency;
using coreldove::domain::operation_outcome;
using nlohmann::json;

const currency usd = *currency::find("USD");
constexpr std::string_view token_path = "/paypal/v1/oauth2/token", orders = "/paypal/v2/checkout/orders";

std::string token_answer(int n = 1) { return fmt::format(R"({{"access_token":"token-{}","token_type":"Bearer","expires_in":32400}})", n); }

json amount(std::string_view value = "59.98", std::string_view iso = "USD") { return {{"currency_code", iso}, {"value", value}}; }

json hold_object(std::string_view status = "CREATED", const json& money = amount(), const json& more = json::object()) {
  json out{{"id", "AUTH1"}, {"status", status}, {"amount", money}, {"invoice_id", "ord_1/authorize/1"}, {"custom_id", "ord_1"}};
  out["supplementary_data"]["related_ids"]["order_id"] = "ORDER1";
  out.update(more);
  return out;
}

json order_object(std::string_view status, const json& payments = nullptr, std::string_view rel = "payer-action") {
  json unit{{"amount", amount()}, {"invoice_id", "ord_1/authorize/1"}, {"custom_id", "ord_1"}};
  if (!payments.is_null()) unit["payments"] = payments;
  json links = json::array({{{"rel", "self"}, {"href", "https://api/v2/checkout/orders/ORDER1"}}});
  if (!rel.empty()) links.push_back({{"rel", rel}, {"href", "https://paypal.example/checkoutnow?token=ORDER1"}});
  return {{"id", "ORDER1"}, {"status", status}, {"update_time", "2026-01-02T03:04:05Z"}, {"purchase_units", {unit}}, {"links", links}};
}

json held(std::string_view status = "CREATED", const json& money = amount()) { return {{"authorizations", {hold_object(status, money)}}}; }

json capture_object(std::string_view id, std::string_view value, std::string_view invoice = "ord_1/capture/2", std::string_view status = "COMPLETED") {
  return {{"id", id}, {"status", status}, {"amount", amount(value)}, {"invoice_id", invoice}};
}

json refund_object(std::string_view capture, std::string_view value, std::string_view invoice = "ord_1/refund/3", std::string_view status = "COMPLETED") {
  return {{"id", fmt::format("REFUND-{}", capture)},
          {"status", status},
          {"amount", amount(value)},
          {"invoice_id", invoice},
          {"links", {{{"rel", "up"}, {"href", fmt::format("https://api/v2/payments/captures/{}", capture)}}}}};
}

std::string error(std::string_view name, std::string_view issue = "", std::string_view link = "") {
  json out{{"name", name}, {"message", "Said so."}, {"debug_id", "90957fca61718"}};
  if (!issue.empty()) out["details"] = {{{"issue", issue}, {"description", "Because."}}};
  if (!link.empty()) out["links"] = {{{"rel", "redirect"}, {"href", link}}};
  return out.dump();
}
std::string unprocessable(std::string_view issue, std::string_view link = "") { return error("UNPROCESSABLE_ENTITY", issue, link); }

/// A gateway in front of a scripted PayPal; the token call answers by itself unless the script wants it.
struct paypal_double {
  explicit paypal_double(loopback_server::script s)
      : server{[s = std::move(s)](const seen_request& seen) { return seen.target == token_path ? answer(200, token_answer()) : s(seen); }},
        gateway{paypal::make_paypal({server.base() + "/paypal/", "id", "se:cret"}, client)} {}
  ~paypal_double() { client.stop(); }

  static call_context context(std::string key, bool repeat = false) { return {"ord_1", std::move(key), "0af7651916cd43dd8448eb211c80319c", 3s, repeat}; }
  outcome authorize(const charge& c, bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->authorize(c, context("ord_1/authorize/1", repeat), done); });
  }
  outcome capture(std::int64_t minor = 5998, bool last = true, bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->capture("AUTH1", minor, usd, last, context("ord_1/capture/2", repeat), done); });
  }
  outcome cancel(bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->void_authorization("AUTH1", context("ord_1/void_authorization/2", repeat), done); });
  }
  outcome refund(std::int64_t minor = 500, bool repeat = false) {
    return wait_for<outcome>([&](auto done) { gateway->refund("AUTH1", minor, usd, "it came broken", context("ord_1/refund/3", repeat), done); });
  }
  /// What was asked, the token calls left out.
  std::vector<seen_request> asked() const {
    std::vector<seen_request> out;
    for (auto& one : server.seen())
      if (one.target != token_path) out.push_back(std::move(one));
    return out;
  }

  loopback_server server;
  http::client client;
  std::shared_ptr<payment_gateway> gateway;
};

charge by_card(std::int64_t minor = 5998, const currency& c = usd) {
  charge out{minor, c, "tok_visa", "a@example.com"};
  out.method = "credit_card";
  return out;
}

charge by_buyer(std::string pending = {}) {
  charge out{5998, usd, "", "a@example.com"};
  out.method = "paypal";
  out.pending = std::move(pending);
  out.return_url = "https://shop.example/back";
  return out;
}

/// Answers the same to every call.
loopback_server::script always(int status, std::string body) {
  return [status, body = std::move(body)](const seen_request&) { return answer(status, body); };
}

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

struct mapping {
  int status;
  std::string body;
  operation_outcome kind;
  std::string code;
  bool soft = false;
};

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

TEST(PaypalGateway, CapturesInPartsAndSaysWhichIsTheLast) {
  paypal_double p{[](const seen_request& seen) {
    auto sent = json::parse(seen.body);
    return answer(201, capture_object("CAP1", sent.at("amount").at("value").get<std::string>()).dump());
  }};
  const auto part = p.capture(1000, false);
  EXPECT_EQ(part.kind, operation_outcome::done);
  EXPECT_EQ(part.reference, "CAP1");
  EXPECT_EQ(p.capture(4998, true).kind, operation_outcome::done);
  const auto asked = p.asked();
  EXPECT_EQ(asked[0].target, "/paypal/v2/payments/authorizations/AUTH1/capture");
  EXPECT_EQ(asked[0].header("PayPal-Request-Id"), "ord_1/capture/2");
  EXPECT_EQ(json::parse(asked[0].body), (json{{"amount", amount("10.00")}, {"invoice_id", "ord_1/capture/2"}, {"final_capture", false}}));
  EXPECT_EQ(json::parse(asked[1].body).at("final_capture"), true);
}

TEST(PaypalGateway, MapsEveryAnswerToACapture) {
  const auto declined = operation_outcome::declined, unknown = operation_outcome::unknown;
  const std::vector<mapping> table{
      {200, capture_object("CAP1", "59.98", "k", "REFUNDED").dump(), operation_outcome::done, ""},
      {200, capture_object("CAP1", "59.98", "k", "PARTIALLY_REFUNDED").dump(), operation_outcome::done, ""},
      {201, capture_object("CAP1", "59.98", "k", "DECLINED").dump(), declined, "DECLINED", true},
      {201, capture_object("CAP1", "59.98", "k", "FAILED").dump(), declined, "FAILED", true},
      {201, capture_object("CAP1", "59.98", "k", "PENDING").dump(), unknown, "PENDING"},
      {201, capture_object("CAP1", "59.97").dump(), unknown, "answer_mismatch"},
      {201, "{}", unknown, "unreadable_answer"},
      {422, unprocessable("TRANSACTION_REFUSED"), declined, "TRANSACTION_REFUSED", true},
      {422, unprocessable("AUTHORIZATION_DENIED"), declined, "AUTHORIZATION_DENIED", true},
      {422, unprocessable("AUTH_CAPTURE_CURRENCY_MISMATCH"), declined, "AUTH_CAPTURE_CURRENCY_MISMATCH"},
      {404, error("RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID"), declined, "INVALID_RESOURCE_ID"},
      {429, error("RATE_LIMIT_REACHED"), operation_outcome::not_done, "RATE_LIMIT_REACHED"},
      {500, "", unknown, "http_500"},
  };
  int status = 0;
  std::string body;
  paypal_double p{[&](const seen_request&) { return answer(status, body); }};
  for (const auto& row : table) {
    status = row.status;
    body = row.body;
    const auto got = p.capture();
    EXPECT_EQ(got.kind, row.kind) << row.status << " " << row.body;
    EXPECT_EQ(got.code, row.code) << row.status << " " << row.body;
    EXPECT_EQ(got.soft, row.soft) << row.status << " " << row.body;
  }
}

/// An authorization and its order, for who looks; POSTs answer `to_post`.
loopback_server::script order_with(const json& payments, int status, std::string to_post) {
  return [order = order_object("COMPLETED", payments).dump(), status, to_post = std::move(to_post)](const seen_request& seen) {
    if (seen.method != "GET") return answer(status, to_post);
    return answer(200, seen.target.find("/orders/") == std::string::npos ? hold_object().dump() : order);
  };
}

TEST(PaypalGateway, FindsACaptureThatAnEarlierCallHasMade) {
  auto payments = held("CAPTURED");
  payments["captures"] = {capture_object("CAP0", "10.00", "ord_1/capture/1"), capture_object("CAP1", "59.98")};
  for (const auto* issue : {"AUTHORIZATION_ALREADY_CAPTURED", "MAX_CAPTURE_AMOUNT_EXCEEDED", "MAX_CAPTURE_COUNT_EXCEEDED", "DUPLICATE_INVOICE_ID"}) {
    paypal_double p{order_with(payments, 422, unprocessable(issue))};
    const auto got = p.capture(5998, true, true);
    EXPECT_EQ(got.kind, operation_outcome::done) << issue;
    EXPECT_EQ(got.reference, "CAP1");
  }
  payments["captures"].erase(1);
  paypal_double p{order_with(payments, 422, unprocessable("AUTHORIZATION_ALREADY_CAPTURED"))};
  const auto other = p.capture();
  EXPECT_EQ(other.kind, operation_outcome::declined) << "captured by another operation";
  EXPECT_EQ(other.code, "AUTHORIZATION_ALREADY_CAPTURED");
}

TEST(PaypalGateway, ReadsAPendingCaptureAgainWhenAskedAgain) {
  paypal_double p{[](const seen_request& seen) {
    return seen.method == "GET" ? answer(200, capture_object("CAP1", "59.98").dump()) : answer(200, capture_object("CAP1", "59.98", "k", "PENDING").dump());
  }};
  EXPECT_EQ(p.capture(5998, true, true).reference, "CAP1");
  EXPECT_EQ(p.asked().back().target, "/paypal/v2/payments/captures/CAP1");
}

TEST(PaypalGateway, VoidsAnAuthorizationOrFindsItVoided) {
  paypal_double shown{always(200, hold_object("VOIDED").dump())};
  EXPECT_EQ(shown.cancel().reference, "AUTH1");
  EXPECT_EQ(shown.asked().at(0).target, "/paypal/v2/payments/authorizations/AUTH1/void");
  EXPECT_EQ(shown.asked().at(0).header("PayPal-Request-Id"), "ord_1/void_authorization/2");
  paypal_double silent{[](const seen_request&) { return scripted_reply{"HTTP/1.1 204 No Content\r\n\r\n"}; }};
  EXPECT_EQ(silent.cancel().reference, "AUTH1");
  const auto after = [](std::string_view issue, std::string_view status) {
    paypal_double p{
        [&](const seen_request& seen) { return seen.method == "GET" ? answer(200, hold_object(status).dump()) : answer(422, unprocessable(issue)); }};
    return p.cancel();
  };
  EXPECT_EQ(after("PREVIOUSLY_VOIDED", "VOIDED").kind, operation_outcome::done);
  const auto captured = after("PREVIOUSLY_CAPTURED", "CAPTURED");
  EXPECT_EQ(captured.kind, operation_outcome::declined);
  EXPECT_EQ(captured.code, "PREVIOUSLY_CAPTURED");
  EXPECT_EQ(after("CANNOT_BE_VOIDED", "CREATED").code, "CANNOT_BE_VOIDED");
  paypal_double broken{always(500, error("INTERNAL_SERVER_ERROR"))};
  EXPECT_EQ(broken.cancel().kind, operation_outcome::unknown);
}

TEST(PaypalGateway, RefundsTheCaptureThatHasEnoughLeft) {
  auto payments = held("CAPTURED");
  payments["captures"] = {capture_object("CAP1", "10.00"), capture_object("CAP2", "49.98")};
  payments["refunds"] = {refund_object("CAP1", "8.00", "ord_1/refund/2")};
  paypal_double p{order_with(payments, 201, refund_object("CAP2", "5.00").dump())};
  const auto got = p.refund(500);
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "REFUND-CAP2");
  const auto asked = p.asked();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0].target, "/paypal/v2/payments/authorizations/AUTH1");
  EXPECT_EQ(asked[1].target, fmt::format("{}/ORDER1", orders));
  EXPECT_EQ(asked[2].target, "/paypal/v2/payments/captures/CAP2/refund");
  EXPECT_EQ(asked[2].header("PayPal-Request-Id"), "ord_1/refund/3");
  EXPECT_EQ(json::parse(asked[2].body), (json{{"amount", amount("5.00")}, {"invoice_id", "ord_1/refund/3"}, {"custom_id", "ord_1"}}))
      << "the reason is the shop's business, not the buyer's";
}

TEST(PaypalGateway, SharesARefundAmongCapturesAndTakesUpWhereItStopped) {
  auto payments = held("CAPTURED");
  payments["captures"] = {capture_object("CAP1", "10.00"), capture_object("CAP2", "49.98")};
  bool second_fails = true;
  paypal_double p{[&](const seen_request& seen) {
    if (seen.method == "GET")
      return answer(200, seen.target.find("/orders/") == std::string::npos ? hold_object().dump() : order_object("COMPLETED", payments).dump());
    const std::string capture = seen.target.find("CAP1") != std::string::npos ? "CAP1" : "CAP2";
    if (capture == "CAP2" && second_fails) return answer(422, unprocessable("TRANSACTION_REFUSED"));
    const auto sent = json::parse(seen.body);
    const auto done = refund_object(capture, sent.at("amount").at("value").get<std::string>(), sent.at("invoice_id").get<std::string>());
    payments["refunds"].push_back(done);
    return answer(201, done.dump());
  }};
  EXPECT_EQ(p.refund(5998).kind, operation_outcome::unknown) << "a part of it has gone back";
  second_fails = false;
  const auto got = p.refund(5998, true);
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "REFUND-CAP1");
  std::vector<std::string> given;
  for (const auto& r : payments["refunds"]) given.push_back(r.at("amount").at("value").get<std::string>() + " " + r.at("invoice_id").get<std::string>());
  EXPECT_EQ(given, (std::vector<std::string>{"10.00 ord_1/refund/3#CAP1", "49.98 ord_1/refund/3#CAP2"}));
  EXPECT_EQ(p.refund(5998, true).kind, operation_outcome::done);
  EXPECT_EQ(payments["refunds"].size(), 2U) << "nothing goes back twice";
}

TEST(PaypalGateway, FindsARefundThatAnEarlierCallHasMade) {
  auto payments = held("CAPTURED");
  payments["captures"] = {capture_object("CAP1", "59.98", "k", "PARTIALLY_REFUNDED")};
  const auto known = [&](std::string_view status, std::string_view value = "5.00") {
    payments["refunds"] = {refund_object("CAP1", value, "ord_1/refund/3", status)};
    paypal_double p{order_with(payments, 500, "")};
    auto got = p.refund(500, true);
    EXPECT_EQ(p.asked().size(), 2U) << "nothing is sent";
    return got;
  };
  EXPECT_EQ(known("COMPLETED").reference, "REFUND-CAP1");
  EXPECT_EQ(known("PENDING").kind, operation_outcome::done);
  EXPECT_EQ(known("FAILED").kind, operation_outcome::declined);
  EXPECT_EQ(known("COMPLETED", "4.99").code, "answer_mismatch");
}

TEST(PaypalGateway, RefusesARefundThatIsMoreThanIsLeft) {
  auto payments = held("CAPTURED");
  payments["captures"] = {capture_object("CAP1", "10.00"), capture_object("CAP2", "10.00", "k", "PENDING")};
  paypal_double p{order_with(payments, 500, "")};
  const auto got = p.refund(1001);
  EXPECT_EQ(got.kind, operation_outcome::declined);
  EXPECT_EQ(got.code, "REFUND_AMOUNT_EXCEEDED");
  EXPECT_EQ(p.asked().size(), 2U);
}

TEST(PaypalGateway, SaysOfARefundWhatHasHappenedToItOnly) {
  auto payments = held("CAPTURED");
  payments["captures"] = {capture_object("CAP1", "59.98")};
  const auto said = [&](int status, std::string body) {
    paypal_double p{order_with(payments, status, std::move(body))};
    return p.refund();
  };
  EXPECT_EQ(said(201, refund_object("CAP1", "5.00", "k", "FAILED").dump()).kind, operation_outcome::declined);
  EXPECT_EQ(said(422, unprocessable("PENDING_CAPTURE")).kind, operation_outcome::not_done);
  EXPECT_EQ(said(422, unprocessable("REFUND_TIME_LIMIT_EXCEEDED")).kind, operation_outcome::declined);
  EXPECT_TRUE(said(422, unprocessable("REFUND_FAILED_INSUFFICIENT_FUNDS")).soft);
  EXPECT_EQ(said(500, "").kind, operation_outcome::unknown);
  paypal_double blind{always(503, "")};
  EXPECT_EQ(blind.refund().kind, operation_outcome::not_done) << "nothing was sent";
  EXPECT_EQ(blind.refund(500, true).kind, operation_outcome::unknown) << "an earlier call may have gone through";
}

}  // namespace
