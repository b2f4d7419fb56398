// Stripe as its clients see it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "integrations/sandbox/signing.hpp"
#include "tests/sandbox/talk.hpp"

namespace coreldove::tests {

using testing::HasSubstr;
using testing::StartsWith;

namespace {

constexpr std::string_view intents = "/v1/payment_intents";
constexpr std::string_view good = "amount=5998&currency=usd&capture_method=manual&confirm=true&payment_method=tok_visa";

std::string intent_path(const std::string& id, std::string_view verb = {}) {
  return fmt::format("/v1/payment_intents/{}{}{}", id, verb.empty() ? "" : "/", verb);
}

std::string paying_with(std::string_view token) { return fmt::format("amount=5998&currency=usd&capture_method=manual&confirm=true&payment_method={}", token); }

}  // namespace

TEST(SandboxStripe, AuthorizesWithManualCapture) {
  const sandbox_under_test box;
  const auto r = box.stripe("POST", intents,
                            "amount=5998&currency=usd&capture_method=manual&confirm=true&payment_method=tok_visa&description=Two+words%21"
                            "&receipt_email=a%40example.com&metadata[order_id]=ord_7&metadata%5Bkey%5D=ord_7%2Fauthorize%2F1");
  ASSERT_EQ(r.status, 200) << r.body;
  EXPECT_THAT(r.at("/id"), StartsWith("pi_3"));
  EXPECT_EQ(r.at("/object"), "payment_intent");
  EXPECT_EQ(r.at("/status"), "requires_capture");
  EXPECT_EQ(r.at("/amount"), "5998");
  EXPECT_EQ(r.at("/amount_capturable"), "5998");
  EXPECT_EQ(r.at("/amount_received"), "0");
  EXPECT_EQ(r.at("/currency"), "usd");
  EXPECT_EQ(r.at("/description"), "Two words!");
  EXPECT_EQ(r.at("/receipt_email"), "a@example.com");
  EXPECT_EQ(r.at("/metadata/order_id"), "ord_7");
  EXPECT_EQ(r.at("/metadata/key"), "ord_7/authorize/1");
  EXPECT_THAT(r.at("/latest_charge"), StartsWith("ch_3"));
  EXPECT_EQ(box.stripe("GET", intent_path(r.at("/id"))).body, r.body);
}

TEST(SandboxStripe, TakesTheTokenAsPaymentMethodDataToo) {
  const sandbox_under_test box;
  const auto r = box.stripe("POST", intents,
                            "amount=5998&currency=usd&capture_method=manual&confirm=true&payment_method_types[0]=card&payment_method_data[type]=card"
                            "&payment_method_data[card][token]=tok_mastercard&error_on_requires_action=true");
  EXPECT_EQ(r.at("/status"), "requires_capture") << r.body;
}

TEST(SandboxStripe, WantsAKeyInEitherShape) {
  const sandbox_under_test box;
  const auto with = [&](const headers& h) { return call(box.port(), "GET", "/stripe/v1/balance", h); };
  EXPECT_EQ(with({{"Authorization", "Bearer sk_test_x"}}).status, 200);
  EXPECT_EQ(with({{"Authorization", "Basic " + integrations::world::base64("sk_test_x:")}}).status, 200);
  EXPECT_EQ(with({}).status, 401);
  EXPECT_EQ(with({{"Authorization", "Bearer sk_live_x"}}).status, 401);
  EXPECT_EQ(with({{"Authorization", "Bearer sk_live_x"}}).at("/error/type"), "invalid_request_error");
}

TEST(SandboxStripe, WantsTheConfiguredKeyWhereThereIsOne) {
  const sandbox_under_test box{{.stripe_secret_key = "sk_test_secret"}};
  EXPECT_EQ(call(box.port(), "GET", "/stripe/v1/balance", {{"Authorization", "Bearer sk_test_other"}}).status, 401);
  EXPECT_EQ(call(box.port(), "GET", "/stripe/v1/balance", {{"Authorization", "Bearer sk_test_secret"}}).status, 200);
}

TEST(SandboxStripe, CapturesOnceInFullOrInPart) {
  const sandbox_under_test box;
  const auto id = box.authorized();
  const auto r = box.stripe("POST", intent_path(id, "capture"), "amount_to_capture=5000&metadata[key]=k2");
  EXPECT_EQ(r.at("/status"), "succeeded");
  EXPECT_EQ(r.at("/amount_received"), "5000");
  EXPECT_EQ(r.at("/amount_capturable"), "0");
  EXPECT_EQ(r.at("/metadata/order_id"), "ord_1");
  EXPECT_EQ(r.at("/metadata/key"), "k2");
  const auto again = box.stripe("POST", intent_path(id, "capture"));
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(again.at("/error/code"), "payment_intent_unexpected_state");
  EXPECT_EQ(again.at("/error/payment_intent/status"), "succeeded");
}

TEST(SandboxStripe, CapturesSeveralTimesWhereThatWasAskedFor) {
  const sandbox_under_test box;
  const auto once = box.authorized();
  EXPECT_EQ(box.stripe("POST", intent_path(once, "capture"), "amount_to_capture=1000&final_capture=false").at("/error/param"), "final_capture");
  const auto several = [&] {
    return box.stripe("POST", intents, std::string{good} + "&payment_method_options[card][request_multicapture]=if_available").at("/id");
  };
  const auto id = several();
  EXPECT_EQ(box.stripe("POST", intent_path(id, "capture"), "amount_to_capture=1000&final_capture=false").at("/status"), "requires_capture");
  EXPECT_EQ(box.stripe("POST", intent_path(id, "capture"), "amount_to_capture=4999&final_capture=false").at("/error/code"), "amount_too_large");
  const auto last = box.stripe("POST", intent_path(id, "capture"), "amount_to_capture=4998");
  EXPECT_EQ(last.at("/status"), "succeeded");
  EXPECT_EQ(last.at("/amount_received"), "5998");
  EXPECT_EQ(box.ledger("?operation=capture").size(), 2u);

  const auto cut_short = several();
  box.stripe("POST", intent_path(cut_short, "capture"), "amount_to_capture=1000&final_capture=false");
  EXPECT_EQ(box.stripe("POST", intent_path(cut_short, "cancel")).at("/amount_received"), "1000");
  EXPECT_THAT(box.ledger("?operation=void"), testing::ElementsAre(HasSubstr(R"("amount":"49.98")"))) << "what was left";
  EXPECT_EQ(box.stripe("POST", "/v1/refunds", "payment_intent=" + cut_short).at("/amount"), "1000");
}

TEST(SandboxStripe, NeverCapturesMoreThanWasAuthorized) {
  const sandbox_under_test box;
  const auto id = box.authorized();
  const auto r = box.stripe("POST", intent_path(id, "capture"), "amount_to_capture=5999");
  EXPECT_EQ(r.status, 400);
  EXPECT_EQ(r.at("/error/code"), "amount_too_large");
  EXPECT_EQ(r.at("/error/param"), "amount_to_capture");
  EXPECT_EQ(box.ledger("?operation=capture").size(), 0u);
}

TEST(SandboxStripe, CancelsWhatIsNotCaptured) {
  const sandbox_under_test box;
  const auto id = box.authorized();
  const auto r = box.stripe("POST", intent_path(id, "cancel"), "cancellation_reason=requested_by_customer");
  EXPECT_EQ(r.at("/status"), "canceled");
  EXPECT_EQ(r.at("/cancellation_reason"), "requested_by_customer");
  EXPECT_EQ(r.at("/amount_capturable"), "0");
  EXPECT_NE(r.at("/canceled_at"), "null");
  EXPECT_EQ(box.stripe("POST", intent_path(id, "cancel")).at("/error/code"), "payment_intent_unexpected_state");
  EXPECT_EQ(box.stripe("POST", intent_path(id, "capture")).at("/error/code"), "payment_intent_unexpected_state");
  EXPECT_THAT(box.ledger("?operation=void"), testing::ElementsAre(HasSubstr(R"("amount":"59.98")")));
  EXPECT_EQ(box.stripe("POST", intent_path(box.authorized("k2"), "cancel"), "cancellation_reason=boredom").status, 400);
}

TEST(SandboxStripe, RefundsInPartsButNeverMoreThanWasCaptured) {
  const sandbox_under_test box;
  const auto id = box.authorized();
  const auto refund = [&](std::string_view more) { return box.stripe("POST", "/v1/refunds", fmt::format("payment_intent={}{}", id, more)); };
  EXPECT_EQ(refund("").at("/error/code"), "payment_intent_unexpected_state");
  box.stripe("POST", intent_path(id, "capture"), "amount_to_capture=5000");
  const auto first = refund("&amount=2000&reason=requested_by_customer&metadata[key]=r1");
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(first.at("/status"), "succeeded");
  EXPECT_EQ(first.at("/payment_intent"), id);
  EXPECT_EQ(first.at("/metadata/key"), "r1");
  EXPECT_EQ(refund("&amount=3001").at("/error/code"), "amount_too_large");
  EXPECT_EQ(refund("").at("/amount"), "3000");
  EXPECT_EQ(refund("").at("/error/code"), "charge_already_refunded");
  EXPECT_EQ(box.stripe("GET", "/v1/refunds/" + first.at("/id")).body, first.body);
  EXPECT_EQ(box.stripe("GET", "/v1/refunds?payment_intent=" + id).at("/data/1/id"), first.at("/id"));
  EXPECT_THAT(box.ledger("?operation=refund")[0], HasSubstr(fmt::format(R"("reference":"{}","order_id":"ord_1","amount":"20.00")", first.at("/id"))));
  EXPECT_EQ(box.stripe("GET", "/v1/balance").at("/available/0/amount"), "0");
}

TEST(SandboxStripe, ShowsTheBalanceByCurrency) {
  const sandbox_under_test box;
  EXPECT_EQ(box.stripe("GET", "/v1/balance").at("/available/0/currency"), "usd");
  box.stripe("POST", intent_path(box.authorized(), "capture"));
  EXPECT_EQ(box.stripe("GET", "/v1/balance").at("/available/0/amount"), "5998");
}

struct decline_row {
  const char *token, *code, *decline_code;
};
class SandboxStripeDeclines : public testing::TestWithParam<decline_row> {};

TEST_P(SandboxStripeDeclines, AnswersTheTestTokenWithItsError) {
  const sandbox_under_test box;
  const auto r = box.stripe("POST", intents, paying_with(GetParam().token), "k1");
  EXPECT_EQ(r.status, 402);
  EXPECT_EQ(r.at("/error/type"), "card_error");
  EXPECT_EQ(r.at("/error/code"), GetParam().code);
  EXPECT_EQ(r.at("/error/decline_code"), GetParam().decline_code);
  EXPECT_EQ(r.at("/error/payment_intent/status"), "requires_payment_method");
  EXPECT_EQ(r.at("/error/payment_intent/last_payment_error/code"), GetParam().code);
  const auto again = box.stripe("POST", intents, paying_with(GetParam().token), "k1");
  EXPECT_EQ(again.status, 402);
  EXPECT_EQ(again.body, r.body);
  EXPECT_EQ(again.fields.at("idempotent-replayed"), "true");
  EXPECT_TRUE(box.ledger().empty());
}

INSTANTIATE_TEST_SUITE_P(Tokens, SandboxStripeDeclines,
                         testing::Values(decline_row{"tok_chargeDeclined", "card_declined", "generic_decline"},
                                         decline_row{"tok_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"},
                                         decline_row{"tok_chargeDeclinedLostCard", "card_declined", "lost_card"},
                                         decline_row{"tok_chargeDeclinedStolenCard", "card_declined", "stolen_card"},
                                         decline_row{"tok_chargeDeclinedExpiredCard", "expired_card", "expired_card"},
                                         decline_row{"tok_chargeDeclinedProcessingError", "processing_error", "processing_error"},
                                         decline_row{"tok_chargeDeclinedFraudulent", "card_declined", "fraudulent"},
                                         decline_row{"pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"}),
                         [](const auto& row) { return std::string{row.param.token}; });

TEST(SandboxStripe, ConfirmsLaterAndWithAnotherCardAfterADecline) {
  const sandbox_under_test box;
  const auto id = box.stripe("POST", intents, "amount=5998&currency=usd&capture_method=manual").at("/id");
  EXPECT_EQ(box.stripe("POST", intent_path(id, "confirm")).status, 400);
  EXPECT_EQ(box.stripe("POST", intent_path(id, "confirm"), "payment_method=tok_chargeDeclined").status, 402);
  EXPECT_EQ(box.stripe("POST", intent_path(id, "confirm"), "payment_method=pm_card_visa").at("/status"), "requires_capture");
  EXPECT_EQ(box.stripe("POST", intent_path(id, "confirm"), "payment_method=pm_card_visa").at("/error/code"), "payment_intent_unexpected_state");
  EXPECT_EQ(box.ledger("?operation=authorize").size(), 1u);
}

TEST(SandboxStripe, CapturesAtOnceWhereCaptureIsAutomatic) {
  const sandbox_under_test box;
  const auto r = box.stripe("POST", intents, "amount=5998&currency=usd&confirm=true&payment_method=tok_visa");
  EXPECT_EQ(r.at("/status"), "succeeded");
  EXPECT_EQ(r.at("/amount_received"), "5998");
  EXPECT_EQ(box.ledger("?operation=authorize").size(), 1u);
  EXPECT_EQ(box.ledger("?operation=capture").size(), 1u);
}

TEST(SandboxStripe, RefusesBadParametersByName) {
  const sandbox_under_test box;
  struct row {
    const char *form, *code, *param;
  };
  for (const row& x :
       {row{"currency=usd", "parameter_missing", "amount"}, row{"amount=12.50&currency=usd", "parameter_invalid_integer", "amount"},
        row{"amount=5998", "parameter_missing", "currency"}, row{"amount=5998&currency=xyz", "", "currency"},
        row{"amount=49&currency=usd", "amount_too_small", "amount"}, row{"amount=17499&currency=huf", "amount_too_small", "amount"},
        row{"amount=100000000&currency=usd", "amount_too_large", "amount"}, row{"amount=10001&currency=kwd", "parameter_invalid_integer", "amount"},
        row{"amount=5998&currency=usd&capture_method=never", "", "capture_method"},
        row{"amount=5998&currency=usd&confirm=true", "parameter_missing", "payment_method"},
        row{"amount=5998&currency=usd&payment_method=tok_unheard", "resource_missing", "payment_method"},
        row{"amount=5998&currency=usd&amunt=1", "parameter_unknown", "amunt"}}) {
    const auto r = box.stripe("POST", intents, x.form);
    EXPECT_EQ(r.status, 400) << x.form;
    EXPECT_EQ(r.at("/error/type"), "invalid_request_error") << x.form;
    EXPECT_EQ(r.at("/error/code"), x.code) << x.form;
    EXPECT_EQ(r.at("/error/param"), x.param) << x.form;
  }
  EXPECT_EQ(box.stripe("POST", intents, "amount=%zz").status, 400);
  EXPECT_EQ(box.stripe("POST", intents, "description=%ff").status, 400);
  EXPECT_EQ(box.stripe("POST", intents, "amount=5998&currency=usd&metadata[k]=" + std::string(501, 'x')).status, 400);
  EXPECT_EQ(box.stripe("GET", "/v1/nothing").status, 404);
  EXPECT_EQ(box.stripe("GET", "/v1/payment_intents/pi_unknown").at("/error/code"), "resource_missing");
  EXPECT_EQ(box.stripe("POST", "/v1/payment_intents/pi_unknown/capture").status, 404);
  EXPECT_EQ(box.stripe("POST", "/v1/refunds", "payment_intent=pi_unknown").status, 404);
  EXPECT_EQ(box.stripe("POST", "/v1/refunds").at("/error/code"), "parameter_missing");
}

TEST(SandboxStripe, KeepsStripesOwnDigitsApartFromIsos) {
  const sandbox_under_test box;
  const auto pay = [&](std::string_view amount) {
    return box.stripe("POST", intents, fmt::format("amount={}&currency=isk&capture_method=manual&confirm=true&payment_method=tok_visa", amount)).status;
  };
  EXPECT_EQ(pay("10050"), 400);
  EXPECT_EQ(pay("10000"), 200);
  EXPECT_THAT(box.ledger()[0], HasSubstr(R"("amount":"100","currency":"ISK")"));
}

TEST(SandboxStripe, ListsNewestFirstPageByPage) {
  const sandbox_under_test box;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(box.authorized(fmt::format("k{}", i)));
  const auto first = box.stripe("GET", "/v1/payment_intents?limit=2");
  EXPECT_EQ(first.at("/data/0/id"), ids[4]);
  EXPECT_EQ(first.at("/data/1/id"), ids[3]);
  EXPECT_EQ(first.at("/has_more"), "true");
  const auto last = box.stripe("GET", "/v1/payment_intents?limit=3&starting_after=" + ids[3]);
  EXPECT_EQ(last.at("/data/0/id"), ids[2]);
  EXPECT_EQ(last.at("/data/2/id"), ids[0]);
  EXPECT_EQ(last.at("/has_more"), "false");
  const auto newer = box.stripe("GET", "/v1/payment_intents?limit=2&ending_before=" + ids[1]);
  EXPECT_EQ(newer.at("/data/0/id"), ids[3]);
  EXPECT_EQ(newer.at("/data/1/id"), ids[2]);
  EXPECT_EQ(newer.at("/has_more"), "true");
  EXPECT_EQ(box.stripe("GET", "/v1/payment_intents?created[gt]=99999999999").body,
            R"({"object":"list","data":[],"has_more":false,"url":"/v1/payment_intents"})");
  EXPECT_EQ(box.stripe("GET", "/v1/payment_intents?limit=101").status, 400);
  EXPECT_EQ(box.stripe("GET", "/v1/payment_intents?colour=red").status, 400);
}

TEST(SandboxStripeIdempotency, ReplaysTheSameAnswerEvenAfterTheIntentMovedOn) {
  const sandbox_under_test box;
  const auto first = box.stripe("POST", intents, good, "k1");
  EXPECT_FALSE(first.fields.contains("idempotent-replayed"));
  box.stripe("POST", intent_path(first.at("/id"), "capture"), "metadata[key]=k2", "k2");
  const auto again = box.stripe("POST", intents, good, "k1");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.fields.at("idempotent-replayed"), "true");
  EXPECT_EQ(box.ledger("?operation=authorize").size(), 1u);
}

