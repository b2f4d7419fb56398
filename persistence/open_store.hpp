#pragma once
// A store of either kind, by where it is: the path of a SQLite file, or the address of a PostgreSQL database (postgresql://…).
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "persistence/api_keys.hpp"
#include "persistence/cluster.hpp"
#include "persistence/group_commit.hpp"
#include "persistence/store.hpp"
#include "persistence/verify.hpp"

namespace coreldove::persistence {

namespace sql {
class store_repair;
}

/// What a server has of its store.
class opened_store {
public:
  virtual ~opened_store() = default;
  virtual persistence::journal& journal() = 0;
  virtual persistence::store& store() = 0;
  /// The unrevoked API key with this SHA-256 (hex), or nothing; on a reader thread.
  virtual void find_api_key(std::string hash, reply<std::optional<api_key>> done) = 0;
  /// This node's hand in the cluster that shares the store; nullptr where there is none.
  virtual cluster_register* cluster() { return nullptr; }
  /// Commits what is queued and answers `unavailable` from then on. Again: nothing.
  virtual void stop() = 0;
};

struct store_options {
  std::string place;  // path or address
  unsigned readers = 2;
  std::size_t max_queued = 20'000;                        // appends, and reads; beyond it the answer is `unavailable` at once
  std::function<void(std::uint64_t position)> on_commit;  // on the writer thread, after the answers
  commit_observers observe;
  std::optional<cluster_member> member = {};  // a PostgreSQL database that other nodes write as well
};

bool is_postgres(std::string_view place);
/// The place for people: no password.
std::string shown(const std::string& place);

// All throw std::runtime_error with one sentence for the operator, without the password that the address may hold.

/// Whether there is a store already.
bool store_exists(const std::string& place);

/// For writing: creates or upgrades the store. One server at a time, or the nodes of one cluster.
std::unique_ptr<opened_store> open_store(const store_options& options);

/// For reading alone, while a server may be running; the schema must be there.
class reading_store {
public:
  virtual ~reading_store() = default;
  virtual persistence::store& store() = 0;
};
std::unique_ptr<reading_store> open_for_reading(const std::string& place);

/// One state of the store as `verify` reads it, while a server may be running.
std::unique_ptr<audit_source> open_audit(const std::string& place);
/// No server may be running.
std::unique_ptr<sql::store_repair> open_repair(const std::string& place);
/// Usable while a server has the store open; creates the store where there is none yet.
std::unique_ptr<api_keys> open_api_keys(const std::string& place);

}  // namespace coreldove::persistence
