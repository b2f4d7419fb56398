#pragma once
// Which of some nodes is to have a shard (rendezvous hashing, Thaler and Ravishankar 1998): the one with the greatest hash of both. When a node comes or goes,
// only the shards move that it gets or had.
#include <array>
#include <string>
#include <vector>

#include "domain/cluster_shard.hpp"

namespace coreldove::runtime {

/// For each shard the index of its node; there must be one at least. The same on every machine, in whatever order the nodes are named.
std::array<std::size_t, domain::cluster_shard_count> wished_owners(const std::vector<std::string>& nodes);

}  // namespace coreldove::runtime
