#include <fmt/format.h>
#include <gtest/gtest.h>

#include "integrations/http/hmac.hpp"
#include "integrations/razorpay/razorpay.hpp"

namespace {

using namespace coreldove::integrations;
using coreldove::domain::errc;
using coreldove::domain::operation_kind;
using coreldove::domain::operation_outcome;

std::string refund_object(std::string_view status) {
  return fmt::format(R"({{"id":"rfnd_1","entity":"refund","amount":500,"currency":"INR","payment_id":"pay_1","status":"{}",)"
                     R"("notes":{{"order_id":"ord_1","idempotency_key":"ord_1/refund/3"}}}})",
                     status);
}

std::string event(std::string_view name, std::string_view payload) {
  return fmt::format(R"({{"entity":"event","event":"{}","payload":{{{}}},"created_at":1}})", name, payload);
}

std::string payment_entity(std::string_view notes = R"({"order_id":"ord_1","idempotency_key":"ord_1/authorize/1"})") {
  return fmt::format(R"("payment":{{"entity":{{"id":"pay_1","order_id":"order_1","status":"authorized","notes":{}}}}})", notes);
}

coreldove::domain::result<payment_notice> read(const std::string& body, std::string_view id = "evt_1", std::string_view secret = "whs",
                                               std::string_view configured = "whs") {
  const auto signature = http::to_hex(http::hmac_sha256(secret, body));
  return razorpay::make_razorpay_webhook(std::string{configured})
      ->read(
          [&](std::string_view name) -> std::string {
            if (name == "x-razorpay-signature") return signature;
            return name == "x-razorpay-event-id" ? std::string{id} : std::string{};
          },
          body, {});
}

TEST(RazorpayWebhook, BelievesOnlyWhatIsSignedWithItsSecret) {
  EXPECT_EQ(read(event("payment.authorized", payment_entity()), "e", "other").error().code, errc::forbidden);
  EXPECT_EQ(read(event("payment.authorized", payment_entity()), "e", "", "").error().code, errc::forbidden) << "no secret, no webhooks";
  EXPECT_EQ(read("not json").error().code, errc::malformed);
  EXPECT_EQ(read("{}").error().code, errc::malformed);
  EXPECT_EQ(read(R"({"payload":{}})").error().code, errc::malformed);
}

TEST(RazorpayWebhook, SaysLookNowWhereTheBuyerHasActed) {
  for (const auto* name : {"payment.authorized", "payment.failed"}) {
    const auto n = *read(event(name, payment_entity()));
    EXPECT_TRUE(n.relevant) << name;
    EXPECT_EQ(n.event_id, "evt_1");
    EXPECT_EQ(n.order_id, "ord_1");
    EXPECT_EQ(n.idempotency_key, "ord_1/authorize/1");
    EXPECT_EQ(n.operation, operation_kind::authorize);
    EXPECT_EQ(n.what.kind, operation_outcome::awaiting_buyer);
    EXPECT_EQ(n.what.reference, "order_1");
  }
  EXPECT_FALSE(read(event("payment.authorized", payment_entity("[]")))->relevant) << "the shop's own Checkout";
}

TEST(RazorpayWebhook, ReadsCapturesRefundsAndDisputes) {
  const auto captured = *read(event("payment.captured", payment_entity()));
  EXPECT_TRUE(captured.relevant);
  EXPECT_EQ(captured.operation, operation_kind::capture);
  EXPECT_EQ(captured.what.reference, "pay_1");
  EXPECT_EQ(captured.idempotency_key, "");
  const auto refund = [](const char* name, std::string_view status) {
    return *read(event(name, fmt::format(R"("refund":{{"entity":{}}},{})", refund_object(status), payment_entity())));
  };
  EXPECT_EQ(refund("refund.processed", "processed").what.kind, operation_outcome::done);
  EXPECT_EQ(refund("refund.processed", "processed").idempotency_key, "ord_1/refund/3");
  EXPECT_EQ(refund("refund.failed", "failed").what.kind, operation_outcome::declined);
  EXPECT_FALSE(refund("refund.created", "pending").relevant);
  const auto dispute = [](const char* name) {
    return *read(
        event(name, R"("dispute":{"entity":{"id":"disp_1","payment_id":"pay_1","amount":5998,"currency":"INR","reason_code":"fraud","respond_by":60}})"));
  };
  ASSERT_TRUE(dispute("payment.dispute.created").dispute);
  EXPECT_EQ(dispute("payment.dispute.created").dispute->what, dispute_notice::step::opened);
  EXPECT_EQ(dispute("payment.dispute.created").dispute->amount, 5998);
  EXPECT_EQ(dispute("payment.dispute.lost").dispute->what, dispute_notice::step::lost);
  EXPECT_FALSE(dispute("payment.dispute.under_review").relevant);
  EXPECT_FALSE(read(event("settlement.processed", R"("settlement":{})"))->relevant);
}

TEST(RazorpayWebhook, HasAnIdForDroppingRepeatsAlsoWithoutTheHeader) {
  const auto body = event("payment.authorized", payment_entity());
  EXPECT_EQ(read(body, "")->event_id, read(body, "")->event_id);
  EXPECT_NE(read(body, "")->event_id, read(body + " ", "")->event_id);
  EXPECT_FALSE(read(body, "")->event_id.empty());
}

}  // namespace
