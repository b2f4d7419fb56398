#include "persistence/api_keys.hpp"

#include "persistence/sqlite/sqlite.hpp"
#include "tests/persistence/fixture.hpp"

namespace coreldove::persistence::testing {
namespace {

class ApiKeys : public ::testing::Test {
protected:
  std::filesystem::path file() const { return folder_.path() / "store.db"; }
  temporary_folder folder_;
  api_key operator_{"ak_1", "till 4", "operator", at(noon), false};
};

TEST_F(ApiKeys, AreFoundByTheirHashUntilTheyAreRevoked) {
  const auto keys = open_api_keys(file());
  ASSERT_TRUE(keys->create(operator_, "aa11"));
  EXPECT_EQ(*keys->find("aa11"), operator_);
  EXPECT_EQ(*keys->find("bb22"), std::nullopt);
  ASSERT_TRUE(keys->revoke("ak_1"));
  EXPECT_EQ(*keys->find("aa11"), std::nullopt);
  ASSERT_EQ(keys->list()->size(), 1u);
  EXPECT_TRUE(keys->list()->front().revoked);
}

TEST_F(ApiKeys, AreListedOldestFirst) {
  const auto keys = open_api_keys(file());
  ASSERT_TRUE(keys->create({"ak_2", "b", "admin", at(noon + 5), false}, "h2"));
  ASSERT_TRUE(keys->create(operator_, "h1"));
  const auto all = keys->list();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].id, "ak_1");
}

TEST_F(ApiKeys, RefuseATakenIdOrHashAndAnUnknownRevocation) {
  const auto keys = open_api_keys(file());
  ASSERT_TRUE(keys->create(operator_, "h1"));
  EXPECT_EQ(keys->create(operator_, "h2").error().code, domain::errc::conflict);
  auto other = operator_;
  other.id = "ak_2";
  EXPECT_EQ(keys->create(other, "h1").error().code, domain::errc::conflict);
  EXPECT_EQ(keys->revoke("ak_9").error().code, domain::errc::not_found);
}

TEST_F(ApiKeys, MadeBesideARunningServerAreSeenByIt) {
  sqlite::sqlite_store server({file(), 1, 100, {}, {}});
  const auto found = [&] { return *answer<std::optional<api_key>>([&](reply<std::optional<api_key>> done) { server.find_api_key("h1", std::move(done)); }); };
  EXPECT_EQ(found(), std::nullopt);
  const auto keys = open_api_keys(file());
  ASSERT_TRUE(keys->create(operator_, "h1"));
  EXPECT_EQ(found(), operator_);
  EXPECT_TRUE(put(server.journal(), new_order(1)));
  ASSERT_TRUE(keys->revoke("ak_1"));
  EXPECT_EQ(found(), std::nullopt);
}

}  // namespace
}  // namespace coreldove::persistence::testing
