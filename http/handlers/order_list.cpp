// GET ~/orders: filters, sorting, pages.
#include <algorithm>

#include "http/handlers/handlers.hpp"
#include "http/handlers/order_access.hpp"
#include "http/query_string.hpp"

namespace coreldove::http {
namespace {

constexpr std::uint64_t orders_default = 50, orders_max = 200;
constexpr std::size_t cursor_bytes_max = 500;

/// A decimal without sign, exponent or superfluous zeros; it is compared with totals of any currency.
bool is_decimal(std::string_view s) {
  const auto digits = [](std::string_view part) { return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; }); };
  const auto dot = s.find('.');
  const auto whole = s.substr(0, dot);
  if (!digits(whole) || whole.size() > 15 || (whole.size() > 1 && whole.front() == '0')) return false;
  return dot == std::string_view::npos || (digits(s.substr(dot + 1)) && s.size() - dot - 1 <= 4);
}

std::optional<std::string> amount(query_reader& q, std::string_view name) {
  auto t = q.text(name);
  if (t && !is_decimal(*t)) q.complain(name, "decimal", "must be a decimal such as 59.98");
  return t;
}

domain::order_query read_query(const request& rq, std::vector<domain::field_error>& errors) {
  query_reader q{rq.query, errors};
  domain::order_query out;
  out.status = q.word("status", domain::order_status_from, "received, on_hold, confirmed, fulfilling, shipped, delivered, rejected, cancelled");
  out.payment = q.word("payment_status", domain::payment_status_from,
                       "pending, authorized, partially_captured, captured, voided, declined, partially_refunded, refunded, unknown");
  out.fulfillment = q.word("fulfillment_status", domain::fulfillment_status_from,
                           "unfulfilled, reserved, partially_fulfilled, fulfilled, delivered, partially_returned, returned");
  out.customer_id = q.text("customer_id").value_or("");
  out.sku = q.text("sku").value_or("");
  out.created_after = q.time("created_after");
  out.created_before = q.time("created_before");
  out.min_total = amount(q, "min_total");
  out.max_total = amount(q, "max_total");
  out.q = q.text("q").value_or("");
  const auto sort = q.text("sort").value_or("-created_at");
  out.oldest_first = sort == "created_at";
  if (sort != "created_at" && sort != "-created_at") q.complain("sort", "unknown", "must be -created_at or created_at");
  out.limit = static_cast<std::uint32_t>(q.number("limit", 1, orders_max).value_or(orders_default));
  out.cursor = q.text("cursor", cursor_bytes_max).value_or("");
  q.finish();
  return out;
}

}  // namespace

void list_orders(app& a, const request& rq, responder reply) {
  std::vector<domain::field_error> errors;
  auto query = read_query(rq, errors);
  if (!errors.empty())
    return reply(to_response(problem{problems::invalid_input, "Some parameters are not acceptable.", std::move(errors), {}, 0}, context_of(rq)));
  if (rq.who.is_customer()) {
    if (!query.customer_id.empty() && query.customer_id != rq.who.subject) {
      response nothing;
      nothing.body = page_body({});
      return reply(std::move(nothing));
    }
    query.customer_id = rq.who.subject;
  }
  a.engine.list(std::move(query), [who = rq.who, where = context_of(rq), reply = std::move(reply)](domain::result<domain::page> found) {
    if (!found) return reply(to_response(found.error(), where));
    if (who.is_customer())
      for (auto& item : found->items) item = shown_to(who, std::move(item));
    response r;
    r.body = page_body(*found);
    reply(std::move(r));
  });
}

}  // namespace coreldove::http
