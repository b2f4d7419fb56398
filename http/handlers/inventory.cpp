// What is in stock, and an operator's corrections of it.
#include <utility>

#include "http/conditions.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/stock_text.hpp"
#include "http/json_reader.hpp"
#include "http/json_text.hpp"
#include "http/query_string.hpp"

namespace coreldove::http {
namespace {

constexpr std::uint64_t skus_default = 50, skus_max = 200;
constexpr std::size_t sku_bytes_max = 200;
constexpr std::int64_t units_max = 1'000'000'000;

/// Nothing, and the 404 is sent, where the path can't name a SKU.
std::optional<std::string> sku_of(const request& rq, const responder& reply) {
  auto sku = percent_decoded(rq.parameters[0], false);
  if (sku && !sku->empty() && sku->size() <= sku_bytes_max) return sku;
  reply(to_response(problem{problems::not_found, "There is no such SKU."}, context_of(rq)));
  return std::nullopt;
}

response stock_response(const std::vector<domain::stock_row>& rows, const problem_context& where) {
  if (rows.empty()) return to_response(problem{problems::not_found, "There is no such SKU."}, where);
  response r;
  append_stock(r.body, std::span<const domain::stock_row>{rows});
  return r;
}

actors::reply<std::vector<domain::stock_row>> answer_with_stock(problem_context where, responder reply) {
  return [where = std::move(where), reply = std::move(reply)](domain::result<std::vector<domain::stock_row>> rows) {
    reply(rows ? stock_response(*rows, where) : to_response(rows.error(), where));
  };
}

actors::reply<actors::stock_answer> answer_with_adjusted(problem_context where, responder reply) {
  return [where = std::move(where), reply = std::move(reply)](domain::result<actors::stock_answer> answer) {
    if (!answer) {
      auto p = problem_of(answer.error());
      if (answer.error().code == domain::errc::wrong_state) p.kind = problems::conflict;  // it is about units, not about an order's status
      return reply(to_response(p, where));
    }
    auto r = stock_response(answer->rows, where);
    if (answer->replayed) r.add_header("Idempotent-Replayed", "true");
    reply(std::move(r));
  };
}

}  // namespace

void append_stock(std::string& out, std::span<const domain::stock_row> rows) {
  const auto level = [&out](const domain::stock_level& l) {
    out.append("\"on_hand\":").append(std::to_string(l.on_hand)).append(",\"reserved\":").append(std::to_string(l.reserved));
    out.append(",\"available\":").append(std::to_string(l.available())).append("}");
  };
  domain::stock_level all;
  out.append("{\"sku\":");
  append_json(out, rows.front().sku);
  out.append(",\"warehouses\":[");
  for (const auto& row : rows) {
    if (out.back() != '[') out.push_back(',');
    out.append("{\"id\":");
    append_json(out, row.warehouse);
    out.push_back(',');
    level(row.level);
    all.on_hand += row.level.on_hand;
    all.reserved += row.level.reserved;
  }
  out.append("],");
  level(all);
}

std::span<const domain::stock_row> next_sku(std::span<const domain::stock_row>& rows) {
  std::size_t n = 0;
  while (n < rows.size() && rows[n].sku == rows.front().sku) ++n;
  const auto out = rows.first(n);
  rows = rows.subspan(n);
  return out;
}

void list_inventory(app& a, const request& rq, responder reply) {
  std::vector<domain::field_error> errors;
  query_reader q{rq.query, errors};
  auto cursor = q.text("cursor", sku_bytes_max).value_or("");
  const auto limit = q.number("limit", 1, skus_max).value_or(skus_default);
  q.finish();
  if (!errors.empty())
    return reply(to_response(problem{problems::invalid_input, "Some parameters are not acceptable.", std::move(errors), {}, 0}, context_of(rq)));
  a.engine.stock(std::move(cursor), static_cast<std::uint32_t>(limit), [where = context_of(rq), reply](domain::result<domain::stock_page> found) {
    if (!found) return reply(to_response(found.error(), where));
    response r;
    r.body = "{\"items\":[";
    for (std::span<const domain::stock_row> rows{found->rows}; !rows.empty();) {
      if (r.body.back() != '[') r.body.push_back(',');
      append_stock(r.body, next_sku(rows));
    }
    r.body.append("],\"next_cursor\":");
    if (found->next_cursor.empty())
      r.body.append("null");
    else
      append_json(r.body, found->next_cursor);
    r.body.append(",\"total\":").append(std::to_string(found->total)).append("}");
    reply(std::move(r));
  });
}

void get_certificate(app& a, const request& rq, responder reply) {
  a.engine.certificate([where = context_of(rq), reply = std::move(reply)](domain::result<std::string> document) {
    if (!document) return reply(to_response(document.error(), where));
    response r;
    r.body = *std::move(document);
    reply(std::move(r));
  });
}

void get_inventory(app& a, const request& rq, responder reply) {
  auto sku = sku_of(rq, reply);
  if (sku) a.engine.stock_of(*std::move(sku), answer_with_stock(context_of(rq), std::move(reply)));
}

void put_inventory(app& a, const request& rq, responder reply) {
  auto sku = sku_of(rq, reply);
  if (!sku) return;
  auto asked = command_request(rq);
  if (const auto* p = std::get_if<problem>(&asked)) return reply(to_response(*p, context_of(rq)));
  const auto body = read_json(rq.body);
  if (const auto* p = std::get_if<problem>(&body)) return reply(to_response(*p, context_of(rq)));
  std::vector<domain::field_error> errors;
  field_reader fields{std::get<simdjson::dom::object>(body), "", errors};
  auto warehouse = fields.text("warehouse", true, 100).value_or("");
  auto reason = fields.text("reason", true).value_or("");
  const auto on_hand = fields.integer("on_hand"), delta = fields.integer("delta");
  if (on_hand && (*on_hand < 0 || *on_hand > units_max)) fields.complain("on_hand", "out_of_range", "must be from 0 to 1000000000");
  if (delta && (*delta < -units_max || *delta > units_max)) fields.complain("delta", "out_of_range", "must be from -1000000000 to 1000000000");
  if (errors.empty() && on_hand.has_value() == delta.has_value()) fields.complain("on_hand", "required", "give either on_hand or delta");
  if (!errors.empty()) return reply(to_response(problem{problems::invalid_input, "", std::move(errors), {}, 0}, context_of(rq)));
  a.engine.adjust_stock(*std::move(sku), std::move(warehouse), on_hand, delta, std::move(reason), std::get<actors::request>(std::move(asked)),
                        answer_with_adjusted(context_of(rq), std::move(reply)));
}

}  // namespace coreldove::http
