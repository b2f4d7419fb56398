// What is made from the option table, and that the checked-in copies are up to date.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "config/option.hpp"
#include "config/sample_catalog.hpp"

namespace coreldove::config {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string file_text(const std::string& path) {
  std::ifstream file{std::string{CORELDOVE_SOURCE_DIR} + "/" + path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(OptionTable, HasEachNameOnce) {
  std::set<std::string_view> names;
  for (const auto& o : options()) EXPECT_TRUE(names.insert(o.name).second) << o.name;
}

TEST(OptionTable, AcceptsItsOwnDefaults) {
  for (const auto& o : options()) {
    settings s;
    const auto usual = write_value(o, s);
    if (usual.empty()) continue;
    EXPECT_EQ(read_value(o, usual, s), std::nullopt) << o.name;
    EXPECT_EQ(write_value(o, s), usual) << o.name;
  }
}

TEST(OptionTable, KeepsEveryKeyPasswordAndSecretHidden) {
  for (const auto& o : options()) {
    const bool sounds_secret = o.name.find("SECRET") != std::string_view::npos || o.name.find("PASSWORD") != std::string_view::npos ||
                               o.name.ends_with("_KEY") || o.name.ends_with("_SALT");
    EXPECT_EQ(o.secret, sounds_secret) << o.name;
  }
}

TEST(EnvExample, IsUpToDate) { EXPECT_EQ(file_text(".env.example"), env_example()) << "run `make generate`"; }

TEST(SettingsPage, IsUpToDate) { EXPECT_EQ(file_text("docs/settings.md"), settings_page()) << "run `make generate`"; }

TEST(HelpText, NamesEverySettingAndStaysNarrow) {
  const auto text = help_text();
  for (const auto& o : options()) EXPECT_THAT(text, HasSubstr(std::string{o.name}));
  for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
    end = std::min(text.find('\n', at), text.size());
    EXPECT_LE(end - at, 100U) << text.substr(at, end - at);
  }
}

TEST(EffectiveText, MasksSecretsAndOnlyThem) {
  settings s;
  s.jwt_secret_key = "topsecret";
  s.host = "::1";
  s.database_url = "postgresql://shop:pa55word@db/orders?sslmode=require&password=pa55word";
  const auto text = effective_text(s);
  EXPECT_THAT(text, HasSubstr("JWT_SECRET_KEY=***\n"));
  EXPECT_THAT(text, Not(HasSubstr("topsecret")));
  EXPECT_THAT(text, HasSubstr("HOST=::1\n"));
  EXPECT_THAT(text, HasSubstr("DATABASE_URL=postgresql://***@db/orders?sslmode=require&password=***\n"));
  EXPECT_THAT(text, HasSubstr("ENCRYPTION_KEY=\n"));
}

TEST(SampleCatalog, IsTheFileItself) {
  EXPECT_EQ(sample_catalog(), file_text("config/sample_catalog.csv"));
  EXPECT_THAT(std::string{sample_catalog()}, HasSubstr("product,WIDGET-001,"));
}

}  // namespace
}  // namespace coreldove::config
