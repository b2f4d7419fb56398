// Help, version, exit statuses, and what a bad setting looks like.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/program/program.hpp"

namespace coreldove::cli_test {
namespace {

using namespace program_test;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST(Usage, HelpNamesEverySubcommandAndGivesExamples) {
  const scratch dir;
  const auto p = run(dir.path(), {"--help"});
  EXPECT_EQ(p.status, 0);
  EXPECT_THAT(p.err, IsEmpty());
  for (const auto* name : {"serve", "sandbox", "token", "apikey", "migrate", "catalog", "replay", "verify", "check", "bench"})
    EXPECT_THAT(p.out, HasSubstr(std::string{"\n  "} + name)) << name;
  EXPECT_THAT(p.out, HasSubstr("Examples:"));
}

TEST(Usage, HelpOfServeNamesTheSettings) {
  const scratch dir;
  const auto p = run(dir.path(), {"serve", "--help"});
  EXPECT_EQ(p.status, 0);
  EXPECT_THAT(p.out, AllOf(HasSubstr("HIGH_VALUE_THRESHOLD (1000.00)"), HasSubstr("CORELDOVE_MAX_IN_FLIGHT (20000)")));
}

TEST(Usage, HelpOfEverySubcommandEndsWellAndNeedsNoSettings) {
  const scratch dir;
  for (const auto* name : {"serve", "sandbox", "token", "apikey", "migrate", "catalog", "replay", "verify", "check", "bench"}) {
    const auto p = run(dir.path(), {name, "--help"}, {{"PORT", "bad"}});
    EXPECT_EQ(p.status, 0) << name;
    EXPECT_THAT(p.out, Not(IsEmpty())) << name;
    EXPECT_THAT(p.err, IsEmpty()) << name;
  }
}

TEST(Usage, VersionIsOneLine) {
  const scratch dir;
  const auto p = run(dir.path(), {"--version"});
  EXPECT_EQ(p.status, 0);
  EXPECT_THAT(lines_of(p.out), ElementsAre(StartsWith("coreldove ")));
}

TEST(Usage, NothingToDoIsAMistake) {
  const scratch dir;
  const auto p = run(dir.path(), {});
  EXPECT_EQ(p.status, 2);
  EXPECT_THAT(p.out, IsEmpty());
  EXPECT_THAT(p.err, HasSubstr("Examples:"));
}

TEST(Usage, UnknownWordsAndOptionsAreMistakes) {
  const scratch dir;
  for (const auto& args :
       {arguments{"dance"}, {"serve", "--fast"}, {"token"}, {"replay"}, {"catalog"}, {"catalog", "import"}, {"apikey"}, {"check"}, {"bench", "--nonsense"}}) {
    const auto p = run(dir.path(), args);
    EXPECT_EQ(p.status, 2) << args.front();
    EXPECT_THAT(p.out, IsEmpty()) << args.front();
    EXPECT_THAT(p.err, Not(IsEmpty())) << args.front();
  }
}

TEST(Settings, ABadOneStopsTheStartWithOneLine) {
  const scratch dir;
  const auto p = run(dir.path(), {"serve"}, {{"PORT", "eighty"}});
  EXPECT_EQ(p.status, 2);
  EXPECT_THAT(p.out, IsEmpty());
  EXPECT_THAT(lines_of(p.err), ElementsAre("PORT: \"eighty\" is not allowed; allowed is a whole number from 0 to 65535"));
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "var")) << "nothing may be made before the settings are right";
}

TEST(Settings, ProductionWithoutKeysIsRefused) {
  const scratch dir;
  const auto p = run(dir.path(), {"serve"}, {{"ENVIRONMENT", "production"}});
  EXPECT_EQ(p.status, 2);
  EXPECT_THAT(lines_of(p.err), ElementsAre(StartsWith("JWT_SECRET_KEY: not set"), StartsWith("ENCRYPTION_KEY: not set")));
}

TEST(Settings, UnknownOnesGetAHint) {
  const scratch dir;
  const auto p = run(dir.path(), {"serve"}, {{"CORELDOVE_HTTP_TREADS", "2"}});
  EXPECT_EQ(p.status, 2);
  EXPECT_THAT(lines_of(p.err), ElementsAre("CORELDOVE_HTTP_TREADS: there is no such setting; did you mean CORELDOVE_HTTP_THREADS?"));
}

TEST(Settings, PrintConfigShowsWhatIsInEffectAndNoSecret) {
  const scratch dir;
  const auto p = run(dir.path(), {"--print-config"}, {{"JWT_SECRET_KEY", "topsecret"}, {"PORT", "9"}, {"OPENAI_API_KEY", "sk-hidden"}});
  EXPECT_EQ(p.status, 0);
  EXPECT_THAT(p.out, AllOf(HasSubstr("PORT=9\n"), HasSubstr("JWT_SECRET_KEY=***\n"), HasSubstr("HOST=127.0.0.1\n")));
  EXPECT_THAT(p.out + p.err, Not(testing::ContainsRegex("topsecret|sk-hidden")));
  EXPECT_THAT(lines_of(p.err), ElementsAre("note: OPENAI_API_KEY is set but nothing in this version uses it"));
}

TEST(Settings, PrintConfigRefusesBadOnes) {
  const scratch dir;
  EXPECT_EQ(run(dir.path(), {"--print-config"}, {{"LOG_FORMAT", "xml"}}).status, 2);
}

}  // namespace
}  // namespace coreldove::cli_test
