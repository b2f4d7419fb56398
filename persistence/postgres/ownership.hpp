#pragma once
// Which server may write a database: the one that holds a lock of the session, with the epoch that it took. The lock keeps a second server from starting. The
// epoch keeps one whose session was cut, and that does not know it yet, from committing after another has taken over: every transaction locks the row of the
// epoch it believes in, and finds none.
#include <cstdint>

#include "persistence/postgres/connection.hpp"

namespace coreldove::persistence::postgres {

class ownership {
public:
  /// Takes it, and brings the schema up to date before anything else. Waits a few seconds for a server that is just ending. Throws std::runtime_error where
  /// another one has it, or as migrate().
  explicit ownership(connection& db);
  /// On a new connection of the same server: false while the old session still holds the lock. Throws taken_over.
  bool take_again(connection& db);
  /// Begins a transaction that can only commit while this server is the owner. Throws taken_over.
  void begin(connection& db) const;

private:
  std::int64_t epoch_ = 0;
};

/// Another server has become the owner. What this one holds in memory is out of date for good: it must be started anew.
class taken_over : public sql::error {
public:
  taken_over() : error("another server has taken the database over; this one must be started anew", cause::store) {}
};

}  // namespace coreldove::persistence::postgres
