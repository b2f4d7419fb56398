#include "actors/cluster/membership.hpp"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <stdexcept>
#include <utility>

#include "runtime/rendezvous.hpp"

namespace coreldove::actors {
namespace {

constexpr const char* component = "cluster";

/// The part of a lease that is not used: clocks do not run at quite the same speed, and a decision takes its time.
std::chrono::milliseconds margin_of(std::chrono::milliseconds lease) { return lease / 5; }

domain::cluster_shards held_by(const persistence::cluster_view& view, const persistence::cluster_register& nodes) {
  domain::cluster_shards held;
  for (std::size_t n = 0; n < held.size(); ++n) held.set(n, view.shards[n].node == nodes.me().node && view.shards[n].incarnation == nodes.incarnation());
  return held;
}

/// The shards that this node is to have: none where it is about to leave.
domain::cluster_shards wished_for(const persistence::cluster_view& view, const std::string& me) {
  std::vector<std::string> names;
  for (const auto& n : view.nodes)
    if (n.alive && !n.leaving) names.push_back(n.node);
  domain::cluster_shards wished;
  if (names.empty()) return wished;
  const auto owners = runtime::wished_owners(names);
  for (std::size_t n = 0; n < owners.size(); ++n) wished.set(n, names[owners[n]] == me);
  return wished;
}

}  // namespace

membership::membership(persistence::cluster_register& nodes, runtime::owned_shards& owned, runtime::clock& clock, runtime::health_board& health,
                       membership_ports ports, membership_options options)
    : nodes_(nodes), owned_(owned), clock_(clock), health_(health), ports_(std::move(ports)), options_(options) {
  health_.set(component, runtime::condition::degraded, "no shards yet");
  thread_ = std::thread([this] { run(); });
}

membership::~membership() { leave(); }

void membership::leave() {
  {
    const std::lock_guard guard{lock_};
    if (std::exchange(stop_, true)) return;
  }
  wake_.notify_one();
  thread_.join();
}

void membership::run() {
  pthread_setname_np(pthread_self(), "cluster");
  std::unique_lock guard{lock_};
  while (!stop_) {
    guard.unlock();
    round();
    guard.lock();
    wake_.wait_for(guard, options_.look_every, [this] { return stop_; });
  }
  guard.unlock();
  try {
    nodes_.announce_leaving();
    come_to_rest(owned_.all());
    nodes_.leave();
  } catch (const std::exception& e) {
    spdlog::warn("the cluster could not be told that this node leaves: {}; others take over when its lease has ended", e.what());
  }
}

void membership::round() {
  try {
    if (replaced_) return;
    if (renewed_ == runtime::steady_point{} || clock_.steady() - renewed_ >= options_.renew_every) renew();
    if (!replaced_) follow(nodes_.view());
  } catch (const std::exception& e) {
    if (std::exchange(renewing_, false) && ports_.renewed) ports_.renewed(false);
    if (!lease_has_ended()) return health_.set(component, runtime::condition::degraded, e.what());
    if (owned_.all().any()) spdlog::error("the lease of this node has ended: {}", e.what());
    give_up(owned_.all());
    health_.set(component, runtime::condition::down, e.what());
  }
}

void membership::renew() {
  const auto asked = clock_.steady();
  renewing_ = true;
  replaced_ = !nodes_.renew();
  renewing_ = false;
  if (ports_.renewed) ports_.renewed(!replaced_);
  if (!replaced_) {
    renewed_ = asked;
    until_ = asked + nodes_.me().lease - margin_of(nodes_.me().lease);
    return owned_.hold_until(until_);
  }
  give_up(owned_.all());
  spdlog::critical("another process has taken the name {} over; this one must be ended", nodes_.me().node);
  health_.set(component, runtime::condition::down, "another process has taken this node's name over");
}

void membership::follow(const persistence::cluster_view& view) {
  if (ports_.seen) ports_.seen(view);
  auto held = held_by(view, nodes_);
  give_up(owned_.all() & ~held);
  const auto wished = wished_for(view, nodes_.me().node);
  if (const auto others = held & ~wished; others.any()) {
    come_to_rest(others);
    nodes_.release(others);
    held &= wished;
  }
  domain::cluster_shards free;
  for (std::size_t n = 0; n < free.size(); ++n) free.set(n, wished.test(n) && !held.test(n) && !view.alive(view.shards[n].node, view.shards[n].incarnation));
  if (free.any()) held |= nodes_.take(free);
  // Also what comes back after a lease that had ended, with nobody there to take over.
  const bool more = (held & ~owned_.all()).any();
  if (more) {
    owned_.set(held);
    spdlog::info("this node works on {} of {} shards", held.count(), held.size());
  }
  const auto alive = std::count_if(view.nodes.begin(), view.nodes.end(), [](const persistence::cluster_node& n) { return n.alive; });
  if ((std::exchange(commits_, view.commits) != view.commits && alive > 1) || more) ports_.committed();
  if (more) ports_.gained();
  health_.set(component, held.any() ? runtime::condition::up : runtime::condition::degraded, held.any() ? "" : "no shards yet");
}

/// Nothing is waited for: what these orders still write is refused.
void membership::give_up(const domain::cluster_shards& which) {
  if (which.none()) return;
  owned_.set(owned_.all() & ~which);
  ports_.leave(which, nullptr);
}

void membership::come_to_rest(const domain::cluster_shards& which) {
  if (which.none()) return;
  owned_.set(owned_.all() & ~which);
  const auto rest = std::make_shared<std::promise<void>>();
  auto at_rest = rest->get_future();
  ports_.leave(which, std::shared_ptr<void>(nullptr, [rest](void*) { rest->set_value(); }));
  if (at_rest.wait_for(options_.rest_within) != std::future_status::ready) spdlog::warn("some orders did not come to rest before they moved to another node");
}

}  // namespace coreldove::actors
