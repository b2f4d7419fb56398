#pragma once
// The right of a cluster's node to write: its transactions take turns with those of the other nodes, by the lock of one row, and change no order of a shard
// that the node does not hold at that moment.
#include <string>

#include "persistence/postgres/write_right.hpp"

namespace coreldove::persistence::postgres {

/// Where the node shares the database with others alone: keeps out a server that would write by itself, for as long as the session lasts. False where there is
/// one.
bool share_the_database(connection& db);

class cluster_right final : public write_right {
public:
  cluster_right(std::string node, std::int64_t incarnation) : node_(std::move(node)), incarnation_(incarnation) {}
  bool take_again(connection& db) override { return share_the_database(db); }
  /// Waits for the transactions of other nodes that came before.
  turn begin(connection& db) const override;
  void check(connection& db) const override;
  std::optional<domain::cluster_shards> shards(connection& db) const override;

private:
  const std::string node_;
  const std::int64_t incarnation_;
};

}  // namespace coreldove::persistence::postgres
