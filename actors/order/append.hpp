#pragma once
// One decision as one append: events, projection, stock, timers, reviews, mail. Pure.
#include "domain/order.hpp"
#include "persistence/journal.hpp"

namespace coreldove::actors {

struct decided {
  persistence::append append;
  domain::order after;
};

/// `before` plus `events`, and everything that the store has to know of it. Idempotency is the caller's.
decided make_append(const domain::order& before, const std::vector<domain::event>& events, const domain::policy& policy, domain::time_point now, std::string by,
                    std::string trace_id);

}  // namespace coreldove::actors
