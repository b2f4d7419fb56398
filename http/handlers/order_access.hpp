#pragma once
// What all calls about one order have in common: the id in the path, whose order it is, and what the answer shows to whom.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/service.hpp"
#include "domain/query.hpp"
#include "http/app.hpp"
#include "http/problem.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace coreldove::http {

/// The order's id from the path; nothing (and the 404 is sent) where it can't be one.
std::optional<std::string> order_id_of(const request& rq, const responder& reply);

/// Calls `then` with the order's document; not-found is answered for an order that is not there, or is not the caller's.
void with_document(app& a, std::string order_id, const principal& who, problem_context where, responder reply,
                   std::function<void(const domain::document&)> then);

/// The document as this caller may see it: risk and reviews are the staff's business.
std::string shown_to(const principal& who, std::string document);

/// The answer to a command on an order. `waited`: the preference that was honoured.
response order_response(actors::order_answer answer, const principal& who, std::optional<std::chrono::seconds> waited = std::nullopt);

/// Answers a command's outcome.
actors::reply<actors::order_answer> answer_with_order(const principal& who, problem_context where, responder reply,
                                                      std::optional<std::chrono::seconds> waited = std::nullopt);

/// {"items": [...], "next_cursor": …, "total": n}
std::string page_body(const domain::page& p);

/// SKU and quantity of an order's lines.
struct document_line {
  std::string sku;
  std::int64_t quantity = 0;
};
std::vector<document_line> lines_of(std::string_view document);

}  // namespace coreldove::http
