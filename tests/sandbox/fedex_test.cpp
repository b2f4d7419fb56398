// FedEx as its clients see it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integrations/sandbox/signing.hpp"
#include "tests/sandbox/talk.hpp"

namespace coreldove::tests {

using testing::HasSubstr;
using testing::StartsWith;

namespace {

class fedex_client {
public:
  explicit fedex_client(const sandbox_under_test& box) : box_(box), token_(log_in().at("/access_token")) {}

  response log_in(std::string_view id = "id", std::string_view secret = "secret") const {
    return call(box_.port(), "POST", "/fedex/oauth/token", {{"Content-Type", "application/x-www-form-urlencoded"}},
                fmt::format("grant_type=client_credentials&client_id={}&client_secret={}", id, secret));
  }
  response send(std::string_view method, std::string_view path, std::string_view body, std::string_view transaction = "ord_9/label/3",
                std::chrono::milliseconds patience = std::chrono::seconds{5}) const {
    return call(box_.port(), method, fmt::format("/fedex{}", path),
                {{"Authorization", "Bearer " + token_}, {"Content-Type", "application/json"}, {"x-customer-transaction-id", std::string{transaction}}}, body,
                patience);
  }
  response ship(std::string_view reference = "ord_9-1", std::string_view service = "FEDEX_GROUND", std::string_view to = "US",
                std::string_view label = "LABEL") const {
    return send("POST", "/ship/v1/shipments", ship_body(reference, service, to, label));
  }
  std::string number() const { return ship().at("/output/transactionShipments/0/masterTrackingNumber"); }
  response track(std::string_view number) const {
    return send("POST", "/track/v1/trackingnumbers",
                fmt::format(R"({{"includeDetailedScans":true,"trackingInfo":[{{"trackingNumberInfo":{{"trackingNumber":"{}"}}}}]}})", number));
  }
  response by_reference(std::string_view reference) const {
    return send("POST", "/track/v1/referencenumbers",
                fmt::format(R"({{"referencesInformation":{{"type":"CUSTOMER_REFERENCE","value":"{}","accountNumber":"740561073"}}}})", reference));
  }
  response cancel(std::string_view number, std::string_view account = "740561073") const {
    return send("PUT", "/ship/v1/shipments/cancel",
                fmt::format(R"({{"accountNumber":{{"value":"{}"}},"trackingNumber":"{}","deletionControl":"DELETE_ALL_PACKAGES"}})", account, number),
                "ord_9/void_label/4");
  }
  static std::string ship_body(std::string_view reference, std::string_view service, std::string_view to, std::string_view label) {
    return fmt::format(
        R"({{"accountNumber":{{"value":"740561073"}},"labelResponseOptions":"{3}","requestedShipment":{{
            "shipper":{{"contact":{{"companyName":"W","phoneNumber":"9015550100"}},
                        "address":{{"streetLines":["1 Dock"],"city":"MOBERLY","stateOrProvinceCode":"MO","postalCode":"65247","countryCode":"US"}}}},
            "recipients":[{{"contact":{{"personName":"A","phoneNumber":"9015550101"}},
                        "address":{{"streetLines":["1 Main St"],"city":"IRVING","stateOrProvinceCode":"TX","postalCode":"75063","countryCode":"{2}"}}}}],
            "serviceType":"{1}","packagingType":"YOUR_PACKAGING","pickupType":"USE_SCHEDULED_PICKUP","shippingChargesPayment":{{"paymentType":"SENDER"}},
            "labelSpecification":{{"imageType":"PDF","labelStockType":"PAPER_4X6"}},"totalWeight":4.5,
            "requestedPackageLineItems":[{{"weight":{{"units":"KG","value":4.5}},
                        "customerReferences":[{{"customerReferenceType":"CUSTOMER_REFERENCE","value":"{0}"}}]}}]}}}})",
        reference, service, to, label);
  }

private:
  const sandbox_under_test& box_;
  std::string token_;
};

std::string rates_body(std::string_view from, std::string_view to, std::string_view to_country = "US", double pounds = 10) {
  return fmt::format(
      R"({{"accountNumber":{{"value":"740561073"}},"requestedShipment":{{"shipper":{{"address":{{"postalCode":"{}","countryCode":"US"}}}},)"
      R"("recipient":{{"address":{{"postalCode":"{}","countryCode":"{}"}}}},"pickupType":"DROPOFF_AT_FEDEX_LOCATION","rateRequestType":["ACCOUNT"],)"
      R"("requestedPackageLineItems":[{{"weight":{{"units":"LB","value":{}}}}}]}}}})",
      from, to, to_country, pounds);
}