TEST(SandboxStripeIdempotency, CoversCapturesCancellationsRefundsAndTheirRefusals) {
  const sandbox_under_test box;
  const auto id = box.authorized("a");
  const auto other = box.authorized("b");
  const auto twice = [&](const std::string& path, std::string_view form, std::string_view key) {
    const auto first = box.stripe("POST", path, form, key), second = box.stripe("POST", path, form, key);
    EXPECT_EQ(first.body, second.body) << path;
    EXPECT_EQ(first.status, second.status) << path;
    EXPECT_TRUE(second.fields.contains("idempotent-replayed")) << path;
    return first.status;
  };
  EXPECT_EQ(twice(intent_path(id, "capture"), "", "c"), 200);
  EXPECT_EQ(twice(intent_path(id, "capture"), "", "d"), 400);
  EXPECT_EQ(twice(intent_path(other, "cancel"), "", "e"), 200);
  EXPECT_EQ(twice("/v1/refunds", "payment_intent=" + id + "&amount=100", "f"), 200);
  EXPECT_EQ(box.ledger("?operation=capture").size(), 1u);
  EXPECT_EQ(box.ledger("?operation=void").size(), 1u);
  EXPECT_EQ(box.ledger("?operation=refund").size(), 1u);
}

TEST(SandboxStripeIdempotency, RefusesTheSameKeyForSomethingElse) {
  const sandbox_under_test box;
  const auto first = box.stripe("POST", intents, good, "k1");
  EXPECT_EQ(box.stripe("POST", intents, "payment_method=tok_visa&confirm=true&capture_method=manual&currency=usd&amount=5998", "k1").status, 200)
      << "the order of the parameters does not matter";
  const auto other = box.stripe("POST", intents, std::string{good} + "&description=x", "k1");
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(other.at("/error/type"), "idempotency_error");
  EXPECT_EQ(box.stripe("POST", intent_path(first.at("/id"), "capture"), "", "k1").at("/error/type"), "idempotency_error");
  EXPECT_EQ(box.stripe("POST", intents, good, std::string(256, 'k')).status, 400);
}

