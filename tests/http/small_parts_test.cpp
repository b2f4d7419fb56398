// Times, percent-encoding, preferences and token buckets on their own.
#include <gtest/gtest.h>

#include "http/conditions.hpp"
#include "http/query_string.hpp"
#include "http/rate_limit.hpp"
#include "http/tracing.hpp"

namespace coreldove::test {
namespace {

using namespace std::chrono_literals;

TEST(Time, IsReadWithEveryOffset) {
  const auto ms = [](std::string_view text) { return http::parse_time(text)->time_since_epoch().count(); };
  EXPECT_EQ(ms("1970-01-01"), 0);
  EXPECT_EQ(ms("1970-01-01T00:00:01Z"), 1000);
  EXPECT_EQ(ms("1970-01-01t00:00:01.25z"), 1250);
  EXPECT_EQ(ms("1970-01-01T02:00:00+02:00"), 0);
  EXPECT_EQ(ms("1969-12-31T18:30:00-05:30"), 0);
  EXPECT_EQ(ms("2024-02-29T12:00:00.123456Z"), 1709208000123);
}

TEST(Time, IsRefusedWhereItIsNone) {
  for (const char* text : {"", "2026", "2026-13-01", "2026-02-29", "2026-01-01T", "2026-01-01T00:00", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Z ", "2026-01-01T00:00:00+24:00",
                           "2026-01-01T00:00:00+0200", "26-01-01", "yesterday"})
    EXPECT_FALSE(http::parse_time(text)) << text;
}

TEST(Time, IsWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(http::format_time(domain::time_point{1709208000123ms}), "2024-02-29T12:00:00.123Z");
  EXPECT_EQ(http::format_time(domain::time_point{0ms}), "1970-01-01T00:00:00.000Z");
}

TEST(PercentEncoding, IsUndoneWhereTheResultIsText) {
  EXPECT_EQ(http::percent_decoded("a%20b+c", true), "a b c");
  EXPECT_EQ(http::percent_decoded("a%20b+c", false), "a b+c");
  EXPECT_EQ(http::percent_decoded("%C3%A9", false), "\xC3\xA9");
  for (const char* text : {"%", "%4", "%zz", "%0A", "%7f", "%C3", "%ED%A0%80"}) EXPECT_FALSE(http::percent_decoded(text, true)) << text;
}

TEST(Preference, IsHonouredWhereItMakesSense) {
  EXPECT_EQ(http::parse_wait("wait=10"), 10s);
  EXPECT_EQ(http::parse_wait("respond-async, WAIT = \"5\""), 5s);
  EXPECT_EQ(http::parse_wait("wait=0"), 0s);
  EXPECT_EQ(http::parse_wait("wait=61"), 60s);
  EXPECT_EQ(http::parse_wait("wait=99999999999999999999999"), 60s);
  for (const char* text : {"", "wait", "wait=", "wait=-1", "wait=1.5", "wait=soon", "waiting=5", "wait=-99999999999999999999999"})
    EXPECT_FALSE(http::parse_wait(text)) << text;
}

TEST(RateLimiter, LetsABurstThroughAndThenTheRate) {
  http::rate_limiter limiter{60, 3, 10};
  const http::rate_limiter::time_point start{};
  for (unsigned left : {2U, 1U, 0U}) {
    const auto d = limiter.ask("a", start);
    EXPECT_TRUE(d.allowed);
    EXPECT_EQ(d.remaining, left);
  }
  const auto refused = limiter.ask("a", start);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after_s, 1U);
  EXPECT_TRUE(limiter.ask("b", start).allowed);
  EXPECT_FALSE(limiter.ask("a", start + 900ms).allowed);
  EXPECT_TRUE(limiter.ask("a", start + 1s).allowed);
  EXPECT_FALSE(limiter.ask("a", start + 1s).allowed);
}

TEST(RateLimiter, LooksWithoutTaking) {
  http::rate_limiter limiter{60, 1, 10};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.ask("a", {}, false).allowed);
  EXPECT_TRUE(limiter.ask("a", {}).allowed);
  EXPECT_FALSE(limiter.ask("a", {}, false).allowed);
}

