#pragma once
// This node's life in the cluster: renews its lease, looks who lives, takes the shards that it is to have and that are nobody's, and gives up those that
// another is to have, once their orders have come to rest. All of it on a thread of its own, which may wait for the database.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "persistence/cluster.hpp"
#include "runtime/health.hpp"
#include "runtime/owned_shards.hpp"

namespace coreldove::actors {

/// What follows for the node; called on the membership's thread.
struct membership_ports {
  /// The orders of these shards are to come to rest; whoever has finished with his lets go of `last_out`.
  std::function<void(const domain::cluster_shards&, std::shared_ptr<void> last_out)> leave;
  /// Some shards have come: their unfinished orders are to be woken.
  std::function<void()> gained;
  /// Something was committed that may be another node's.
  std::function<void()> committed;
  // May be empty.
  /// How things stand in the database, at each look.
  std::function<void(const persistence::cluster_view&)> seen = {};
  /// The lease was to be renewed, and was or was not.
  std::function<void(bool)> renewed = {};
};

struct membership_options {
  std::chrono::milliseconds look_every{500};
  std::chrono::milliseconds renew_every{1'500};
  std::chrono::milliseconds rest_within{2'000};  // an order that takes longer goes on at its new node
};

class membership {
public:
  membership(persistence::cluster_register& nodes, runtime::owned_shards& owned, runtime::clock& clock, runtime::health_board& health, membership_ports ports,
             membership_options options = {});
  ~membership();

  /// Gives up all shards, so that others take them at once, and ends the lease. Nothing afterwards.
  void leave();

private:
  void run();
  void round();
  void renew();
  void follow(const persistence::cluster_view& view);
  void give_up(const domain::cluster_shards& which);
  /// Waits until the orders of these shards are at rest.
  void come_to_rest(const domain::cluster_shards& which);
  bool lease_has_ended() const { return clock_.steady() >= until_; }

  persistence::cluster_register& nodes_;
  runtime::owned_shards& owned_;
  runtime::clock& clock_;
  runtime::health_board& health_;
  const membership_ports ports_;
  const membership_options options_;
  runtime::steady_point renewed_{}, until_{};  // the thread's own, like the next two
  std::uint64_t commits_ = 0;
  bool renewing_ = false;
  bool replaced_ = false;  // another process has this node's name
  std::mutex lock_;        // guards stop_
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace coreldove::actors
