#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/program/program.hpp"

namespace coreldove::cli_test {
namespace {

using namespace program_test;

TEST(Sandbox, RunsOnFreePortsUntilItIsAskedToEnd) {
  for (const int number : {SIGTERM, SIGINT}) {
    const scratch dir;
    program p{dir.path(), {"sandbox", "--port", "0"}};
    EXPECT_THAT(p.wait_for_line("sandbox listening on"), testing::MatchesRegex("sandbox listening on http://127\\.0\\.0\\.1:[0-9]+"));
    EXPECT_THAT(p.wait_for_line("mail on"), testing::MatchesRegex("mail on smtp://127\\.0\\.0\\.1:[0-9]+"));
    p.signal(number);
    EXPECT_EQ(p.wait().status, 0);
  }
}

TEST(Sandbox, OnATakenPortFailsWithOneLine) {
  const scratch dir;
  program first{dir.path(), {"sandbox", "--port", "0"}};
  const auto line = first.wait_for_line("sandbox listening on");
  ASSERT_NE(line, "");
  const auto second = run(dir.path(), {"sandbox", "--port", line.substr(line.rfind(':') + 1)});
  EXPECT_EQ(second.status, 1);
  EXPECT_EQ(lines_of(second.err).size(), 1U) << second.err;
}

}  // namespace
}  // namespace coreldove::cli_test
