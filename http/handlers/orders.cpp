// Placing an order and looking at one.

#include "domain/order_input.hpp"
#include "http/conditions.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/order_access.hpp"
#include "http/handlers/order_intake.hpp"
#include "http/json_reader.hpp"
#include "http/order_reader.hpp"
#include "http/query_string.hpp"

namespace coreldove::http {

outcome<domain::order_input> read_order_input(const app& a, const principal& who, simdjson::dom::object root, std::string_view body) {
  auto read = read_order_draft(root, body);
  auto input = domain::validate(std::move(read.draft), a.rules, std::move(read.complaints));
  if (!input) return problem_of(input.error());
  if (who.is_customer() && input->customer_id != who.subject)
    return problem{problems::forbidden, "A customer can only place orders for themselves.", {{"/customer_id", "forbidden", "must be your own"}}, {}, 0};
  return *std::move(input);
}

void post_order(app& a, const request& rq, responder reply) {
  auto command = command_request(rq);
  if (const auto* p = std::get_if<problem>(&command)) return reply(to_response(*p, context_of(rq)));
  const auto root = read_json(rq.body);
  if (const auto* p = std::get_if<problem>(&root)) return reply(to_response(*p, context_of(rq)));
  auto input = read_order_input(a, rq.who, std::get<0>(root), rq.body);
  if (const auto* p = std::get_if<problem>(&input)) return reply(to_response(*p, context_of(rq)));
  auto& asked = std::get<actors::request>(command);
  std::optional<std::chrono::seconds> waited;
  if (asked.wait) waited = std::chrono::duration_cast<std::chrono::seconds>(*asked.wait);
  a.engine.place(std::get<domain::order_input>(std::move(input)), std::move(asked), answer_with_order(rq.who, context_of(rq), std::move(reply), waited));
}

void get_order(app& a, const request& rq, responder reply) {
  auto id = order_id_of(rq, reply);
  if (!id) return;
  with_document(a, *std::move(id), rq.who, context_of(rq), reply,
                [who = rq.who, reply, unless = std::string{rq.field("If-None-Match")}](const domain::document& d) {
                  response r;
                  r.add_header("ETag", entity_tag(d.version));
                  if (none_match_holds(unless, d.version))
                    r.status = 304;
                  else
                    r.body = shown_to(who, d.json);
                  reply(std::move(r));
                });
}

void get_tracking(app& a, const request& rq, responder reply) {
  auto id = order_id_of(rq, reply);
  if (!id) return;
  a.engine.tracking(*std::move(id), [who = rq.who, where = context_of(rq), reply](domain::result<domain::document> found) {
    if (!found) return reply(to_response(found.error(), where));
    if (who.is_customer() && found->customer_id != who.subject) return reply(to_response(problem{problems::not_found, "There is no such order."}, where));
    response r;
    r.add_header("ETag", entity_tag(found->version));
    r.body = std::move(found->json);
    reply(std::move(r));
  });
}

void get_history(app& a, const request& rq, responder reply) {
  constexpr std::uint64_t entries_default = 200, entries_max = 1000;
  auto id = order_id_of(rq, reply);
  if (!id) return;
  std::vector<domain::field_error> errors;
  query_reader q{rq.query, errors};
  const auto after = q.number("cursor", 0, INT64_MAX).value_or(0);
  const auto limit = q.number("limit", 1, entries_max).value_or(entries_default);
  q.finish();
  if (!errors.empty())
    return reply(to_response(problem{problems::invalid_input, "Some parameters are not acceptable.", std::move(errors), {}, 0}, context_of(rq)));
  a.engine.history(*std::move(id), after, static_cast<std::uint32_t>(limit), [where = context_of(rq), reply](domain::result<domain::page> found) {
    if (!found) return reply(to_response(found.error(), where));
    response r;
    r.body = page_body(*found);
    reply(std::move(r));
  });
}

}  // namespace coreldove::http
