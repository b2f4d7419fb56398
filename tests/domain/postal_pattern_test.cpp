#include "domain/postal_pattern.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <regex>

#include "domain/address_rules.hpp"

using namespace coreldove::domain;

namespace {

TEST(PostalPattern, ReadsTheSubsetThatPostalCodesUse) {
  const postal_pattern p{R"(A[B-D\d]?( ?\d{2}|X[-]){1,3}|)"};
  for (auto text : {"", "A12", "A 12", "AB12", "A912", "A12 34", "AX-X-X-", "a12", "ad12x-99"}) EXPECT_TRUE(p.matches(text)) << text;
  for (auto text : {"A", "AE12", "A1", "A  12", "A12345678", "12", "A12 ", " A12", "A12\n", "AX"}) EXPECT_FALSE(p.matches(text)) << text;
}

TEST(PostalPattern, AsAPrefixOnlyLooksAtTheBeginning) {
  const postal_pattern p{"60|61[0-3]"};
  for (auto text : {"60", "60601", "6130", "60-anything/at all"}) EXPECT_TRUE(p.begins(text)) << text;
  for (auto text : {"", "6", "61", "614", "160"}) EXPECT_FALSE(p.begins(text)) << text;
  EXPECT_FALSE(p.matches("60601"));
}

TEST(PostalPattern, RefusesCharactersOutsideItsAlphabet) {
  const postal_pattern p{R"(\d{5})"};
  for (auto text : {"1234é", "1234\x80", "１２３４５", "12_45", "1234."}) EXPECT_FALSE(p.matches(text)) << text;
  EXPECT_FALSE(p.matches(std::string_view{"1234\0", 5}));
}

TEST(PostalPattern, StaysQuickOnLongInput) {
  const postal_pattern p{"(A?A?){12}B|(A{1,12}){1,12}"};
  EXPECT_FALSE(p.matches(std::string(1'000'000, 'A')));  // a backtracking matcher would not come back from this
}

/// Every pattern of the table, with the standard library's own opinion of it.
struct oracle {
  postal_pattern ours;
  std::regex theirs;
};

const std::vector<oracle>& all_patterns() {
  static const std::vector<oracle> all = [] {
    std::vector<oracle> out;
    auto add = [&out](std::string_view pattern) {
      if (!pattern.empty()) out.push_back({postal_pattern{pattern}, std::regex{std::string{pattern}, std::regex::ECMAScript | std::regex::icase}});
    };
    for (const auto& rule : country_rules()) {
      add(rule.postal_pattern);
      for (const auto& sub : rule.subdivisions) add(sub.postal_prefix);
    }
    return out;
  }();
  return all;
}

RC_GTEST_PROP(PostalPattern, AgreesWithRegularExpressions, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"0011223344556789ABCEGSWXZ -"}));
  for (const auto& p : all_patterns()) {
    RC_ASSERT(p.ours.matches(text) == std::regex_match(text, p.theirs));
    RC_ASSERT(p.ours.begins(text) == std::regex_search(text, p.theirs, std::regex_constants::match_continuous));
  }
}

}  // namespace
