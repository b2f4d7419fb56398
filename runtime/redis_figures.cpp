#include "runtime/redis_figures.hpp"

#include <prometheus/family.h>

namespace coreldove::runtime {
namespace {

auto& counter(metrics& m, const char* name, const char* help) { return prometheus::BuildCounter().Name(name).Help(help).Register(m.registry()); }
auto& gauge(metrics& m, const char* name, const char* help) { return prometheus::BuildGauge().Name(name).Help(help).Register(m.registry()).Add({}); }

}  // namespace

redis_figures::redis_figures(metrics& m)
    : commands_(counter(m, "coreldove_redis_commands_total", "Commands to Redis, by what became of them.")),
      connected_(gauge(m, "coreldove_redis_connected", "1 while there is a connection to Redis.")),
      answered_(commands_.Add({{"outcome", "answered"}})),
      refused_(commands_.Add({{"outcome", "refused"}})),
      lost_(commands_.Add({{"outcome", "lost"}})),
      dropped_(commands_.Add({{"outcome", "dropped"}})),
      seconds_(prometheus::BuildHistogram()
                   .Name("coreldove_redis_command_seconds")
                   .Help("Time until Redis answered a command.")
                   .Register(m.registry())
                   .Add({}, prometheus::Histogram::BucketBoundaries{0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0})),
      events_(counter(m, "coreldove_redis_events_total", "Events added to the stream in Redis by this node.").Add({})),
      end_(gauge(m, "coreldove_redis_events_position", "Position in the journal of the last event that the stream in Redis is known to hold.")),
      buckets_(counter(m, "coreldove_redis_rate_limits_total", "Rate limits shared with other nodes, each time they were.").Add({})) {}

void redis_figures::events(std::uint64_t added, std::uint64_t end) {
  events_.Increment(static_cast<double>(added));
  end_.Set(static_cast<double>(end));
}

}  // namespace coreldove::runtime
