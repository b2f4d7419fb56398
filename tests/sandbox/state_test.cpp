// What survives a restart.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/sandbox/talk.hpp"

namespace coreldove::tests {

using testing::HasSubstr;

namespace {

class SandboxState : public testing::Test {
protected:
  SandboxState() : file_(std::filesystem::temp_directory_path() / fmt::format("sandbox-state-{}-{}", ::getpid(), ++count_)) {}
  ~SandboxState() override { std::filesystem::remove(file_); }
  integrations::sandbox_options options() const { return {.state_file = file_}; }

  std::filesystem::path file_;

private:
  inline static int count_ = 0;
};

constexpr std::string_view capture_form = "amount_to_capture=5000&metadata[key]=k";
std::string capture_path(const std::string& id) { return "/v1/payment_intents/" + id + "/capture"; }

}  // namespace

TEST_F(SandboxState, KeepsPaymentsAndTheirIdempotencyKeys) {
  std::string id, ledger;
  response authorized, captured, refunded, declined;
  const auto decline = [](const sandbox_under_test& box) {
    return box.stripe("POST", "/v1/payment_intents", "amount=100&currency=usd&confirm=true&payment_method=tok_chargeDeclinedLostCard&description=%22x%22", "d");
  };
  {
    const sandbox_under_test box{options()};
    id = box.authorized("a");
    captured = box.stripe("POST", capture_path(id), capture_form, "c");
    refunded = box.stripe("POST", "/v1/refunds", "payment_intent=" + id + "&amount=700&reason=duplicate&metadata[x]=y", "r");
    declined = decline(box);
    ledger = box.get("/ledger").body;
    ASSERT_EQ(lines_of(ledger).size(), 3u);
  }
  const sandbox_under_test box{options()};
  EXPECT_EQ(box.get("/ledger").body, ledger);
  EXPECT_EQ(box.stripe("GET", "/v1/payment_intents/" + id).body, captured.body);
  EXPECT_EQ(box.stripe("GET", "/v1/refunds/" + refunded.at("/id")).body, refunded.body);
  EXPECT_EQ(box.authorized("a"), id);
  EXPECT_EQ(box.stripe("POST", capture_path(id), capture_form, "c").body, captured.body);
  EXPECT_EQ(box.stripe("POST", "/v1/refunds", "payment_intent=" + id + "&amount=700&reason=duplicate&metadata[x]=y", "r").body, refunded.body);
  EXPECT_EQ(decline(box).body, declined.body);
  EXPECT_EQ(box.stripe("POST", "/v1/refunds", "payment_intent=" + id + "&amount=4301").at("/error/code"), "amount_too_large");
  EXPECT_EQ(box.stripe("GET", "/v1/balance").at("/available/0/amount"), "4300");
  EXPECT_EQ(box.get("/ledger").body, ledger) << "nothing of this took effect again";
}

TEST_F(SandboxState, KeepsAPaymentThatWaitsForItsCustomer) {
  std::string id, url, ledger;
  const auto ask = [](const sandbox_under_test& box) {
    return box.stripe("POST", "/v1/payment_intents",
                      "amount=5998&currency=usd&capture_method=manual&confirm=true&payment_method=tok_threeDSecure2Required&return_url=https%3A%2F%2Fa.example",
                      "ord_1/authorize/1");
  };
  {
    const sandbox_under_test box{options()};
    const auto asked = ask(box);
    id = asked.at("/id");
    url = asked.at("/next_action/redirect_to_url/url");
  }
  {
    const sandbox_under_test box{options()};
    EXPECT_EQ(ask(box).at("/next_action/redirect_to_url/url"), url);
    const auto pressed = call(box.port(), "POST", url.substr(url.find("/stripe/")), {}, "decision=approve");
    EXPECT_THAT(pressed.fields.at("location"), testing::StartsWith("https://a.example?payment_intent=" + id));
    ledger = box.get("/ledger").body;
    EXPECT_THAT(ledger, HasSubstr(R"("operation":"authorize","idempotency_key":"ord_1/authorize/1")"));
  }
  const sandbox_under_test box{options()};
  EXPECT_EQ(box.get("/ledger").body, ledger);
  EXPECT_EQ(box.stripe("GET", "/v1/payment_intents/" + id).at("/status"), "requires_capture");
}

TEST_F(SandboxState, KeepsParcelsAndMails) {
  const auto token = [](const sandbox_under_test& box) {
    return call(box.port(), "POST", "/fedex/oauth/token", {{"Content-Type", "application/x-www-form-urlencoded"}},
                "grant_type=client_credentials&client_id=a&client_secret=b")
        .at("/access_token");
  };
  const auto fedex = [&](const sandbox_under_test& box, std::string_view path, std::string_view body) {
    return call(box.port(), "POST", path, {{"Authorization", "Bearer " + token(box)}, {"Content-Type", "application/json"}}, body);
  };
  constexpr std::string_view shipment =
      R"({"accountNumber":{"value":"1"},"labelResponseOptions":"LABEL","requestedShipment":{"shipper":{"contact":{"companyName":"W","phoneNumber":"1"},
      "address":{"streetLines":["1"],"city":"A","postalCode":"65247","countryCode":"US"}},"recipients":[{"contact":{"personName":"B","phoneNumber":"2"},
      "address":{"streetLines":["2"],"city":"C","postalCode":"75063","countryCode":"US"}}],"serviceType":"FEDEX_2_DAY","packagingType":"P","pickupType":"P",
      "shippingChargesPayment":{"paymentType":"SENDER"},"labelSpecification":{"imageType":"PDF","labelStockType":"S"},
      "requestedPackageLineItems":[{"weight":{"units":"LB","value":1},"customerReferences":[{"customerReferenceType":"CUSTOMER_REFERENCE","value":"ord_3/1"}]}]}})";
  const auto send_mail = [](const sandbox_under_test& box) {
    wire w{box.smtp_port()};
    w.send("EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
    w.read_until("354 ");
    w.send("Message-ID: <m@x>\r\nX-Order-Id: ord_3\r\n\r\nhi\r\n.\r\nQUIT\r\n");
    return w.read_until("221 ");
  };
  std::string number, ledger;
  {
    const sandbox_under_test box{options()};
    number = fedex(box, "/fedex/ship/v1/shipments", shipment).at("/output/transactionShipments/0/masterTrackingNumber");
    EXPECT_EQ(box.advance(number, "in_transit").status, 200);
    send_mail(box);
    ledger = box.get("/ledger").body;
    ASSERT_EQ(lines_of(ledger).size(), 2u);
  }
  const sandbox_under_test box{options()};
  EXPECT_EQ(box.get("/ledger").body, ledger);
  const auto found = fedex(box, "/fedex/track/v1/referencenumbers", R"({"referencesInformation":{"value":"ord_3/1","accountNumber":"1"}})");
  EXPECT_EQ(found.at("/output/completeTrackResults/0/trackingNumber"), number);
  EXPECT_EQ(found.at("/output/completeTrackResults/0/trackResults/0/latestStatusDetail/code"), "IT");
  EXPECT_THAT(send_mail(box), HasSubstr("250 2.0.0 Ok, queued"));
  EXPECT_EQ(box.get("/ledger").body, ledger) << "the mail has been there before";
  const auto next = fedex(box, "/fedex/ship/v1/shipments", shipment).at("/output/transactionShipments/0/masterTrackingNumber");
  EXPECT_NE(next, number);
}

