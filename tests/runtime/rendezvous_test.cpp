// Which node is to have which shard, and that few move when nodes come and go.
#include "runtime/rendezvous.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "domain/ulid.hpp"

namespace coreldove::runtime {
namespace {

std::vector<std::string> nodes(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= count; ++i) names.push_back("node-" + std::to_string(i));
  return names;
}

TEST(Rendezvous, GivesEveryNodeAFairShare) {
  for (const std::size_t count : {2u, 3u, 5u, 8u}) {
    const auto owners = wished_owners(nodes(count));
    for (std::size_t n = 0; n < count; ++n) {
      const auto share = static_cast<std::size_t>(std::count(owners.begin(), owners.end(), n));
      EXPECT_GT(share * count, owners.size() / 2) << count << " nodes, node " << n;
      EXPECT_LT(share * count, owners.size() * 2) << count << " nodes, node " << n;
    }
  }
}

TEST(Rendezvous, MovesOnlyTheShardsOfTheNodeThatComesOrGoes) {
  const auto before = nodes(4);
  const auto owned = wished_owners(before);
  for (std::size_t gone = 0; gone < before.size(); ++gone) {
    auto after = before;
    after.erase(after.begin() + static_cast<std::ptrdiff_t>(gone));
    const auto now = wished_owners(after);
    for (std::size_t shard = 0; shard < now.size(); ++shard) {
      if (owned[shard] != gone) {
        EXPECT_EQ(after[now[shard]], before[owned[shard]]) << shard;
      }
    }
  }
}

TEST(Rendezvous, DoesNotDependOnTheOrderOfTheNodes) {
  auto names = nodes(5);
  const auto owners = wished_owners(names);
  auto others = names;
  std::reverse(others.begin(), others.end());
  const auto reversed = wished_owners(others);
  for (std::size_t shard = 0; shard < owners.size(); ++shard) EXPECT_EQ(names[owners[shard]], others[reversed[shard]]);
}

TEST(ClusterShard, OfAnOrderNeverChanges) {
  using domain::cluster_shard_of;
  EXPECT_EQ(cluster_shard_of(""), 225);
  EXPECT_EQ(cluster_shard_of("ord_01ARZ3NDEKTSV4RRFFQ69G5FAV"), 11);
  EXPECT_EQ(cluster_shard_of("ord_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"), 245);
}

TEST(ClusterShard, AllAreUsedAlike) {
  std::array<int, domain::cluster_shard_count> used{};
  for (std::uint32_t i = 0; i < 256 * 100; ++i) {
    domain::entropy random{};
    for (std::size_t b = 0; b < 4; ++b) random[9 - b] = static_cast<std::uint8_t>(i >> (8 * b));
    ++used[domain::cluster_shard_of(domain::make_order_id(domain::time_point{domain::duration{1'780'000'000'000}}, random))];
  }
  const auto [least, most] = std::minmax_element(used.begin(), used.end());
  EXPECT_GT(*least, 50);
  EXPECT_LT(*most, 160);
}

}  // namespace
}  // namespace coreldove::runtime