constexpr std::string_view rates = "/rate/v1/rates/quotes";
constexpr std::string_view result = "/output/completeTrackResults/0/trackResults/0";
std::string in_result(std::string_view rest) { return fmt::format("{}{}", result, rest); }

}  // namespace

TEST(SandboxFedex, GivesTokensForCredentialsAndTakesNothingWithoutOne) {
  const sandbox_under_test box{{.fedex_client_id = "right", .fedex_client_secret = "secret"}};
  const fedex_client fedex{box};
  EXPECT_EQ(fedex.log_in("wrong").status, 401);
  EXPECT_EQ(fedex.log_in("wrong").at("/errors/0/code"), "NOT.AUTHORIZED.ERROR");
  const auto good = fedex.log_in("right");
  EXPECT_EQ(good.at("/token_type"), "bearer");
  EXPECT_EQ(good.at("/expires_in"), "3600");
  EXPECT_EQ(fedex.ship().status, 401) << "its token was refused";
  EXPECT_EQ(call(box.port(), "POST", "/fedex/oauth/token", {{"Content-Type", "application/x-www-form-urlencoded"}}, "grant_type=password").status, 400);
  EXPECT_TRUE(box.ledger().empty());
}

TEST(SandboxFedex, BuysALabelAndWritesItIntoTheLedger) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  const auto r = fedex.ship();
  ASSERT_EQ(r.status, 200) << r.body;
  const auto number = r.at("/output/transactionShipments/0/masterTrackingNumber");
  EXPECT_THAT(number, testing::MatchesRegex("[0-9]{12}"));
  EXPECT_EQ(r.at("/output/transactionShipments/0/pieceResponses/0/trackingNumber"), number);
  EXPECT_EQ(r.at("/customerTransactionId"), "ord_9/label/3");
  const auto pdf = integrations::world::from_base64(r.at("/output/transactionShipments/0/pieceResponses/0/packageDocuments/0/encodedLabel"));
  EXPECT_THAT(pdf, StartsWith("%PDF-1.4"));
  EXPECT_THAT(pdf, HasSubstr(number));
  const auto charge = r.at("/output/transactionShipments/0/pieceResponses/0/netChargeAmount");
  const auto lines = box.ledger("?vendor=fedex");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr(fmt::format(R"("operation":"label","idempotency_key":"ord_9/label/3","reference":"{}","order_id":"ord_9")", number)));
  EXPECT_EQ(std::stod(charge), std::stod(lines[0].substr(lines[0].find("\"amount\":\"") + 10)));
}

TEST(SandboxFedex, GivesTheLabelUnderAnAddressWhereAskedTo) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  const auto url = fedex.ship("r", "FEDEX_GROUND", "US", "URL_ONLY").at("/output/transactionShipments/0/pieceResponses/0/packageDocuments/0/url");
  const auto pdf = box.get(url);
  EXPECT_EQ(pdf.fields.at("content-type"), "application/pdf");
  EXPECT_THAT(pdf.body, StartsWith("%PDF-"));
  EXPECT_EQ(box.get("/fedex/document/v1/labels/123.pdf").status, 404);
}

TEST(SandboxFedex, KeepsNoIdempotency) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  EXPECT_NE(fedex.number(), fedex.number());
  EXPECT_EQ(box.ledger("?operation=label&order_id=ord_9").size(), 2u);
}

TEST(SandboxFedex, RefusesShipmentsThatLackSomething) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  const auto whole = fedex_client::ship_body("r", "FEDEX_GROUND", "US", "LABEL");
  for (const std::string_view part : {R"("value":"740561073")", R"("serviceType":"FEDEX_GROUND")", R"("phoneNumber":"9015550101")", R"("city":"IRVING")",
                                      R"("value":4.5)", R"("countryCode":"US")", R"("imageType":"PDF")", R"("pickupType":"USE_SCHEDULED_PICKUP")"}) {
    std::string body = whole;
    body.replace(body.find(part), part.size(), "\"nothing\":1");
    const auto r = fedex.send("POST", "/ship/v1/shipments", body);
    EXPECT_EQ(r.status, 400) << part;
    EXPECT_EQ(r.at("/errors/0/code"), "INVALID.INPUT.EXCEPTION") << part;
    EXPECT_NE(r.at("/errors/0/message"), "") << part;
  }
  EXPECT_EQ(fedex.send("POST", "/ship/v1/shipments", "{").status, 400);
  EXPECT_EQ(fedex.ship("r", "FEDEX_GROUND", "CA").at("/errors/0/code"), "SERVICETYPE.NOT.ALLOWED");
  EXPECT_EQ(fedex.ship("r", "INTERNATIONAL_ECONOMY", "CA").status, 200);
  EXPECT_EQ(fedex.send("GET", "/ship/v1/shipments", "").status, 404);
  EXPECT_EQ(box.ledger().size(), 1u);
}

