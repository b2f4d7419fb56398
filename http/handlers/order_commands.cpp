// What may be done to an order: cancel, fulfil, refund, move.
#include <algorithm>
#include <utility>

#include "http/conditions.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/order_access.hpp"
#include "http/json_reader.hpp"
#include "http/json_text.hpp"

namespace coreldove::http {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t lines_max = domain::lines_max;

/// A command's way from its request to the engine.
struct command_call {
  std::string order_id;
  actors::request asked;
  problem_context where;
  principal who;
  responder reply;
  std::vector<domain::field_error> errors = {};

  bool refuse_errors() {
    if (errors.empty()) return false;
    reply(to_response(problem{problems::invalid_input, "", std::move(errors), {}, 0}, where));
    return true;
  }
  void tell(app& a, domain::command c) {
    a.engine.tell(std::move(order_id), std::move(c), std::move(asked), answer_with_order(who, std::move(where), std::move(reply)));
  }
};

/// Nothing where the answer has been given already.
std::optional<command_call> begin(const request& rq, const responder& reply) {
  auto id = order_id_of(rq, reply);
  if (!id) return std::nullopt;
  auto asked = command_request(rq);
  if (const auto* p = std::get_if<problem>(&asked)) {
    reply(to_response(*p, context_of(rq)));
    return std::nullopt;
  }
  return command_call{*std::move(id), std::get<actors::request>(std::move(asked)), context_of(rq), rq.who, reply};
}

/// The body's object; nothing where it is not one, which has been answered then.
std::optional<dom::object> body_of(const request& rq, const responder& reply) {
  auto root = read_json(rq.body);
  if (const auto* p = std::get_if<problem>(&root)) {
    reply(to_response(*p, context_of(rq)));
    return std::nullopt;
  }
  return std::get<dom::object>(root);
}

/// A line as the caller names it: by its index, or by its SKU.
struct named_line {
  std::optional<std::int64_t> index;
  std::string sku;
  std::int64_t quantity = 0;  // 0: all that is left
};

std::optional<named_line> read_line(dom::element e, const std::string& at, std::vector<domain::field_error>& errors) {
  named_line out;
  std::int64_t n = 0;
  std::string_view sku;
  if (e.get(n) == simdjson::SUCCESS) {
    out.index = n;
    return out;
  }
  if (e.get(sku) == simdjson::SUCCESS) {
    out.sku = sku;
    return out;
  }
  dom::object object;
  if (e.get(object) != simdjson::SUCCESS) {
    errors.push_back({at, "type", "must be a line's index, a SKU, or an object with line or sku"});
    return std::nullopt;
  }
  field_reader fields{object, at, errors};
  out.index = fields.integer("line");
  out.sku = fields.text("sku").value_or("");
  const auto quantity = fields.integer("quantity");
  if (quantity && (*quantity < 1 || *quantity > domain::quantity_max)) fields.complain("quantity", "out_of_range", "must be from 1 to 10000");
  out.quantity = quantity.value_or(0);
  if (!out.index && out.sku.empty()) errors.push_back({at, "required", "needs line or sku"});
  return out;
}

std::vector<named_line> read_lines(field_reader& fields, std::vector<domain::field_error>& errors) {
  std::vector<named_line> out;
  const auto lines = fields.array("lines");
  if (!lines) return out;
  if (lines->size() > lines_max) {
    fields.complain("lines", "too_many", "there are at most 500");
    return out;
  }
  for (auto e : *lines)
    if (auto line = read_line(e, "/lines/" + std::to_string(out.size()), errors)) out.push_back(*std::move(line));
  return out;
}

/// The line's index in the order, with a complaint where there is no such line.
std::uint32_t resolve(const named_line& l, std::size_t i, const std::vector<document_line>& lines, std::vector<domain::field_error>& errors) {
  const auto at = "/lines/" + std::to_string(i);
  if (l.index) {
    if (*l.index >= 0 && static_cast<std::size_t>(*l.index) < lines.size()) return static_cast<std::uint32_t>(*l.index);
    errors.push_back({at, "unknown", "the order has no line with this index (the first is 0)"});
    return 0;
  }
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const document_line& d) { return d.sku == l.sku; });
  if (found == lines.end()) errors.push_back({at, "unknown", "the order has no line with this SKU"});
  return static_cast<std::uint32_t>(found == lines.end() ? 0 : found - lines.begin());
}

}  // namespace

