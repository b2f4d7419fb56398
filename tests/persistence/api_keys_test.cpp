#include "persistence/open_store.hpp"
#include "persistence/sqlite/sqlite.hpp"
#include "tests/persistence/fixture.hpp"

namespace coreldove::persistence::testing {
namespace {

class ApiKeys : public StoreContract {
protected:
  api_key operator_{"ak_1", "till 4", "operator", at(noon), false};
};
INSTANTIATE_TEST_SUITE_P(Stores, ApiKeys, ::testing::ValuesIn(backends()), [](const auto& i) { return i.param.name; });

TEST_P(ApiKeys, AreFoundByTheirHashUntilTheyAreRevoked) {
  const auto keys = backend_->keys();
  ASSERT_TRUE(keys->create(operator_, "aa11"));
  EXPECT_EQ(*keys->find("aa11"), operator_);
  EXPECT_EQ(*keys->find("bb22"), std::nullopt);
  ASSERT_TRUE(keys->revoke("ak_1"));
  EXPECT_EQ(*keys->find("aa11"), std::nullopt);
  ASSERT_EQ(keys->list()->size(), 1u);
  EXPECT_TRUE(keys->list()->front().revoked);
}

TEST_P(ApiKeys, AreListedOldestFirst) {
  const auto keys = backend_->keys();
  ASSERT_TRUE(keys->create({"ak_2", "b", "admin", at(noon + 5), false}, "h2"));
  ASSERT_TRUE(keys->create(operator_, "h1"));
  const auto all = keys->list();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].id, "ak_1");
}

TEST_P(ApiKeys, RefuseATakenIdOrHashAndAnUnknownRevocation) {
  const auto keys = backend_->keys();
  ASSERT_TRUE(keys->create(operator_, "h1"));
  EXPECT_EQ(keys->create(operator_, "h2").error().code, domain::errc::conflict);
  auto other = operator_;
  other.id = "ak_2";
  EXPECT_EQ(keys->create(other, "h1").error().code, domain::errc::conflict);
  EXPECT_EQ(keys->revoke("ak_9").error().code, domain::errc::not_found);
}

TEST_P(ApiKeys, MadeBesideARunningServerAreSeenByIt) {
  auto& server = backend_->opened();
  const auto found = [&] { return *answer<std::optional<api_key>>([&](reply<std::optional<api_key>> done) { server.find_api_key("h1", std::move(done)); }); };
  EXPECT_EQ(found(), std::nullopt);
  const auto keys = backend_->keys();
  ASSERT_TRUE(keys->create(operator_, "h1"));
  EXPECT_EQ(found(), operator_);
  EXPECT_TRUE(put(server.journal(), new_order(1)));
  ASSERT_TRUE(keys->revoke("ak_1"));
  EXPECT_EQ(found(), std::nullopt);
}

}  // namespace
}  // namespace coreldove::persistence::testing
