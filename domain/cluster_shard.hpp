#pragma once
// In a cluster orders are spread over 256 shards by their ids: the 64-bit FNV-1a hash of the whole id, its eight bytes folded into one by exclusive or. Every
// node of every version must come to the same shard, and the database keeps who holds it, so this never changes.
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace coreldove::domain {

inline constexpr std::size_t cluster_shard_count = 256;
using cluster_shards = std::bitset<cluster_shard_count>;

constexpr std::uint8_t cluster_shard_of(std::string_view order_id) {
  std::uint64_t h = 0xcbf29ce484222325U;
  for (const char c : order_id) h = (h ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
  h ^= h >> 32U;
  h ^= h >> 16U;
  h ^= h >> 8U;
  return static_cast<std::uint8_t>(h & 0xffU);
}

}  // namespace coreldove::domain