TEST(SandboxStripeIdempotency, DoesNotKeepWhatFailedValidation) {
  const sandbox_under_test box;
  EXPECT_EQ(box.stripe("POST", intents, "amount=1&currency=usd", "k1").status, 400);
  EXPECT_EQ(box.stripe("POST", intents, good, "k1").status, 200);
}

TEST(SandboxStripeIdempotency, AnswersConflictWhileTheFirstAnswerIsOnItsWay) {
  const sandbox_under_test box;
  box.fault(R"({"vendor":"stripe","operation":"authorize","kind":"slow","delay_ms":700})");
  response first;
  std::thread slow{[&] { first = box.stripe("POST", intents, good, "k1"); }};
  while (box.ledger().empty()) std::this_thread::yield();
  const auto meanwhile = box.stripe("POST", intents, good, "k1");
  slow.join();
  EXPECT_EQ(meanwhile.status, 409);
  EXPECT_EQ(meanwhile.at("/error/code"), "idempotency_key_in_use");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(box.stripe("POST", intents, good, "k1").body, first.body);
}

TEST(SandboxStripeFaults, RefuseDoesNothingAndResetsTheConnection) {
  const sandbox_under_test box;
  box.fault(R"({"vendor":"stripe","operation":"authorize","kind":"refuse"})");
  wire w{box.port()};
  w.send(
      request_text("POST", "/stripe/v1/payment_intents", {{"Authorization", "Bearer sk_test_1"}, {"Content-Type", "application/x-www-form-urlencoded"}}, good));
  EXPECT_EQ(w.read_response().status, 0);
  EXPECT_TRUE(w.was_reset());
  EXPECT_TRUE(box.ledger().empty());
}

