#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <set>

#include "tests/domain/order_samples.hpp"

using namespace coreldove::domain;
using samples::draft;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

namespace {

const intake_rules production{{"stripe"}, ""};
const intake_rules sandbox{{"stripe"}, "tok_visa"};

std::vector<std::string> complaints(order_draft d, const intake_rules& rules = production, std::vector<field_error> already = {}) {
  const auto checked = validate(std::move(d), rules, std::move(already));
  std::vector<std::string> out;
  if (checked) return out;
  EXPECT_EQ(checked.error().code, errc::invalid_input);
  for (const auto& e : checked.error().fields) {
    EXPECT_FALSE(e.message.empty()) << e.pointer;
    out.push_back(e.pointer + " " + e.code);
  }
  return out;
}

std::vector<std::string> complaints(const std::function<void(order_draft&)>& change) {
  auto d = draft();
  change(d);
  return complaints(std::move(d));
}

TEST(Validation, TakesAnOrdinaryOrderAsItIs) {
  const auto checked = validate(draft(), production);
  ASSERT_TRUE(checked);
  EXPECT_EQ(*checked, samples::input());
  EXPECT_EQ(checked->subtotal(), 5998);
  EXPECT_EQ(checked->total(), 6498);
}

TEST(Validation, ReportsAllMissingFieldsAtOnce) {
  EXPECT_THAT(complaints(order_draft{}), UnorderedElementsAre("/customer_id required", "/currency required", "/items empty", "/billing_address required",
                                                              "/shipping_address required", "/payment_method required", "/shipping_method required"));
  order_draft d = draft();
  d.items.emplace_back();
  EXPECT_THAT(complaints(d), UnorderedElementsAre("/items/1/product_id required", "/items/1/sku required", "/items/1/name required",
                                                  "/items/1/quantity required", "/items/1/unit_price required"));
}

TEST(Validation, LeavesOptionalFieldsOut) {
  auto d = draft();
  d.customer_email = d.payment_gateway = d.shipping_cost = d.tax = d.discount = std::nullopt;
  d.items[0].total_price = std::nullopt;
  d.payment_token = "";  // an empty text counts as missing
  const auto checked = validate(d, sandbox);
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->total(), 5998);
  EXPECT_EQ(checked->items[0].total_price, 5998);
  EXPECT_EQ(checked->payment_token, "tok_visa");
  EXPECT_EQ(checked->metadata, "{}");
}

TEST(Validation, AsksForATokenOnlyWhereACardIsToPayAndNoSandboxStandsIn) {
  auto d = draft();
  d.payment_token = std::nullopt;
  for (auto method : {"credit_card", "debit_card", "card"}) {
    d.payment_method = method;
    EXPECT_THAT(complaints(d, production), ElementsAre("/payment_token token_required")) << method;
    EXPECT_THAT(complaints(d, sandbox), IsEmpty()) << method;
  }
  d.payment_method = "bank_transfer";
  EXPECT_THAT(complaints(d, production), IsEmpty());
}

