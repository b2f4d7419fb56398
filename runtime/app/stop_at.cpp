#include "runtime/app/stop_at.hpp"

#include <signal.h>

#include <atomic>
#include <memory>

namespace coreldove::app {

std::function<void()> stop_hook(const config::settings& s, config::stop_point point) {
  const auto wanted = config::parse_stop_at(s.test_stop_at);
  if (!wanted || wanted->point != point) return {};
  return [passed = std::make_shared<std::atomic<std::uint64_t>>(0), nth = wanted->nth] {
    if (passed->fetch_add(1) + 1 == nth) raise(SIGKILL);
  };
}

}  // namespace coreldove::app
