#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/auth.hpp"
#include "runtime/clock.hpp"
#include "tests/program/program.hpp"

namespace coreldove::cli_test {
namespace {

using namespace program_test;

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

const std::string secret = "N5wq0yb2mJx8rT4vKc7uZp1sLd9fGh3a";

TEST(Token, HoldsRoleSubjectAndTimeAndIsSignedWithTheKey) {
  const scratch dir;
  const auto p = run(dir.path(), {"token", "--role", "operator", "--subject", "alice", "--ttl", "15m"}, {{"JWT_SECRET_KEY", secret}});
  ASSERT_EQ(p.status, 0);
  EXPECT_THAT(p.err, IsEmpty());
  ASSERT_THAT(lines_of(p.out), SizeIs(1));
  const auto now = runtime::system_clock().now();
  const auto token = http::verify_token(secret, lines_of(p.out)[0], now);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->who.subject, "alice");
  EXPECT_EQ(token->who.role, http::role::operator_);
  EXPECT_LE(token->expires_at, now + std::chrono::minutes{15} + http::token_leeway);
  EXPECT_GT(token->expires_at, now + std::chrono::minutes{14});
  EXPECT_FALSE(http::verify_token(secret + "x", lines_of(p.out)[0], now));
}

TEST(Token, WithoutAKeyIsSignedWithTheOneInTheDataFolder) {
  const scratch dir;
  const auto p = run(dir.path(), {"token", "--role", "customer", "--subject", "cust_1"});
  ASSERT_EQ(p.status, 0);
  ASSERT_THAT(lines_of(file_text(dir.path() / "var" / "jwt.key")), SizeIs(1));
  const auto key = lines_of(file_text(dir.path() / "var" / "jwt.key"))[0];
  EXPECT_TRUE(http::verify_token(key, lines_of(p.out).at(0), runtime::system_clock().now()));
}

TEST(Token, RefusesUnknownRolesEmptySubjectsAndBadTimes) {
  const scratch dir;
  const auto p = run(dir.path(), {"token", "--role", "king", "--subject", "", "--ttl", "0s"});
  EXPECT_EQ(p.status, 2);
  EXPECT_THAT(p.out, IsEmpty());
  EXPECT_THAT(lines_of(p.err),
              ElementsAre(StartsWith("--role: \"king\" is not allowed"), StartsWith("--subject: "), StartsWith("--ttl: \"0s\" is not allowed")));
}

}  // namespace
}  // namespace coreldove::cli_test
