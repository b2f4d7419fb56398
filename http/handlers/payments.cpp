// What an operator asks about money: an order's books, its evidence, and what no order could take in.
#include "http/handlers/handlers.hpp"
#include "http/handlers/order_access.hpp"
#include "http/json_reader.hpp"
#include "http/query_string.hpp"

namespace coreldove::http {
namespace {

using from_engine = void (actors::service::*)(std::string, actors::reply<domain::document>);

void answer_with_document(app& a, const request& rq, responder reply, from_engine ask) {
  auto id = order_id_of(rq, reply);
  if (!id) return;
  (a.engine.*ask)(*std::move(id), [where = context_of(rq), reply = std::move(reply)](domain::result<domain::document> found) {
    if (!found) return reply(to_response(found.error(), where));
    response r;
    r.body = std::move(found->json);
    reply(std::move(r));
  });
}

}  // namespace

void get_ledger(app& a, const request& rq, responder reply) { answer_with_document(a, rq, std::move(reply), &actors::service::ledger); }
void get_evidence(app& a, const request& rq, responder reply) { answer_with_document(a, rq, std::move(reply), &actors::service::evidence); }

void list_payment_inbox(app& a, const request& rq, responder reply) {
  constexpr std::uint64_t entries_default = 50, entries_max = 200;
  std::vector<domain::field_error> errors;
  query_reader q{rq.query, errors};
  const auto after = q.number("cursor", 0, INT64_MAX).value_or(0);
  const auto limit = q.number("limit", 1, entries_max).value_or(entries_default);
  q.finish();
  if (!errors.empty())
    return reply(to_response(problem{problems::invalid_input, "Some parameters are not acceptable.", std::move(errors), {}, 0}, context_of(rq)));
  a.engine.payment_inbox(after, static_cast<std::uint32_t>(limit), [where = context_of(rq), reply = std::move(reply)](domain::result<domain::page> found) {
    if (!found) return reply(to_response(found.error(), where));
    response r;
    r.body = page_body(*found);
    reply(std::move(r));
  });
}

void post_payment_finding(app& a, const request& rq, responder reply) {
  const auto body = read_json(rq.body);
  if (const auto* p = std::get_if<problem>(&body)) return reply(to_response(*p, context_of(rq)));
  std::vector<domain::field_error> errors;
  field_reader fields{std::get<simdjson::dom::object>(body), "", errors};
  const auto order_id = fields.text("order_id").value_or("");
  domain::take_finding what{fields.text("source").value_or(""), fields.text("id").value_or(""), fields.text("type").value_or(""),
                            fields.text("detail").value_or("")};
  for (const auto& [name, value] : {std::pair{"/source", &what.source}, {"/id", &what.id}, {"/type", &what.type}, {"/detail", &what.detail}}) {
    constexpr std::size_t bytes_max = 1'000;
    if (value->empty()) errors.push_back({name, "required", "is required"});
    if (value->size() > bytes_max) errors.push_back({name, "too_long", "is longer than 1000 bytes"});
  }
  if (!errors.empty()) return reply(to_response(problem{problems::invalid_input, "", std::move(errors), {}, 0}, context_of(rq)));
  a.engine.payment_finding(order_id, std::move(what), [where = context_of(rq), reply = std::move(reply)](domain::result<bool> taken) {
    if (!taken) return reply(to_response(taken.error(), where));
    response r;
    r.body = "{\"received\":true}";
    reply(std::move(r));
  });
}

}  // namespace coreldove::http
