#include <gtest/gtest.h>

#include <map>

#include "integrations/fedex/fedex.hpp"
#include "integrations/fedex/tracking.hpp"
#include "integrations/http/hmac.hpp"

namespace {

using namespace std::chrono_literals;
using namespace coreldove::integrations;
using coreldove::domain::errc;
using coreldove::domain::time_point;
using coreldove::domain::tracking_state;

TEST(FedexTracking, KnowsFedexsTableOfCodes) {
  const std::map<std::string, tracking_state> some{{"OC", tracking_state::label_created},
                                                   {"PU", tracking_state::picked_up},
                                                   {"IT", tracking_state::in_transit},
                                                   {"OD", tracking_state::out_for_delivery},
                                                   {"HL", tracking_state::available_for_pickup},
                                                   {"SE", tracking_state::exception},
                                                   {"DE", tracking_state::exception},
                                                   {"DL", tracking_state::delivered},
                                                   {"RS", tracking_state::returning},
                                                   {"CA", tracking_state::cancelled},
                                                   {"CP", tracking_state::in_transit},
                                                   {"OW", tracking_state::in_transit},
                                                   {"HP", tracking_state::available_for_pickup}};
  for (const auto& [code, state] : some) EXPECT_EQ(fedex::state_of(code), state) << code;
  EXPECT_EQ(fedex::state_of("DE", "08"), tracking_state::attempted);
  EXPECT_EQ(fedex::state_of("RS", "", "Returned to shipper"), tracking_state::returned);
}

TEST(FedexTracking, TakesWhatIsInNoTableForUnknown) {
  for (const auto* code : {"", "D", "DLX", "ZZ", "C ", " O", "dl"}) EXPECT_EQ(fedex::state_of(code), tracking_state::unknown) << code;
}

TEST(FedexTracking, ReadsTimesWithOffsets) {
  const time_point noon{1795348800s};  // 2026-11-22T12:00:00Z
  for (const auto* text : {"2026-11-22T12:00:00Z", "2026-11-22T12:00:00", "2026-11-22T12:00:00+00:00", "2026-11-22T05:00:00-07:00", "2026-11-22T17:30:00+05:30",
                           "2026-11-22T12:00:00.250Z", "2026-11-22T12:00:00.5"})
    EXPECT_EQ(fedex::parse_time(text), noon) << text;
  for (const auto* text :
       {"", "2026-11-22", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T12:00:00x", "2026-11-22T12:00:00+5", "soon"})
    EXPECT_FALSE(fedex::parse_time(text)) << text;
}

constexpr std::string_view push = R"({"transactionId":"t","output":{"completeTrackResults":[{"trackingNumber":"7001","trackResults":[{
  "trackingNumberInfo":{"trackingNumber":"7001"},"scanEvents":[{"date":"2026-11-22T12:00:00Z","eventType":"DL","eventDescription":"Delivered","derivedStatusCode":"DL"}]}]}]}})";

std::string sign(std::string_view key, std::string_view body) { return http::to_base64(http::hmac_sha256(key, body)); }

TEST(FedexWebhook, ReadsASignedPush) {
  const auto got = fedex::make_fedex_webhook("token")->read(sign("token", push), push, {});
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 1U);
  EXPECT_EQ(got->at(0).tracking_number, "7001");
  EXPECT_EQ(got->at(0).state, tracking_state::delivered);
  EXPECT_EQ(got->at(0).description, "Delivered");
}

TEST(FedexWebhook, GivesTheSameEventTheSameIdEachTime) {
  const auto hook = fedex::make_fedex_webhook("token");
  const auto once = hook->read(sign("token", push), push, {}), again = hook->read(sign("token", push), push, time_point{1h});
  EXPECT_EQ(once->at(0).source_id, again->at(0).source_id);
  EXPECT_FALSE(once->at(0).source_id.empty());
}

TEST(FedexWebhook, RefusesASignatureThatDoesNotHold) {
  const auto hook = fedex::make_fedex_webhook("token");
  for (const auto& signature :
       {std::string{}, sign("other", push), sign("token", "x"), http::to_hex(http::hmac_sha256("token", push)), sign("token", push) + "="}) {
    const auto got = hook->read(signature, push, {});
    ASSERT_FALSE(got) << signature;
    EXPECT_EQ(got.error().code, errc::forbidden);
  }
  EXPECT_EQ(fedex::make_fedex_webhook("")->read(sign("", push), push, {}).error().code, errc::forbidden);
}

TEST(FedexWebhook, CallsSignedBytesMalformedWhereTheyAreNoPush) {
  const auto hook = fedex::make_fedex_webhook("token");
  for (const std::string body : {"", "[]", "{}", "7", R"({"output":[]})", R"({"output":{"completeTrackResults":[{}]}})",
                                 R"({"output":{"completeTrackResults":[{"trackResults":7}]}})"}) {
    const auto got = hook->read(sign("token", body), body, {});
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, errc::malformed);
  }
}

TEST(FedexWebhook, SurvivesOddShapesInside) {
  const auto hook = fedex::make_fedex_webhook("token");
  const std::string body =
      R"({"output":{"completeTrackResults":[7,{"trackResults":[7,"x",{"scanEvents":[7,null,{"date":7},{"date":"2026-11-22T12:00:00Z","eventType":[]}]},{"scanEvents":7}]}]}})";
  EXPECT_EQ(hook->read(sign("token", body), body, {}).error().code, errc::malformed);  // the 7 among the results
  const std::string inner =
      R"({"output":{"completeTrackResults":[{"trackResults":[7,"x",{"scanEvents":[7,null,{"date":7},{"date":"2026-11-22T12:00:00Z","eventType":[]}]},{"scanEvents":7}]}]}})";
  const auto got = hook->read(sign("token", inner), inner, {});
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 1U);
  EXPECT_EQ(got->at(0).state, tracking_state::unknown);
}

}  // namespace