TEST(SandboxStripeFaults, NoAnswerDoesNothingAndKeepsSilent) {
  const sandbox_under_test box;
  box.fault(R"({"vendor":"stripe","operation":"authorize","kind":"no_answer"})");
  const auto r = box.stripe("POST", intents, good, "k1", std::chrono::milliseconds{150});
  EXPECT_TRUE(r.timed_out);
  EXPECT_TRUE(box.ledger().empty());
  EXPECT_EQ(box.stripe("POST", intents, good, "k1").fields.contains("idempotent-replayed"), false);
}

TEST(SandboxStripeFaults, LostAnswerIsDoneAndFoundAgainUnderItsKey) {
  const sandbox_under_test box;
  box.fault(R"({"vendor":"stripe","operation":"authorize","kind":"lost_answer"})");
  const auto lost = box.stripe("POST", intents, good, "k1");
  EXPECT_EQ(lost.status, 0);
  EXPECT_FALSE(lost.timed_out);
  EXPECT_EQ(box.ledger("?operation=authorize").size(), 1u);
  const auto again = box.stripe("POST", intents, good, "k1");
  EXPECT_EQ(again.at("/status"), "requires_capture");
  EXPECT_EQ(again.fields.at("idempotent-replayed"), "true");
  EXPECT_EQ(box.ledger("?operation=authorize").size(), 1u);
}

