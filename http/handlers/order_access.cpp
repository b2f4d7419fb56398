#include "http/handlers/order_access.hpp"

#include <simdjson.h>

#include <utility>

#include "domain/ulid.hpp"
#include "http/conditions.hpp"
#include "http/json_text.hpp"

namespace coreldove::http {
namespace {

const problem no_such_order{problems::not_found, "There is no such order."};

}  // namespace

std::optional<std::string> order_id_of(const request& rq, const responder& reply) {
  const auto id = rq.parameters[0];
  if (domain::is_order_id(id)) return std::string{id};
  reply(to_response(no_such_order, context_of(rq)));
  return std::nullopt;
}

void with_document(app& a, std::string order_id, const principal& who, problem_context where, responder reply,
                   std::function<void(const domain::document&)> then) {
  a.engine.document(std::move(order_id),
                    [who, where = std::move(where), reply = std::move(reply), then = std::move(then)](domain::result<domain::document> found) {
                      if (!found) return reply(to_response(found.error(), where));
                      if (who.is_customer() && found->customer_id != who.subject) return reply(to_response(no_such_order, where));
                      then(*found);
                    });
}

std::string shown_to(const principal& who, std::string document) {
  return who.is_customer() ? without_members(document, {"fraud", "reviews"}) : std::move(document);
}

response order_response(actors::order_answer answer, const principal& who, std::optional<std::chrono::seconds> waited) {
  response r;
  r.status = answer.status;
  r.add_header("ETag", entity_tag(answer.version));
  if (answer.status == 201 || answer.status == 202) {
    std::string location{api_prefix};
    r.add_header("Location", location.append("/orders/").append(answer.order_id));
  }
  if (waited) r.add_header("Preference-Applied", "wait=" + std::to_string(waited->count()));
  if (answer.replayed) r.add_header("Idempotent-Replayed", "true");
  r.body = shown_to(who, std::move(answer.document));
  return r;
}

actors::reply<actors::order_answer> answer_with_order(const principal& who, problem_context where, responder reply,
                                                      std::optional<std::chrono::seconds> waited) {
  return [who, where = std::move(where), reply = std::move(reply), waited](domain::result<actors::order_answer> answer) {
    if (!answer) return reply(to_response(answer.error(), where));
    reply(order_response(*std::move(answer), who, waited));
  };
}

std::string page_body(const domain::page& p) {
  std::string out{"{\"items\":["};
  for (const auto& item : p.items) {
    if (out.back() != '[') out.push_back(',');
    out.append(item);
  }
  out.append("],\"next_cursor\":");
  if (p.next_cursor.empty())
    out.append("null");
  else
    append_json(out, p.next_cursor);
  return out.append(",\"total\":").append(std::to_string(p.total)).append("}");
}

std::vector<document_line> lines_of(std::string_view document) {
  thread_local simdjson::dom::parser parser;
  std::vector<document_line> out;
  simdjson::dom::array items;
  if (parser.parse(document.data(), document.size())["items"].get(items) != simdjson::SUCCESS) return out;
  for (auto item : items) {
    auto& line = out.emplace_back();
    std::string_view sku;
    if (item["sku"].get(sku) == simdjson::SUCCESS) line.sku = sku;
    if (item["quantity"].get(line.quantity) != simdjson::SUCCESS) line.quantity = 0;
  }
  return out;
}

}  // namespace coreldove::http
