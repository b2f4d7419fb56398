#include "runtime/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace coreldove::runtime {

std::string metrics::text() const { return prometheus::TextSerializer{}.Serialize(registry_->Collect()); }

}  // namespace coreldove::runtime