TEST(SandboxStripeFaults, Error500AndRateLimitDoNothingAndAreNotKept) {
  const sandbox_under_test box;
  box.fault(R"({"vendor":"stripe","operation":"authorize","kind":"error_500"})");
  box.fault(R"({"vendor":"stripe","operation":"authorize","kind":"rate_limit_429"})");
  const auto broken = box.stripe("POST", intents, good, "k1"), limited = box.stripe("POST", intents, good, "k1");
  EXPECT_EQ(broken.status, 500);
  EXPECT_EQ(broken.at("/error/type"), "api_error");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.at("/error/code"), "rate_limit");
  EXPECT_TRUE(box.ledger().empty());
  EXPECT_EQ(box.stripe("POST", intents, good, "k1").status, 200);
}

TEST(SandboxStripeFaults, DeclineSaysNoToEachOperation) {
  const sandbox_under_test box;
  const auto id = box.authorized("a");
  const auto captured = box.authorized("b");
  box.stripe("POST", intent_path(captured, "capture"));
  for (const char* op : {"authorize", "capture", "void", "refund"}) box.fault(fmt::format(R"({{"vendor":"stripe","operation":"{}","kind":"decline"}})", op));
  EXPECT_EQ(box.stripe("POST", intents, good).status, 402);
  EXPECT_EQ(box.stripe("POST", intent_path(id, "capture")).status, 402);
  EXPECT_EQ(box.stripe("POST", intent_path(id, "cancel")).status, 402);
  EXPECT_EQ(box.stripe("POST", "/v1/refunds", "payment_intent=" + captured).status, 402);
  EXPECT_EQ(box.ledger().size(), 3u) << "two authorisations and one capture";
  EXPECT_EQ(box.stripe("GET", intent_path(id)).at("/status"), "requires_capture");
}