TEST(SandboxFedex, QuotesTheSamePriceForTheSameParcelAndMoreForFartherOnes) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  const auto near = fedex.send("POST", rates, rates_body("65247", "65301")), far = fedex.send("POST", rates, rates_body("65247", "04101"));
  ASSERT_EQ(near.status, 200) << near.body;
  const auto price = [](const response& r, int i) {
    return std::stod(r.at(fmt::format("/output/rateReplyDetails/{}/ratedShipmentDetails/0/totalNetCharge", i)));
  };
  EXPECT_EQ(near.at("/output/rateReplyDetails/0/serviceType"), "FEDEX_GROUND");
  EXPECT_EQ(near.at("/output/rateReplyDetails/0/ratedShipmentDetails/0/currency"), "USD");
  EXPECT_LT(price(near, 0), price(far, 0));
  EXPECT_EQ(price(near, 0), price(fedex.send("POST", rates, rates_body("65247", "65301")), 0));
  EXPECT_LT(price(near, 0), price(fedex.send("POST", rates, rates_body("65247", "65301", "US", 40)), 0));
  EXPECT_NE(near.at("/output/rateReplyDetails/0/operationalDetail/transitTime"), "");
  const auto abroad = fedex.send("POST", rates, rates_body("65247", "10115", "DE"));
  EXPECT_EQ(abroad.at("/output/rateReplyDetails/0/serviceType"), "INTERNATIONAL_ECONOMY");
  EXPECT_EQ(fedex.send("POST", rates, rates_body("65247", "")).status, 400);
  EXPECT_EQ(fedex.send("POST", rates, rates_body("65247", "65301", "US", 0)).status, 400);
}

TEST(SandboxFedex, ChargesForTheLabelWhatItQuoted) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  const auto quote = fedex.send("POST", rates, rates_body("65247", "75063", "US", 4.5 * 2.20462262));
  EXPECT_EQ(fedex.ship().at("/output/transactionShipments/0/pieceResponses/0/netChargeAmount"),
            quote.at("/output/rateReplyDetails/0/ratedShipmentDetails/0/totalNetCharge"));
}

TEST(SandboxFedex, CancelsALabelOnce) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  const auto number = fedex.number();
  EXPECT_EQ(fedex.cancel(number, "1").status, 403);
  EXPECT_EQ(fedex.cancel(number).at("/output/cancelledShipment"), "true");
  EXPECT_EQ(fedex.cancel(number).at("/errors/0/code"), "SHIPMENT.ALREADY.CANCELLED");
  EXPECT_EQ(fedex.cancel("000000000000").status, 404);
  EXPECT_EQ(fedex.track(number).at(in_result("/latestStatusDetail/code")), "CA");
  EXPECT_THAT(box.ledger("?operation=void_label"),
              testing::ElementsAre(HasSubstr(fmt::format(R"("idempotency_key":"ord_9/void_label/4","reference":"{}","order_id":"ord_9")", number))));
}

TEST(SandboxFedex, DoesNotCancelAParcelThatIsOnItsWay) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  const auto number = fedex.number();
  box.advance(number, "picked_up");
  EXPECT_EQ(fedex.cancel(number).status, 422);
  EXPECT_TRUE(box.ledger("?operation=void_label").empty());
}

TEST(SandboxFedex, TracksWithUnknownNumbersInsideAGoodAnswer) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  const auto number = fedex.number();
  EXPECT_EQ(box.advance(number, "in_transit").at("/code"), "IT");
  box.advance(number, "delivered");
  const auto r = fedex.track(number);
  EXPECT_EQ(r.at(in_result("/trackingNumberInfo/trackingNumber")), number);
  EXPECT_EQ(r.at(in_result("/latestStatusDetail/code")), "DL");
  EXPECT_EQ(r.at(in_result("/scanEvents/0/eventType")), "DL");
  EXPECT_EQ(r.at(in_result("/scanEvents/1/eventType")), "IT");
  EXPECT_EQ(r.at(in_result("/scanEvents/2/eventType")), "OC");
  EXPECT_EQ(r.at(in_result("/scanEvents/0/scanLocation/city")), "IRVING");
  EXPECT_GT(r.at(in_result("/scanEvents/0/date")), r.at(in_result("/scanEvents/1/date")));
  const auto missing = fedex.track("999999999999");
  EXPECT_EQ(missing.status, 200);
  EXPECT_EQ(missing.at(in_result("/error/code")), "TRACKING.TRACKINGNUMBER.NOTFOUND");
  EXPECT_EQ(fedex.send("POST", "/track/v1/trackingnumbers", "{}").status, 400);
}

