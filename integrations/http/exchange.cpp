#include "integrations/http/exchange.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>

namespace coreldove::integrations::http {

void exchange::complete(std::unique_ptr<exchange> x, response&& r) {
  try {
    x->done(std::move(r));
  } catch (const std::exception& e) {
    spdlog::error("the receiver of an answer from {} failed: {}", x->to.host, e.what());
  }
}

void exchange::fail(std::unique_ptr<exchange> x, std::string_view error) {
  response r;
  r.kind = x->maybe_sent ? reach::no_answer : reach::not_sent;
  r.error = error;
  complete(std::move(x), std::move(r));
}

deadline_wheel::deadline_wheel(steady_time now) : start_{now} {}

void deadline_wheel::add(exchange& x) {
  // Rounded up, so that nothing is given up early; never into a slot that has been passed.
  const auto due = std::max(tick_of(x.deadline) + 1, at_);
  slots_[static_cast<std::size_t>(due % slot_count)].push_back(x);
}

void deadline_wheel::take_due(slot& from, steady_time now) {
  for (auto it = from.begin(); it != from.end();) {
    auto& x = *it;
    ++it;
    if (x.deadline > now) continue;  // of a later turn
    x.deadline_hook::unlink();
    due_.push_back(x);
  }
}

}  // namespace coreldove::integrations::http
