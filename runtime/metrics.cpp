#include "runtime/metrics.hpp"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace coreldove::runtime {

metrics::metrics() : registry_(std::make_shared<prometheus::Registry>()) {}

std::string metrics::text() const { return prometheus::TextSerializer{}.Serialize(registry_->Collect()); }

}  // namespace coreldove::runtime