TEST(SandboxStripeFaults, SlowIsDoneAtOnceAndAnsweredLater) {
  const sandbox_under_test box;
  box.fault(R"({"vendor":"stripe","operation":"authorize","kind":"slow","delay_ms":200})");
  const auto from = std::chrono::steady_clock::now();
  EXPECT_EQ(box.stripe("POST", intents, good).status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - from, std::chrono::milliseconds{200});
}

TEST(SandboxStripe, GivesEachOfManyConcurrentClientsItsOwnIntentAndEachKeyOne) {
  const sandbox_under_test box{{.threads = 2}};
  constexpr int clients = 8, each = 50;
  std::vector<std::vector<std::string>> ids(clients);
  std::vector<std::thread> threads;
  for (int c = 0; c < clients; ++c)
    threads.emplace_back([&, c] {
      wire w{box.port()};
      for (int i = 0; i < each; ++i) {
        // Two clients at a time share their keys.
        w.send(request_text("POST", "/stripe/v1/payment_intents",
                            {{"Authorization", "Bearer sk_test_1"},
                             {"Content-Type", "application/x-www-form-urlencoded"},
                             {"Idempotency-Key", fmt::format("ord_{}x{}/authorize/1", c / 2, i)}},
                            good));
        ids[static_cast<std::size_t>(c)].push_back(w.read_response().at("/id"));
      }
    });
  for (auto& t : threads) t.join();
  std::set<std::string> different;
  for (std::size_t c = 0; c < clients; ++c) {
    EXPECT_EQ(ids[c], ids[c ^ 1]);
    different.insert(ids[c].begin(), ids[c].end());
  }
  EXPECT_EQ(different.size(), static_cast<std::size_t>(clients / 2 * each));
  EXPECT_EQ(box.ledger().size(), static_cast<std::size_t>(clients / 2 * each));
}

}  // namespace coreldove::tests
