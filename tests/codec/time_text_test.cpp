#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "persistence/codec/event_codec.hpp"

namespace coreldove::persistence {
namespace {

domain::time_point at(std::int64_t ms) { return domain::time_point{domain::duration{ms}}; }

TEST(TimeText, IsRfc3339InUtcWithMilliseconds) {
  EXPECT_EQ(format_time(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(at(1'795'457'100'123)), "2026-11-23T18:05:00.123Z");
  EXPECT_EQ(format_time(at(951'782'399'999)), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(format_time(at(951'782'400'000)), "2000-02-29T00:00:00.000Z");
}

TEST(TimeText, ReadsOffsetsFractionsAndLeapSeconds) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), at(0));
  EXPECT_EQ(parse_time("1970-01-01t01:30:00+01:30"), at(0));
  EXPECT_EQ(parse_time("1969-12-31T19:00:00.5-05:00"), at(500));
  EXPECT_EQ(parse_time("1970-01-01T00:00:00.1239999Z"), at(123));
  EXPECT_EQ(parse_time("2016-12-31T23:59:60Z"), parse_time("2017-01-01T00:00:00Z"));
}

TEST(TimeText, RefusesWhatIsNotATime) {
  for (const char* text : {"", "2026", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+24:00",
                           "+026-01-01T00:00:00Z", "2026-01-01T00:00:61Z"})
    EXPECT_FALSE(parse_time(text)) << text;
}

RC_GTEST_PROP(TimeText, EveryTimeComesBack, ()) {
  const auto t = at(*rc::gen::inRange<std::int64_t>(-2'208'988'800'000, 253'402'300'799'999));
  RC_ASSERT(parse_time(format_time(t)) == t);
}

}  // namespace
}  // namespace coreldove::persistence
