#include "persistence/postgres/cluster_right.hpp"

#include <fmt/format.h>

#include "persistence/postgres/ownership.hpp"

namespace coreldove::persistence::postgres {

bool share_the_database(connection& db) { return db.rows_of(fmt::format("SELECT pg_try_advisory_lock_shared({})", writer_lock))[0][0].as<bool>(); }

turn cluster_right::begin(connection& db) const {
  const auto now = db.rows_of("BEGIN; UPDATE cluster_head SET commits=commits+1 RETURNING commits,map");
  return {now[0][0].as<std::uint64_t>(), now[0][1].as<std::uint64_t>()};
}

void cluster_right::check(connection& db) const { db.run("SELECT 1"); }

std::optional<domain::cluster_shards> cluster_right::shards(connection& db) const {
  auto mine = db.query("SELECT shard FROM cluster_shards WHERE node=? AND incarnation=?", std::string_view{node_}, incarnation_);
  domain::cluster_shards set;
  while (mine.next()) set.set(static_cast<std::size_t>(mine.integer(0)));
  return set;
}

}  // namespace coreldove::persistence::postgres
