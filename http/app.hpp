#pragma once
// What handlers share: the engine, the settings, and the texts that are made once.
#include <string>

#include "actors/service.hpp"
#include "http/server.hpp"
#include "runtime/clock.hpp"
#include "runtime/metrics.hpp"

namespace coreldove::http {

inline constexpr std::string_view api_prefix = "/api/order-workflow";

struct app {
  const server_options& options;
  actors::service& engine;
  runtime::metrics& metrics;
  runtime::clock& clock;
  domain::intake_rules rules = {};
  std::string openapi = {};                      // GET /openapi.json
  std::string docs_page = {}, docs_policy = {};  // GET /docs, and its Content-Security-Policy
};

}  // namespace coreldove::http
