#include "actors/order/append.hpp"

#include <algorithm>

#include "actors/notifier/mail_text.hpp"
#include "persistence/codec/event_codec.hpp"
#include "persistence/projection.hpp"

namespace coreldove::actors {
namespace {

void timers_of(const domain::order& before, const domain::order& after, const domain::policy& policy, std::vector<persistence::timer_change>& out) {
  const auto old = timers(before, policy);
  const auto now = timers(after, policy);
  for (const auto& t : old) {
    const bool stays = std::any_of(now.begin(), now.end(), [&](const domain::timer& x) { return x.kind == t.kind && x.n == t.n; });
    if (!stays) out.push_back({t, false});
  }
  for (const auto& t : now)
    if (std::find(old.begin(), old.end(), t) == old.end()) out.push_back({t, true});
}

void reviews_of(const domain::order& before, const domain::order& after, std::vector<persistence::review_change>& out) {
  for (const auto& r : after.reviews) {
    const bool fresh = r.n > before.reviews.size();
    if (!fresh && before.reviews[r.n - 1].state == r.state) continue;
    out.push_back(persistence::review_row_of(after, r));
  }
}

}  // namespace

decided make_append(const domain::order& before, const std::vector<domain::event>& events, const domain::policy& policy, domain::time_point now, std::string by,
                    std::string trace_id) {
  decided out{{}, before};
  auto& a = out.append;
  auto& after = out.after;
  a.expected_version = before.version;
  a.at = std::max(now, before.updated_at);
  a.by = std::move(by);
  a.trace_id = std::move(trace_id);
  a.events.reserve(events.size());
  thread_local std::string text;  // grows once, not with every event
  for (const auto& e : events) {
    for (auto& m : stock_movements(after, e)) a.stock.push_back(std::move(m));
    evolve(after, e, a.at);
    auto& record = a.events.emplace_back();
    record.type = domain::type_name(e);
    text.clear();
    persistence::encode(e, text);
    record.data = text;
    if (!after.input->customer_email.empty())
      if (auto mail = mail_for(after, e)) a.outbox.push_back(std::move(*mail));
  }
  a.stream = after.id;
  a.row = persistence::row_of(after);
  timers_of(before, after, policy, a.timers);
  reviews_of(before, after, a.reviews);
  return out;
}

}  // namespace coreldove::actors
