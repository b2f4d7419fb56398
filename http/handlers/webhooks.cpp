// Notices of outside systems. Their signatures are checked where their formats are known; here they pass as they came.
#include <memory>
#include <utility>
#include <vector>

#include "http/handlers/handlers.hpp"
#include "http/problem.hpp"

namespace coreldove::http {

void take_webhook(app& a, const request& rq, responder reply) {
  auto kept = std::make_shared<std::vector<std::pair<std::string, std::string>>>();
  kept->reserve(rq.fields.size());
  for (const auto& f : rq.fields) kept->emplace_back(f.name, f.value);
  const auto lookup = [kept](std::string_view name) {
    for (const auto& [key, value] : *kept)
      if (equal_ignoring_case(key, name)) return value;
    return std::string{};
  };
  a.engine.webhook(std::string{rq.parameters[0]}, lookup, std::string{rq.body}, rq.trace_id,
                   [where = context_of(rq), reply = std::move(reply)](domain::result<bool> taken) {
                     if (!taken) return reply(to_response(taken.error(), where));
                     response r;
                     r.body = "{\"received\":true}";
                     reply(std::move(r));
                   });
}

}  // namespace coreldove::http
