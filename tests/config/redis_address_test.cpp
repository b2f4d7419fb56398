#include "config/redis_address.hpp"

#include <gtest/gtest.h>

namespace coreldove::config {
namespace {

redis_address parsed(std::string_view url) {
  const auto a = parse_redis_address(url);
  EXPECT_TRUE(a) << url;
  return a.value_or(redis_address{});
}

TEST(RedisAddress, HasDefaultsForAllButTheHost) {
  const auto a = parsed("redis://cache.example.com");
  EXPECT_EQ(a.host, "cache.example.com");
  EXPECT_EQ(a.port, 6379);
  EXPECT_EQ(a.user, "");
  EXPECT_EQ(a.password, "");
  EXPECT_EQ(a.database, 0U);
  EXPECT_EQ(parsed("redis://cache/").database, 0U);
}

TEST(RedisAddress, IsTakenApartWhole) {
  const auto a = parsed("redis://shop:p%40ss%2F%3Aword@10.0.0.7:6380/15");
  EXPECT_EQ(a.host, "10.0.0.7");
  EXPECT_EQ(a.port, 6380);
  EXPECT_EQ(a.user, "shop");
  EXPECT_EQ(a.password, "p@ss/:word");
  EXPECT_EQ(a.database, 15U);
}

TEST(RedisAddress, MayHaveAPasswordWithoutAUserAndAnIpv6Host) {
  const auto a = parsed("redis://:pa@ss:word@[::1]:6399/2");
  EXPECT_EQ(a.host, "::1");
  EXPECT_EQ(a.port, 6399);
  EXPECT_EQ(a.user, "");
  EXPECT_EQ(a.password, "pa@ss:word") << "the last @ ends it, the first colon begins it";
  EXPECT_EQ(parsed("redis://[fd00::7]").host, "fd00::7");
}

TEST(RedisAddress, IsRefusedWhereAnyPartIsOfAnotherForm) {
  for (const auto* url : {"",
                          "redis://",
                          "redis:///0",
                          "http://r",
                          "rediss://r",
                          "unix:///run/redis.sock",
                          "r:6379",
                          "redis://r:",
                          "redis://r:0",
                          "redis://r:65536",
                          "redis://r:6379x",
                          "redis://r:-1",
                          "redis://r/x",
                          "redis://r/-1",
                          "redis://r/16384",
                          "redis://r/0/0",
                          "redis://r?db=1",
                          "redis://user@r",
                          "redis://user:@r",
                          "redis://:p%4@r",
                          "redis://:p%zz@r",
                          "redis://a b",
                          "redis://::1",
                          "redis://[::1",
                          "redis://[r]",
                          "redis://[::1]x",
                          "redis://@r"})
    EXPECT_FALSE(parse_redis_address(url)) << url;
}

}  // namespace
}  // namespace coreldove::config
