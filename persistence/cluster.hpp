#pragma once
// The nodes that share one database, and who of them holds which shard of orders: kept in the database, by its clock.
//
// A node has a lease, which it renews; a shard is held by a node, with an epoch that grows whenever the shard changes hands. The journal of a node commits
// nothing to an order of a shard that the node does not hold: each transaction finds that out in the database itself, in one order with all changes of
// hands. So a node that was stopped for a while, or cut off, can do no harm when it goes on, whatever it believes.
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "domain/cluster_shard.hpp"
#include "domain/time.hpp"

namespace coreldove::persistence {

struct cluster_member {
  std::string node;  // its name
  std::string host;  // where other nodes reach it
  std::uint16_t port = 0;
  std::chrono::milliseconds lease{5'000};
  std::string pass = {};  // what others show it so that it takes their orders; nobody but the nodes can read it
};

struct cluster_node {
  std::string node, host;
  std::uint16_t port = 0;
  std::int64_t incarnation = 0;  // grows with each start of a node of this name
  bool alive = false;            // its lease has not ended
  bool leaving = false;          // it wants no shards
  domain::time_point started_at{}, lease_until{};  // of the database's clock
  std::string pass = {};
};

struct cluster_shard {
  std::string node;  // empty: nobody's
  std::int64_t incarnation = 0;
  std::int64_t epoch = 0;
};

struct cluster_view {
  std::vector<cluster_node> nodes;  // by name
  std::array<cluster_shard, domain::cluster_shard_count> shards;
  std::uint64_t commits = 0;  // of all nodes since there is a cluster

  /// Of a node that lives, or nullptr.
  const cluster_node* alive(const std::string& node, std::int64_t incarnation) const;
};

/// One node's hand in it. Every call asks the database and waits for the answer, so it belongs to a thread of its own. All throw std::runtime_error where the
/// database does not answer; then nothing is known of what has become of the call, and it may be repeated.
class cluster_register {
public:
  virtual ~cluster_register() = default;
  virtual const cluster_member& me() const = 0;
  virtual std::int64_t incarnation() const = 0;
  /// Where others reach it, once that is known. Before the first of the calls below.
  virtual void reachable_at(std::uint16_t port) = 0;
  /// The lease begins anew. False: another process has this node's name now.
  virtual bool renew() = 0;
  virtual cluster_view view() = 0;
  /// Of those asked for, the ones that are this node's now: nobody living held them.
  virtual domain::cluster_shards take(const domain::cluster_shards& wanted) = 0;
  /// They are nobody's afterwards; the ones that are not this node's stay as they are.
  virtual void release(const domain::cluster_shards& shards) = 0;
  /// It lives on, and wants no shards any more.
  virtual void announce_leaving() = 0;
  /// Releases all shards and ends the lease.
  virtual void leave() = 0;
};

}  // namespace coreldove::persistence
