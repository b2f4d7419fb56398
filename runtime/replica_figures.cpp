#include "runtime/replica_figures.hpp"

#include <prometheus/family.h>

#include <limits>

namespace coreldove::runtime {

replica_figures::replica_figures(metrics& m)
    : reads_(prometheus::BuildCounter().Name("coreldove_replica_reads_total").Help("Reports, by where they were read.").Register(m.registry())),
      of_replica_(reads_.Add({{"from", "replica"}})),
      of_primary_(reads_.Add({{"from", "primary"}})),
      behind_(prometheus::BuildGauge()
                  .Name("coreldove_replica_behind_seconds")
                  .Help("How old the replica is at most; NaN while it is not asked.")
                  .Register(m.registry())
                  .Add({})) {}

void replica_figures::behind(std::optional<std::chrono::milliseconds> age) {
  behind_.Set(age ? std::chrono::duration<double>(*age).count() : std::numeric_limits<double>::quiet_NaN());
}

}  // namespace coreldove::runtime
