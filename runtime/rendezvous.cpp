#include "runtime/rendezvous.hpp"

namespace coreldove::runtime {
namespace {

std::uint64_t name_hash(const std::string& text) {
  std::uint64_t h = 0xcbf29ce484222325U;
  for (const char c : text) h = (h ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
  return h;
}

/// The finalizer of splitmix64: every bit of the result depends on every bit of `x`.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace

std::array<std::size_t, domain::cluster_shard_count> wished_owners(const std::vector<std::string>& nodes) {
  std::vector<std::uint64_t> names;
  names.reserve(nodes.size());
  for (const auto& n : nodes) names.push_back(mixed(name_hash(n)));
  std::array<std::size_t, domain::cluster_shard_count> owners{};
  for (std::size_t shard = 0; shard < owners.size(); ++shard) {
    std::uint64_t greatest = 0;
    for (std::size_t n = 0; n < names.size(); ++n) {
      const auto weight = mixed(names[n] + 0x9e3779b97f4a7c15U * (shard + 1));
      if (n > 0 && (weight < greatest || (weight == greatest && nodes[n] > nodes[owners[shard]]))) continue;
      greatest = weight;
      owners[shard] = n;
    }
  }
  return owners;
}

}  // namespace coreldove::runtime
