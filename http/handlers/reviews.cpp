// The queue of orders that wait for a person.
#include "http/conditions.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/order_access.hpp"
#include "http/json_reader.hpp"
#include "http/query_string.hpp"

namespace coreldove::http {
namespace {

constexpr std::uint64_t reviews_default = 50, reviews_max = 200;

void decide_review(app& a, const request& rq, responder reply, bool approve) {
  const auto review = domain::parse_review_id(rq.parameters[0]);
  if (!review) return reply(to_response(problem{problems::not_found, "There is no such review."}, context_of(rq)));
  auto asked = command_request(rq);
  if (const auto* p = std::get_if<problem>(&asked)) return reply(to_response(*p, context_of(rq)));
  domain::decide_review command{review->n, approve, rq.who.name, {}};
  if (!rq.body.empty()) {
    const auto body = read_json(rq.body);
    if (const auto* p = std::get_if<problem>(&body)) return reply(to_response(*p, context_of(rq)));
    std::vector<domain::field_error> errors;
    field_reader fields{std::get<simdjson::dom::object>(body), "", errors};
    command.note = fields.text("note").value_or("");
    if (!errors.empty()) return reply(to_response(problem{problems::invalid_input, "", std::move(errors), {}, 0}, context_of(rq)));
  }
  a.engine.tell(review->order_id, std::move(command), std::get<actors::request>(std::move(asked)), answer_with_order(rq.who, context_of(rq), std::move(reply)));
}

std::optional<std::string> review_state_from(std::string_view s) {
  if (s == "open" || s == "approved" || s == "rejected" || s == "all") return std::string{s};
  return std::nullopt;
}

}  // namespace

void list_reviews(app& a, const request& rq, responder reply) {
  std::vector<domain::field_error> errors;
  query_reader q{rq.query, errors};
  domain::review_query query;
  query.state = q.word("status", review_state_from, "open, approved, rejected, all").value_or("open");
  query.kind = q.word("kind", domain::review_kind_from, "high_value, fraud, inventory, quality, address, payment");
  query.limit = static_cast<std::uint32_t>(q.number("limit", 1, reviews_max).value_or(reviews_default));
  query.cursor = q.text("cursor", 500).value_or("");
  q.finish();
  if (!errors.empty())
    return reply(to_response(problem{problems::invalid_input, "Some parameters are not acceptable.", std::move(errors), {}, 0}, context_of(rq)));
  a.engine.reviews(std::move(query), [where = context_of(rq), reply = std::move(reply)](domain::result<domain::page> found) {
    if (!found) return reply(to_response(found.error(), where));
    response r;
    r.body = page_body(*found);
    reply(std::move(r));
  });
}

void approve_review(app& a, const request& rq, responder reply) { decide_review(a, rq, std::move(reply), true); }
void reject_review(app& a, const request& rq, responder reply) { decide_review(a, rq, std::move(reply), false); }

}  // namespace coreldove::http
