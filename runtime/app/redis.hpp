#pragma once
// What a server does with Redis: it shares its rate limits with other nodes, and gives the journal's events to others as a stream. Nothing depends on it.
#include <memory>

#include "actors/service.hpp"
#include "config/settings.hpp"
#include "http/server.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"

namespace coreldove::app {

class redis_use {
public:
  /// Begins at once, or does nothing where REDIS_URL is empty. Everything given must outlive it, and the threads that answer for `engine` too.
  redis_use(const config::settings& s, actors::service& engine, http::server_limits limits, runtime::metrics& metrics, runtime::health_board& health);
  ~redis_use();
  redis_use(const redis_use&) = delete;
  redis_use& operator=(const redis_use&) = delete;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace coreldove::app
