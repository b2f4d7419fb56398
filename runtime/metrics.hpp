#pragma once
// One Prometheus registry for the process. Rooms register their own families once at start-up and keep the handles: looking a child up costs more
// than counting. Names: prefix coreldove_, base units (seconds, bytes), `_total` for counters; never an id or an e-mail address in a label.
#include <memory>
#include <string>

namespace prometheus {
class Registry;
}

namespace coreldove::runtime {

class metrics {
public:
  metrics();
  prometheus::Registry& registry() { return *registry_; }
  /// Prometheus text format 0.0.4.
  std::string text() const;

private:
  std::shared_ptr<prometheus::Registry> registry_;
};

}  // namespace coreldove::runtime