TEST(SandboxFedex, FindsParcelsByTheirReference) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  EXPECT_EQ(fedex.by_reference("ord_9-1").at(in_result("/error/code")), "TRACKING.REFERENCENUMBER.NOTFOUND");
  const auto number = fedex.number();
  EXPECT_EQ(fedex.by_reference("ord_9-1").at("/output/completeTrackResults/0/trackingNumber"), number);
  EXPECT_EQ(fedex.send("POST", "/track/v1/referencenumbers", R"({"referencesInformation":{"value":"x"}})").status, 400);
}

TEST(SandboxFedexAdvance, FollowsTheLifeOfAParcel) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  const auto number = fedex.number();
  for (const auto& [state, code] : std::vector<std::pair<std::string, std::string>>{{"picked_up", "PU"},
                                                                                    {"in_transit", "IT"},
                                                                                    {"exception", "SE"},
                                                                                    {"out_for_delivery", "OD"},
                                                                                    {"attempted", "DE"},
                                                                                    {"available_for_pickup", "HL"},
                                                                                    {"returning", "RS"},
                                                                                    {"returned", "RS"}}) {
    const auto r = box.advance(number, state);
    EXPECT_EQ(r.status, 200) << state << r.body;
    EXPECT_EQ(r.at("/code"), code);
    EXPECT_EQ(r.at("/state"), state);
    EXPECT_EQ(r.at("/carrier"), "fedex");
  }
}

TEST(SandboxFedexAdvance, RefusesWhatNoParcelDoes) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  const auto number = fedex.number();
  EXPECT_EQ(box.advance(number, "returned").status, 409);
  EXPECT_EQ(box.advance(number, "label_created").status, 409);
  box.advance(number, "in_transit");
  EXPECT_EQ(box.advance(number, "picked_up").status, 409);
  EXPECT_EQ(box.advance(number, "cancelled").status, 409);
  EXPECT_EQ(box.advance(number, "delivered").status, 200);
  const auto after = box.advance(number, "in_transit");
  EXPECT_EQ(after.status, 409);
  EXPECT_THAT(after.at("/detail"), HasSubstr("delivered"));
}

TEST(SandboxFedexAdvance, SendsTheCarriersWebhookSignedAsFedexSigns) {
  catcher hooks;
  const sandbox_under_test box{{.webhook_base = hooks.base(), .fedex_webhook_secret = "token"}};
  const fedex_client fedex{box};
  const auto number = fedex.number();
  box.advance(number, "out_for_delivery");
  const auto got = hooks.wait_for(1);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].path, "/hooks/fedex");
  EXPECT_EQ(got[0].fields.at("fdx-signature"), integrations::world::base64(integrations::world::hmac_sha256("token", got[0].body)));
  response body;
  body.body = got[0].body;
  EXPECT_EQ(body.at("/output/completeTrackResults/0/trackingNumber"), number);
  EXPECT_EQ(body.at(in_result("/scanEvents/0/eventType")), "OD");
}

TEST(SandboxFedexFaults, StrikeEachInItsWay) {
  const sandbox_under_test box;
  const fedex_client fedex{box};
  const auto strike = [&](std::string_view kind) {
    box.fault(fmt::format(R"({{"vendor":"fedex","operation":"label","kind":"{}","delay_ms":50}})", kind));
    return fedex.send("POST", "/ship/v1/shipments", fedex_client::ship_body("ref", "FEDEX_GROUND", "US", "LABEL"), "ord_9/label/3",
                      std::chrono::milliseconds{1000});
  };
  EXPECT_EQ(strike("error_500").at("/errors/0/code"), "INTERNAL.SERVER.ERROR");
  EXPECT_EQ(strike("rate_limit_429").status, 429);
  EXPECT_EQ(strike("decline").status, 422);
  EXPECT_EQ(strike("refuse").status, 0);
  EXPECT_TRUE(strike("no_answer").timed_out);
  EXPECT_TRUE(box.ledger().empty());
  EXPECT_EQ(strike("slow").status, 200);
  EXPECT_EQ(strike("lost_answer").status, 0);
  EXPECT_EQ(box.ledger().size(), 2u);
  EXPECT_EQ(fedex.by_reference("ref").at("/output/completeTrackResults/1/trackResults/0/latestStatusDetail/code"), "OC");
  box.fault(R"({"vendor":"fedex","operation":"token","kind":"decline"})");
  EXPECT_EQ(fedex.log_in().status, 401);
}

}  // namespace coreldove::tests
