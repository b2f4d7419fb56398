// Is it alive, is it ready, how is it doing.
#include <algorithm>

#include "http/handlers/handlers.hpp"
#include "http/json_text.hpp"

namespace coreldove::http {

void get_health(app& a, const request&, responder reply) {
  const auto components = a.engine.health();
  const auto is = [&](std::string_view state) {
    return std::any_of(components.begin(), components.end(), [&](const actors::component_health& c) { return c.state == state; });
  };
  const bool ready = a.engine.ready();
  const std::string_view status = is("down") || !ready ? "down" : is("degraded") ? "degraded" : "up";
  response r;
  r.status = status == "down" ? 503 : 200;
  auto& out = r.body;
  out.append("{\"status\":");
  append_json(out, status);
  out.append(",\"ready\":").append(ready ? "true" : "false").append(",\"version\":");
  append_json(out, a.options.version);
  out.append(",\"node\":");
  append_json(out, a.options.node);
  out.append(",\"components\":{");
  for (const auto& c : components) {
    if (out.back() != '{') out.push_back(',');
    append_json(out, c.name);
    out.append(":{\"state\":");
    append_json(out, c.state);
    out.append(",\"detail\":");
    append_json(out, c.detail);
    out.push_back('}');
  }
  out.append("}}");
  reply(std::move(r));
}

void get_liveness(app&, const request&, responder reply) {
  response r;
  r.body = "{\"status\":\"up\"}";
  reply(std::move(r));
}

void get_readiness(app& a, const request&, responder reply) {
  const bool ready = a.engine.ready();
  response r;
  r.status = ready ? 200 : 503;
  r.body = ready ? "{\"status\":\"ready\"}" : "{\"status\":\"not_ready\"}";
  if (!ready) r.add_header("Retry-After", "2");
  reply(std::move(r));
}

void get_metrics(app& a, const request&, responder reply) {
  response r;
  r.content_type = "text/plain; version=0.0.4; charset=utf-8";
  r.body = a.metrics.text();
  reply(std::move(r));
}

}  // namespace coreldove::http
