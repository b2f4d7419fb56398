#include "runtime/app/signing_key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace coreldove::app {
namespace {

namespace fs = std::filesystem;

class SigningKey : public testing::Test {
protected:
  void SetUp() override {
    folder_ = fs::path{testing::TempDir()} / (std::string{"signing_key_"} + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    settings_.data_dir = (folder_ / "data").string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
  config::settings settings_;
};

TEST_F(SigningKey, IsTheConfiguredOneAndThenNothingIsWritten) {
  settings_.jwt_secret_key = "configured";
  EXPECT_EQ(signing_key(settings_), "configured");
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(SigningKey, IsMadeOnceAndKeptForItsOwnerAlone) {
  const auto key = signing_key(settings_);
  EXPECT_EQ(key.size(), 64U);
  EXPECT_EQ(signing_key(settings_), key);
  const auto file = fs::path{settings_.data_dir} / "jwt.key";
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator{settings_.data_dir}, fs::directory_iterator{}), 1) << "a draft was left behind";
}

TEST_F(SigningKey, DiffersBetweenInstallations) {
  const auto key = signing_key(settings_);
  settings_.data_dir = (folder_ / "other").string();
  EXPECT_NE(signing_key(settings_), key);
}

TEST_F(SigningKey, ThatIsTooShortIsRefused) {
  fs::create_directories(settings_.data_dir);
  std::ofstream{fs::path{settings_.data_dir} / "jwt.key"} << "short";
  EXPECT_THROW(signing_key(settings_), std::runtime_error);
}

}  // namespace
}  // namespace coreldove::app
