#pragma once
// What the writer of a database knows without asking. True as long as nobody else writes, so it goes with the connection; in a cluster the heads stay true as
// long as their orders' shards are this node's, and the rest until another node has written.
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "domain/cluster_shard.hpp"
#include "persistence/figures.hpp"
#include "persistence/order_head.hpp"

namespace coreldove::persistence::postgres {

/// The last number that was given to an order of each millisecond; see order_number.hpp.
class order_numbers {
public:
  /// `greatest`: of the orders in the database.
  explicit order_numbers(std::optional<std::int64_t> greatest);

  /// Whether the database must be asked for orders of the millisecond that begins with `first`.
  bool is_known(std::int64_t first) const { return first > horizon_ || last_.contains(first); }
  void learn(std::int64_t first, std::optional<std::int64_t> last);
  /// The next number of a known millisecond.
  std::int64_t next(std::int64_t first);

private:
  std::int64_t horizon_;                       // what came later is in last_, or there is none
  std::map<std::int64_t, std::int64_t> last_;  // by first number
};

struct memory {
  std::uint64_t position = 0;  // of the last event
  order_numbers numbers{std::nullopt};
  head_cache heads;
  std::unordered_map<figure_key, figure_values, hash_figure_key> figures;
  std::optional<std::int64_t> oldest_answer_at;  // nothing: not known
  std::optional<domain::cluster_shards> mine;    // whose orders may be written; nothing: all

  std::size_t fenced = 0;                        // appends of this transaction that were another node's

  bool is_mine(std::string_view order_id) const { return !mine || mine->test(domain::cluster_shard_of(order_id)); }
};

}  // namespace coreldove::persistence::postgres
