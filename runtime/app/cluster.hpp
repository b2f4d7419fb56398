#pragma once
// A node's side of its cluster: its life there, the door for the commands of other nodes, and the way to them.
#include <memory>

#include "actors/cluster/board.hpp"
#include "actors/cluster/figures.hpp"
#include "actors/cluster/forwarder.hpp"
#include "actors/cluster/membership.hpp"
#include "actors/engine.hpp"
#include "config/settings.hpp"
#include "http/server.hpp"

namespace coreldove::app {

/// As the database is to know this node; nothing for a server by itself. The port is known later.
std::optional<persistence::cluster_member> member_of(const config::settings& s);

class cluster_node {
public:
  /// Opens the door, takes its place in the cluster and tells the engine. Throws std::runtime_error with one sentence where the door cannot be opened.
  cluster_node(const config::settings& s, persistence::cluster_register& nodes, std::shared_ptr<runtime::owned_shards> owned, actors::engine& engine,
               runtime::metrics& metrics, runtime::health_board& health);

  /// Appends that the database has refused; see persistence::commit_observers.
  void fenced(std::size_t appends) { figures_.fenced(appends); }
  /// Gives up all orders, answers what other nodes have sent, and gives up what was sent to them.
  void leave();

private:
  actors::cluster_figures figures_;
  actors::cluster_board board_;
  std::shared_ptr<runtime::owned_shards> owned_;
  std::shared_ptr<actors::forwarder> forwarder_;
  std::optional<http::server> door_;
  std::optional<actors::membership> membership_;
};

}  // namespace coreldove::app