void put_status(app& a, const request& rq, responder reply) {
  auto call = begin(rq, reply);
  if (!call) return;
  const auto body = body_of(rq, reply);
  if (!body) return;
  field_reader fields{*body, "", call->errors};
  domain::change_status command;
  command.by = rq.who.name;
  command.reason = fields.text("reason", true).value_or("");
  if (const auto name = fields.text("status", true)) {
    if (const auto to = domain::order_status_from(*name))
      command.to = *to;
    else
      fields.complain("status", "unknown", "must be one of received, on_hold, confirmed, fulfilling, shipped, delivered, rejected, cancelled");
  }
  if (call->refuse_errors()) return;
  call->tell(a, std::move(command));
}

void cancel_order(app& a, const request& rq, responder reply) {
  auto call = begin(rq, reply);
  if (!call) return;
  const auto body = body_of(rq, reply);
  if (!body) return;
  field_reader fields{*body, "", call->errors};
  domain::cancel_order command{fields.text("reason", true).value_or(""), rq.who.name};
  if (call->refuse_errors()) return;
  if (!rq.who.is_customer()) return call->tell(a, std::move(command));
  with_document(a, call->order_id, rq.who, call->where, reply,
                [&a, call = *call, command = std::move(command)](const domain::document&) mutable { call.tell(a, std::move(command)); });
}

void fulfill_order(app& a, const request& rq, responder reply) {
  auto call = begin(rq, reply);
  if (!call) return;
  domain::fulfill_order command;
  command.by = rq.who.name;
  if (rq.body.empty()) return call->tell(a, std::move(command));
  const auto body = body_of(rq, reply);
  if (!body) return;
  field_reader fields{*body, "", call->errors};
  command.warehouse = fields.text("warehouse", false, 100).value_or("");
  command.carrier = fields.text("carrier", false, 100).value_or("");
  auto lines = read_lines(fields, call->errors);
  if (call->refuse_errors()) return;
  if (lines.empty()) return call->tell(a, std::move(command));
  with_document(a, call->order_id, rq.who, call->where, reply,
                [&a, call = *call, command = std::move(command), lines = std::move(lines)](const domain::document& d) mutable {
                  const auto known = lines_of(d.json);
                  for (std::size_t i = 0; i < lines.size(); ++i)
                    command.parts.push_back({resolve(lines[i], i, known, call.errors), static_cast<std::int32_t>(lines[i].quantity)});
                  if (call.refuse_errors()) return;
                  call.tell(a, std::move(command));
                });
}

void refund_order(app& a, const request& rq, responder reply) {
  auto call = begin(rq, reply);
  if (!call) return;
  const auto body = body_of(rq, reply);
  if (!body) return;
  field_reader fields{*body, "", call->errors};
  domain::refund_order command;
  command.by = rq.who.name;
  command.reason = fields.text("reason", true).value_or("");
  command.restock = fields.boolean("restock").value_or(false);
  auto lines = read_lines(fields, call->errors);
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (lines[i].quantity != 0)
      call->errors.push_back({"/lines/" + std::to_string(i) + "/quantity", "unsupported", "lines are refunded whole; for a part of one give the amount"});
  dom::element raw;
  std::optional<std::string> amount;
  if (body->at_key("amount").get(raw) == simdjson::SUCCESS && raw.is_number())
    fields.complain("amount", "type", "must be a decimal string such as \"29.99\"; JSON numbers are not taken for money");
  else
    amount = fields.text("amount", false, 30);
  if (call->refuse_errors()) return;
  with_document(a, call->order_id, rq.who, call->where, reply,
                [&a, call = *call, command = std::move(command), lines = std::move(lines), amount](const domain::document& d) mutable {
                  const auto currency = domain::currency::find(plain_string(member_of(d.json, "currency")));
                  if (amount && currency) {
                    command.amount = domain::parse_amount(*amount, currency->digits);
                    if (!command.amount)
                      call.errors.push_back({"/amount", "invalid", "must be an amount in the order's currency, as a decimal string"});
                    else if (*command.amount == 0)
                      call.errors.push_back({"/amount", "out_of_range", "must be above zero"});
                  }
                  const auto known = lines_of(d.json);
                  for (std::size_t i = 0; i < lines.size(); ++i) command.lines.push_back(resolve(lines[i], i, known, call.errors));
                  if (call.refuse_errors()) return;
                  call.tell(a, std::move(command));
                });
}

}  // namespace coreldove::http
