#pragma once
// Which server may write a database by itself: the one that holds a lock of the session, with the epoch that it took. The lock keeps a second server from
// starting. The epoch keeps one whose session was cut, and that does not know it yet, from committing after another has taken over: every transaction locks the
// row of the epoch it believes in, and finds none.
#include <cstdint>

#include "persistence/postgres/write_right.hpp"

namespace coreldove::persistence::postgres {

/// Held by the session of a server that writes alone; shared by those of a cluster's nodes.
inline constexpr std::int64_t writer_lock = 0x636f72656c647732;

class ownership final : public write_right {
public:
  /// Takes it, and brings the schema up to date before anything else. Waits a few seconds for a server that is just ending. Throws std::runtime_error where
  /// another one has it, or as migrate().
  explicit ownership(connection& db);
  bool take_again(connection& db) override;
  turn begin(connection& db) const override;
  void check(connection& db) const override;
  std::optional<domain::cluster_shards> shards(connection&) const override { return std::nullopt; }

private:
  std::int64_t epoch_ = 0;
};

}  // namespace coreldove::persistence::postgres
