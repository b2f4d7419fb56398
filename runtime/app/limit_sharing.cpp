#include "runtime/app/limit_sharing.hpp"

#include <algorithm>
#include <utility>

namespace coreldove::app {

namespace redis = persistence::redis;

limit_sharing::limit_sharing(redis::client& client, std::string kind, http::rate_limiter& limiter, limit_observers observe)
    : limiter_(limiter), observe_(std::move(observe)), buckets_(client, std::move(kind), {limiter.per_minute() / 60.0, static_cast<double>(limiter.burst())}) {}

void limit_sharing::tick(std::chrono::steady_clock::time_point now) {
  if (!limiter_.on() || under_way_ > 0) return;
  const auto all = std::make_shared<std::vector<http::rate_limiter::report>>(limiter_.reports(now));
  for (std::size_t from = 0; from < all->size(); from += redis::shared_buckets::reports_max)
    report(all, from, std::min(all->size(), from + redis::shared_buckets::reports_max));
}

void limit_sharing::report(const reports& all, std::size_t from, std::size_t to) {
  std::vector<redis::bucket_report> out;
  out.reserve(to - from);
  for (auto i = from; i < to; ++i) out.push_back({(*all)[i].name, (*all)[i].taken, (*all)[i].tokens});
  ++under_way_;
  const bool sent = buckets_.exchange(out, [this, all, from, to](const domain::result<std::vector<double>>& left) {
    --under_way_;
    settle(all, from, to, left);
  });
  if (sent) return;
  --under_way_;
  for (auto i = from; i < to; ++i) limiter_.give_back((*all)[i]);
}

void limit_sharing::settle(const reports& all, std::size_t from, std::size_t to, const domain::result<std::vector<double>>& left) {
  if (left) {
    const auto now = std::chrono::steady_clock::now();
    for (auto i = from; i < to; ++i) limiter_.settle((*all)[i].name, (*left)[i - from], now);
    if (observe_.shared) observe_.shared(to - from);
    if (observe_.state) observe_.state({});
    return;
  }
  if (left.error().code == domain::errc::timed_out) return;  // counted or not: saying it again might take from a caller what is his
  for (auto i = from; i < to; ++i) limiter_.give_back((*all)[i]);
  if (left.error().code == domain::errc::internal && observe_.state) observe_.state("the rate limits are not shared: " + left.error().detail);
}

}  // namespace coreldove::app
