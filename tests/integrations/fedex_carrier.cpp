#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "integrations/fedex/fedex.hpp"
#include "integrations/fedex/requests.hpp"
#include "tests/integrations/loopback_server.hpp"
#include "tests/integrations/waiting.hpp"

namespace {

using namespace std::chrono_literals;
using namespace coreldove::integrations;
using namespace coreldove::testing;
using coreldove::domain::currency;
using coreldove::domain::errc;
using coreldove::domain::operation_outcome;
using coreldove::domain::result;
using nlohmann::json;

parcel sample(const std::string& country = "US") {
  parcel p;
  p.from = {"wh-1", "East", "US", "NJ", "07001"};
  p.to = {"A. Buyer", "1 Main St", "Flat 2", "Springfield", "IL", "62701", country, "+12175550100"};
  p.weight_grams = 1250;
  p.service = "standard";
  p.value = 5998;
  p.currency = *currency::find("USD");
  p.reference = "shp_1-1";
  return p;
}

constexpr std::string_view shipped = R"({"output":{"transactionShipments":[{"masterTrackingNumber":"7000","pieceResponses":[{"trackingNumber":"7001"}]}]}})";
constexpr std::string_view no_such_reference =
    R"({"output":{"completeTrackResults":[{"trackResults":[{"error":{"code":"TRACKING.REFERENCENUMBER.NOTFOUND","message":"No."}}]}]}})";

std::string tracked(std::string_view number, std::string_view code) {
  return fmt::format(
      R"({{"output":{{"completeTrackResults":[{{"trackResults":[{{"trackingNumberInfo":{{"trackingNumber":"{}"}},"latestStatusDetail":{{"code":"{}"}}}}]}}]}}}})",
      number, code);
}

std::string refused(std::string_view code) { return fmt::format(R"({{"transactionId":"t","errors":[{{"code":"{}","message":"Said so."}}]}})", code); }

/// A carrier in front of a scripted FedEx, which gives tokens by itself: t1, t2, …
struct fedex_double {
  explicit fedex_double(loopback_server::script s)
      : server{[this, s = std::move(s)](const seen_request& r) {
          if (!r.target.ends_with("/oauth/token")) return s(r);
          return answer(token_status, fmt::format(R"({{"access_token":"t{}","expires_in":{}}})", ++tokens, token_life));
        }} {
    fedex::options o;
    o.api_base = server.base() + "/fedex/";
    o.client_id = "id";
    o.client_secret = "s&cret";
    o.account_number = "740561073";
    carrier = fedex::make_fedex(o, client);
  }
  ~fedex_double() { client.stop(); }

  static call_context context(bool repeat = false) { return {"ord_1", "ord_1/label/4", "0af7651916cd43dd8448eb211c80319c", 3s, repeat}; }
  outcome buy(const parcel& p = sample(), bool repeat = false) {
    return wait_for<outcome>([&](auto done) { carrier->buy_label(p, context(repeat), done); });
  }
  outcome cancel() {
    return wait_for<outcome>([&](auto done) { carrier->void_label("7001", context(), done); });
  }
  result<std::vector<tracking_event>> track() {
    return wait_for<result<std::vector<tracking_event>>>([&](auto done) { carrier->track("7001", context(), done); });
  }
  result<std::vector<rate>> rates(const parcel& p = sample()) {
    return wait_for<result<std::vector<rate>>>([&](auto done) { carrier->rates(p, context(), done); });
  }
  std::vector<seen_request> calls() const {  // without the tokens
    auto all = server.seen();
    std::erase_if(all, [](const auto& r) { return r.target.ends_with("/oauth/token"); });
    return all;
  }

