#include <fmt/format.h>
#include <gtest/gtest.h>

#include "integrations/http/hmac.hpp"
#include "integrations/stripe/stripe.hpp"

namespace {

using namespace std::chrono_literals;
using namespace coreldove::integrations;
using coreldove::domain::errc;
using coreldove::domain::operation_kind;
using coreldove::domain::operation_outcome;
using coreldove::domain::time_point;

constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr time_point now{std::chrono::milliseconds{1'700'000'000'999}};

std::string v1(std::string_view key, std::int64_t at, std::string_view body) { return http::to_hex(http::hmac_sha256(key, fmt::format("{}.{}", at, body))); }
std::string header(std::string_view body, std::int64_t at = 1'700'000'000) { return fmt::format("t={},v1={}", at, v1(secret, at, body)); }

auto with_signature(std::string_view head) {
  return [head](std::string_view name) { return name == "stripe-signature" ? std::string{head} : std::string{}; };
}
auto read(std::string_view head, std::string_view body) { return stripe::make_stripe_webhook(std::string{secret})->read(with_signature(head), body, now); }

std::string event(std::string_view type, std::string_view object) {
  return fmt::format(R"({{"id":"evt_1","object":"event","type":"{}","data":{{"object":{}}}}})", type, object);
}

std::string intent(std::string_view status, std::string_view key, std::string_view more = "") {
  return fmt::format(
      R"({{"id":"pi_1","object":"payment_intent","amount":100,"currency":"usd","status":"{}","metadata":{{"order_id":"ord_1","idempotency_key":"{}"}}{}}})",
      status, key, more);
}

std::string refund(std::string_view status, std::string_view key, std::string_view more = "") {
  return fmt::format(
      R"({{"id":"re_1","object":"refund","amount":100,"currency":"usd","status":"{}","metadata":{{"order_id":"ord_1","idempotency_key":"{}"}}{}}})", status,
      key, more);
}

payment_notice notice(std::string_view type, std::string_view object) {
  const auto body = event(type, object);
  auto got = read(header(body), body);
  EXPECT_TRUE(got);
  return *got;
}

TEST(StripeWebhook, KnowsTheHmacOfAPublishedVector) {
  // RFC 4231, test case 2.
  EXPECT_EQ(http::to_hex(http::hmac_sha256("Jefe", "what do ya want for nothing?")), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(StripeWebhook, AcceptsAnyOfSeveralSignaturesAndIgnoresOtherSchemes) {
  const auto body = event("ping", "{}");
  const auto good = v1(secret, 1'700'000'000, body);
  for (const auto& h : {fmt::format("t=1700000000,v1={},v1={}", std::string(64, '0'), good), fmt::format("v1={},t=1700000000,v0=abc", good), header(body)})
    EXPECT_TRUE(read(h, body)) << h;
}

TEST(StripeWebhook, RefusesASignatureThatDoesNotHold) {
  const auto body = event("payment_intent.succeeded", intent("succeeded", "ord_1/capture/2"));
  const auto good = v1(secret, 1'700'000'000, body);
  const auto decoded_key = v1("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1'700'000'000, body);  // the prefix belongs to Stripe's key
  for (const auto& h : {std::string{}, std::string{"t=1700000000"}, "v1=" + good, "t=1700000000,v0=" + good, "t=1700000001,v1=" + good,
                        "t=1700000000,v1=" + good + "0", "t=1700000000,v1=" + good.substr(0, 63), "t=,v1=" + good, "t=1700000000x,v1=" + good,
                        "t=99999999999999999999,v1=" + good, "t=1700000000,v1=" + decoded_key, std::string{"t=1700000000,v1="}}) {
    const auto got = read(h, body);
    ASSERT_FALSE(got) << h;
    EXPECT_EQ(got.error().code, errc::forbidden);
  }
  const auto other_body = read(header(body), body + " ");
  ASSERT_FALSE(other_body);
  EXPECT_EQ(other_body.error().code, errc::forbidden);
}

TEST(StripeWebhook, RefusesEverythingWithoutASecret) {
  const auto body = event("ping", "{}");
  const auto got = stripe::make_stripe_webhook("")->read(with_signature(fmt::format("t=1700000000,v1={}", v1("", 1'700'000'000, body))), body, now);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, errc::forbidden);
}

TEST(StripeWebhook, AllowsFiveMinutesEitherWay) {
  const auto body = event("ping", "{}");
  EXPECT_TRUE(read(header(body, 1'700'000'000 - 300), body));
  EXPECT_TRUE(read(header(body, 1'700'000'000 + 300), body));
  EXPECT_FALSE(read(header(body, 1'700'000'000 - 301), body));
  EXPECT_FALSE(read(header(body, 1'700'000'000 + 301), body));
}

TEST(StripeWebhook, CallsSignedBytesMalformedWhereTheyAreNoEvent) {
  for (const std::string body :
       {"", "[]", "{", "{}", R"({"id":"evt_1","type":"x"})", R"({"id":"evt_1","data":{"object":{}}})", R"({"type":"x","data":{"object":{}}})"}) {
    const auto got = read(header(body), body);
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, errc::malformed) << body;
  }
}

TEST(StripeWebhook, ReadsAnAuthorization) {
  const auto n = notice("payment_intent.amount_capturable_updated", intent("requires_capture", "ord_1/authorize/1"));
  EXPECT_TRUE(n.relevant);
  EXPECT_EQ(n.event_id, "evt_1");
  EXPECT_EQ(n.order_id, "ord_1");
  EXPECT_EQ(n.idempotency_key, "ord_1/authorize/1");
  EXPECT_EQ(n.operation, operation_kind::authorize);
  EXPECT_EQ(n.what.kind, operation_outcome::done);
  EXPECT_EQ(n.what.reference, "pi_1");
}

TEST(StripeWebhook, ReadsCapturesWholeAndInPart) {
  for (const auto* type : {"payment_intent.succeeded", "payment_intent.amount_capturable_updated"}) {
    const auto n = notice(type, intent("succeeded", "ord_1/capture/2"));
    EXPECT_TRUE(n.relevant) << type;
    EXPECT_EQ(n.operation, operation_kind::capture);
    EXPECT_EQ(n.idempotency_key, "ord_1/capture/2");
    EXPECT_EQ(n.what.kind, operation_outcome::done);
  }
}

TEST(StripeWebhook, DoesNotTakeACaptureByHandForTheAuthorization) {
  EXPECT_FALSE(notice("payment_intent.succeeded", intent("succeeded", "ord_1/authorize/1")).relevant);
}

TEST(StripeWebhook, ReadsADeclinedAuthorization) {
  const auto n = notice(
      "payment_intent.payment_failed",
      intent("requires_payment_method", "ord_1/authorize/1", R"(,"last_payment_error":{"code":"card_declined","decline_code":"stolen_card","message":"No."})"));
  EXPECT_TRUE(n.relevant);
  EXPECT_EQ(n.what.kind, operation_outcome::declined);
  EXPECT_EQ(n.what.code, "stolen_card");
  EXPECT_EQ(n.what.message, "No.");
}

TEST(StripeWebhook, ReadsACancelWhichNamesItsKindAndIntentInsteadOfAKey) {
  const auto n = notice("payment_intent.canceled", intent("canceled", "ord_1/authorize/1"));
  EXPECT_TRUE(n.relevant);
  EXPECT_EQ(n.operation, operation_kind::void_authorization);
  EXPECT_EQ(n.idempotency_key, "");
  EXPECT_EQ(n.order_id, "ord_1");
  EXPECT_EQ(n.what.kind, operation_outcome::done);
  EXPECT_EQ(n.what.reference, "pi_1");
}

TEST(StripeWebhook, ReadsRefunds) {
  auto n = notice("refund.updated", refund("succeeded", "ord_1/refund/3"));
  EXPECT_TRUE(n.relevant);
  EXPECT_EQ(n.operation, operation_kind::refund);
  EXPECT_EQ(n.idempotency_key, "ord_1/refund/3");
  EXPECT_EQ(n.what.reference, "re_1");
  n = notice("refund.failed", refund("failed", "ord_1/refund/3", R"(,"failure_reason":"lost_or_stolen_card")"));
  EXPECT_EQ(n.what.kind, operation_outcome::declined);
  EXPECT_EQ(n.what.code, "lost_or_stolen_card");
  EXPECT_FALSE(notice("refund.updated", refund("pending", "ord_1/refund/3")).relevant);
  n = notice("charge.refunded",
             fmt::format(R"({{"id":"ch_1","refunds":{{"data":[{},{}]}}}})", refund("succeeded", "ord_1/refund/4"), refund("succeeded", "ord_1/refund/3")));
  EXPECT_TRUE(n.relevant);
  EXPECT_EQ(n.idempotency_key, "ord_1/refund/4");
  EXPECT_FALSE(notice("charge.refunded", R"({"id":"ch_1","metadata":{"order_id":"ord_1","idempotency_key":"ord_1/capture/2"}})").relevant);
}

TEST(StripeWebhook, FindsNothingToDoInWhatIsNotOursOrUnknown) {
  for (const auto* type :
       {"payment_intent.succeeded", "payment_intent.canceled", "payment_intent.created", "refund.updated", "charge.dispute.created", "customer.created"}) {
    EXPECT_FALSE(notice(type, R"({"id":"x","status":"succeeded","metadata":{}})").relevant) << type;
    EXPECT_FALSE(notice(type, R"({"id":"x","status":"succeeded"})").relevant) << type;
  }
  EXPECT_FALSE(notice("refund.updated", refund("succeeded", "ord_1/capture/3")).relevant);
}

TEST(StripeWebhook, ReadsDisputesAndLeavesInquiriesAlone) {
  const auto event = [](std::string_view type, std::string_view status, std::string_view amount, std::string_view currency) {
    const auto body =
        fmt::format(R"({{"id":"evt_9","type":"{}","data":{{"object":{{"id":"dp_1","amount":{},"currency":"{}","payment_intent":"pi_1","reason":"fraudulent",)"
                    R"("status":"{}","evidence_details":{{"due_by":1700600000}}}}}}}})",
                    type, amount, currency, status);
    auto got = read(header(body), body);
    EXPECT_TRUE(got);
    return got ? *got : payment_notice{};
  };
  const auto opened = event("charge.dispute.created", "needs_response", "6498", "usd");
  ASSERT_TRUE(opened.relevant && opened.dispute);
  EXPECT_EQ(opened.dispute->what, dispute_notice::step::opened);
  EXPECT_EQ(opened.dispute->payment, "pi_1");
  EXPECT_EQ(opened.dispute->amount, 6498);
  EXPECT_EQ(opened.dispute->answer_by->time_since_epoch(), std::chrono::seconds{1'700'600'000});
  EXPECT_TRUE(opened.order_id.empty()) << "only Stripe knows which order it was";
  EXPECT_EQ(event("charge.dispute.closed", "won", "6498", "usd").dispute->what, dispute_notice::step::won);
  EXPECT_EQ(event("charge.dispute.closed", "lost", "6498", "usd").dispute->what, dispute_notice::step::lost);
  EXPECT_EQ(event("charge.dispute.created", "needs_response", "50000", "isk").dispute->amount, 500) << "Stripe keeps two digits for it";
  EXPECT_FALSE(event("charge.dispute.created", "warning_needs_response", "6498", "usd").relevant);
  EXPECT_FALSE(event("charge.dispute.closed", "warning_closed", "6498", "usd").relevant);
  EXPECT_FALSE(event("charge.dispute.updated", "needs_response", "6498", "usd").relevant);
}

}  // namespace
