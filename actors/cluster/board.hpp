#pragma once
// What this node knows of the cluster: the latest view of the database's tables, and what has changed hands since this node looks. Thread-safe.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/cluster.hpp"

namespace coreldove::actors {

enum class handover_reason : std::uint8_t {
  fresh,        // nobody had them
  handed_over,  // given up by a node that lives, or that has ended in order
  lease_ended,  // taken from a node that was not heard of any more
  restarted,    // taken by the next process of the same node
};
std::string_view to_string(handover_reason r);

/// Shards that went from one node to another between two looks.
struct handover {
  domain::time_point at{};
  std::string from, to;  // from: empty where nobody had them
  std::size_t shards = 0;
  handover_reason reason = handover_reason::fresh;
};

class cluster_board {
public:
  explicit cluster_board(std::string me) : me_(std::move(me)) {}

  /// Returns how many epochs have grown since the last look.
  std::size_t saw(const persistence::cluster_view& view, domain::time_point now);
  /// The latest view; an empty one before the first look.
  std::shared_ptr<const persistence::cluster_view> view() const;
  const std::string& me() const { return me_; }

  /// The living node that holds the order in that view; nullptr where nobody does.
  static const persistence::cluster_node* holder(const persistence::cluster_view& view, std::string_view order_id);

  /// How many shards have moved, by reason, and the last moves, newest first.
  struct past {
    std::map<handover_reason, std::uint64_t> counts;
    std::vector<handover> last;
  };
  past handovers() const;

private:
  void note(const persistence::cluster_view& before, const persistence::cluster_view& now, std::size_t shard, domain::time_point at, std::vector<handover>& to);

  const std::string me_;
  mutable std::mutex lock_;  // guards all of the below
  std::shared_ptr<const persistence::cluster_view> view_ = std::make_shared<persistence::cluster_view>();
  bool seen_ = false;
  std::array<persistence::cluster_shard, domain::cluster_shard_count> last_holder_;  // also while a shard is nobody's
  std::map<handover_reason, std::uint64_t> counts_;
  std::deque<handover> last_;
};

}  // namespace coreldove::actors
