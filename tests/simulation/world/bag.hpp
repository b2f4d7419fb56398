#pragma once
// What other threads would do by and by — readers of the store, HTTP clients — held until the test lets one of them go. Order and moment are the test's choice.
#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "domain/time.hpp"

namespace coreldove::simulation {

class bag {
public:
  void put(std::function<void()> run, domain::time_point due = {}) { items_.push_back({due, std::move(run)}); }
  std::size_t ready(domain::time_point now) const {
    return static_cast<std::size_t>(std::count_if(items_.begin(), items_.end(), [&](const item& i) { return i.due <= now; }));
  }
  /// Runs the `which`-th of those that are due.
  void run(domain::time_point now, std::size_t which) {
    for (auto it = items_.begin(); it != items_.end(); ++it) {
      if (it->due > now || which-- > 0) continue;
      auto f = std::move(it->run);
      items_.erase(it);
      return f();
    }
  }
  bool empty() const { return items_.empty(); }
  /// Nobody will ever hear of these.
  void clear() {
    auto gone = std::move(items_);  // what they hold may put new ones in as it goes
    items_.clear();
    gone.clear();
    items_.clear();
  }

private:
  struct item {
    domain::time_point due;
    std::function<void()> run;
  };
  std::vector<item> items_;
};

}  // namespace coreldove::simulation