TEST_F(SandboxState, HoldsAnEffectBeforeItIsAnswered) {
  const sandbox_under_test box{options()};
  const auto id = box.authorized("ord_8/authorize/1");
  std::ifstream in(file_);
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  EXPECT_THAT(text, HasSubstr(R"("key":"ord_8/authorize/1")")) << "on its way to the disk although the world still runs";
}

TEST_F(SandboxState, CutsOffATornLastLine) {
  std::string id;
  {
    const sandbox_under_test box{options()};
    id = box.authorized("a");
  }
  const auto whole = std::filesystem::file_size(file_);
  std::ofstream(file_, std::ios::app) << R"({"v":"stripe","at":1,"int)";
  const sandbox_under_test box{options()};
  EXPECT_EQ(std::filesystem::file_size(file_), whole);
  EXPECT_EQ(box.ledger().size(), 1u);
  EXPECT_EQ(box.authorized("a"), id);
}

TEST_F(SandboxState, RefusesAFileThatIsNotItsOwn) {
  std::ofstream(file_) << "{\"hello\":1}\n";
  integrations::sandbox box{options()};
  try {
    box.start();
    FAIL() << "it was read";
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), testing::AllOf(HasSubstr(file_.string()), HasSubstr("line 1")));
  }
}

TEST_F(SandboxState, GivesEachWorldItsOwnIds) {
  const sandbox_under_test one, two;
  const auto id = one.authorized("a");
  EXPECT_NE(id, two.authorized("a"));
  EXPECT_EQ(two.stripe("GET", "/v1/payment_intents/" + id).status, 404);
}

}  // namespace coreldove::tests