TEST(RateLimiter, ForgetsTheOneNotSeenForLongest) {
  http::rate_limiter limiter{60, 1, 2};
  EXPECT_TRUE(limiter.ask("a", {}).allowed);
  EXPECT_TRUE(limiter.ask("b", {}).allowed);
  EXPECT_FALSE(limiter.ask("a", {}).allowed);
  EXPECT_TRUE(limiter.ask("c", {}).allowed);
  EXPECT_FALSE(limiter.ask("a", {}).allowed) << "a was seen later than b";
  EXPECT_TRUE(limiter.ask("b", {}).allowed) << "b had to make room";
}

TEST(RateLimiter, ReportsWhatWasTakenOnceAndOnlyOfThoseAsked) {
  http::rate_limiter limiter{60, 10, 10};
  const http::rate_limiter::time_point start{};
  EXPECT_TRUE(limiter.reports(start).empty());
  limiter.ask("a", start);
  limiter.ask("b", start, false);
  limiter.ask("a", start);
  const auto first = limiter.reports(start + 1s);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].name, "a");
  EXPECT_EQ(first[0].taken, 2);
  EXPECT_EQ(first[0].tokens, 9) << "one has come back";
  EXPECT_EQ(first[1].name, "b");
  EXPECT_EQ(first[1].taken, 0);
  EXPECT_TRUE(limiter.reports(start + 2s).empty());
  limiter.ask("b", start + 2s);
  const auto second = limiter.reports(start + 2s);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].taken, 1);
}

TEST(RateLimiter, TakesOverWhatIsLeftByEverybodysCount) {
  http::rate_limiter limiter{60, 10, 10};
  const http::rate_limiter::time_point start{};
  limiter.ask("a", start);
  ASSERT_EQ(limiter.reports(start).size(), 1U);
  limiter.ask("a", start);
  limiter.settle("a", 4, start);
  EXPECT_EQ(limiter.ask("a", start, false).remaining, 3U) << "what was taken since the report comes off";
  limiter.settle("a", -5, start);
  const auto overdrawn = limiter.ask("a", start);
  EXPECT_FALSE(overdrawn.allowed);
  EXPECT_EQ(overdrawn.remaining, 0U);
  EXPECT_EQ(overdrawn.retry_after_s, 7U) << "the debt, and the one that is wanted";
  EXPECT_FALSE(limiter.ask("a", start + 6900ms, false).allowed);
  EXPECT_TRUE(limiter.ask("a", start + 7s, false).allowed);
  limiter.settle("a", 1'000, start + 7s);
  EXPECT_LE(limiter.ask("a", start + 7s, false).remaining, 10U) << "a bucket holds no more than a burst";
  limiter.settle("nobody", 5, start);
  EXPECT_EQ(limiter.ask("nobody", start, false).remaining, 10U) << "settling makes no bucket";
}

TEST(RateLimiter, SaysAgainWhatNobodyHasCountedButNoMoreThanABurst) {
  http::rate_limiter limiter{60, 3, 10};
  const http::rate_limiter::time_point start{};
  limiter.ask("a", start);
  for (const auto& r : limiter.reports(start)) limiter.give_back(r);
  limiter.ask("a", start);
  EXPECT_EQ(limiter.reports(start).at(0).taken, 2);
  for (int second = 0; second < 20; ++second) limiter.ask("a", start + std::chrono::seconds{second});
  auto all = limiter.reports(start + 20s);
  EXPECT_EQ(all.at(0).taken, 3);
  limiter.ask("a", start + 20s);
  limiter.give_back(all.at(0));
  EXPECT_EQ(limiter.reports(start + 20s).at(0).taken, 3);
  limiter.give_back({"nobody", 1, 1});
  EXPECT_TRUE(limiter.reports(start + 20s).empty());
}

TEST(RateLimiter, IsOffAtZero) {
  http::rate_limiter limiter{0, 0, 1};
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(limiter.ask("a", {}).allowed);
}

TEST(TraceId, IsNewEachTimeWhereNoneCame) {
  const auto a = http::trace_id_from(""), b = http::trace_id_from("");
  EXPECT_EQ(a.size(), 32U);
  EXPECT_NE(a, b);
  EXPECT_EQ(http::trace_id_from("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later"), "4bf92f3577b34da6a3ce929d0e0e4736");
}

}  // namespace
}  // namespace coreldove::test
