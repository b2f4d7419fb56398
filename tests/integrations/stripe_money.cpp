// Stripe's adapter: what happens to an authorization: captures, voids, refunds.
#include "tests/integrations/stripe_double.hpp"

namespace coreldove::stripe_test {
namespace {

TEST(StripeGateway, CapturesAllOrAPart) {
  stripe_double s{[](const seen_request& r) {
    return answer(200, fields(r.body).count("final_capture") != 0 ? intent("requires_capture", 5998, 1000, "ord_1/capture/2")
                                                                  : intent("succeeded", 5998, 5998, "ord_1/capture/2"));
  }};
  EXPECT_EQ(s.capture().kind, operation_outcome::done);
  EXPECT_EQ(s.capture(1000, false).reference, "pi_1");
  const auto seen = s.server.seen();
  EXPECT_EQ(seen.at(0).target, "/stripe/v1/payment_intents/pi_1/capture");
  EXPECT_EQ(seen.at(0).header("Idempotency-Key"), "ord_1/capture/2");
  EXPECT_EQ(fields(seen.at(0).body), (form{{"amount_to_capture", "5998"}, {"metadata[order_id]", "ord_1"}, {"metadata[idempotency_key]", "ord_1/capture/2"}}));
  EXPECT_EQ(
      fields(seen.at(1).body),
      (form{{"amount_to_capture", "1000"}, {"final_capture", "false"}, {"metadata[order_id]", "ord_1"}, {"metadata[idempotency_key]", "ord_1/capture/2"}}));
}

TEST(StripeGateway, DoesNotBelieveACaptureOfLessOrInAnotherCurrency) {
  for (const auto& body : {intent("succeeded", 5998, 5997), intent("succeeded", 5998, 5998, "k", "eur"), intent("succeeded", 5998, 6000)}) {
    stripe_double s{[&](const seen_request&) { return answer(200, body); }};
    const auto got = s.capture();
    EXPECT_EQ(got.kind, operation_outcome::unknown);
    EXPECT_EQ(got.code, "answer_mismatch");
  }
}

std::string unexpected_state(const std::string& about) {
  return error("invalid_request_error", "payment_intent_unexpected_state", about.empty() ? "" : R"(,"payment_intent":)" + about);
}

TEST(StripeGateway, TakesACaptureThatIsThereAlreadyAsDoneWhereItIsThisOne) {
  struct row {
    std::string about;
    operation_outcome kind;
  };
  const std::vector<row> table{
      {intent("succeeded", 5998, 5998, "ord_1/capture/2"), operation_outcome::done},
      {intent("succeeded", 5998, 5998, "ord_1/authorize/1"), operation_outcome::done},      // by hand, in the dashboard
      {intent("succeeded", 5998, 5998, "ord_1/capture/7"), operation_outcome::declined},    // another capture of ours
      {intent("succeeded", 5998, 1000, "ord_1/authorize/1"), operation_outcome::declined},  // of another amount
      {intent("succeeded", 5998, 1000, "ord_1/capture/2"), operation_outcome::unknown},     // ours, but not what we asked for
      {intent("canceled", 5998, 0, "ord_1/authorize/1"), operation_outcome::declined},
      {intent("requires_payment_method", 5998, 0, "ord_1/authorize/1"), operation_outcome::declined},
  };
  for (const auto& [about, kind] : table) {
    stripe_double told{[&](const seen_request&) { return answer(400, unexpected_state(about)); }};
    EXPECT_EQ(told.capture().kind, kind) << about;
    EXPECT_EQ(told.server.seen().size(), 1U);
    stripe_double asked{[&](const seen_request& r) { return r.method == "GET" ? answer(200, about) : answer(400, unexpected_state("")); }};
    EXPECT_EQ(asked.capture().kind, kind) << about;
    EXPECT_EQ(asked.server.seen().back().target, "/stripe/v1/payment_intents/pi_1");
  }
}

TEST(StripeGateway, SettlesARepeated500OfACaptureByReadingTheIntent) {
  std::string now = intent("succeeded", 5998, 5998, "ord_1/capture/2");
  stripe_double s{[&](const seen_request& r) { return r.method == "GET" ? answer(200, now) : answer(500, ""); }};
  EXPECT_EQ(s.capture(5998, true, true).kind, operation_outcome::done);
  now = intent("requires_capture");
  const auto got = s.capture(5998, true, true);
  EXPECT_EQ(got.kind, operation_outcome::unknown);
  EXPECT_EQ(got.code, "http_500");
}

TEST(StripeGateway, VoidsByCancelling) {
  stripe_double s{[](const seen_request&) { return answer(200, intent("canceled")); }};
  const auto got = s.cancel();
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "pi_1");
  const auto seen = s.server.seen().at(0);
  EXPECT_EQ(seen.target, "/stripe/v1/payment_intents/pi_1/cancel");
  EXPECT_EQ(seen.header("Idempotency-Key"), "ord_1/void_authorization/2");
  EXPECT_EQ(fields(seen.body), (form{{"cancellation_reason", "requested_by_customer"}}));
}

TEST(StripeGateway, TakesACancelledIntentAsVoidedAndACapturedOneAsRefused) {
  stripe_double canceled{[](const seen_request&) { return answer(400, unexpected_state(intent("canceled"))); }};
  EXPECT_EQ(canceled.cancel().kind, operation_outcome::done);
  stripe_double captured{[](const seen_request&) { return answer(400, unexpected_state(intent("succeeded", 5998, 5998))); }};
  const auto got = captured.cancel();
  EXPECT_EQ(got.kind, operation_outcome::declined);
  EXPECT_EQ(got.code, "payment_intent_unexpected_state");
  stripe_double stored{[](const seen_request& r) { return r.method == "GET" ? answer(200, intent("canceled")) : answer(500, ""); }};
  EXPECT_EQ(stored.cancel(true).kind, operation_outcome::done);
  stripe_double odd{[](const seen_request&) { return answer(200, intent("processing")); }};
  EXPECT_EQ(odd.cancel().kind, operation_outcome::unknown);
}

TEST(StripeGateway, RefundsAPartWithAReasonThatStripeKnows) {
  stripe_double s{[](const seen_request&) { return answer(200, refund_object("succeeded")); }};
  const auto got = s.refund();
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "re_1");
  EXPECT_EQ(s.refund("the parcel came broken").kind, operation_outcome::done);
  const auto seen = s.server.seen();
  EXPECT_EQ(seen.at(0).target, "/stripe/v1/refunds");
  form want{{"payment_intent", "pi_1"},
            {"amount", "500"},
            {"reason", "requested_by_customer"},
            {"metadata[order_id]", "ord_1"},
            {"metadata[idempotency_key]", "ord_1/refund/3"}};
  EXPECT_EQ(fields(seen.at(0).body), want);
  want.erase("reason");
  EXPECT_EQ(fields(seen.at(1).body), want);
}