  std::atomic<int> tokens{0}, token_life{3600}, token_status{200};
  loopback_server server;
  http::client client;
  std::shared_ptr<coreldove::integrations::carrier> carrier;
};

TEST(FedexCarrier, FetchesOneTokenForManyCallsAtOnceAndKeepsIt) {
  fedex_double f{[](const seen_request&) { return answer(200, shipped); }};
  std::atomic<int> done{0};
  std::promise<void> all;
  for (int i = 0; i < 20; ++i)
    f.carrier->buy_label(sample(), fedex_double::context(), [&](const outcome& o) {
      EXPECT_EQ(o.kind, operation_outcome::done);
      if (++done == 20) all.set_value();
    });
  ASSERT_EQ(all.get_future().wait_for(5s), std::future_status::ready);
  f.buy();
  EXPECT_EQ(f.tokens, 1);
  const auto seen = f.server.seen().at(0);
  EXPECT_EQ(seen.target, "/fedex/oauth/token");
  EXPECT_EQ(seen.header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(seen.body, "grant_type=client_credentials&client_id=id&client_secret=s%26cret");
}

TEST(FedexCarrier, BuysNoLabelForAnOrderThatMayBeAnothersByNow) {
  fedex_double f{[](const seen_request& r) { return answer(200, r.target.ends_with("/shipments") ? std::string{shipped} : std::string{no_such_reference}); }};
  auto context = fedex_double::context(true);
  context.time_left = [] { return 0ms; };
  const auto late = wait_for<outcome>([&](auto done) { f.carrier->buy_label(sample(), context, done); });
  EXPECT_EQ(late.kind, operation_outcome::not_done);
  ASSERT_EQ(f.calls().size(), 1U);  // the look-up, which does no harm
  EXPECT_FALSE(f.calls()[0].target.ends_with("/shipments"));
  context.time_left = [] { return 2'000ms; };
  EXPECT_EQ(wait_for<outcome>([&](auto done) { f.carrier->buy_label(sample(), context, done); }).kind, operation_outcome::done);
}

TEST(FedexCarrier, RenewsATokenBeforeItsEnd) {
  fedex_double f{[](const seen_request&) { return answer(200, shipped); }};
  f.token_life = 0;
  f.buy();
  f.buy();
  EXPECT_EQ(f.tokens, 2);
}

TEST(FedexCarrier, FetchesANewTokenOnceWhereOneIsRefused) {
  fedex_double f{
      [](const seen_request& r) { return r.header("Authorization") == "Bearer t1" ? answer(401, refused("NOT.AUTHORIZED.ERROR")) : answer(200, shipped); }};
  EXPECT_EQ(f.buy().kind, operation_outcome::done);
  EXPECT_EQ(f.tokens, 2);
  EXPECT_EQ(f.calls().size(), 2U);
  fedex_double never{[](const seen_request&) { return answer(401, refused("NOT.AUTHORIZED.ERROR")); }};
  const auto got = never.buy();
  EXPECT_EQ(got.kind, operation_outcome::not_done);
  EXPECT_EQ(got.code, "NOT.AUTHORIZED.ERROR");
  EXPECT_EQ(never.calls().size(), 2U);
}

TEST(FedexCarrier, HasDoneNothingWhereThereIsNoToken) {
  for (const int status : {400, 401, 429, 500}) {
    fedex_double f{[](const seen_request&) { return answer(200, shipped); }};
    f.token_status = status;
    const auto got = f.buy();
    EXPECT_EQ(got.kind, operation_outcome::not_done) << status;
    EXPECT_EQ(got.code, "no_token");
    EXPECT_TRUE(f.calls().empty());
  }
}

TEST(FedexCarrier, BuysALabel) {
  fedex_double f{[](const seen_request&) { return answer(200, shipped); }};
  const auto got = f.buy();
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "7000");
  EXPECT_EQ(got.tracking_number, "7001");
  const auto seen = f.calls().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/fedex/ship/v1/shipments");
  EXPECT_EQ(seen.header("Authorization"), "Bearer t1");
  EXPECT_EQ(seen.header("Content-Type"), "application/json");
  EXPECT_EQ(seen.header("x-customer-transaction-id"), "ord_1/label/4");
  EXPECT_EQ(seen.header("x-locale"), "en_US");
  EXPECT_EQ(json::parse(seen.body), json::parse(R"({
    "accountNumber": {"value": "740561073"}, "labelResponseOptions": "URL_ONLY",
    "requestedShipment": {
      "shipper": {"contact": {"companyName": "East", "phoneNumber": "0000000000"},
                  "address": {"streetLines": ["East"], "city": "East", "stateOrProvinceCode": "NJ", "postalCode": "07001", "countryCode": "US"}},
      "recipients": [{"contact": {"personName": "A. Buyer", "phoneNumber": "12175550100"},
                      "address": {"streetLines": ["1 Main St", "Flat 2"], "city": "Springfield", "stateOrProvinceCode": "IL", "postalCode": "62701", "countryCode": "US"}}],
      "serviceType": "FEDEX_GROUND", "packagingType": "YOUR_PACKAGING", "pickupType": "USE_SCHEDULED_PICKUP",
      "shippingChargesPayment": {"paymentType": "SENDER"}, "labelSpecification": {"imageType": "PDF", "labelStockType": "PAPER_4X6"}, "totalWeight": 1.25,
      "requestedPackageLineItems": [{"weight": {"units": "KG", "value": 1.25},
                                     "customerReferences": [{"customerReferenceType": "CUSTOMER_REFERENCE", "value": "shp_1-1"}]}]}})"));
}

TEST(FedexCarrier, DeclaresTheValueOfAParcelThatGoesAbroad) {
  auto p = sample("DE");
  p.weight_grams = 0;
  const auto body = json::parse(fedex::ship_request(p, {}));
  const auto& shipment = body["requestedShipment"];
  EXPECT_EQ(shipment["serviceType"], "INTERNATIONAL_ECONOMY");
  EXPECT_EQ(shipment["totalWeight"], 0.1);
  EXPECT_FALSE(shipment["recipients"][0]["address"].contains("stateOrProvinceCode"));
  EXPECT_EQ(shipment["customsClearanceDetail"]["totalCustomsValue"], json::parse(R"({"amount": 59.98, "currency": "USD"})"));
  EXPECT_EQ(shipment["customsClearanceDetail"]["commodities"].size(), 1U);
  EXPECT_FALSE(json::parse(fedex::ship_request(sample(), {}))["requestedShipment"].contains("customsClearanceDetail"));
}

TEST(FedexCarrier, KnowsTheServicesBehindShippingMethods) {
  EXPECT_EQ(fedex::service_type("express", false), "FEDEX_2_DAY");
  EXPECT_EQ(fedex::service_type("express", true), "FEDEX_INTERNATIONAL_PRIORITY");
  EXPECT_EQ(fedex::service_type("overnight", false), "STANDARD_OVERNIGHT");
  EXPECT_EQ(fedex::service_type("PRIORITY_OVERNIGHT", false), "PRIORITY_OVERNIGHT");
  EXPECT_EQ(fedex::service_type("by pigeon", false), "FEDEX_GROUND");
  EXPECT_EQ(fedex::service_type("", true), "INTERNATIONAL_ECONOMY");
}

TEST(FedexCarrier, WritesTextsThatAreNoUtf8WithoutThrowing) {
  auto p = sample();
  p.to.name = "\xff\"\n";
  EXPECT_EQ(json::parse(fedex::ship_request(p, {}))["requestedShipment"]["recipients"][0]["contact"]["personName"], "\xef\xbf\xbd\"\n");
}

TEST(FedexCarrier, MapsEveryAnswerToABoughtLabel) {
  struct row {
    int status;
    std::string body;
    operation_outcome kind;
    std::string code;
  };
  const std::vector<row> table{
      {200, "{}", operation_outcome::unknown, "unreadable_answer"},
      {200, "<html>", operation_outcome::unknown, "unreadable_answer"},
      {400, refused("INVALID.INPUT.EXCEPTION"), operation_outcome::declined, "INVALID.INPUT.EXCEPTION"},
      {403, refused("FORBIDDEN.ERROR"), operation_outcome::declined, "FORBIDDEN.ERROR"},
      {422, refused("SHIPMENT.DESTINATION.NOTSERVED"), operation_outcome::declined, "SHIPMENT.DESTINATION.NOTSERVED"},
      {429, "", operation_outcome::not_done, "http_429"},
      {500, refused("INTERNAL.SERVER.ERROR"), operation_outcome::unknown, "INTERNAL.SERVER.ERROR"},
      {503, R"({"errors":[]})", operation_outcome::unknown, "http_503"},
      {302, "", operation_outcome::unknown, "http_302"},
  };
  for (const auto& r : table) {
    fedex_double f{[&](const seen_request&) { return answer(r.status, r.body); }};
    const auto got = f.buy();
    EXPECT_EQ(got.kind, r.kind) << r.status;
    EXPECT_EQ(got.code, r.code) << r.status;
    EXPECT_EQ(f.calls().size(), 1U);
  }
}

TEST(FedexCarrier, NeverBuysTwiceWhenAKeptConnectionDies) {
  fedex_double f{[](const seen_request& r) { return r.on_connection == 2 ? scripted_reply{"", true} : answer(200, shipped); }};
  EXPECT_EQ(f.buy().kind, operation_outcome::unknown);  // the token was the first on that connection
  EXPECT_EQ(f.calls().size(), 1U);
}

TEST(FedexCarrier, LooksForTheLabelByItsReferenceBeforeBuyingAgain) {
  fedex_double f{[](const seen_request& r) { return r.target.ends_with("/referencenumbers") ? answer(200, tracked("7009", "OC")) : answer(200, shipped); }};
  const auto got = f.buy(sample(), true);
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.tracking_number, "7009");
  EXPECT_EQ(got.reference, "7009");
  ASSERT_EQ(f.calls().size(), 1U);
  EXPECT_EQ(f.calls().at(0).target, "/fedex/track/v1/referencenumbers");
  EXPECT_EQ(
      json::parse(f.calls().at(0).body),
      json::parse(
          R"({"includeDetailedScans": false, "referencesInformation": {"type": "CUSTOMER_REFERENCE", "value": "shp_1-1", "accountNumber": "740561073"}})"));
}

TEST(FedexCarrier, BuysAgainWhereFedexKnowsNoLabelOrOnlyAVoidedOne) {
  for (const auto& [status, body] :
       {std::pair{200, std::string{no_such_reference}}, {200, tracked("7009", "CA")}, {404, refused("TRACKING.REFERENCENUMBER.NOTFOUND")}}) {
    fedex_double f{[&, status = status, body = body](const seen_request& r) {
      return r.target.ends_with("/referencenumbers") ? answer(status, body) : answer(200, shipped);
    }};
    EXPECT_EQ(f.buy(sample(), true).tracking_number, "7001") << body;
    EXPECT_EQ(f.calls().size(), 2U);
  }
}

TEST(FedexCarrier, StaysUnknownWhereTheLookUpFails) {
  for (const auto& [status, body] :
       {std::pair{500, std::string{}},
        {429, std::string{}},
        {403, refused("FORBIDDEN.ERROR")},
        {200, std::string{"{}"}},
        {200, std::string{R"({"output":{"completeTrackResults":[{"trackResults":[{"error":{"code":"TRACKING.DATA.NOTUNIQUE"}}]}]}})"}}}) {
    fedex_double f{[&, status = status, body = body](const seen_request&) { return answer(status, body); }};
    EXPECT_EQ(f.buy(sample(), true).kind, operation_outcome::unknown) << status << body;
    EXPECT_EQ(f.calls().size(), 1U);
  }
}

TEST(FedexCarrier, CancelsALabelAndTakesACancelledOneAsDone) {
  int status = 200;
  std::string body = R"({"output":{"cancelledShipment":true}})";
  fedex_double f{[&](const seen_request&) { return answer(status, body); }};
  EXPECT_EQ(f.cancel().kind, operation_outcome::done);
  EXPECT_EQ(f.calls().at(0).method, "PUT");
  EXPECT_EQ(f.calls().at(0).target, "/fedex/ship/v1/shipments/cancel");
  EXPECT_EQ(
      json::parse(f.calls().at(0).body),
      json::parse(R"({"accountNumber": {"value": "740561073"}, "trackingNumber": "7001", "deletionControl": "DELETE_ALL_PACKAGES", "emailShipment": false})"));
  body = R"({"output":{"cancelledShipment":false,"message":"Too late."}})";
  EXPECT_EQ(f.cancel().code, "not_cancelled");
  body = "{}";
  EXPECT_EQ(f.cancel().kind, operation_outcome::unknown);
  status = 400;
  for (const auto* code : {"CANCELSHIPMENT.TRACKINGNUMBER.DELETED", "SHIPMENT.ALREADY.CANCELLED"}) {
    body = refused(code);
    EXPECT_EQ(f.cancel().kind, operation_outcome::done) << code;
  }
  body = refused("TRACKINGIDS.TRACKINGNUMBER.CLOSED");
  EXPECT_EQ(f.cancel().kind, operation_outcome::declined);
}

TEST(FedexCarrier, QuotesRatesInMinorUnits) {
  fedex_double f{[](const seen_request&) {
    return answer(200, R"({"output":{"rateReplyDetails":[
      {"serviceType":"FEDEX_2_DAY","ratedShipmentDetails":[{"totalNetCharge":21.45,"currency":"USD"}],"operationalDetail":{"transitTime":"TWO_DAYS"}},
      {"serviceType":"FEDEX_GROUND","ratedShipmentDetails":[{"totalNetCharge":1100,"currency":"JPY"}]},
      {"serviceType":"NO_PRICE"},{"serviceType":"NO_MONEY","ratedShipmentDetails":[{"totalNetCharge":1,"currency":"ZZZ"}]}]}})");
  }};
  const auto got = f.rates();
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 2U);
  EXPECT_EQ(got->at(0).service, "FEDEX_2_DAY");
  EXPECT_EQ(got->at(0).amount, 2145);
  EXPECT_EQ(got->at(0).days, 2);
  EXPECT_EQ(got->at(1).amount, 1100);
  EXPECT_EQ(got->at(1).days, 0);
  EXPECT_EQ(f.calls().at(0).target, "/fedex/rate/v1/rates/quotes");
}

