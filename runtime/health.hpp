#pragma once
// The state of each part of the node, as /health shows it. Thread-safe.
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace coreldove::runtime {

enum class condition { up, degraded, down };
std::string_view to_string(condition c);

struct component_state {
  std::string name, detail;
  condition state = condition::up;
};

class health_board {
public:
  void set(std::string_view name, condition state, std::string detail = {});
  std::vector<component_state> all() const;
  /// No component is down. Takes no lock.
  bool ready() const { return down_.load(std::memory_order_relaxed) == 0; }

private:
  mutable std::mutex lock_;
  std::map<std::string, component_state, std::less<>> states_;
  std::atomic<std::size_t> down_{0};
};

}  // namespace coreldove::runtime
