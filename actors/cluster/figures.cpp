#include "actors/cluster/figures.hpp"

namespace coreldove::actors {
namespace {

prometheus::Counter& counter(runtime::metrics& m, const char* name, const char* help, const prometheus::Labels& labels = {}) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(m.registry()).Add(labels);
}

constexpr const char* renewals = "coreldove_cluster_lease_renewals_total";
constexpr const char* renewals_help = "Renewals of this node's lease.";

}  // namespace

const char* to_string(forwarding f) {
  switch (f) {
    case forwarding::answered:
      return "answered";
    case forwarding::unavailable:
      return "unavailable";
    case forwarding::timed_out:
      return "timed_out";
  }
  return "";
}

cluster_figures::cluster_figures(runtime::metrics& m)
    : shards_(prometheus::BuildGauge().Name("coreldove_cluster_shards_held").Help("Shards of orders that this node holds.").Register(m.registry()).Add({})),
      epochs_(counter(m, "coreldove_cluster_epoch_changes_total", "Shards, of all nodes, that this node has seen change hands.")),
      again_(counter(m, "coreldove_cluster_forwarded_again_total",
                     "Commands sent to another node once more, because nobody had answered or the order had moved.")),
      taken_in_(counter(m, "coreldove_cluster_commands_taken_in_total", "Commands that other nodes have sent to this one.")),
      fenced_(counter(m, "coreldove_cluster_fence_refusals_total", "Writes that the database refused because the order belongs to another node.")),
      renewals_(counter(m, renewals, renewals_help, {{"outcome", "done"}})),
      failed_renewals_(counter(m, renewals, renewals_help, {{"outcome", "failed"}})),
      seconds_(prometheus::BuildHistogram()
                   .Name("coreldove_cluster_forwarding_seconds")
                   .Help("From a command for another node to its answer.")
                   .Register(m.registry())
                   .Add({}, prometheus::Histogram::BucketBoundaries{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30})) {
  for (std::size_t i = 0; i < forwarded_.size(); ++i)
    forwarded_[i] = &counter(m, "coreldove_cluster_forwarded_total", "Commands for orders of other nodes, by how it ended.",
                             {{"outcome", to_string(static_cast<forwarding>(i))}});
}

void cluster_figures::forwarded(forwarding how, double seconds) {
  forwarded_[static_cast<std::size_t>(how)]->Increment();
  seconds_.Observe(seconds);
}

}  // namespace coreldove::actors
