#include "domain/address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "domain/address_rules.hpp"

using namespace coreldove::domain;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

namespace {

address in_springfield() { return {"A. Buyer", "1 Main St", "", "Springfield", "IL", "62701", "US", "+12175550100"}; }

std::vector<std::string> complaints(const address& a) {
  std::vector<std::string> out;
  for (const auto& e : check_address(a, "/to")) out.push_back(e.pointer + " " + e.code);
  return out;
}

address with(address a, std::string address::*part, std::string value) {
  a.*part = std::move(value);
  return a;
}

TEST(Address, OfAnOrdinaryCustomerIsFine) {
  EXPECT_THAT(complaints(in_springfield()), IsEmpty());
  for (const address& a :
       {address{"B", "Unter den Linden 1", "", "Berlin", "", "10117", "DE", ""},
        address{"C", "10 Downing St", "", "London", "", "SW1A 2AA", "GB", "+442079250918"},
        address{"D", "1-1 Chiyoda", "", "Chiyoda", "Tokyo", "100-0001", "JP", ""},
        address{"E", "Av. Paulista 1", "", "São Paulo", "Sao Paulo", "01310-100", "BR", "+5511999999999"},
        address{"F", "1 MG Road", "", "Bengaluru", "KA", "560001", "IN", "+919876543210"},
        address{"G", "Main Rd", "", "Toronto", "ontario", "m5v 2t6", "CA", ""}, address{"H", "Sheikh Zayed Rd", "", "Dubai", "", "", "AE", "+971501234567"},
        address{"I", "Orchard Rd 1", "", "", "", "238823", "SG", ""}})
    EXPECT_THAT(complaints(a), IsEmpty()) << a.country;
}

TEST(Address, ReportsAllMissingPartsAtOnce) {
  EXPECT_THAT(complaints({"", "", "", "", "", "", "US", ""}),
              UnorderedElementsAre("/to/name required", "/to/line1 required", "/to/city required", "/to/state required", "/to/postal_code required"));
  EXPECT_THAT(complaints({}), UnorderedElementsAre("/to/name required", "/to/line1 required", "/to/country required"));
}

TEST(Address, NeedsOnlyWhatTheCountryAsksFor) {
  EXPECT_THAT(complaints({"A", "B", "", "", "", "", "DE", ""}), UnorderedElementsAre("/to/city required", "/to/postal_code required"));
  EXPECT_THAT(complaints({"A", "B", "", "", "", "", "AE", ""}), ElementsAre("/to/city required"));
  EXPECT_THAT(complaints({"A", "B", "", "", "", "", "SG", ""}), ElementsAre("/to/postal_code required"));
}

TEST(Address, NeedsACountryOfTheStandardInCapitals) {
  for (auto country : {"us", "USA", "XX", "ZZ", "UK", "U", "1A", "AC", "XK"})
    EXPECT_THAT(complaints(with(in_springfield(), &address::country, country)), ElementsAre("/to/country unknown_country")) << country;
}

TEST(Address, NeedsAStateOfTheCountry) {
  for (auto state : {"IL", "il", "Illinois", "ILLINOIS"}) EXPECT_THAT(complaints(with(in_springfield(), &address::state, state)), IsEmpty()) << state;
  for (auto state : {"XX", "Ontario", "Illi", "IL|", "US-IL", "Illinois|Indiana"})
    EXPECT_THAT(complaints(with(in_springfield(), &address::state, state)), ElementsAre("/to/state invalid")) << state;
}

TEST(Address, NeedsAPostalCodeOfTheCountrysForm) {
  for (auto code : {"62701", "62701-1234", "62701 1234"}) EXPECT_THAT(complaints(with(in_springfield(), &address::postal_code, code)), IsEmpty()) << code;
  for (auto code : {"6270", "627011", "ABCDE", "62701-", " 62701", "SW1A 2AA"})
    EXPECT_THAT(complaints(with(in_springfield(), &address::postal_code, code)), ElementsAre("/to/postal_code invalid")) << code;
  const address albania{"A", "B", "", "Tirana", "", "12345", "AL", ""};  // not needed there, but if it is given it must be right
  EXPECT_THAT(complaints(albania), ElementsAre("/to/postal_code invalid"));
}

TEST(Address, NeedsPhoneNumbersInInternationalForm) {
  for (auto phone : {"", "+12175550100", "+4930123456", "+85212345678", "+80012345678"})
    EXPECT_THAT(complaints(with(in_springfield(), &address::phone, phone)), IsEmpty()) << phone;
  for (auto phone : {"2175550100", "+1 217 555 0100", "+1217555010", "+121755501000", "+999123456789", "+0012175550100", "+01217555010", "+12",
                     "+1234567890123456", "+", "phone", "+49301234x"})
    EXPECT_THAT(complaints(with(in_springfield(), &address::phone, phone)), ElementsAre("/to/phone invalid")) << phone;
}

TEST(Address, RefusesControlCharactersAndTooLongTexts) {
  for (auto part : {&address::name, &address::line1, &address::line2, &address::city}) {
    EXPECT_EQ(complaints(with(in_springfield(), part, std::string{"a\0b", 3})).size(), 1U);
    EXPECT_EQ(complaints(with(in_springfield(), part, "a\nb")).size(), 1U);
    EXPECT_EQ(complaints(with(in_springfield(), part, "a\xC2\x85z")).size(), 1U);
    EXPECT_EQ(complaints(with(in_springfield(), part, std::string(257, 'a'))).size(), 1U);
  }
  EXPECT_THAT(complaints(with(in_springfield(), &address::name, std::string(129, 'a'))), ElementsAre("/to/name too_long"));
  EXPECT_THAT(complaints(with(in_springfield(), &address::postal_code, std::string(17, '1'))), ElementsAre("/to/postal_code too_long"));
  std::string umlauts;
  for (int i = 0; i < 128; ++i) umlauts += "ü";  // characters count, not bytes
  EXPECT_THAT(complaints(with(in_springfield(), &address::name, umlauts)), IsEmpty());
}

TEST(Address, TellsWhereStateAndPostalCodeContradictEachOther) {
  EXPECT_FALSE(state_contradicts_postal_code(in_springfield()));
  EXPECT_FALSE(state_contradicts_postal_code(with(in_springfield(), &address::state, "Illinois")));
  EXPECT_TRUE(state_contradicts_postal_code(with(in_springfield(), &address::state, "CA")));
  EXPECT_TRUE(state_contradicts_postal_code(with(in_springfield(), &address::postal_code, "90210")));
  EXPECT_TRUE(state_contradicts_postal_code({"A", "B", "", "Toronto", "ON", "V5K 0A1", "CA", ""}));
}

TEST(Address, SaysNothingAboutPostalCodesItKnowsNothingOf) {
  EXPECT_FALSE(state_contradicts_postal_code(with(in_springfield(), &address::state, "XX")));
  EXPECT_FALSE(state_contradicts_postal_code(with(in_springfield(), &address::postal_code, "")));
  EXPECT_FALSE(state_contradicts_postal_code(with(in_springfield(), &address::country, "??")));
  EXPECT_FALSE(state_contradicts_postal_code({"A", "B", "", "Berlin", "BE", "10117", "DE", ""}));
}

TEST(Address, TellsWhereThePhoneBelongsToAnotherCountry) {
  EXPECT_FALSE(phone_contradicts_country(in_springfield()));
  EXPECT_FALSE(phone_contradicts_country(with(in_springfield(), &address::phone, "")));
  EXPECT_FALSE(phone_contradicts_country(with(in_springfield(), &address::phone, "nonsense")));
  EXPECT_TRUE(phone_contradicts_country(with(in_springfield(), &address::phone, "+4930123456")));
}

TEST(AddressRules, CoverTheCountriesOfTheStandardOnce) {
  const auto rules = country_rules();
  EXPECT_EQ(rules.size(), 249U);
  EXPECT_TRUE(std::ranges::is_sorted(rules, {}, &country_rule::code));
  EXPECT_EQ(std::ranges::adjacent_find(rules, {}, &country_rule::code), rules.end());
  for (const auto& rule : rules) {
    EXPECT_THAT(rule.calling_code.size(), testing::AllOf(testing::Ge(1U), testing::Le(3U))) << rule.code;
    EXPECT_TRUE(rule.subdivisions.empty() || (rule.required & state_part) != 0) << rule.code;
    EXPECT_TRUE(std::ranges::is_sorted(rule.subdivisions, {}, &subdivision_rule::code)) << rule.code;
  }
}

TEST(AddressRules, AcceptEveryStateByCodeAndByName) {
  const auto accepts = [](const country_rule& rule, std::string_view state) {
    const auto found = complaints({"A", "B", "", "C", std::string{state}, "", std::string{rule.code}, ""});
    return state.empty() || std::ranges::find(found, "/to/state invalid") == found.end();
  };
  for (const auto& rule : country_rules())
    for (const auto& sub : rule.subdivisions) {
      EXPECT_TRUE(accepts(rule, sub.code)) << rule.code << ' ' << sub.code;
      EXPECT_TRUE(accepts(rule, sub.names.substr(0, sub.names.find('|')))) << rule.code << ' ' << sub.names;
      EXPECT_TRUE(accepts(rule, sub.names.substr(sub.names.rfind('|') + 1))) << rule.code << ' ' << sub.names;
    }
}

RC_GTEST_PROP(Address, OfAnyContentIsCheckedWithoutHarm,
              (std::string name, std::string line1, std::string city, std::string state, std::string postal_code, std::string phone)) {
  const auto country = *rc::gen::elementOf(std::vector<std::string>{"US", "GB", "JP", "DE", "BR", "PA", "HK", "IE"});
  const address a{name, line1, line1, city, state, postal_code, country, phone};
  for (const auto& e : check_address(a, "/billing_address")) {
    RC_ASSERT(e.pointer.starts_with("/billing_address/"));
    RC_ASSERT(!e.message.empty());
    RC_ASSERT(e.code == "required" || e.code == "too_long" || e.code == "invalid");
  }
  RC_ASSERT(!state_contradicts_postal_code(a) || !a.postal_code.empty());
  RC_ASSERT(!phone_contradicts_country(a) || a.phone.starts_with('+'));
}

}  // namespace
