#pragma once
// Orders that live by the real order machine, as appends for a journal.
#include <string>
#include <vector>

#include "domain/order.hpp"
#include "persistence/journal.hpp"

namespace coreldove::persistence::testing {

class living_order {
public:
  /// Two lines, from the warehouse "berlin".
  living_order(int n, domain::time_point created, std::string customer = "cust_1");

  const domain::order& state() const { return order_; }
  /// What `c` makes of the order; a test fails where the command is refused.
  append next(const domain::command& c);
  /// Received, stock reserved, authorisation requested.
  append placed();
  /// The gateway's or carrier's answer to what is open: done, or another outcome.
  append answered(domain::operation_outcome outcome = domain::operation_outcome::done);
  bool waits_for_an_answer() const { return !open_operations(order_).empty(); }
  domain::time_point now = {};

private:
  append append_of(const std::vector<domain::event>& events);

  domain::order order_;
  std::string id_, customer_;
  domain::policy policy_;
};

}  // namespace coreldove::persistence::testing
