#include "domain/money.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

using namespace coreldove::domain;

namespace {

constexpr minor_units largest = std::numeric_limits<minor_units>::max();
constexpr minor_units smallest = std::numeric_limits<minor_units>::min();

TEST(Currency, KnowsTheMinorDigitsOfIso4217) {
  struct expected {
    std::string_view code;
    int digits;
  };
  // RSD, IQD and MGA are among those where shops print fewer digits than the standard has.
  for (auto [code, digits] : {expected{"USD", 2},
                              {"EUR", 2},
                              {"JPY", 0},
                              {"KRW", 0},
                              {"CLP", 0},
                              {"KWD", 3},
                              {"BHD", 3},
                              {"TND", 3},
                              {"IQD", 3},
                              {"RSD", 2},
                              {"MGA", 2},
                              {"ISK", 0},
                              {"INR", 2},
                              {"UGX", 0},
                              {"ZWG", 2},
                              {"XCG", 2}}) {
    const auto found = currency::find(code);
    ASSERT_TRUE(found) << code;
    EXPECT_EQ(found->digits, digits) << code;
    EXPECT_EQ(found->name(), code);
  }
}

TEST(Currency, RefusesMetalsFundsTestCodesAndMoneyOfThePast) {
  for (auto code : {"XAU", "XAG", "XXX", "XTS", "XDR", "USN", "CHE", "CLF", "DEM", "HRK", "BGN", "SLL", "VEF", "ZWL"})
    EXPECT_FALSE(currency::find(code)) << code;
}

TEST(Currency, RefusesWhatIsNotACode) {
  for (std::string_view code : {"", "US", "usd", "USDX", "U D", "ÄÖ", "US$"}) EXPECT_FALSE(currency::find(code)) << code;
}

TEST(Amount, ReadsPlainDecimals) {
  EXPECT_EQ(parse_amount("59.98", 2), 5998);
  EXPECT_EQ(parse_amount("59.9", 2), 5990);
  EXPECT_EQ(parse_amount("60", 2), 6000);
  EXPECT_EQ(parse_amount("0", 2), 0);
  EXPECT_EQ(parse_amount("0.50", 2), 50);
  EXPECT_EQ(parse_amount("60", 0), 60);
  EXPECT_EQ(parse_amount("1.234", 3), 1234);
  EXPECT_EQ(parse_amount("92233720368547758.07", 2), largest);
}

TEST(Amount, RefusesEverythingElse) {
  for (std::string_view text :
       {"", ".", "5.", ".5", "-1", "+1", "00", "01", "00.50", "1e3", "1E3", " 1", "1 ", "1,5", "1.2.3", "NaN", "inf", "0x10", "1_000", "٣", "1.-5"})
    EXPECT_FALSE(parse_amount(text, 2)) << text;
  EXPECT_FALSE(parse_amount(std::string_view{"1\0", 2}, 2));
}

TEST(Amount, RefusesMoreDecimalsThanTheCurrencyHas) {
  EXPECT_FALSE(parse_amount("59.980", 2));
  EXPECT_FALSE(parse_amount("60.0", 0));
  EXPECT_FALSE(parse_amount("60.", 0));
}

TEST(Amount, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(parse_amount("92233720368547758.08", 2));
  EXPECT_FALSE(parse_amount("92233720368547759", 2));
  EXPECT_FALSE(parse_amount("9223372036854775808", 0));
  EXPECT_FALSE(parse_amount("99999999999999999999999999999999", 2));
}

TEST(Amount, PrintsAllDigitsOfTheCurrency) {
  EXPECT_EQ(format_amount(5998, 2), "59.98");
  EXPECT_EQ(format_amount(5, 2), "0.05");
  EXPECT_EQ(format_amount(0, 2), "0.00");
  EXPECT_EQ(format_amount(60, 0), "60");
  EXPECT_EQ(format_amount(0, 0), "0");
  EXPECT_EQ(format_amount(1, 3), "0.001");
  EXPECT_EQ(format_amount(-5998, 2), "-59.98");
  EXPECT_EQ(format_amount(largest, 2), "92233720368547758.07");
  EXPECT_EQ(format_amount(smallest, 0), "-9223372036854775808");
}

RC_GTEST_PROP(Amount, IsTheSameAfterPrintingAndReading, ()) {
  const auto amount = *rc::gen::inRange<minor_units>(0, largest);
  const auto digits = *rc::gen::inRange<std::uint8_t>(0, 5);
  RC_ASSERT(parse_amount(format_amount(amount, digits), digits) == amount);
}

RC_GTEST_PROP(Amount, WithOneDecimalTooManyIsNeverRead, ()) {
  const auto amount = *rc::gen::inRange<minor_units>(0, largest);
  const auto digits = *rc::gen::inRange<std::uint8_t>(0, 4);
  const auto more = static_cast<std::uint8_t>(digits + 1);
  RC_ASSERT(!parse_amount(format_amount(amount, more), digits));
}

RC_GTEST_PROP(Amount, ReadsAnyTextWithoutHarmAndOnlyCanonicalOnesTwice, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"0123456789.-+e "}));
  const auto value = parse_amount(text, 2);
  if (!value) return;
  const auto printed = format_amount(*value, 2);
  RC_ASSERT(printed.starts_with(text.substr(0, text.find('.'))));
  RC_ASSERT(parse_amount(printed, 2) == value);
}

TEST(CheckedArithmetic, GivesNothingOnOverflow) {
  EXPECT_EQ(checked_add(2, 3), 5);
  EXPECT_FALSE(checked_add(largest, 1));
  EXPECT_FALSE(checked_add(smallest, -1));
  EXPECT_EQ(checked_multiply(2999, 2), 5998);
  EXPECT_EQ(checked_multiply(largest, 1), largest);
  EXPECT_FALSE(checked_multiply(largest, 2));
  EXPECT_FALSE(checked_multiply(smallest, -1));
}

}  // namespace
