// Stripe's 3-D Secure as its clients and their customers see it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/sandbox/talk.hpp"

namespace coreldove::tests {
namespace {

constexpr std::string_view intents = "/v1/payment_intents";
std::string intent_path(const std::string& id) { return fmt::format("/v1/payment_intents/{}", id); }
std::string paying_with(std::string_view token) { return fmt::format("amount=5998&currency=usd&capture_method=manual&confirm=true&payment_method={}", token); }

}  // namespace

TEST(SandboxStripe, WantsTheCustomerForThreeDSecure) {
  const sandbox_under_test box;
  const auto r = box.stripe("POST", intents, paying_with("tok_threeDSecure2Required"));
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.at("/status"), "requires_action");
  EXPECT_EQ(r.at("/next_action/type"), "use_stripe_sdk");
  const auto impatient = box.stripe("POST", intents, paying_with("tok_threeDSecure2Required") + "&error_on_requires_action=true");
  EXPECT_EQ(impatient.status, 402);
  EXPECT_EQ(impatient.at("/error/decline_code"), "authentication_required");
  EXPECT_TRUE(box.ledger().empty());
}

TEST(SandboxStripe, SendsTheCustomerToAPageAndBack) {
  const sandbox_under_test box;
  const auto asked = paying_with("tok_threeDSecure2Required") + "&return_url=https%3A%2F%2Fshop.example%2Fback%3Fo%3D1";
  const auto r = box.stripe("POST", intents, asked, "ord_1/authorize/1");
  const auto id = r.at("/id");
  EXPECT_EQ(r.at("/next_action/type"), "redirect_to_url");
  EXPECT_EQ(r.at("/next_action/redirect_to_url/return_url"), "https://shop.example/back?o=1");
  const auto url = r.at("/next_action/redirect_to_url/url");
  const auto target = url.substr(url.find("/stripe/"));
  EXPECT_TRUE(box.ledger().empty());

  const auto page = box.get(target);
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, testing::HasSubstr("59.98 USD"));
  EXPECT_THAT(page.body, testing::HasSubstr("action=\"" + target + "\""));
  const auto pressed = call(box.port(), "POST", target, {{"Content-Type", "application/x-www-form-urlencoded"}}, "decision=approve");
  EXPECT_EQ(pressed.status, 303);
  EXPECT_THAT(pressed.fields.at("location"), testing::StartsWith("https://shop.example/back?o=1&payment_intent=" + id));
  EXPECT_THAT(pressed.fields.at("location"), testing::EndsWith("redirect_status=succeeded"));
  EXPECT_EQ(box.stripe("GET", intent_path(id)).at("/status"), "requires_capture");
  EXPECT_THAT(box.ledger("?operation=authorize"), testing::ElementsAre(testing::HasSubstr(R"("idempotency_key":"ord_1/authorize/1")")));
  EXPECT_EQ(call(box.port(), "POST", target, {}, "decision=decline").status, 409) << "it has been decided";
  EXPECT_EQ(box.stripe("POST", intents, asked, "ord_1/authorize/1").at("/status"), "requires_action") << "the stored answer is what it was";
  EXPECT_EQ(box.get("/stripe/redirect/authenticate/pi_nobody").status, 404);
}

TEST(SandboxStripe, TellsOfTheCustomersDecisionByWebhook) {
  catcher hooks;
  const sandbox_under_test box{{.webhook_base = hooks.base(), .stripe_webhook_secret = "whsec_1"}};
  const auto wait = [&](std::string_view token) {
    return box.stripe("POST", intents, paying_with(token) + "&return_url=https%3A%2F%2Fshop.example%2Fback").at("/id");
  };
  const auto decide = [&](const std::string& id, std::string_view decision) {
    return call(box.port(), "POST", "/approve", {}, fmt::format(R"({{"vendor":"stripe","reference":"{}","decision":"{}"}})", id, decision));
  };
  const auto refuses = wait("tok_threeDSecure2Required"), is_poor = wait("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"),
             pays = wait("pm_card_threeDSecure2Required");
  EXPECT_EQ(decide(refuses, "decline").at("/state"), "requires_payment_method");
  EXPECT_EQ(decide(is_poor, "approve").at("/state"), "requires_payment_method");
  EXPECT_EQ(decide(pays, "approve").at("/state"), "requires_capture");
  EXPECT_EQ(decide(pays, "approve").status, 409);
  EXPECT_EQ(decide("pi_nobody", "approve").status, 404);
  EXPECT_EQ(box.stripe("GET", intent_path(refuses)).at("/last_payment_error/code"), "payment_intent_authentication_failure");
  EXPECT_EQ(box.stripe("GET", intent_path(is_poor)).at("/last_payment_error/decline_code"), "insufficient_funds");
  std::map<std::string, int> told;
  for (const auto& w : hooks.wait_for(6)) {
    const auto type = w.body.substr(w.body.rfind(R"("type":")"));
    ++told[type.substr(8, type.find('"', 8) - 8)];
  }
  EXPECT_EQ(told, (std::map<std::string, int>{
                      {"payment_intent.requires_action", 3}, {"payment_intent.payment_failed", 2}, {"payment_intent.amount_capturable_updated", 1}}));
}

}  // namespace coreldove::tests
