// PayPal's adapter: what happens to an authorization: captures, voids, refunds.
#include "tests/integrations/paypal_double.hpp"

namespace coreldove::paypal_test {
namespace {

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
}  // namespace coreldove::paypal_test
