// What the vendors send on their own, and how it is signed.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integrations/sandbox/signing.hpp"
#include "tests/sandbox/talk.hpp"

namespace coreldove::tests {

using testing::HasSubstr;

namespace {

integrations::sandbox_options towards(const catcher& c) {
  return {.webhook_base = c.base(), .stripe_webhook_secret = "whsec_test", .fedex_webhook_secret = "fedex_test"};
}

std::string at(const std::string& json, std::string_view pointer) {
  response r;
  r.body = json;
  return r.at(pointer);
}

std::vector<std::string> types(const std::vector<catcher::caught>& events) {
  std::vector<std::string> out;
  for (const auto& e : events) out.push_back(at(e.body, "/type"));
  return out;
}

std::string path(const std::string& id, std::string_view verb) { return fmt::format("/v1/payment_intents/{}/{}", id, verb); }

}  // namespace

TEST(SandboxWebhooks, TellOfAnAuthorizationSignedAsStripeSigns) {
  catcher hooks;
  const sandbox_under_test box{towards(hooks)};
  const auto id = box.authorized("ord_1/authorize/1");
  const auto got = hooks.wait_for(1);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].path, "/hooks/stripe");
  EXPECT_EQ(at(got[0].body, "/type"), "payment_intent.amount_capturable_updated");
  EXPECT_EQ(at(got[0].body, "/object"), "event");
  EXPECT_EQ(at(got[0].body, "/data/object/id"), id);
  EXPECT_EQ(at(got[0].body, "/data/object/metadata/order_id"), "ord_1");
  EXPECT_EQ(at(got[0].body, "/request/idempotency_key"), "ord_1/authorize/1");
  const std::string signature = got[0].fields.at("stripe-signature");
  const std::string time = signature.substr(2, signature.find(',') - 2);
  EXPECT_EQ(signature,
            fmt::format("t={},v1={}", time, integrations::world::hex(integrations::world::hmac_sha256("whsec_test", fmt::format("{}.{}", time, got[0].body)))));
}

TEST(SandboxWebhooks, TellOfTheWholeLifeOfAPayment) {
  catcher hooks;
  const sandbox_under_test box{towards(hooks)};
  const auto id = box.authorized("a");
  hooks.wait_for(1);
  box.stripe("POST", path(id, "capture"));
  hooks.wait_for(2);
  box.stripe("POST", "/v1/refunds", "payment_intent=" + id + "&amount=100");
  hooks.wait_for(4);
  box.stripe("POST", path(box.authorized("b"), "cancel"));
  hooks.wait_for(6);
  box.stripe("POST", "/v1/payment_intents", "amount=5998&currency=usd&confirm=true&payment_method=tok_chargeDeclined");
  EXPECT_THAT(types(hooks.wait_for(7)),
              testing::UnorderedElementsAre("payment_intent.amount_capturable_updated", "payment_intent.succeeded", "charge.refunded", "refund.updated",
                                            "payment_intent.amount_capturable_updated", "payment_intent.canceled", "payment_intent.payment_failed"));
}

TEST(SandboxWebhooks, StandInTheLedgerOnceTheyWereTaken) {
  catcher hooks;
  const sandbox_under_test box{towards(hooks)};
  box.authorized();
  hooks.wait_for(1);
  while (box.ledger("?operation=webhook").empty()) std::this_thread::yield();
  EXPECT_THAT(box.ledger("?operation=webhook")[0], HasSubstr(R"("vendor":"stripe","operation":"webhook","idempotency_key":"evt_3)"));
  EXPECT_THAT(box.ledger("?operation=webhook")[0], HasSubstr(R"("order_id":"ord_1","amount":null,"currency":null})"));
}

TEST(SandboxWebhooks, AreRepeatedUntilTheyAreTaken) {
  catcher hooks;
  hooks.answer_with({500});
  const sandbox_under_test box{towards(hooks)};
  box.authorized();
  const auto got = hooks.wait_for(2);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].body, got[1].body);
  while (box.get("/").at("/webhooks/delivered") != "1") std::this_thread::yield();
  EXPECT_EQ(box.get("/").at("/webhooks/waiting"), "0");
}

TEST(SandboxWebhooks, AreSentOnlyWhereSomebodyListens) {
  catcher hooks;
  sandbox_under_test box;
  box.authorized("a");
  box.box().set_webhook_base(hooks.base() + "/");
  const auto id = box.authorized("b");
  const auto got = hooks.wait_for(1);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].path, "/hooks/stripe");
  EXPECT_EQ(at(got[0].body, "/data/object/id"), id);
  while (box.get("/").at("/webhooks/delivered") != "1") std::this_thread::yield();  // seen is not yet acknowledged
  box.box().set_webhook_base("");
  box.authorized("c");
  EXPECT_EQ(box.get("/").at("/webhooks/waiting"), "0");
}

TEST(SandboxWebhooks, ComeTwiceUnderDuplicateWebhook) {
  catcher hooks;
  const sandbox_under_test box{towards(hooks)};
  box.fault(R"({"vendor":"stripe","operation":"webhook","kind":"duplicate_webhook"})");
  box.authorized();
  const auto got = hooks.wait_for(2);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].body, got[1].body);
}

TEST(SandboxWebhooks, ComeLateUnderLateWebhook) {
  catcher hooks;
  const sandbox_under_test box{towards(hooks)};
  box.fault(R"({"vendor":"stripe","operation":"authorize","kind":"late_webhook","delay_ms":300})");
  const auto from = std::chrono::steady_clock::now();
  box.authorized();
  ASSERT_EQ(hooks.wait_for(1).size(), 1u);
  EXPECT_GE(std::chrono::steady_clock::now() - from, std::chrono::milliseconds{300});
}

TEST(SandboxWebhooks, ChangePlacesUnderReorderedWebhook) {
  catcher hooks;
  const sandbox_under_test box{towards(hooks)};
  box.fault(R"({"vendor":"stripe","operation":"webhook","kind":"reordered_webhook","delay_ms":60000})");
  const auto id = box.authorized();
  box.stripe("POST", path(id, "capture"));
  EXPECT_THAT(types(hooks.wait_for(2)), testing::ElementsAre("payment_intent.succeeded", "payment_intent.amount_capturable_updated"));
}

TEST(SandboxWebhooks, AreNotHeldForEverWhereNoOtherFollows) {
  catcher hooks;
  const sandbox_under_test box{towards(hooks)};
  box.fault(R"({"vendor":"stripe","operation":"webhook","kind":"reordered_webhook","delay_ms":50})");
  box.authorized();
  EXPECT_EQ(hooks.wait_for(1).size(), 1u);
}

}  // namespace coreldove::tests
