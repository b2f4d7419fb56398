#include "actors/cluster/board.hpp"

#include <algorithm>
#include <utility>

namespace coreldove::actors {
namespace {

constexpr std::size_t handovers_kept = 50;

handover_reason reason_of(const persistence::cluster_shard& before, const persistence::cluster_shard& now, const persistence::cluster_view& view) {
  if (before.node.empty()) return handover_reason::fresh;
  if (before.node == now.node) return handover_reason::restarted;
  const auto node = std::find_if(view.nodes.begin(), view.nodes.end(), [&](const persistence::cluster_node& n) { return n.node == before.node; });
  const bool in_order = node != view.nodes.end() && (node->leaving || (node->alive && node->incarnation == before.incarnation));
  return in_order ? handover_reason::handed_over : handover_reason::lease_ended;
}

}  // namespace

std::string_view to_string(handover_reason r) {
  switch (r) {
    case handover_reason::fresh:
      return "fresh";
    case handover_reason::handed_over:
      return "handed_over";
    case handover_reason::lease_ended:
      return "lease_ended";
    case handover_reason::restarted:
      return "restarted";
  }
  return {};
}

std::size_t cluster_board::saw(const persistence::cluster_view& view, domain::time_point now) {
  auto fresh = std::make_shared<const persistence::cluster_view>(view);
  const std::lock_guard guard{lock_};
  std::size_t changed = 0;
  std::vector<handover> moves;
  for (std::size_t n = 0; n < view.shards.size(); ++n) {
    const auto& s = view.shards[n];
    if (seen_ && s.epoch != view_->shards[n].epoch) {
      ++changed;
      note(*view_, view, n, now, moves);
    }
    if (!s.node.empty()) last_holder_[n] = s;
  }
  for (auto& m : moves) {
    counts_[m.reason] += m.shards;
    last_.push_front(std::move(m));
  }
  if (last_.size() > handovers_kept) last_.resize(handovers_kept);
  seen_ = true;
  view_.swap(fresh);
  return changed;
}

void cluster_board::note(const persistence::cluster_view& before, const persistence::cluster_view& now, std::size_t shard, domain::time_point at,
                         std::vector<handover>& to) {
  const auto& s = now.shards[shard];
  if (s.node.empty()) return;  // it counts when somebody has taken it
  const auto& old = before.shards[shard].node.empty() ? last_holder_[shard] : before.shards[shard];
  const handover h{at, old.node, s.node, 1, reason_of(old, s, now)};
  const auto same = std::find_if(to.begin(), to.end(), [&](const handover& x) { return x.from == h.from && x.to == h.to && x.reason == h.reason; });
  if (same != to.end())
    ++same->shards;
  else
    to.push_back(h);
}

std::shared_ptr<const persistence::cluster_view> cluster_board::view() const {
  const std::lock_guard guard{lock_};
  return view_;
}

const persistence::cluster_node* cluster_board::holder(const persistence::cluster_view& view, std::string_view order_id) {
  const auto& s = view.shards[domain::cluster_shard_of(order_id)];
  return s.node.empty() ? nullptr : view.alive(s.node, s.incarnation);
}

cluster_board::past cluster_board::handovers() const {
  const std::lock_guard guard{lock_};
  return {counts_, {last_.begin(), last_.end()}};
}

}  // namespace coreldove::actors
