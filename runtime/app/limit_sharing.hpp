#pragma once
// Lets the nodes that use one Redis share a limit. Each decides by its own buckets at once; every tick it reports what was taken from those that were asked,
// and puts in what is left by all nodes' count. So no request waits for Redis, and a limit of `burst` and `rate` is exceeded, by the callers of N nodes
// together, by at most (N - 1) * (burst + rate * tick): a debt, which is paid off before more is let through. Without Redis each node's own limit holds.
#include <functional>
#include <memory>
#include <string>

#include "http/rate_limit.hpp"
#include "persistence/redis/shared_buckets.hpp"

namespace coreldove::app {

/// Called on the client's thread.
struct limit_observers {
  std::function<void(const std::string& problem)> state = {};  // empty: none
  std::function<void(std::size_t buckets)> shared = {};
};

class limit_sharing final : public persistence::redis::listener {
public:
  /// `kind` tells limits apart that share a Redis. Everything given must outlive the client's stop().
  limit_sharing(persistence::redis::client& client, std::string kind, http::rate_limiter& limiter, limit_observers observe);

  void tick(std::chrono::steady_clock::time_point now) override;

private:
  using reports = std::shared_ptr<std::vector<http::rate_limiter::report>>;
  void report(const reports& all, std::size_t from, std::size_t to);
  void settle(const reports& all, std::size_t from, std::size_t to, const domain::result<std::vector<double>>& left);

  http::rate_limiter& limiter_;
  const limit_observers observe_;
  persistence::redis::shared_buckets buckets_;
  std::size_t under_way_ = 0;  // commands
};

}  // namespace coreldove::app