TEST(FedexCarrier, SaysWhyAQuestionFailed) {
  const auto failure_of = [](int status, const std::string& body) {
    fedex_double f{[&](const seen_request&) { return answer(status, body); }};
    const auto got = f.rates();
    EXPECT_FALSE(got);
    return got ? errc::internal : got.error().code;
  };
  EXPECT_EQ(failure_of(400, refused("SERVICE.PACKAGECOMBINATION.INVALID")), errc::invalid_input);
  EXPECT_EQ(failure_of(429, ""), errc::unavailable);
  EXPECT_EQ(failure_of(503, ""), errc::unavailable);
  EXPECT_EQ(failure_of(200, "[]"), errc::unavailable);
  fedex_double lost{[](const seen_request&) { return scripted_reply{"", true}; }};
  EXPECT_EQ(lost.rates().error().code, errc::unavailable);
}

TEST(FedexCarrier, TracksAParcelOldestScanFirst) {
  fedex_double f{[](const seen_request&) {
    return answer(200, R"({"output":{"completeTrackResults":[{"trackingNumber":"7001","trackResults":[{"trackingNumberInfo":{"trackingNumber":"7001"},
      "latestStatusDetail":{"code":"DE"},"scanEvents":[
        {"date":"2026-11-22T12:01:00-07:00","eventType":"DE","exceptionCode":"08","eventDescription":"Delivery exception","scanLocation":{"city":"Springfield","stateOrProvinceCode":"IL","countryCode":"US"},"derivedStatusCode":"DE"},
        {"date":"2026-11-22T18:00:00+00:00","eventType":"OD","exceptionCode":"","eventDescription":"On FedEx vehicle for delivery","scanLocation":{},"derivedStatusCode":"OD"},
        {"date":"2026-11-21T18:00:00Z","eventType":"XX","derivedStatusCode":"YY"},
        {"date":"soon","eventType":"OD"}]}]}]}})");
  }};
  const auto got = f.track();
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 3U);
  using coreldove::domain::tracking_state;
  EXPECT_EQ(got->at(0).state, tracking_state::unknown);
  EXPECT_EQ(got->at(1).state, tracking_state::out_for_delivery);
  EXPECT_EQ(got->at(2).state, tracking_state::attempted);
  EXPECT_EQ(got->at(2).location, "Springfield, IL, US");
  EXPECT_EQ(got->at(2).tracking_number, "7001");
  EXPECT_EQ(got->at(2).occurred_at, coreldove::domain::time_point{1795374060s});
  std::set<std::string> ids;
  for (const auto& e : *got) ids.insert(e.source_id);
  EXPECT_EQ(ids.size(), 3U);
}

TEST(FedexCarrier, FindsTheErrorOfABadNumberInsideA200) {
  fedex_double f{[](const seen_request&) {
    return answer(200, R"({"output":{"completeTrackResults":[{"trackResults":[{"error":{"code":"TRACKING.TRACKINGNUMBER.NOTFOUND","message":"No."}}]}]}})");
  }};
  const auto got = f.track();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::not_found);
}

TEST(FedexCarrier, ChecksItsCredentials) {
  fedex_double good{[](const seen_request&) { return answer(500, ""); }};
  EXPECT_EQ(wait_for<outcome>([&](auto done) { good.carrier->check(done); }).kind, operation_outcome::done);
  fedex_double bad{[](const seen_request&) { return answer(500, ""); }};
  bad.token_status = 401;
  EXPECT_EQ(wait_for<outcome>([&](auto done) { bad.carrier->check(done); }).kind, operation_outcome::not_done);
}

}  // namespace
