// How payments are routed, and what an operator says about it.
#include <utility>

#include "http/conditions.hpp"
#include "http/handlers/handlers.hpp"
#include "http/json_reader.hpp"

namespace coreldove::http {
namespace {

actors::reply<domain::document> answer_with_routing(problem_context where, responder reply) {
  return [where = std::move(where), reply = std::move(reply)](domain::result<domain::document> found) {
    if (!found) return reply(to_response(found.error(), where));
    response r;
    r.body = std::move(found->json);
    r.add_header("ETag", entity_tag(found->version));
    reply(std::move(r));
  };
}

}  // namespace

void get_routing(app& a, const request& rq, responder reply) { a.engine.routing(answer_with_routing(context_of(rq), std::move(reply))); }

void put_routing(app& a, const request& rq, responder reply) {
  auto asked = command_request(rq);
  if (const auto* p = std::get_if<problem>(&asked)) return reply(to_response(*p, context_of(rq)));
  if (const auto body = read_json(rq.body); std::holds_alternative<problem>(body)) return reply(to_response(std::get<problem>(body), context_of(rq)));
  a.engine.set_routing(std::string{rq.body}, std::get<actors::request>(std::move(asked)), answer_with_routing(context_of(rq), std::move(reply)));
}

}  // namespace coreldove::http
