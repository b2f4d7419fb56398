#pragma once
// By what right a server writes a database: alone (ownership.hpp), or in turn with the other nodes of a cluster (cluster_right.hpp).
#include <cstdint>
#include <optional>

#include "domain/cluster_shard.hpp"
#include "persistence/postgres/connection.hpp"

namespace coreldove::persistence::postgres {

/// What a transaction begins with. For a server that writes alone all turns are alike.
struct turn {
  std::uint64_t number = 0;  // of this transaction, over all nodes: one more than this server's last where nobody else has written since
  std::uint64_t map = 0;     // changes whenever a shard changes hands
};

class write_right {
public:
  virtual ~write_right() = default;
  /// On a new connection of the same server: false while another server, or the old session, is in the way. Throws taken_over.
  virtual bool take_again(connection& db) = 0;
  /// Begins a transaction that can only commit by this right. Throws taken_over.
  virtual turn begin(connection& db) const = 0;
  /// Whether the right still stands, as far as can be seen without a transaction. Throws taken_over.
  virtual void check(connection& db) const = 0;
  /// In a transaction: the shards whose orders may be written. Nothing: all.
  virtual std::optional<domain::cluster_shards> shards(connection& db) const = 0;
};

/// Another server has become the owner. What this one holds in memory is out of date for good: it must be started anew.
class taken_over : public sql::error {
public:
  taken_over() : error("another server has taken the database over; this one must be started anew", cause::store) {}
};

}  // namespace coreldove::persistence::postgres