TEST(Validation, HoldsQuantitiesBetweenOneAndTenThousand) {
  for (std::int64_t quantity : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{10'001}, std::int64_t{1} << 33, std::numeric_limits<std::int64_t>::min()})
    EXPECT_THAT(complaints([&](order_draft& d) { d.items[0].quantity = quantity; }), ElementsAre("/items/0/quantity out_of_range")) << quantity;
  EXPECT_THAT(complaints([](order_draft& d) {
                d.items[0].quantity = 10'000;
                d.items[0].total_price = "299900.00";
              }),
              IsEmpty());
}

TEST(Validation, HoldsAmountsToTheCurrencysDigits) {
  for (auto price : {"29.999", "1e2", "abc", "", "29,99", " 1", "NaN"})
    EXPECT_THAT(complaints([&](order_draft& d) { d.items[0].unit_price = price; }), ElementsAre("/items/0/unit_price invalid")) << price;
  for (auto price : {"-0.01", "-5", "10000000000000.01", "92233720368547758.08", "99999999999999999999999.99"})
    EXPECT_THAT(complaints([&](order_draft& d) { d.items[0].unit_price = price; }), ElementsAre("/items/0/unit_price out_of_range")) << price;
  EXPECT_THAT(complaints([](order_draft& d) { d.currency = "JPY"; }), UnorderedElementsAre("/items/0/unit_price invalid", "/items/0/total_price invalid",
                                                                                           "/shipping_cost invalid", "/tax invalid", "/discount invalid"));
}

TEST(Validation, LooksAtTheFormOfAmountsEvenWhereTheCurrencyIsUnknown) {
  EXPECT_THAT(complaints([](order_draft& d) {
                d.currency = "usd";
                d.items[0].unit_price = "ten";
                d.tax = "-1";
              }),
              UnorderedElementsAre("/currency unknown_currency", "/items/0/unit_price invalid", "/tax invalid"));
}

TEST(Validation, RefusesATotalPriceThatIsNotTheProduct) {
  for (auto total : {"59.97", "59.99", "29.99", "0.00"})
    EXPECT_THAT(complaints([&](order_draft& d) { d.items[0].total_price = total; }), ElementsAre("/items/0/total_price total_mismatch")) << total;
}

TEST(Validation, RefusesSumsThatNoMachineShouldAddUp) {
  EXPECT_THAT(complaints([](order_draft& d) {
                d.items[0].unit_price = "10000000000000.00";
                d.items[0].total_price = std::nullopt;
              }),
              ElementsAre("/items/0/unit_price overflow"));
  EXPECT_THAT(complaints([](order_draft& d) {
                d.items[0] = {"p", "s", "n", "10000000000000.00", std::nullopt, 1};
                d.items.push_back(d.items[0]);
              }),
              ElementsAre("/items overflow"));
}

TEST(Validation, RefusesADiscountAboveTheSubtotal) {
  EXPECT_THAT(complaints([](order_draft& d) { d.discount = "59.99"; }), ElementsAre("/discount out_of_range"));
  EXPECT_THAT(complaints([](order_draft& d) { d.discount = "59.98"; }), IsEmpty());
}

TEST(Validation, TakesBetweenOneAndFiveHundredLines) {
  EXPECT_THAT(complaints([](order_draft& d) { d.items.assign(500, d.items[0]); }), IsEmpty());
  EXPECT_THAT(complaints([](order_draft& d) { d.items.assign(501, d.items[0]); }), ElementsAre("/items too_many"));
  EXPECT_THAT(complaints([](order_draft& d) { d.items.clear(); }), ElementsAre("/items empty"));
}

TEST(Validation, KnowsItsMethodsAndGateways) {
  EXPECT_THAT(complaints([](order_draft& d) {
                d.payment_method = "cheque";
                d.shipping_method = "Standard";
                d.payment_gateway = "acme";
              }),
              UnorderedElementsAre("/payment_method invalid", "/shipping_method invalid", "/payment_gateway unknown_gateway"));
  EXPECT_THAT(complaints([](order_draft& d) { d.payment_gateway = "paypal"; }), ElementsAre("/payment_gateway gateway_not_configured"));
}

TEST(Validation, RefusesControlCharactersAndTooLongTexts) {
  struct field {
    std::optional<std::string> order_draft::*member;
    std::string pointer;
    std::size_t longest;
  };
  for (const auto& f : {field{&order_draft::customer_id, "/customer_id", 128}, field{&order_draft::payment_token, "/payment_token", 255}}) {
    EXPECT_THAT(complaints([&](order_draft& d) { d.*f.member = std::string(f.longest, 'x'); }), IsEmpty());
    EXPECT_THAT(complaints([&](order_draft& d) { d.*f.member = std::string(f.longest + 1, 'x'); }), ElementsAre(f.pointer + " too_long"));
    EXPECT_THAT(complaints([&](order_draft& d) { d.*f.member = std::string{"a\0b", 3}; }), ElementsAre(f.pointer + " invalid"));
    EXPECT_THAT(complaints([&](order_draft& d) { d.*f.member = "a\x1b[31m"; }), ElementsAre(f.pointer + " invalid"));
  }
  EXPECT_THAT(complaints([](order_draft& d) { d.items[0].sku = "WID\nGET"; }), ElementsAre("/items/0/sku invalid"));
  EXPECT_THAT(complaints([](order_draft& d) { d.items[0].name = std::string(257, 'n'); }), ElementsAre("/items/0/name too_long"));
  EXPECT_THAT(complaints([](order_draft& d) { d.metadata = std::string(16'385, 'm'); }), ElementsAre("/metadata too_long"));
}

TEST(Validation, ChecksBothAddressesUnderTheirOwnPointers) {
  EXPECT_THAT(complaints([](order_draft& d) {
                d.billing->postal_code = "1";
                d.shipping->country = "XX";
              }),
              UnorderedElementsAre("/billing_address/postal_code invalid", "/shipping_address/country unknown_country"));
}

TEST(Validation, DoesNotComplainTwiceAboutWhatTheReaderRefused) {
  order_draft d = draft();
  d.customer_id = std::nullopt;
  d.items[0].quantity = std::nullopt;
  d.items.emplace_back();  // not an object
  d.billing = std::nullopt;
  d.shipping->city.clear();
  d.shipping->line1.clear();
  const std::vector<field_error> already{{"/customer_id", "invalid", "must be a string"},
                                         {"/items/0/quantity", "invalid", "must be a whole number"},
                                         {"/items/1", "invalid", "must be an object"},
                                         {"/billing_address", "invalid", "must be an object"},
                                         {"/shipping_address/city", "invalid", "must be a string"}};
  EXPECT_THAT(complaints(d, production, already),
              UnorderedElementsAre("/customer_id invalid", "/items/0/quantity invalid", "/items/1 invalid", "/billing_address invalid",
                                   "/shipping_address/city invalid", "/shipping_address/line1 required"));
}

TEST(Validation, FailsWhereOnlyTheReaderHasComplained) {
  EXPECT_THAT(complaints(draft(), production, {{"/itemz", "unknown_field", "is not a field of an order"}}), ElementsAre("/itemz unknown_field"));
}

/// Any text, more often than not a plausible one.
rc::Gen<std::optional<std::string>> text_like(std::vector<std::string> plausible) {
  return rc::gen::oneOf(rc::gen::map(rc::gen::elementOf(std::move(plausible)), [](std::string s) { return std::optional{std::move(s)}; }),
                        rc::gen::map(rc::gen::arbitrary<std::string>(), [](std::string s) { return std::optional{std::move(s)}; }),
                        rc::gen::just(std::optional<std::string>{}));
}

rc::Gen<std::optional<std::string>> amount_like() { return text_like({"0", "0.01", "29.99", "59.98", "10000000000000.00", "-1", "1.", "1.001"}); }

RC_GTEST_PROP(Validation, OfAnyDraftEndsInAnInputThatHoldsOrInComplaints, ()) {
  order_draft d;
  d.customer_id = *text_like({"cust_1"});
  d.currency = *text_like({"USD", "USD", "USD", "JPY", "KWD", "XAU"});
  for (std::size_t i = *rc::gen::inRange<std::size_t>(0, 4); i > 0; --i)
    d.items.push_back({*text_like({"p"}), *text_like({"s"}), *text_like({"n"}), *amount_like(), *amount_like(),
                       *rc::gen::element<std::optional<std::int64_t>>(std::nullopt, -1, 0, 1, 2, 10'000, 10'001)});
  if (*rc::gen::arbitrary<bool>()) d.billing = d.shipping = samples::springfield();
  d.payment_method = *text_like({"card", "wallet"});
  d.payment_token = *text_like({"tok_visa"});
  d.shipping_method = *text_like({"standard"});
  d.shipping_cost = *amount_like();
  d.tax = *amount_like();
  d.discount = *amount_like();
  const auto checked = validate(d, production);
  RC_CLASSIFY(static_cast<bool>(checked));
  if (!checked) {
    RC_ASSERT(!checked.error().fields.empty());
    std::set<std::string> pointers;
    for (const auto& e : checked.error().fields) RC_ASSERT(pointers.insert(e.pointer).second);  // one complaint for each field
    return;
  }
  RC_ASSERT(!checked->items.empty());
  for (const auto& line : checked->items) RC_ASSERT(line.total_price == line.unit_price * line.quantity);
  RC_ASSERT(checked->discount <= checked->subtotal());
  RC_ASSERT(0 <= checked->total() && checked->total() <= amount_max);
}

}  // namespace
