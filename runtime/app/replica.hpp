#pragma once
// Reports from a read replica, where DATABASE_REPLICA_URL names one; from the store itself where it is away or too old.
#include <memory>

#include "actors/service.hpp"
#include "config/settings.hpp"
#include "http/server.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"

namespace coreldove::app {

class replica_use {
public:
  /// Begins at once, or does nothing where there is none. Everything given must outlive it. `place`: the store's, as it was opened.
  replica_use(const config::settings& s, const std::string& place, actors::service& engine, runtime::metrics& metrics, runtime::health_board& health);
  ~replica_use();
  replica_use(const replica_use&) = delete;
  replica_use& operator=(const replica_use&) = delete;

  /// For server_options; empty where there is no replica. The server must be gone before this is.
  http::aged_performance performance() const;

private:
  struct parts;
  std::shared_ptr<parts> parts_;
};

}  // namespace coreldove::app