TEST(StripeGateway, MapsEveryStateOfARefund) {
  const std::vector<mapping> table{
      {200, refund_object("pending"), "", operation_outcome::done, ""},
      {200, refund_object("failed", 500, "k", R"(,"failure_reason":"expired_or_canceled_card")"), "", operation_outcome::declined, "expired_or_canceled_card"},
      {200, refund_object("canceled"), "", operation_outcome::declined, "canceled"},
      {200, refund_object("requires_action"), "", operation_outcome::unknown, "requires_action"},
      {200, refund_object("succeeded", 499), "", operation_outcome::unknown, "answer_mismatch"},
      {200, intent("succeeded"), "", operation_outcome::unknown, "unreadable_answer"},
      {400, error("invalid_request_error", "amount_too_large"), "", operation_outcome::declined, "amount_too_large"},
  };
  for (const auto& row : table) {
    stripe_double s{[&](const seen_request&) { return answer(row.status, row.body); }};
    const auto got = s.refund();
    EXPECT_EQ(got.kind, row.kind) << row.body;
    EXPECT_EQ(got.code, row.code) << row.body;
  }
}

TEST(StripeGateway, FindsARefundThatWasMadeUnderItsKeyBefore) {
  std::string made = refund_object("succeeded");
  int status = 400;
  stripe_double s{[&](const seen_request& r) {
    if (r.method == "GET") return answer(200, list_of(refund_object("succeeded", 500, "ord_1/refund/2") + "," + made));
    return answer(status, status == 400 ? error("invalid_request_error", "charge_already_refunded") : "");
  }};
  EXPECT_EQ(s.refund().kind, operation_outcome::done);
  EXPECT_EQ(s.server.seen().back().target, "/stripe/v1/refunds?limit=100&payment_intent=pi_1");
  status = 500;
  EXPECT_EQ(s.refund("", true).kind, operation_outcome::done);
  made = refund_object("succeeded", 500, "ord_1/refund/9");
  EXPECT_EQ(s.refund("", true).kind, operation_outcome::unknown);
  status = 400;
  EXPECT_EQ(s.refund().code, "charge_already_refunded");
}

}  // namespace
}  // namespace coreldove::stripe_test
